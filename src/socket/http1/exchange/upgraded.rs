//! What is left of an exchange once HTTP has done its part: the connection, for the user to speak what was agreed on.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use futures_io::{AsyncRead, AsyncWrite};
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};

use super::{Exchange, Upload, remote};
use crate::error::Result;
use crate::socket::stream::Stream;

/// A connection that never goes back to its pool: an exchange that is never answered. Dropped, it is closed and gives its room back.
pub(super) struct RawConnection(Exchange);

impl RawConnection {
    /// Both sides must agree on where the request ended (RFC 9110 7.8).
    pub(super) fn new(exchange: Exchange) -> Result<Self> {
        match exchange.upload {
            Upload::Done => Ok(Self(exchange)),
            _ => Err(remote("The server switched protocols before it had the whole request")),
        }
    }

    fn stream(&mut self) -> Pin<&mut Stream> {
        Pin::new(&mut self.0.lease.connection().stream)
    }
}

impl AsyncRead for RawConnection {
    /// What came behind the head comes first.
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let unread = &mut self.0.lease.connection().read;
        if !unread.is_empty() {
            let length = unread.len().min(into.len());
            unread.copy_to_slice(&mut into[..length]);
            return Poll::Ready(Ok(length));
        }
        let mut into = ReadBuf::new(into);
        ready!(self.stream().poll_read(cx, &mut into))?;
        Poll::Ready(Ok(into.filled().len()))
    }
}

impl AsyncWrite for RawConnection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}
