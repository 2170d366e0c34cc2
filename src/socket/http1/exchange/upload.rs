//! The request's half of an exchange: what is still to be written.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

use super::{Exchange, SEND_BODY, SEND_HEAD};
use crate::backend::now;
use crate::body::{BodyStream, Outgoing, failed_source};
use crate::content::framing::Framing;
use crate::deadline::Patience;
use crate::error::{Error, ErrorKind, Result};
use crate::socket::expect::CONTINUE;
use crate::socket::http1::encode;
use crate::socket::stream::Stream;

/// A body up to this size goes out in one write with the head.
const SMALL_BODY: usize = 16 * 1024;
/// Pieces written in one go: then it is the response's turn, and the timers'.
const MAX_PIECES: usize = 32;

/// What of the request is still to be written.
pub(super) enum Upload {
    Bytes(Bytes),
    Stream(BodyStream, Outstanding),
    /// Behind `Expect: 100-continue`: it waits until the server asks for it, or for a second.
    Held(Box<Held>),
    /// The server answered without asking for it.
    Withheld,
    /// Written, but perhaps not yet flushed.
    Written,
    Done,
    /// The server stopped reading. Its response may still come (RFC 9112 9.5).
    Failed(Error),
}

/// A body that the server is to ask for (RFC 9110 10.1.1).
pub(super) struct Held {
    body: Outgoing,
    framing: Framing,
    patience: Patience,
}

impl Held {
    pub(super) fn new(body: Outgoing, framing: Framing) -> Box<Self> {
        Box::new(Self { body, framing, patience: Patience::default() })
    }
}

/// How much of a streamed body may still be sent.
pub(super) enum Outstanding {
    Chunked,
    Length(u64),
}

impl Upload {
    /// Small bodies go into the buffer with the head.
    pub(super) fn begin(body: Outgoing, framing: Framing, out: &mut Vec<u8>) -> Self {
        match (body, framing) {
            (Outgoing::Bytes(bytes), Framing::Length(_)) => gather(bytes, out),
            (Outgoing::Bytes(bytes), Framing::Chunked) => {
                encode::chunk(&bytes, out);
                encode::last_chunk(None, out);
                Self::Written
            }
            (Outgoing::Stream(stream), Framing::Chunked) => Self::Stream(stream, Outstanding::Chunked),
            (Outgoing::Stream(stream), Framing::Length(length)) => Self::Stream(stream, Outstanding::Length(length)),
        }
    }
}

impl Exchange {
    /// Writes on while the response is awaited. A server that stops reading may have answered, so that its answer counts
    /// for more than the failure to write; what fails on this side ends the exchange.
    pub(super) fn poll_upload_aside(&mut self, cx: &mut Context<'_>) -> Result<()> {
        let Poll::Ready(result) = self.poll_upload(cx) else { return Ok(()) };
        self.upload = match result {
            Ok(()) => {
                self.trace.complete(SEND_BODY, "");
                self.sent = Some(now());
                Upload::Done
            }
            Err(error) if error.kind() != ErrorKind::Write => return Err(error),
            Err(error) => {
                self.trace.failed(self.upload_point(), &error);
                Upload::Failed(error)
            }
        };
        self.await_head();
        // From here on the response is awaited, with a limit of its own.
        match self.sent {
            Some(sent) => self.lease.connection().patience.start(sent),
            None => self.lease.connection().patience.reset(),
        }
        Ok(())
    }

    /// The server asked for the body, or lets wait for that.
    pub(super) fn go_on(&mut self) {
        self.upload = match std::mem::replace(&mut self.upload, Upload::Written) {
            Upload::Held(held) => Upload::begin(held.body, held.framing, &mut self.lease.connection().write),
            upload => upload,
        };
    }

    /// The server answered: a body that it has not asked for stays here.
    pub(super) fn withhold(&mut self) {
        if matches!(self.upload, Upload::Held(_)) {
            self.upload = Upload::Withheld;
        }
    }

