//! One request and its response over a connection, driven by whoever awaits it: no task, no channel.

mod download;
mod upgraded;
mod upload;

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::UPGRADE;
use http::{Method, StatusCode, Version};
use tokio::io::AsyncReadExt;

use self::upgraded::RawConnection;
use self::upload::{Held, Upload};
use super::body::{BodyDecoder, Decoded};
use super::drain::MAX_DRAINED;
use super::encode;
use super::head::{HeadReader, Parsed, closes};
use super::remote;
use crate::backend::{Instant, now};
use crate::body::{Incoming, Outgoing, Upgraded};
use crate::config::Timeout;
use crate::connection::ConnectionInfo;
use crate::deadline::{Pace, timed_out};
use crate::error::{Error, ErrorKind, Result};
use crate::request::{OnInformational, Request};
use crate::response::{Head, Response};
use crate::socket::expect::awaits_continue;
use crate::socket::proxy::ProxySettings;
use crate::socket::{Answer, Failure, Lease};
use crate::trace::Trace;

const MIN_READ: usize = 8 * 1024;
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
    /// How fast the head comes, where a minimum rate was asked for.
    pace: Option<Box<Pace>>,
    trace: Trace,
    is_head_sent: bool,
    /// The response's head is what is waited for, as far as the trace knows.
    is_head_awaited: bool,
    /// No byte of a response came yet.
    is_silent: bool,
    is_answered: bool,
    informational: Option<Arc<dyn OnInformational>>,
    /// Whether the request asks for another protocol.
    asks_upgrade: bool,
    /// The request is handed to a proxy, which passes it on.
    is_passed_on: bool,
    started: Instant,
    /// When the last byte of the request was out.
    sent: Option<Instant>,
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
        let (reader, started) = (HeadReader::new(lease.limits().into()), lease.taken);
        lease.connection().patience.reset();
        let out = &mut lease.connection().write;
        out.clear();
        let framing = encode::head(request, proxy, out)?;
        let body = request.body_mut().take()?;
        let upload = match is_held(request, &body) {
            true => Upload::Held(Held::new(body, framing)),
            false => Upload::begin(body, framing, out),
        };
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
            pace: Pace::of(request.timeout()),
            trace: request.trace().clone(),
            is_head_sent: false,
            is_head_awaited: false,
            is_silent: true,
            is_answered: false,
            informational: request.informational().cloned(),
            asks_upgrade: request.headers().find(&UPGRADE).is_some(),
            is_passed_on: proxy.is_some(),
            started,
            sent: None,
        })
    }

    /// Sends the request and receives the response's head. A body that came with it is in memory already.
    pub(in crate::socket) async fn run(mut self, method: &Method) -> Result<Answer, Failure> {
        self.trace.started(SEND_HEAD, method);
        let received = poll_fn(|cx| self.poll_head(method, cx)).await;
        let parsed = received.inspect_err(|error| self.trace.failed(self.point(), error));
        let mut parsed =
            parsed.map_err(|error| Failure { is_repeatable: self.is_repeatable(method, &error), error })?;
        let answered = now();
        self.await_head();
        self.withhold();
        self.trace.complete(RECEIVE_HEAD, parsed.head.status);
        let info = self.describe(&mut parsed.head, answered);
        if self.is_switched(parsed.head.status, method) {
            parsed.head.connection = Some(info);
            return Ok((parsed.head, Incoming::Upgraded(Upgraded::new(RawConnection::new(self)?))));
        }
        self.trace.started(RECEIVE_BODY, parsed.head.status);
        // A proxy of HTTP/1.0 may pass on a "keep-alive" that was not said to it (RFC 9112 C.2.2).
        let is_doubtful = self.is_passed_on && parsed.head.version == Some(Version::HTTP_10);
        self.keep_alive &= parsed.keep_alive && !is_doubtful;
        self.lease.connection().until = parsed.keep_for.and_then(|time| answered.checked_add(time));
        self.is_answered = true;
        self.body = BodyDecoder::new(parsed.framing);
        match self.whole_body()? {
            Some(bytes) => {
                self.release(answered);
                parsed.head.connection = Some(info.received_at_once());
                Ok((parsed.head, Incoming::Bytes(bytes)))
            }
            None => {
                parsed.head.connection = Some(info);
                Ok((parsed.head, Incoming::Stream(Box::pin(self))))
            }
        }
    }

    /// What the response shows of the connection.
    fn describe(&mut self, head: &mut Head, answered: Instant) -> ConnectionInfo {
        let connection = self.lease.connection();
        if let Some(tls) = &connection.facts.tls {
            head.extensions.insert(tls.clone());
        }
        let mut info = ConnectionInfo::new(connection.facts.clone(), self.started, self.sent, answered);
        info.is_reused = std::mem::replace(&mut connection.is_used, true);
        info
    }

    /// Whether the connection is the user's from here on.
    fn is_switched(&self, status: StatusCode, method: &Method) -> bool {
        status == StatusCode::SWITCHING_PROTOCOLS || (*method == Method::CONNECT && status.is_success())
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
    fn release(&mut self, at: Instant) {
        let reusable = matches!(self.upload, Upload::Done) && self.keep_alive;
        self.trace.complete(RECEIVE_BODY, "");
        self.trace.started(CLOSED, "");
        self.lease.release(reusable, at);
        self.trace.complete(CLOSED, if reusable { "the connection is kept" } else { "the connection is closed" });
    }

    /// Whether the request may be sent once more: the connection broke, no byte of a response came, and either the server has
    /// seen nothing of it, or seeing it twice makes no difference (RFC 9110 9.2.2).
    fn is_repeatable(&self, method: &Method, error: &Error) -> bool {
        let broke = matches!(error.kind(), ErrorKind::Read | ErrorKind::Write | ErrorKind::RemoteProtocol);
        let is_unsent = !self.is_head_sent && self.written == 0;
        broke && self.is_silent && (is_unsent || method.is_idempotent())
    }

    fn poll_head(&mut self, method: &Method, cx: &mut Context<'_>) -> Poll<Result<Parsed>> {
        loop {
            self.poll_upload_aside(cx)?;
            if let Some(parsed) = self.reader.read(&mut self.lease.connection().read, method)? {
                match parsed.head.status {
                    // Only what was asked for (RFC 9110 7.8, threat A15).
                    StatusCode::SWITCHING_PROTOCOLS if !self.asks_upgrade => {
                        return Poll::Ready(Err(remote("The server switched protocols without being asked")));
                    }
                    StatusCode::SWITCHING_PROTOCOLS => return Poll::Ready(Ok(parsed)),
                    status if !status.is_informational() => return Poll::Ready(Ok(parsed)),
                    _ if self.interim == MAX_INTERIM => {
                        return Poll::Ready(Err(remote("The server sent more than 16 interim responses")));
                    }
                    _ => self.inform(parsed.head),
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

    /// An interim response. "Continue" is what a body may wait for.
    fn inform(&mut self, head: Box<Head>) {
        self.interim += 1;
        if head.status == StatusCode::CONTINUE {
            self.go_on();
        }
        if let Some(hook) = &self.informational {
            hook(&Response::from_parts(head, Bytes::new()));
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
            self.is_silent &= !matches!(read, Ok(1..));
            connection.patience.reset();
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
            // A body that is held back has a limit of its own.
            Upload::Stream(..) | Upload::Held(_) if !writing => return Poll::Pending,
            Upload::Done | Upload::Failed(_) | Upload::Withheld => {
                (self.timeout.read, ErrorKind::ReadTimeout, "The server sent nothing")
            }
            _ => (self.timeout.write, ErrorKind::WriteTimeout, "The server took none of the request"),
        };
        self.lease.connection().patience.poll(limit, cx).map(|()| timed_out(kind, what, limit.unwrap_or_default()))
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

/// Whether the body waits until the server asks for it. (One that is not there cannot.)
fn is_held(request: &Request, body: &Outgoing) -> bool {
    let is_there = !matches!(body, Outgoing::Bytes(bytes) if bytes.is_empty());
    is_there && awaits_continue(request)
}

fn read_error(error: io::Error) -> Error {
    Error::new(ErrorKind::Read, format!("The response could not be read: {error}")).with_source(error)
}
