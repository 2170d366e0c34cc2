//! One request and its response over a connection, driven by whoever awaits it: no task, no channel.

mod upload;

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, StatusCode};
use tokio::io::AsyncReadExt;

use self::upload::Upload;
use super::body::{BodyDecoder, Decoded};
use super::drain::MAX_DRAINED;
use super::encode;
use super::head::{HeadReader, Parsed, closes};
use super::remote;
use crate::backend::now;
use crate::body::{Incoming, IncomingBody};
use crate::config::Timeout;
use crate::deadline::{Pace, Patience, timed_out};
use crate::error::{Error, ErrorKind, Result};
use crate::request::Request;
use crate::response::Head;
use crate::socket::proxy::ProxySettings;
use crate::socket::{Failure, Lease};
use crate::trace::Trace;

const MIN_READ: usize = 8 * 1024;
const MAX_READ: usize = 128 * 1024;
/// Interim responses per request (RFC 9110 15.2 sets no limit, so a server could send them for ever).
pub(in crate::socket) const MAX_INTERIM: usize = 16;

/// The points that a trace tells of, by HTTPX's names.
const SEND_HEAD: &str = "http11.send_request_headers";
const SEND_BODY: &str = "http11.send_request_body";
const RECEIVE_HEAD: &str = "http11.receive_response_headers";
const RECEIVE_BODY: &str = "http11.receive_response_body";
const CLOSED: &str = "http11.response_closed";

/// A request being sent and its response being received, on a connection that it has to itself.
pub(in crate::socket) struct Exchange {
    lease: Lease,
    upload: Upload,
    written: usize,
    reader: HeadReader,
    interim: usize,
    body: BodyDecoder,
    keep_alive: bool,
    timeout: Timeout,
    patience: Patience,
    /// How fast the head comes, where a minimum rate was asked for.
    pace: Option<Box<Pace>>,
    trace: Trace,
    is_head_sent: bool,
    /// The response's head is what is waited for, as far as the trace knows.
    is_head_awaited: bool,
    is_answered: bool,
}

/// A body that nobody reads to its end is no reason to close the connection, if not much is left of it.
impl Drop for Exchange {
    fn drop(&mut self) {
        let is_short = self.body.is_bounded() && self.body.remaining() <= MAX_DRAINED;
        let is_done = self.is_answered && self.keep_alive && matches!(self.upload, Upload::Done);
        if is_done && is_short && !self.lease.is_released() {
            let unread = std::mem::replace(&mut self.body, BodyDecoder::new(super::head::Framing::Length(0)));
            self.lease.park(unread);
        }
    }
}

impl Exchange {
    /// Encodes the head, and a small body with it. `proxy` is one that passes the request on.
    pub(in crate::socket) fn new(
        mut lease: Lease,
        request: &mut Request,
        proxy: Option<&ProxySettings>,
    ) -> Result<Self> {
        let reader = HeadReader::new(lease.limits().into());
        let out = &mut lease.connection().write;
        out.clear();
        let framing = encode::head(request, proxy, out)?;
        let upload = Upload::begin(request.body_mut().take()?, framing, out);
        // RFC 9112 9.6: after "close" from this side the connection serves no further request.
        let keep_alive = !closes(request.headers());
        Ok(Self {
            lease,
            upload,
            written: 0,
            reader,
            interim: 0,
            body: BodyDecoder::new(super::head::Framing::UntilClose),
            keep_alive,
            timeout: request.timeout(),
            patience: Patience::default(),
            pace: request.timeout().min_rate.map(|least| Box::new(Pace::new(least))),
            trace: request.trace().clone(),
            is_head_sent: false,
            is_head_awaited: false,
            is_answered: false,
        })
    }

    /// Sends the request and receives the response's head. A body that came with it is in memory already.
    pub(in crate::socket) async fn run(mut self, method: &Method) -> Result<(Head, Incoming), Failure> {
        self.trace.started(SEND_HEAD, method);
        let received = poll_fn(|cx| self.poll_head(method, cx)).await;
        let parsed = received.inspect_err(|error| self.trace.failed(self.point(), error));
        let mut parsed =
            parsed.map_err(|error| Failure { is_repeatable: self.is_repeatable(method, &error), error })?;
        self.await_head();
        self.trace.complete(RECEIVE_HEAD, parsed.head.status);
        self.trace.started(RECEIVE_BODY, parsed.head.status);
        self.keep_alive &= parsed.keep_alive;
        self.lease.connection().until = parsed.keep_for.and_then(|time| now().checked_add(time));
        if let Some(tls) = &self.lease.connection().tls {
            parsed.head.extensions.insert(tls.clone());
        }
        self.is_answered = true;
        self.body = BodyDecoder::new(parsed.framing);
        let body = match self.whole_body()? {
            Some(bytes) => {
                self.release();
                Incoming::Bytes(bytes)
            }
            None => Incoming::Stream(Box::pin(self)),
        };
        Ok((parsed.head, body))
    }

