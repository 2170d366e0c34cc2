//! Where a response's bytes come from.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::{BoxStream, Upgraded};
pub(crate) use crate::backend::HostStream;
use crate::backend::MaybeSend;
use crate::error::{Error, ErrorKind, Result};
use crate::headers::Headers;

/// Where the bytes of a response come from: memory, or a transport that still reads.
pub(crate) enum Incoming {
    Bytes(Bytes),
    Stream(Pin<Box<dyn IncomingBody>>),
    /// No body: the connection itself.
    Upgraded(Upgraded),
}

/// A response body that a transport still reads.
pub(crate) trait IncomingBody: MaybeSend {
    /// The next bytes off the wire; never an empty piece.
    fn poll_chunk(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>>;

    /// What came behind the body, once that has ended.
    fn trailers(&self) -> Option<&Headers> {
        None
    }

    /// The host's own stream, where nothing was read yet and the host has one: JavaScript then reads it itself.
    fn into_host_stream(self: Pin<Box<Self>>) -> Option<HostStream> {
        None
    }
}

impl Incoming {
    pub(crate) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        match self {
            Self::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Bytes(bytes) => Poll::Ready(Some(Ok(std::mem::take(bytes)))),
            Self::Stream(stream) => stream.as_mut().poll_chunk(cx),
            Self::Upgraded(_) => Poll::Ready(None),
        }
    }

    pub(crate) fn trailers(&self) -> Option<&Headers> {
        match self {
            Self::Stream(stream) => stream.trailers(),
            Self::Bytes(_) | Self::Upgraded(_) => None,
        }
    }
}

/// Any stream of bytes as a response's body, for mocks and custom transports.
pub(crate) struct StreamBody(pub(crate) BoxStream);

impl IncomingBody for StreamBody {
    fn poll_chunk(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        loop {
            match self.0.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(bytes))) if bytes.is_empty() => continue,
                Poll::Ready(Some(Err(source))) => {
                    let error = match source.downcast::<Error>() {
                        Ok(error) => *error,
                        Err(source) => Error::new(ErrorKind::Read, source.to_string()).with_source(source),
                    };
                    return Poll::Ready(Some(Err(error)));
                }
                Poll::Ready(Some(Ok(bytes))) => return Poll::Ready(Some(Ok(bytes))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
