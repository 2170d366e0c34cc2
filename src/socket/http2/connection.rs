//! A connection, and the work that keeps it going beside the requests on it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::client::{Builder, SendRequest};

use super::errors;
use super::pings::Pings;
use super::silence::Silence;
use super::turns::Turns;
use crate::backend::{Background, Sleep, sleep};
use crate::config::{KeepAlive, TransportConfig};
use crate::connection::Facts;
use crate::error::Result;
use crate::socket::http1::HeadLimits;
use crate::socket::multiplex::{Membership, StreamLease};
use crate::socket::pool::Permit;
use crate::socket::stream::Stream;

/// What a server may send before it hears that it was read: so much of one response, so much of all.
const STREAM_WINDOW: u32 = 8 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;

/// By how much more than `Limits::max_head_size` a head may be larger before `h2` refuses it, with an error that does not say why.
const MARGIN: usize = 2;

/// Stands for a number of requests at once that the server has not said yet: no server says this one. (The pool lets one go ahead.)
const UNSAID: usize = 0x7fff_fffe;

/// What connections are opened with.
#[derive(Clone, Copy)]
pub(in crate::socket) struct Settings {
    keep_alive: Option<KeepAlive>,
    max_head_size: usize,
    head_limits: HeadLimits,
}

impl Settings {
    pub(in crate::socket) fn of(config: &TransportConfig) -> Self {
        let limits = config.limits.unwrap_or_default();
        let keep_alive = config.http2_keep_alive;
        Self { keep_alive, max_head_size: limits.max_head_size, head_limits: limits.into() }
    }
}

/// One connection, in the hands of the pool and of each request on it. It closes when nobody has it any more.
#[derive(Clone)]
pub(in crate::socket) struct Connection {
    pub(super) sender: SendRequest<Bytes>,
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    background: Background,
    /// For its responses to show.
    pub(super) facts: Arc<Facts>,
    /// For its responses to keep.
    pub(super) head_limits: HeadLimits,
    /// Why it was given up on this side.
    pub(super) lost: Arc<OnceLock<Lost>>,
    pub(super) silence: Arc<Silence>,
}

/// The server did not answer a ping in time.
pub(super) struct Lost(pub(super) KeepAlive);

impl Connection {
    /// Drives it on, where no runtime does.
    pub(super) fn drive(&self, cx: &mut Context<'_>) {
        self.shared.background.poll(cx);
    }

    /// Looks at what the server sent while no request was under way: it may have closed the connection, or be about to.
    pub(in crate::socket) async fn catch_up(&self) {
        self.shared.background.catch_up().await;
    }

    /// Whether no request can begin on it any more: it has failed, or the server said that it goes away (RFC 9113 6.8).
    pub(in crate::socket) fn is_over(&mut self) -> bool {
        matches!(self.sender.poll_ready(&mut Context::from_waker(Waker::noop())), Poll::Ready(Err(_)))
    }
}

/// Drives them on for whoever waits for one of them to take a request or to end, where no runtime does.
pub(in crate::socket) fn drive(connections: impl FnOnce() -> Vec<Connection>, cx: &mut Context<'_>) {
    if Background::IS_DRIVEN_IN_TURN {
        connections().iter().for_each(|connection| connection.drive(cx));
    }
}

/// A connection on which HTTP/2 has begun, and that nobody drives yet.
pub(in crate::socket) struct Begun {
    sender: SendRequest<Bytes>,
    connection: h2::client::Connection<Turns, Bytes>,
    pings: Option<Pings>,
    facts: Facts,
    head_limits: HeadLimits,
    silence: Arc<Silence>,
}

/// Begins HTTP/2 on a stream whose server is known to speak it. The server's settings are not waited for: one request goes out at once,
/// and more as soon as the server says how many it takes.
pub(in crate::socket) async fn begin(stream: Stream, facts: Facts, settings: Settings) -> Result<Begun> {
    let silence = Arc::new(Silence::new());
    let mut builder = Builder::new();
    builder
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .initial_max_send_streams(UNSAID)
        .max_header_list_size(u32::try_from(settings.max_head_size.saturating_mul(MARGIN)).unwrap_or(u32::MAX))
        .enable_push(false);
    let (sender, mut connection) =
        builder.handshake(Turns::new(stream, silence.clone())).await.map_err(errors::not_opened)?;
    let pings = settings.keep_alive.zip(connection.ping_pong());
    let pings = pings.map(|(keep_alive, pings)| Pings::new(keep_alive, pings));
    Ok(Begun { sender, connection, pings, facts, head_limits: settings.head_limits, silence })
}

impl Begun {
    /// From now on it is driven, and serves.
    pub(in crate::socket) fn open(self, permit: Permit) -> StreamLease {
        let Self { sender, connection, pings, facts, head_limits, silence } = self;
        let (membership, opening) = permit.share();
        let lifetime = opening.lifetime().map(|lifetime| Box::pin(sleep(lifetime)));
        let lost = Arc::new(OnceLock::new());
        let (told, heard) = (lost.clone(), silence.clone());
        let driver = Driver { connection, pings, membership, streams: UNSAID, lifetime, lost: told, silence: heard };
        let background = Background::new(driver);
        let shared = Arc::new(Shared { background, facts: Arc::new(facts), head_limits, lost, silence });
        opening.open(Connection { sender, shared })
    }
}

/// Reads and writes for all requests on a connection, until it ends.
struct Driver {
    connection: h2::client::Connection<Turns, Bytes>,
    pings: Option<Pings>,
    membership: Membership,
    /// As many requests as the server takes at once, as far as the pool knows.
    streams: usize,
    /// When it has served long enough.
    lifetime: Option<Pin<Box<Sleep>>>,
    lost: Arc<OnceLock<Lost>>,
    silence: Arc<Silence>,
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // How it ended is what each of its requests is told.
        let is_over = Pin::new(&mut self.connection).poll(cx).is_ready();
        let streams = self.connection.max_concurrent_send_streams();
        if streams != std::mem::replace(&mut self.streams, streams) {
            self.membership.resize(streams);
        }
        if self.lifetime.as_mut().is_some_and(|lifetime| lifetime.as_mut().poll(cx).is_ready()) {
            self.lifetime = None;
            self.membership.retire();
        }
        let lost = self.pings.as_mut().map_or(Poll::Pending, |pings| pings.poll(cx));
        if let Poll::Ready(keep_alive) = lost {
            // Told before the connection is dropped, which fails all of its requests.
            let _ = self.lost.set(Lost(keep_alive));
        }
        // Nobody is left to take the farewell that `h2` would wait to send.
        let is_deserted = self.silence.is_broken_off() && self.membership.is_deserted();
        if is_over || is_deserted || lost.is_ready() { Poll::Ready(()) } else { Poll::Pending }
    }
}