    /// Where the exchange is.
    fn point(&self) -> &'static str {
        if self.is_head_awaited { RECEIVE_HEAD } else { self.upload_point() }
    }

    /// Once the request is sent, or the server answers before.
    fn await_head(&mut self) {
        if !std::mem::replace(&mut self.is_head_awaited, true) {
            self.trace.started(RECEIVE_HEAD, "");
        }
    }

    /// The body, if all of it is in the buffer.
    fn whole_body(&mut self) -> Result<Option<Bytes>> {
        let buffer = &mut self.lease.connection().read;
        if self.body.is_end() {
            return Ok(Some(Bytes::new()));
        }
        if self.body.remaining() > buffer.len() as u64 || self.body.remaining() == 0 {
            return Ok(None);
        }
        match self.body.decode(buffer)? {
            Decoded::Data(bytes) => Ok(Some(bytes)),
            Decoded::NeedMore | Decoded::End => Ok(None),
        }
    }

    /// Gives the connection back if both sides are done, nothing follows the message and nobody asked for its end.
    fn release(&mut self) {
        let reusable = matches!(self.upload, Upload::Done) && self.keep_alive;
        self.trace.complete(RECEIVE_BODY, "");
        self.trace.started(CLOSED, "");
        self.lease.release(reusable);
        self.trace.complete(CLOSED, if reusable { "the connection is kept" } else { "the connection is closed" });
    }

    /// Whether the request may be sent once more: the connection broke, no byte of a response came, and either the server has
    /// seen nothing of it, or seeing it twice makes no difference (RFC 9110 9.2.2).
    fn is_repeatable(&mut self, method: &Method, error: &Error) -> bool {
        let broke = matches!(error.kind(), ErrorKind::Read | ErrorKind::Write | ErrorKind::RemoteProtocol);
        let is_silent = self.interim == 0 && self.lease.connection().read.is_empty();
        let is_unsent = !self.is_head_sent && self.written == 0;
        broke && is_silent && (is_unsent || method.is_idempotent())
    }

    fn poll_head(&mut self, method: &Method, cx: &mut Context<'_>) -> Poll<Result<Parsed>> {
        loop {
            self.poll_upload_aside(cx)?;
            if let Some(parsed) = self.reader.read(&mut self.lease.connection().read, method)? {
                match parsed.head.status {
                    StatusCode::SWITCHING_PROTOCOLS => {
                        return Poll::Ready(Err(remote("The server switched protocols without being asked")));
                    }
                    status if !status.is_informational() => return Poll::Ready(Ok(parsed)),
                    _ if self.interim == MAX_INTERIM => {
                        return Poll::Ready(Err(remote("The server sent more than 16 interim responses")));
                    }
                    _ => self.interim += 1,
                }
                continue;
            }
            match self.poll_fill(MIN_READ, cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(self.disconnected())),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(self.broken(error))),
                Poll::Pending => return self.poll_pace(cx).map(Err),
            }
        }
    }

    /// O1: a head that began to come goes on. (The body's pace is counted where it is read, whoever speaks HTTP.)
    fn poll_pace(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        let has_begun = !self.lease.connection().read.is_empty();
        match self.pace.as_mut().filter(|_| has_begun).map_or(Poll::Pending, |pace| pace.poll(cx)) {
            Poll::Pending => self.poll_patience(cx),
            slow => slow,
        }
    }

    fn poll_fill(&mut self, room: usize, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let connection = self.lease.connection();
        connection.read.reserve(room);
        let read = pin!(connection.stream.read_buf(&mut connection.read)).poll(cx);
        if let Poll::Ready(read) = &read {
            self.patience.reset();
            if let (Ok(bytes), Some(pace)) = (read, &mut self.pace) {
                pace.count(*bytes);
            }
        }
        read
    }

    /// Which wait this is decides which timeout holds. A body that the user still produces is waited for without one.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        let writing = self.written < self.lease.connection().write.len() || matches!(self.upload, Upload::Bytes(_));
        let (limit, kind, what) = match &self.upload {
            Upload::Stream(..) if !writing => return Poll::Pending,
            Upload::Done | Upload::Failed(_) => (self.timeout.read, ErrorKind::ReadTimeout, "The server sent nothing"),
            _ => (self.timeout.write, ErrorKind::WriteTimeout, "The server took none of the request"),
        };
        self.patience.poll(limit, cx).map(|()| timed_out(kind, what, limit.unwrap_or_default()))
    }

    fn disconnected(&mut self) -> Error {
        match std::mem::replace(&mut self.upload, Upload::Done) {
            Upload::Failed(error) => error,
            _ if self.lease.connection().read.is_empty() => {
                remote("The server disconnected without sending a response")
            }
            _ => remote("The server disconnected in the middle of the response's head"),
        }
    }

    fn broken(&mut self, error: io::Error) -> Error {
        match std::mem::replace(&mut self.upload, Upload::Done) {
            Upload::Failed(error) => error,
            _ => read_error(error),
        }
    }
}

impl IncomingBody for Exchange {
    fn poll_chunk(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let polled = self.poll_body(cx);
        if let Poll::Ready(Some(Err(error))) = &polled {
            self.trace.failed(RECEIVE_BODY, error);
            self.lease.release(false);
        }
        polled
    }
}

impl Exchange {
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        if self.lease.is_released() {
            return Poll::Ready(None);
        }
        loop {
            self.poll_upload_aside(cx)?;
            match self.body.decode(&mut self.lease.connection().read)? {
                Decoded::Data(bytes) => {
                    if self.body.is_end() {
                        // Now, and not when the reader asks once more.
                        self.release();
                    }
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Decoded::End => {
                    self.release();
                    return Poll::Ready(None);
                }
                Decoded::NeedMore => {}
            }
            let room = usize::try_from(self.body.remaining()).unwrap_or(MAX_READ).clamp(MIN_READ, MAX_READ);
            match self.poll_fill(room, cx) {
                Poll::Ready(Ok(0)) => {
                    self.body.end_of_stream()?;
                    self.keep_alive = false;
                    self.release();
                    return Poll::Ready(None);
                }
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(read_error(error)))),
                Poll::Pending => return self.poll_patience(cx).map(|error| Some(Err(error))),
            }
        }
    }
}

fn read_error(error: io::Error) -> Error {
    Error::new(ErrorKind::Read, format!("The response could not be read: {error}")).with_source(error)
}