    pub(super) fn upload_point(&self) -> &'static str {
        if self.is_head_sent { SEND_BODY } else { SEND_HEAD }
    }

    fn poll_upload(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        for _ in 0..MAX_PIECES {
            if matches!(self.upload, Upload::Done | Upload::Failed(_) | Upload::Withheld) {
                return Poll::Pending;
            }
            ready!(self.poll_buffered(cx))?;
            match &mut self.upload {
                Upload::Bytes(bytes) => {
                    let connection = self.lease.connection();
                    let written = ready!(poll_write(&mut connection.stream, bytes, cx))?;
                    connection.patience.reset();
                    bytes.advance(written);
                    if bytes.is_empty() {
                        self.upload = Upload::Written;
                    }
                }
                Upload::Stream(source, outstanding) => match source.poll_next(cx) {
                    Poll::Ready(Some(piece)) => {
                        let piece = piece.map_err(failed_source)?;
                        append(&piece, outstanding, &mut self.lease.connection().write)?;
                    }
                    Poll::Ready(None) => {
                        finish_stream(source, outstanding, &mut self.lease.connection().write)?;
                        self.upload = Upload::Written;
                    }
                    Poll::Pending => {
                        // What was produced so far is not kept waiting for the rest.
                        ready!(poll_flush(&mut self.lease.connection().stream, cx)).map_err(write_error)?;
                        return Poll::Pending;
                    }
                },
                Upload::Held(held) => {
                    ready!(poll_flush(&mut self.lease.connection().stream, cx)).map_err(write_error)?;
                    ready!(held.patience.poll(Some(CONTINUE), cx));
                    self.go_on();
                }
                Upload::Written => {
                    if self.lease.connection().write.is_empty() {
                        return poll_flush(&mut self.lease.connection().stream, cx).map_err(write_error);
                    }
                }
                Upload::Done | Upload::Failed(_) | Upload::Withheld => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes what is encoded.
    fn poll_buffered(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let connection = self.lease.connection();
        while self.written < connection.write.len() {
            let written = ready!(poll_write(&mut connection.stream, &connection.write[self.written..], cx))?;
            self.written += written;
            connection.patience.reset();
        }
        connection.write.clear();
        self.written = 0;
        if !std::mem::replace(&mut self.is_head_sent, true) {
            self.trace.complete(SEND_HEAD, "");
            self.trace.started(SEND_BODY, "");
        }
        Poll::Ready(Ok(()))
    }
}

/// Small bodies follow their head in the same write.
fn gather(bytes: Bytes, out: &mut Vec<u8>) -> Upload {
    if bytes.len() <= SMALL_BODY {
        out.extend_from_slice(&bytes);
        return Upload::Written;
    }
    Upload::Bytes(bytes)
}

fn append(piece: &[u8], outstanding: &mut Outstanding, out: &mut Vec<u8>) -> Result<()> {
    match outstanding {
        Outstanding::Chunked => encode::chunk(piece, out),
        Outstanding::Length(left) => {
            *left = left.checked_sub(piece.len() as u64).ok_or_else(|| wrong_length("more"))?;
            out.extend_from_slice(piece);
        }
    }
    Ok(())
}

fn finish_stream(source: &BodyStream, outstanding: &Outstanding, out: &mut Vec<u8>) -> Result<()> {
    match outstanding {
        Outstanding::Chunked => encode::last_chunk(source.trailers()?.as_ref(), out),
        Outstanding::Length(0) => {}
        Outstanding::Length(_) => return Err(wrong_length("fewer")),
    }
    Ok(())
}

fn wrong_length(what: &str) -> Error {
    Error::new(ErrorKind::LocalProtocol, format!("The request's body has {what} bytes than its Content-Length says"))
}

fn poll_write(stream: &mut Stream, bytes: &[u8], cx: &mut Context<'_>) -> Poll<Result<usize>> {
    match ready!(Pin::new(stream).poll_write(cx, bytes)) {
        Ok(0) => Poll::Ready(Err(write_error(io::ErrorKind::WriteZero.into()))),
        Ok(written) => Poll::Ready(Ok(written)),
        Err(error) => Poll::Ready(Err(write_error(error))),
    }
}

fn poll_flush(stream: &mut Stream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    Pin::new(stream).poll_flush(cx)
}

fn write_error(error: io::Error) -> Error {
    Error::new(ErrorKind::Write, format!("The request could not be sent: {error}")).with_source(error)
}
