//! A body on its way out, as transports take it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;

use super::trailers::Trailers;
use crate::backend::{MaybeSend, MaybeSync};
use crate::error::{BoxError, Error, ErrorKind, Result};
use crate::headers::Headers;

/// A body on its way out.
pub(crate) enum Outgoing {
    Bytes(Bytes),
    Stream(BodyStream),
}

/// A stream and its length, if that is known.
pub(crate) struct BodyStream {
    /// Only ever reached through `&mut`; the mutex is what lets requests be shared between threads.
    stream: Mutex<BoxStream>,
    pub(crate) length: Option<u64>,
    trailers: Option<Arc<dyn Trailers>>,
}

impl BodyStream {
    pub(super) fn new(stream: BoxStream, length: Option<u64>) -> Self {
        Self { stream: Mutex::new(stream), length, trailers: None }
    }

    /// What goes out behind the stream, which has ended.
    #[allow(dead_code, reason = "fetch sends none")]
    pub(crate) fn trailers(&self) -> Result<Option<Headers>> {
        self.trailers.as_ref().map(|trailers| trailers()).transpose()
    }

    pub(super) fn into_inner(self) -> BoxStream {
        self.stream.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        self.stream.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut().poll_next(cx)
    }
}

/// Bytes that arrive piece by piece.
pub(crate) type BoxStream = Pin<Box<dyn ByteStream>>;

/// A stream of bytes as the targets need it: `Send` natively, not in a browser.
pub(crate) trait ByteStream: Stream<Item = Result<Bytes, BoxError>> + MaybeSend {}
impl<S: Stream<Item = Result<Bytes, BoxError>> + MaybeSend> ByteStream for S {}

/// The user's own stream failed while it was sent.
pub(crate) fn failed_source(source: BoxError) -> Error {
    Error::new(ErrorKind::LocalProtocol, format!("The request's body could not be read: {source}")).with_source(source)
}

/// Who is told how far the body is: the bytes sent, and all of them, if known.
pub(crate) trait Progress: Fn(u64, Option<u64>) + MaybeSend + MaybeSync {}
impl<F: Fn(u64, Option<u64>) + MaybeSend + MaybeSync> Progress for F {}

/// What goes along with a body.
#[derive(Clone, Default)]
pub(super) struct Asides {
    pub(super) progress: Option<Arc<dyn Progress>>,
    pub(super) trailers: Option<Arc<dyn Trailers>>,
}

impl Asides {
    /// The stream with someone who is told how far it is, and with what stands behind it.
    pub(super) fn join(&self, stream: BoxStream, length: Option<u64>) -> BodyStream {
        let stream = match &self.progress {
            Some(progress) => Watched::stream(stream, length, progress.clone()),
            None => BodyStream::new(stream, length),
        };
        BodyStream { trailers: self.trailers.clone(), ..stream }
    }
}

/// Counts what is sent. A transport asks for a piece once it has sent the one before.
struct Watched {
    stream: BoxStream,
    sent: u64,
    handed_over: usize,
    length: Option<u64>,
    progress: Arc<dyn Progress>,
}

impl Watched {
    fn stream(stream: BoxStream, length: Option<u64>, progress: Arc<dyn Progress>) -> BodyStream {
        BodyStream::new(Box::pin(Self { stream, sent: 0, handed_over: 0, length, progress }), length)
    }

    fn count(&mut self) {
        if self.handed_over > 0 {
            self.sent += std::mem::take(&mut self.handed_over) as u64;
            (self.progress)(self.sent, self.length);
        }
    }
}

impl Stream for Watched {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.count();
        let polled = self.stream.as_mut().poll_next(cx);
        if let Poll::Ready(Some(Ok(piece))) = &polled {
            self.handed_over = piece.len();
        }
        polled
    }
}
