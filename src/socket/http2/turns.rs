//! A stream that lets others have their turn, however much there is to read.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::silence::Silence;
use crate::socket::stream::Stream;

/// Reads in one turn. `h2` reads on as long as something is there, so that a server that floods the connection would keep everybody
/// from looking at their timeouts (threat C5).
const MOST_READS: u32 = 16;

pub(super) struct Turns {
    stream: Stream,
    left: u32,
    silence: Arc<Silence>,
}

impl Turns {
    pub(super) fn new(stream: Stream, silence: Arc<Silence>) -> Self {
        Self { stream, left: MOST_READS, silence }
    }
}

impl AsyncRead for Turns {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.left == 0 {
            self.left = MOST_READS;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if polled.is_ready() {
            self.silence.end();
        }
        self.left = if polled.is_ready() { self.left - 1 } else { MOST_READS };
        polled
    }
}

impl AsyncWrite for Turns {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
