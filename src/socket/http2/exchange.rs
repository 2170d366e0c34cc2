//! One request and its response on a connection that it shares.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::{RecvStream, SendStream};
use http::{Method, Response, StatusCode};

use super::upload::Upload;
use super::{errors, message};
use crate::backend::{Instant, now};
use crate::body::{Incoming, IncomingBody, received_trailers};
use crate::config::Timeout;
use crate::connection::ConnectionInfo;
use crate::deadline::{Patience, timed_out, within};
use crate::error::{Error, ErrorKind, Result};
use crate::headers::Headers;
use crate::request::{OnInformational, Request};
use crate::socket::expect::{CONTINUE, awaits_continue};
use crate::socket::http1::MAX_INTERIM;
use crate::socket::multiplex::StreamLease;
use crate::socket::{Answer, Failure};
use crate::trace::Trace;

/// The points that a trace tells of, by HTTPX's names.
const SEND_HEAD: &str = "http2.send_request_headers";
const SEND_BODY: &str = "http2.send_request_body";
const RECEIVE_HEAD: &str = "http2.receive_response_headers";
const RECEIVE_BODY: &str = "http2.receive_response_body";
const CLOSED: &str = "http2.response_closed";

/// A request being sent and its response being received, on one stream of a connection.
pub(in crate::socket) struct Exchange {
    lease: StreamLease,
    upload: Upload,
    sending: SendStream<Bytes>,
    receiving: Receiving,
    interim: usize,
    timeout: Timeout,
    patience: Patience,
    trace: Trace,
    /// The body waits until the server asks for it, or for a second.
    held: Option<Box<Patience>>,
    /// The server answered without asking for it.
    is_withheld: bool,
    informational: Option<Arc<dyn OnInformational>>,
    trailers: Option<Headers>,
    started: Instant,
    /// When the last byte of the request was handed over.
    sent: Option<Instant>,
}

enum Receiving {
    Head(ResponseFuture),
    Body(RecvStream),
    Done,
}

/// The stream is reset if anything of it is left (RST_STREAM with CANCEL), and the connection serves on. Where no runtime drives it, the
/// reset goes out now, and not with the next request.
impl Drop for Exchange {
    fn drop(&mut self) {
        self.receiving = Receiving::Done;
        if !self.upload.is_done() || self.is_withheld {
            self.sending.send_reset(h2::Reason::CANCEL);
        }
        self.lease.connection.drive(&mut Context::from_waker(Waker::noop()));
    }
}

impl Exchange {
    /// Opens a stream and sends the head.
    pub(in crate::socket) async fn begin(mut lease: StreamLease, request: &mut Request) -> Result<Self, Failure> {
        let (message, framing) = message::request(request)?;
        let trace = request.trace().clone();
        let started = now();
        trace.started(SEND_HEAD, request.method());
        let begun = Self::open(&mut lease, message, request).await;
        let (response, sending) = begun.inspect_err(|failure| trace.failed(SEND_HEAD, &failure.error))?;
        trace.complete(SEND_HEAD, "");
        trace.started(SEND_BODY, "");
        let is_whole = request.body().length() == Some(0);
        Ok(Self {
            upload: Upload::new(request.body_mut().take()?, framing),
            lease,
            sending,
            receiving: Receiving::Head(response),
            interim: 0,
            timeout: request.timeout(),
            patience: Patience::default(),
            trace,
            held: (awaits_continue(request) && !is_whole).then(Box::default),
            is_withheld: false,
            informational: request.informational().cloned(),
            trailers: None,
            started,
            sent: None,
        })
    }

