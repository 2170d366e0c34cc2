//! Bodies on their way into a service and out of it, each driven by whoever awaits the response.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes};
use http_body::{Frame, SizeHint};

use super::failed;
use crate::body::{BodyStream, IncomingBody, Outgoing, failed_source, received_trailers};
use crate::error::{BoxError, Error, ErrorKind, Result};
use crate::headers::Headers;

/// The body of a request as the service of a [`ServiceTransport`](super::ServiceTransport) reads it.
///
/// It is `Send` and `Sync` on every target, though in JavaScript hosts the stream that feeds it is neither: that stays
/// where the response is awaited, and gives a piece whenever the service asks for one. It fails when the user's stream
/// does, and when nobody awaits the response any more.
#[derive(Debug)]
pub struct ServiceBody {
    source: Source,
}

#[derive(Debug)]
enum Source {
    Bytes(Bytes),
    Pipe { pipe: Arc<Pipe>, left: Option<u64> },
}

/// A service's view of the body, and what feeds it if that is a stream.
pub(super) fn of(body: Outgoing) -> (ServiceBody, Option<Upload>) {
    match body {
        Outgoing::Bytes(bytes) => (ServiceBody { source: Source::Bytes(bytes) }, None),
        Outgoing::Stream(stream) => {
            let (pipe, left) = (Arc::<Pipe>::default(), stream.length);
            let source = Source::Pipe { pipe: pipe.clone(), left };
            (ServiceBody { source }, Some(Upload { stream, left, pipe }))
        }
    }
}

impl http_body::Body for ServiceBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let piece = match &mut self.source {
            Source::Bytes(bytes) if bytes.is_empty() => None,
            Source::Bytes(bytes) => Some(Ok(Frame::data(std::mem::take(bytes)))),
            Source::Pipe { pipe, left } => {
                let piece = ready!(pipe.poll_read(cx));
                let length = piece.iter().flatten().filter_map(Frame::data_ref).map(|piece| piece.len() as u64).sum();
                *left = left.map(|left| left.saturating_sub(length));
                piece
            }
        };
        Poll::Ready(piece)
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Bytes(bytes) => bytes.is_empty(),
            Source::Pipe { pipe, .. } => matches!(pipe.lock().slot, Slot::Ended),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Pipe { left, .. } => left.map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

/// Holds one piece at most: the user's stream is asked for more only when the service is.
#[derive(Debug, Default)]
struct Pipe {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    slot: Slot,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

#[derive(Debug, Default)]
enum Slot {
    #[default]
    Idle,
    Wanted,
    Piece(Frame<Bytes>),
    Failed(BoxError),
    Ended,
}

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll_read(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut state = self.lock();
        match std::mem::take(&mut state.slot) {
            Slot::Piece(piece) => {
                // Nothing stands behind trailers.
                if piece.is_trailers() {
                    state.slot = Slot::Ended;
                }
                return Poll::Ready(Some(Ok(piece)));
            }
            ended @ (Slot::Failed(_) | Slot::Ended) => {
                state.slot = Slot::Ended;
                return Poll::Ready(if let Slot::Failed(error) = ended { Some(Err(error)) } else { None });
            }
            Slot::Idle | Slot::Wanted => state.slot = Slot::Wanted,
        }
        state.reader = Some(cx.waker().clone());
        let writer = state.writer.take();
        // Waking may run what it wakes.
        drop(state);
        writer.into_iter().for_each(Waker::wake);
        Poll::Pending
    }

    /// Whether the service asked. If not, it will say so.
    fn is_wanted(&self, cx: &Context<'_>) -> bool {
        let mut state = self.lock();
        state.writer = Some(cx.waker().clone());
        matches!(state.slot, Slot::Wanted)
    }

    fn put(&self, slot: Slot) {
        let mut state = self.lock();
        state.slot = slot;
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
    }
}

/// The user's stream on its way into the service.
pub(super) struct Upload {
    stream: BodyStream,
    /// Of the length that was announced.
    left: Option<u64>,
    pipe: Arc<Pipe>,
}

