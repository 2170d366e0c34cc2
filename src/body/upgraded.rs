//! A connection that is the user's: after 101, or a tunnel.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use crate::connect::NetworkStream;

/// The connection itself, once HTTP has done its part: `StreamingResponse::upgrade` of a 101, or of a CONNECT that opened a
/// tunnel. What it is spoken in is between the program and the server.
///
/// It implements `AsyncRead` and `AsyncWrite` of `futures-io`; `tokio-util`'s `compat` makes tokio's of them. What the server
/// sent right behind its answer is read first. It has no timeouts, the total one included, and keeps its place among the pool's
/// connections until it is dropped, which closes it. `poll_close` ends this side's half (over TLS with a close_notify); the
/// server may go on.
pub struct Upgraded {
    stream: Box<dyn NetworkStream>,
}

impl Upgraded {
    pub(crate) fn new(stream: impl NetworkStream) -> Self {
        Self { stream: Box::new(stream) }
    }
}

impl AsyncRead for Upgraded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Upgraded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upgraded")
    }
}
