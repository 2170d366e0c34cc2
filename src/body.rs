//! Bodies: what is sent, and where a response's bytes come from.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;

use crate::backend::MaybeSend;
use crate::error::{BoxError, Error, ErrorKind, Result};

/// The body of a request.
///
/// Text and bytes can be sent again, on a redirect that keeps the body or after an auth challenge; a stream cannot, and
/// such a request then fails with `BodyConsumed`.
#[derive(Default)]
pub struct Body {
    inner: Inner,
}

#[derive(Default)]
enum Inner {
    #[default]
    Empty,
    Bytes(Bytes),
    Stream(BodyStream),
    Consumed,
}

/// A stream and its length, if that is known.
pub(crate) struct BodyStream {
    /// Only ever reached through `&mut`; the mutex is what lets requests be shared between threads.
    stream: Mutex<BoxStream>,
    pub(crate) length: Option<u64>,
}

impl BodyStream {
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        self.stream.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut().poll_next(cx)
    }
}

/// Bytes that arrive piece by piece.
pub(crate) type BoxStream = Pin<Box<dyn ByteStream>>;

/// A stream of bytes as the targets need it: `Send` natively, not in a browser.
pub(crate) trait ByteStream: Stream<Item = Result<Bytes, BoxError>> + MaybeSend {}
impl<S: Stream<Item = Result<Bytes, BoxError>> + MaybeSend> ByteStream for S {}

impl Body {
    /// No body.
    pub const fn empty() -> Self {
        Self { inner: Inner::Empty }
    }

    /// What is left of a stream that was sent.
    pub(crate) const fn consumed() -> Self {
        Self { inner: Inner::Consumed }
    }

    /// A body that is produced while it is sent; `length` in bytes, if it is known, else it goes out in chunks.
    ///
    /// Where the host cannot send streams (some browsers) sending fails with `Unsupported`.
    ///
    /// ```
    /// # fn parts() -> impl futures_core::Stream<Item = Result<bytes::Bytes, whimbrel::BoxError>> + Send + 'static { whimbrel_doc_stream() }
    /// # struct Empty; impl futures_core::Stream for Empty { type Item = Result<bytes::Bytes, whimbrel::BoxError>;
    /// # fn poll_next(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<Self::Item>> { std::task::Poll::Ready(None) } }
    /// # fn whimbrel_doc_stream() -> Empty { Empty }
    /// let body = whimbrel::Body::stream(parts(), None);
    /// ```
    pub fn stream<S>(stream: S, length: Option<u64>) -> Self
    where
        S: Stream<Item = Result<Bytes, BoxError>> + MaybeSend + 'static,
    {
        Self { inner: Inner::Stream(BodyStream { stream: Mutex::new(Box::pin(stream)), length }) }
    }

    /// The bytes, when the body is in memory; an empty body has none.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.inner {
            Inner::Empty => Some(&[]),
            Inner::Bytes(bytes) => Some(bytes),
            Inner::Stream(_) | Inner::Consumed => None,
        }
    }

    /// The length in bytes, if it is known.
    pub fn length(&self) -> Option<u64> {
        match &self.inner {
            Inner::Empty => Some(0),
            Inner::Bytes(bytes) => Some(bytes.len() as u64),
            Inner::Stream(stream) => stream.length,
            Inner::Consumed => None,
        }
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        matches!(self.inner, Inner::Empty)
    }

    /// Whether it is produced while it is sent.
    pub fn is_stream(&self) -> bool {
        matches!(self.inner, Inner::Stream(_) | Inner::Consumed)
    }

    /// A second body of the same bytes; `None` for a stream.
    pub fn try_clone(&self) -> Option<Self> {
        match &self.inner {
            Inner::Empty => Some(Self::empty()),
            Inner::Bytes(bytes) => Some(Self::from(bytes.clone())),
            Inner::Stream(_) | Inner::Consumed => None,
        }
    }

    /// What a transport sends. Bytes stay here for another time, a stream leaves `Consumed` behind.
    pub(crate) fn take(&mut self) -> Result<Outgoing> {
        match &mut self.inner {
            Inner::Empty => Ok(Outgoing::Bytes(Bytes::new())),
            Inner::Bytes(bytes) => Ok(Outgoing::Bytes(bytes.clone())),
            Inner::Consumed => Err(Error::new(
                ErrorKind::BodyConsumed,
                "The request's body is a stream that was sent already; give bytes, or a new stream, to send it again",
            )),
            stream => match std::mem::replace(stream, Inner::Consumed) {
                Inner::Stream(stream) => Ok(Outgoing::Stream(stream)),
                _ => Ok(Outgoing::Bytes(Bytes::new())),
            },
        }
    }

    /// Reads a streamed body into memory, so that it can be inspected and sent again.
    pub async fn read(&mut self) -> Result<&[u8]> {
        if let Outgoing::Stream(mut stream) = self.take()? {
            let mut bytes = Vec::new();
            while let Some(chunk) = poll_fn(|cx| stream.poll_next(cx)).await {
                bytes.extend_from_slice(&chunk.map_err(failed_source)?);
            }
            self.inner = Inner::Bytes(bytes.into());
        }
        Ok(self.as_bytes().unwrap_or_default())
    }
}

/// The user's own stream failed while it was sent.
pub(crate) fn failed_source(source: BoxError) -> Error {
    Error::new(ErrorKind::LocalProtocol, format!("The request's body could not be read: {source}")).with_source(source)
}

/// A body on its way out.
pub(crate) enum Outgoing {
    Bytes(Bytes),
    Stream(BodyStream),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner {
            Inner::Empty => f.write_str("Body::empty"),
            Inner::Bytes(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Inner::Stream(_) => f.write_str("Body(stream)"),
            Inner::Consumed => f.write_str("Body(consumed)"),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        // No bytes are no body: HTTPX announces no length for them.
        Self { inner: if bytes.is_empty() { Inner::Empty } else { Inner::Bytes(bytes) } }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

impl<const N: usize> From<&'static [u8; N]> for Body {
    fn from(bytes: &'static [u8; N]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

/// Where the bytes of a response come from: memory, or a transport that still reads.
pub(crate) enum Incoming {
    Bytes(Bytes),
    Stream(Pin<Box<dyn IncomingBody>>),
}

/// A response body that a transport still reads.
pub(crate) trait IncomingBody: MaybeSend {
    /// The next bytes off the wire; never an empty piece.
    fn poll_chunk(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>>;

    /// The host's own stream, where nothing was read yet and the host has one: JavaScript then reads it itself.
    fn into_host_stream(self: Pin<Box<Self>>) -> Option<HostStream> {
        None
    }
}

pub(crate) use crate::backend::HostStream;

impl Incoming {
    pub(crate) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        match self {
            Self::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Bytes(bytes) => Poll::Ready(Some(Ok(std::mem::take(bytes)))),
            Self::Stream(stream) => stream.as_mut().poll_chunk(cx),
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