impl Upload {
    /// Ready when the stream failed. The service is told, too.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        if !self.pipe.is_wanted(cx) {
            return Poll::Pending;
        }
        match ready!(self.poll_piece(cx)) {
            Ok(piece) => {
                self.pipe.put(piece.map_or(Slot::Ended, Slot::Piece));
                Poll::Pending
            }
            Err(error) => {
                self.pipe.put(Slot::Failed(error.to_string().into()));
                Poll::Ready(error)
            }
        }
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Frame<Bytes>>>> {
        loop {
            let piece = ready!(self.stream.poll_next(cx)).transpose().map_err(failed_source)?;
            let left = match (self.left, &piece) {
                (Some(left), Some(piece)) => {
                    left.checked_sub(piece.len() as u64).ok_or_else(|| wrong_length("more"))?
                }
                (Some(1..), None) => return Poll::Ready(Err(wrong_length("fewer"))),
                _ => 0,
            };
            self.left = self.left.map(|_| left);
            match piece {
                None => return Poll::Ready(self.trailers()),
                Some(piece) if piece.is_empty() => {}
                Some(piece) => return Poll::Ready(Ok(Some(Frame::data(piece)))),
            }
        }
    }
}

impl Upload {
    /// What stands behind the body.
    fn trailers(&self) -> Result<Option<Frame<Bytes>>> {
        let Some(fields) = self.stream.trailers()? else { return Ok(None) };
        let mut trailers = http::HeaderMap::new();
        for (name, value) in fields.iter() {
            let full = |_| Error::new(ErrorKind::LimitExceeded, "These are more trailers than a service can be given");
            trailers.try_append(name, value.clone()).map_err(full)?;
        }
        Ok(Some(Frame::trailers(trailers)))
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let ended = matches!(self.pipe.lock().slot, Slot::Failed(_) | Slot::Ended);
        if !ended {
            self.pipe.put(Slot::Failed("The client went away before the end of the request's body".into()));
        }
    }
}

fn wrong_length(what: &str) -> Error {
    Error::new(ErrorKind::LocalProtocol, format!("The request's body has {what} bytes than its length says"))
}

/// The service's body on its way out, and the rest of the request's, which the service may still read.
pub(super) struct ResponseBody<B> {
    /// `None` once it has ended: what it holds is dropped as soon as it can be.
    body: Option<Pin<Box<B>>>,
    upload: Option<Upload>,
    trailers: Option<Headers>,
}

impl<B> ResponseBody<B> {
    pub(super) fn new(body: B, upload: Option<Upload>) -> Self {
        Self { body: Some(Box::pin(body)), upload, trailers: None }
    }
}

impl<B> ResponseBody<B>
where
    B: http_body::Body<Error: Into<BoxError>>,
{
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        while let Some(body) = &mut self.body {
            let frame = match body.as_mut().poll_frame(cx) {
                Poll::Ready(None) => break,
                Poll::Ready(Some(frame)) => frame.map_err(|error| failed(error.into()))?,
                Poll::Pending => {
                    return self.upload.as_mut().map_or(Poll::Pending, |upload| upload.poll(cx).map(Err).map(Some));
                }
            };
            match frame.into_data() {
                Ok(mut data) if data.has_remaining() => {
                    return Poll::Ready(Some(Ok(data.copy_to_bytes(data.remaining()))));
                }
                Ok(_) => {}
                Err(frame) => self.trailers = frame.trailers_ref().map(|fields| received_trailers(fields.iter())),
            }
        }
        Poll::Ready(None)
    }
}

impl<B> IncomingBody for ResponseBody<B>
where
    B: http_body::Body<Error: Into<BoxError>> + crate::backend::MaybeSend,
{
    fn poll_chunk(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let piece = ready!(self.poll_piece(cx));
        if !matches!(piece, Some(Ok(_))) {
            (self.body, self.upload) = (None, None);
        }
        Poll::Ready(piece)
    }

    fn trailers(&self) -> Option<&Headers> {
        self.trailers.as_ref().filter(|_| self.body.is_none())
    }
}
