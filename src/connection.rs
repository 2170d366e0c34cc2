//! What is known of the connection that a response came by, and how long each phase took.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::{Instant, now};
use crate::tls::TlsInfo;

/// The connection that a response came by: [`Response::connection`](crate::Response::connection).
///
/// There is none where the host makes the connections (fetch, `wasi:http`), nor with mocks and services.
///
/// ```
/// # async fn show() -> whimbrel::Result<()> {
/// let response = whimbrel::get("https://example.org/").await?;
/// if let Some(connection) = response.connection() {
///     println!("from {:?}, reused: {}", connection.remote_address(), connection.is_reused());
///     println!("the server took {:?}", connection.timings().wait);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct ConnectionInfo {
    facts: Arc<Facts>,
    pub(crate) is_reused: bool,
    started: Instant,
    sent: Instant,
    answered: Instant,
    ended: Option<Instant>,
}

/// What stays the same for as long as a connection is open: made once, and shared by all that came by it.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) local: Option<SocketAddr>,
    pub(crate) remote: Option<SocketAddr>,
    /// The server's, not a proxy's.
    pub(crate) tls: Option<TlsInfo>,
    pub(crate) opening: Opening,
}

/// How long it took to open a connection.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Opening {
    pub(crate) dns: Option<Duration>,
    pub(crate) connect: Option<Duration>,
    pub(crate) tls: Option<Duration>,
}

/// How long each phase of a request took: [`ConnectionInfo::timings`]. With redirects and auth rounds, of the last request.
///
/// Waiting for a place in the pool is none of them, nor is what hooks and flows take; all of it is in
/// [`Response::elapsed`](crate::Response::elapsed).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timings {
    /// Resolving the name: the server's, or its proxy's. `None` on a connection that was there already, and for an address.
    pub dns: Option<Duration>,
    /// TCP (or the Unix socket), and what a proxy was asked. `None` on a connection that was there already.
    pub connect: Option<Duration>,
    /// TLS with the server. `None` without TLS, and on a connection that was there already.
    pub tls: Option<Duration>,
    /// Sending the request, until the system has taken its last byte or the server answers before that.
    pub send: Duration,
    /// From there to the head of the response.
    pub wait: Duration,
    /// From there to the end of the body. `None` until it has been read to its end.
    pub receive: Option<Duration>,
}

#[allow(dead_code, reason = "of use where connections are our own")]
impl ConnectionInfo {
    /// `sent` is when the request was out, if it was before the response's head came, at `answered`.
    pub(crate) fn new(facts: Arc<Facts>, started: Instant, sent: Option<Instant>, answered: Instant) -> Self {
        let sent = sent.unwrap_or(answered);
        Self { facts, is_reused: false, started, sent, answered, ended: None }
    }

    /// The body came with the head.
    pub(crate) fn received_at_once(mut self) -> Self {
        self.ended = Some(self.answered);
        self
    }
}

impl ConnectionInfo {
    /// When the body had ended, if it has.
    pub(crate) fn ended(&self) -> Option<Instant> {
        self.ended
    }

    /// The body has ended: now, if nobody said so before.
    pub(crate) fn end(&mut self) {
        self.ended.get_or_insert_with(now);
    }

    /// The address connected to: the server's, or its proxy's. `None` for a Unix socket and for what a
    /// [`NetworkBackend`](crate::NetworkBackend) made.
    pub fn remote_address(&self) -> Option<SocketAddr> {
        self.facts.remote
    }

    /// The address on this side. `None` where there is no other.
    pub fn local_address(&self) -> Option<SocketAddr> {
        self.facts.local
    }

    /// Whether it had served another request before.
    pub fn is_reused(&self) -> bool {
        self.is_reused
    }

    /// What the handshake with the server came to; `None` without TLS.
    pub fn tls(&self) -> Option<&TlsInfo> {
        self.facts.tls.as_ref()
    }

    /// How long each phase took.
    pub fn timings(&self) -> Timings {
        let opening = if self.is_reused { Opening::default() } else { self.facts.opening };
        Timings {
            dns: opening.dns,
            connect: opening.connect,
            tls: opening.tls,
            send: self.sent.saturating_duration_since(self.started),
            wait: self.answered.saturating_duration_since(self.sent),
            receive: self.ended.map(|ended| ended.saturating_duration_since(self.answered)),
        }
    }
}