    /// The stream waits if the server allows fewer than when it was granted.
    async fn open(
        lease: &mut StreamLease,
        message: http::Request<()>,
        request: &Request,
    ) -> Result<(ResponseFuture, SendStream<Bytes>), Failure> {
        let is_whole = request.body().length() == Some(0);
        let opened = lease.connection.sender.send_request(message, is_whole).map_err(|error| {
            // Nothing of it was sent, and nothing more will be on this connection.
            lease.retire();
            Failure {
                is_repeatable: errors::is_the_connections(&error),
                error: errors::failed(&lease.connection, error),
            }
        })?;
        let connection = &mut lease.connection;
        let ready = poll_fn(|cx| {
            connection.drive(cx);
            // An error is for the response to tell: it knows whether the request was sent.
            connection.sender.poll_ready(cx).map(|_| Ok(()))
        });
        let late =
            |limit| timed_out(ErrorKind::PoolTimeout, "The server took no further request on its connection", limit);
        within(request.timeout().pool, late, ready).await?;
        Ok(opened)
    }

    /// Sends the body and receives the response's head.
    pub(in crate::socket) async fn run(mut self, method: &Method) -> Result<Answer, Failure> {
        let received = poll_fn(|cx| self.poll_head(cx)).await;
        let message = received.map_err(|failed| self.failure(failed, method))?;
        let (message, body) = message.into_parts();
        let head = message::head(message, self.lease.connection.shared.head_limits);
        let mut head = Box::new(head.map_err(|error| self.failure(Failed::Here(error), method))?);
        self.withhold();
        self.trace.complete(RECEIVE_HEAD, head.status);
        let facts = &self.lease.connection.shared.facts;
        if let Some(tls) = &facts.tls {
            head.extensions.insert(tls.clone());
        }
        let mut info = ConnectionInfo::new(facts.clone(), self.started, self.sent, now());
        info.is_reused = self.lease.is_reused;
        self.trace.started(RECEIVE_BODY, head.status);
        if body.is_end_stream() && self.upload.is_done() {
            self.close();
            head.connection = Some(info.received_at_once());
            return Ok((head, Incoming::Bytes(Bytes::new())));
        }
        head.connection = Some(info);
        self.receiving = Receiving::Body(body);
        Ok((head, Incoming::Stream(Box::pin(self))))
    }

    /// The server answered: a body that it has not asked for stays here.
    fn withhold(&mut self) {
        if self.held.take().is_some() {
            self.upload.give_up();
            self.is_withheld = true;
        }
    }

    /// An interim response. "Continue" is what a body may wait for.
    fn inform(&mut self, interim: Response<()>) -> Result<()> {
        if interim.status() == StatusCode::CONTINUE {
            self.held = None;
        }
        if let Some(hook) = &self.informational {
            let head = message::head(interim.into_parts().0, self.lease.connection.shared.head_limits)?;
            hook(&crate::response::Response::from_parts(head, Bytes::new()));
        }
        Ok(())
    }

    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response<RecvStream>, Failed>> {
        self.lease.connection.drive(cx);
        while let Poll::Ready(Some(interim)) = self.poll_interim(cx) {
            if self.interim == MAX_INTERIM {
                let message = "The server sent more than 16 interim responses";
                return Poll::Ready(Err(Failed::Here(Error::new(ErrorKind::RemoteProtocol, message))));
            }
            self.interim += 1;
            self.inform(interim.map_err(Failed::There)?).map_err(Failed::Here)?;
        }
        // What was asked for just now goes out, too.
        self.poll_upload(cx).map_err(Failed::Here)?;
        let Receiving::Head(response) = &mut self.receiving else { return Poll::Pending };
        match Pin::new(response).poll(cx) {
            Poll::Ready(Ok(response)) => {
                self.patience.reset();
                Poll::Ready(Ok(response))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(Failed::There(error))),
            Poll::Pending => self.poll_patience(cx).map(|error| Err(Failed::Here(error))),
        }
    }

