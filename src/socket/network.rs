//! A connection of the program's own making, for whoever reads and writes by tokio's traits.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use futures_io::{AsyncRead as _, AsyncWrite as _};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connect::NetworkStream;

/// See [`NetworkBackend`](crate::NetworkBackend).
pub(super) struct OwnStream(pub(super) Box<dyn NetworkStream>);

impl OwnStream {
    /// Whether reading would give something, be it bytes, the end or an error. Nobody waits for an idle connection, so that nobody's
    /// waker is lost.
    pub(super) fn is_stale(&mut self) -> bool {
        Pin::new(&mut self.0).poll_read(&mut Context::from_waker(Waker::noop()), &mut [0]).is_ready()
    }
}

/// Whoever was interrupted tries again, at the next poll: `futures-io` leaves it to the stream, which may not know. To the exchange
/// a write that failed is one that the server broke off, and it would wait for an answer to a request that it never sent.
fn uninterrupted<T>(polled: Poll<io::Result<T>>, cx: &Context<'_>) -> Poll<io::Result<T>> {
    match polled {
        Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        polled => polled,
    }
}

impl AsyncRead for OwnStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = ready!(uninterrupted(Pin::new(&mut self.0).poll_read(cx, buf.initialize_unfilled()), cx))?;
        // A stream that says that it read more than there is room for must not bring this program down.
        buf.advance(read.min(buf.remaining()));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for OwnStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = uninterrupted(Pin::new(&mut self.0).poll_write(cx, bytes), cx);
        written.map_ok(|written| written.min(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        uninterrupted(Pin::new(&mut self.0).poll_flush(cx), cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        uninterrupted(Pin::new(&mut self.0).poll_close(cx), cx)
    }
}
