//! The request's body on its way out, as the server makes room for it (RFC 9113 5.2).

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::SendStream;

use super::message;
use crate::body::{BodyStream, Outgoing, failed_source};
use crate::content::framing::Framing;
use crate::error::{Error, ErrorKind, Result};

/// Pieces handed over in one go: then it is the response's turn, and the timers'.
const MAX_PIECES: usize = 32;

/// What of the body is still to be sent.
pub(super) struct Upload {
    piece: Bytes,
    rest: Rest,
}

enum Rest {
    /// The piece is the last one.
    Nothing,
    /// More comes, so many bytes if that is known.
    Stream(BodyStream, Option<u64>),
    /// All is sent, or the server does not want the rest.
    Done,
}

impl Upload {
    pub(super) fn new(body: Outgoing, framing: Framing) -> Self {
        match (body, framing) {
            (Outgoing::Bytes(bytes), _) if bytes.is_empty() => Self { piece: bytes, rest: Rest::Done },
            (Outgoing::Bytes(piece), _) => Self { piece, rest: Rest::Nothing },
            (Outgoing::Stream(stream), Framing::Length(length)) => Self::of(stream, Some(length)),
            (Outgoing::Stream(stream), Framing::Chunked) => Self::of(stream, None),
        }
    }

    fn of(stream: BodyStream, length: Option<u64>) -> Self {
        Self { piece: Bytes::new(), rest: Rest::Stream(stream, length) }
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.rest, Rest::Done)
    }

    /// The rest stays here.
    pub(super) fn give_up(&mut self) {
        (self.piece, self.rest) = (Bytes::new(), Rest::Done);
    }

    /// Whether it is the program that is waited for, and not the server.
    pub(super) fn awaits_source(&self) -> bool {
        self.piece.is_empty() && matches!(self.rest, Rest::Stream(..))
    }

    /// Hands over as much as there is room for. True if something went. A server that takes no more is no error: what it answers
    /// counts.
    pub(super) fn poll(&mut self, stream: &mut SendStream<Bytes>, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        for turn in 0..MAX_PIECES {
            if self.is_done() {
                return Poll::Ready(Ok(turn > 0));
            }
            if self.awaits_source() {
                ready!(self.poll_source(stream, cx))?;
                continue;
            }
            stream.reserve_capacity(self.piece.len());
            if stream.capacity() == 0 && !matches!(ready!(stream.poll_capacity(cx)), Some(Ok(_))) {
                self.rest = Rest::Done;
                continue;
            }
            let part = self.piece.split_to(stream.capacity().min(self.piece.len()));
            let is_last = self.piece.is_empty() && matches!(self.rest, Rest::Nothing);
            self.send(stream, part, is_last);
        }
        cx.waker().wake_by_ref();
        Poll::Ready(Ok(true))
    }

    fn poll_source(&mut self, stream: &mut SendStream<Bytes>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let Rest::Stream(source, left) = &mut self.rest else { return Poll::Ready(Ok(())) };
        match ready!(source.poll_next(cx)) {
            Some(piece) => {
                let piece = piece.map_err(failed_source)?;
                if let Some(left) = left {
                    *left = left.checked_sub(piece.len() as u64).ok_or_else(|| wrong_length("more"))?;
                }
                self.piece = piece;
            }
            None if left.is_some_and(|left| left > 0) => return Poll::Ready(Err(wrong_length("fewer"))),
            None => match source.trailers()? {
                Some(trailers) => {
                    // A server that takes no more is no error here either.
                    let _ = stream.send_trailers(message::trailers(&trailers)?);
                    self.rest = Rest::Done;
                }
                None => self.send(stream, Bytes::new(), true),
            },
        }
        Poll::Ready(Ok(()))
    }

    fn send(&mut self, stream: &mut SendStream<Bytes>, piece: Bytes, is_last: bool) {
        let sent = stream.send_data(piece, is_last);
        if is_last || sent.is_err() {
            self.rest = Rest::Done;
        }
    }
}

fn wrong_length(what: &str) -> Error {
    Error::new(ErrorKind::LocalProtocol, format!("The request's body has {what} bytes than its Content-Length says"))
}