    fn poll_interim(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Response<()>, h2::Error>>> {
        match &mut self.receiving {
            Receiving::Head(response) => response.poll_informational(cx),
            _ => Poll::Ready(None),
        }
    }

    /// Sends on while the response is awaited.
    fn poll_upload(&mut self, cx: &mut Context<'_>) -> Result<()> {
        if self.upload.is_done() {
            return Ok(());
        }
        if let Some(patience) = &mut self.held {
            if patience.poll(Some(CONTINUE), cx).is_pending() {
                return Ok(());
            }
            self.held = None;
        }
        if let Poll::Ready(has_moved) = self.upload.poll(&mut self.sending, cx) {
            if has_moved? {
                self.patience.reset();
                // What was handed over is to be written.
                self.lease.connection.drive(cx);
            }
            if self.upload.is_done() {
                self.sent = Some(now());
                self.trace.complete(SEND_BODY, "");
                self.trace.started(RECEIVE_HEAD, "");
            }
        }
        Ok(())
    }

    /// Which wait this is decides which timeout holds. A body that the user still produces is waited for without one.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        let (limit, kind, what) = match self.upload.is_done() {
            // A body that is held back has a limit of its own.
            _ if self.held.is_some() || self.upload.awaits_source() => return Poll::Pending,
            true => (self.timeout.read, ErrorKind::ReadTimeout, "The server sent nothing"),
            false => (self.timeout.write, ErrorKind::WriteTimeout, "The server took none of the request"),
        };
        let waited = limit.unwrap_or_default();
        ready!(self.patience.poll(limit, cx));
        // Nothing came for anybody: the next request is not to wait for the same.
        if self.lease.connection.shared.silence.lasts(waited) {
            self.lease.retire();
        }
        Poll::Ready(timed_out(kind, what, waited))
    }

    fn failure(&self, failed: Failed, method: &Method) -> Failure {
        let (error, is_repeatable) = match failed {
            Failed::Here(error) => (error, false),
            Failed::There(error) => {
                if errors::is_final(&error) {
                    self.lease.retire();
                }
                // A connection that was idle may have been lost before it saw the request, as in HTTP/1.1.
                let was_lost = self.lease.is_reused && error.is_io() && self.interim == 0;
                let is_repeatable = errors::is_untouched(&error) || was_lost && method.is_idempotent();
                (errors::failed(&self.lease.connection, error), is_repeatable)
            }
        };
        self.trace.failed(if self.upload.is_done() { RECEIVE_HEAD } else { SEND_BODY }, &error);
        Failure { error, is_repeatable }
    }

    fn close(&mut self) {
        self.receiving = Receiving::Done;
        self.trace.complete(RECEIVE_BODY, "");
        self.trace.started(CLOSED, "");
        self.trace.complete(CLOSED, "the connection is kept");
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        self.lease.connection.drive(cx);
        self.poll_upload(cx)?;
        loop {
            let Receiving::Body(body) = &mut self.receiving else { return Poll::Ready(None) };
            match body.poll_data(cx) {
                Poll::Ready(Some(Ok(bytes))) => {
                    self.patience.reset();
                    // The reader takes it: so much more may come. An error would be this stream's end, which shows at once.
                    let _ = body.flow_control().release_capacity(bytes.len());
                    if !bytes.is_empty() {
                        return Poll::Ready(Some(Ok(bytes)));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    return Poll::Ready(Some(Err(errors::failed(&self.lease.connection, error))));
                }
                Poll::Ready(None) => {
                    ready!(self.poll_end(cx))?;
                    return Poll::Ready(None);
                }
                Poll::Pending => return self.poll_patience(cx).map(|error| Some(Err(error))),
            }
        }
    }

    /// Trailers, if any, come behind the body.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let Receiving::Body(body) = &mut self.receiving else { return Poll::Ready(Ok(())) };
        let trailers = ready!(body.poll_trailers(cx));
        let trailers = trailers.map_err(|error| errors::failed(&self.lease.connection, error))?;
        self.trailers = trailers.map(|fields| received_trailers(fields.iter())).filter(|fields| !fields.is_empty());
        self.close();
        Poll::Ready(Ok(()))
    }
}

/// Where a request failed.
enum Failed {
    Here(Error),
    There(h2::Error),
}

impl IncomingBody for Exchange {
    fn poll_chunk(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let polled = self.poll_body(cx);
        if let Poll::Ready(Some(Err(error))) = &polled {
            self.trace.failed(RECEIVE_BODY, error);
            self.receiving = Receiving::Done;
        }
        polled
    }

    fn trailers(&self) -> Option<&Headers> {
        self.trailers.as_ref()
    }
}
