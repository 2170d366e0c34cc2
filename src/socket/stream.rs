//! What a connection reads and writes: TCP, or TLS over it, or TLS over that (a proxy's, and the server's through it).

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::network::OwnStream;
use crate::backend::TcpStream;
use crate::tls::TlsInfo;

pub(super) enum Stream {
    Plain(TcpStream),
    Own(OwnStream),
    #[cfg(all(feature = "tls", not(target_family = "wasm")))]
    Tls(Box<tokio_rustls::client::TlsStream<Stream>>),
}

impl Stream {
    /// Whether an idle connection must not be used again. Nothing is due on it: what there is to read would be its end, or
    /// bytes that nobody asked for. (Over TLS session tickets come before the first response.)
    pub(super) fn is_stale(&mut self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_stale(),
            Self::Own(stream) => stream.is_stale(),
            #[cfg(all(feature = "tls", not(target_family = "wasm")))]
            Self::Tls(stream) => {
                let (inner, session) = stream.get_mut();
                // It wants nothing to read when it holds bytes back, or has read the peer's close_notify.
                !session.wants_read() || inner.is_stale()
            }
        }
    }

    /// Whether the server chose HTTP/2 when TLS began.
    pub(super) fn has_chosen_http2(&self) -> bool {
        match self {
            Self::Plain(_) | Self::Own(_) => false,
            #[cfg(all(feature = "tls", not(target_family = "wasm")))]
            Self::Tls(stream) => stream.get_ref().1.alpn_protocol() == Some(b"h2"),
        }
    }

    /// This side's address and the other's: of the connection itself, which may be a proxy's.
    pub(super) fn addresses(&self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        match self {
            Self::Plain(stream) => stream.addresses(),
            Self::Own(_) => (None, None),
            #[cfg(all(feature = "tls", not(target_family = "wasm")))]
            Self::Tls(stream) => stream.get_ref().0.addresses(),
        }
    }

    /// What the handshake came to: the last one, with the server itself.
    pub(super) fn tls_info(&self) -> Option<TlsInfo> {
        match self {
            Self::Plain(_) | Self::Own(_) => None,
            #[cfg(all(feature = "tls", not(target_family = "wasm")))]
            Self::Tls(stream) => super::tls::info(stream.get_ref().1),
        }
    }
}

/// The same call on whichever stream it is.
macro_rules! delegate {
    ($self:ident, $method:ident($($argument:expr),*)) => {
        match &mut *$self {
            Stream::Plain(stream) => Pin::new(stream).$method($($argument),*),
            Stream::Own(stream) => Pin::new(stream).$method($($argument),*),
            #[cfg(all(feature = "tls", not(target_family = "wasm")))]
            Stream::Tls(stream) => Pin::new(stream).$method($($argument),*),
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        delegate!(self, poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        delegate!(self, poll_write(cx, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, poll_shutdown(cx))
    }
}
