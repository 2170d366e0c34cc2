//! The pool: connections kept for reuse, and the line of requests that wait for one.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use bytes::BytesMut;

use super::assign::{Assignment, Granted, Ticket};
use super::http1::{BodyDecoder, drain};
use super::http2;
use super::multiplex::{Membership, Opening, StreamLease};
use super::stream::Stream;
use crate::backend::{Instant, now};
use crate::config::{Limits, Timeout};
use crate::connection::Facts;
use crate::deadline::{Patience, timed_out, within};
use crate::error::{ErrorKind, Result};
use crate::request::Request;
use crate::transport::PoolStats;

/// A connection and its buffers.
pub(super) struct Connection {
    pub(super) stream: Stream,
    /// For its responses to show.
    pub(super) facts: Arc<Facts>,
    /// Whether it served a request before.
    pub(super) is_used: bool,
    pub(super) read: BytesMut,
    pub(super) write: Vec<u8>,
    /// With the waits of its requests, whose timer it keeps.
    pub(super) patience: Patience,
    /// When the server said that it closes it (`Keep-Alive: timeout=…`).
    pub(super) until: Option<Instant>,
    /// When it has served long enough (`Limits::max_connection_lifetime`).
    retires: Option<Instant>,
    /// A body that nobody read to its end, and that stands between this connection and its next request.
    pub(super) unread: Option<BodyDecoder>,
}

impl Connection {
    pub(super) fn new(stream: Stream, facts: Facts) -> Box<Self> {
        Box::new(Self {
            stream,
            facts: Arc::new(facts),
            is_used: false,
            read: BytesMut::new(),
            write: Vec::new(),
            patience: Patience::default(),
            until: None,
            retires: None,
            unread: None,
        })
    }

    /// Whether it must not serve again: its time is over, or the server closed it, or sent what nobody asked for.
    fn is_stale(&mut self) -> bool {
        let has_end = self.until.is_some() || self.retires.is_some();
        has_end && self.is_over(now()) || self.stream.is_stale()
    }

    fn is_over(&self, now: Instant) -> bool {
        [self.until, self.retires].into_iter().flatten().any(|end| end <= now)
    }
}

type State = Assignment<Box<Connection>, http2::Connection>;

pub(super) struct Pool {
    state: Mutex<State>,
    pub(super) limits: Limits,
}

/// What [`Pool::checkout`] found.
pub(super) enum Checkout {
    Reuse(Lease),
    Share(StreamLease),
    Connect(Permit),
}

impl Pool {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(Assignment::new(limits)), limits })
    }

    /// An idle connection that is still good, or permission to open one; waits its turn for so long.
    pub(super) async fn checkout(
        self: &Arc<Self>,
        origin: &str,
        may_share: bool,
        request: &Request,
    ) -> Result<Checkout> {
        let mut lease = loop {
            let asked = request.started();
            let (granted, at) = match self.request(origin, may_share, asked) {
                Some(granted) => (granted, asked),
                None => (self.wait(origin, may_share, request.timeout()).await?, now()),
            };
            match granted {
                Granted::Share(id, connection) => {
                    #[cfg_attr(
                        not(feature = "http2"),
                        allow(unused_variables, reason = "nothing is shared without it")
                    )]
                    let lease = StreamLease::new(self.clone(), origin.into(), id, connection, true).usable().await;
                    if let Some(lease) = lease {
                        self.lock().count_reuse();
                        return Ok(Checkout::Share(lease));
                    }
                }
                Granted::Connect => return Ok(Checkout::Connect(self.permit(origin.into()))),
                Granted::Reuse(origin, connection) => break self.lease(origin, connection, at),
            }
        };
        // Whoever waited its turn does not go back to the end of the line for a connection that is of no use.
        while !lease.is_usable().await {
            let permit = lease.into_permit();
            let another = self.lock().another(origin);
            match another {
                Some((origin, connection)) => lease = self.lease(origin, connection, now()),
                None => return Ok(Checkout::Connect(permit)),
            }
        }
        self.lock().count_reuse();
        Ok(Checkout::Reuse(lease))
    }

    /// Closes what is idle, and keeps nothing from now on.
    pub(super) fn close(&self) {
        let idle = self.lock().close();
        drop(idle);
    }

    pub(super) fn stats(&self) -> PoolStats {
        self.lock().stats()
    }

    fn permit(self: &Arc<Self>, origin: Arc<str>) -> Permit {
        Permit { room: Some(Room { pool: self.clone(), origin }) }
    }

    fn lease(self: &Arc<Self>, origin: Arc<str>, connection: Box<Connection>, at: Instant) -> Lease {
        Lease { connection: Some(connection), permit: self.permit(origin), taken: at }
    }

    fn request(
        &self,
        origin: &str,
        may_share: bool,
        now: Instant,
    ) -> Option<Granted<Box<Connection>, http2::Connection>> {
        let (expired, granted) = {
            let mut state = self.lock();
            (state.expire(now), state.request(origin, may_share))
        };
        // Closing takes system calls, which nobody should wait for.
        drop(expired);
        granted
    }

    async fn wait(
        &self,
        origin: &str,
        may_share: bool,
        timeout: Timeout,
    ) -> Result<Granted<Box<Connection>, http2::Connection>> {
        let place = Place { pool: self, ticket: self.lock().wait(origin, may_share) };
        // Who waits for a connection that is being made for somebody else waits for a connection.
        let (patience, kind, what) = match self.lock().is_trying(origin) {
            true => (timeout.connect, ErrorKind::ConnectTimeout, "No connection could be made"),
            false => (timeout.pool, ErrorKind::PoolTimeout, "No connection of the pool became free"),
        };
        let turn = poll_fn(|cx| {
            let granted = self.lock().poll(&place.ticket, cx.waker());
            if granted.is_none() {
                http2::drive(|| self.lock().shared(), cx);
            }
            granted.map_or(Poll::Pending, |granted| Poll::Ready(Ok(granted)))
        });
        within(patience, |limit| timed_out(kind, what, limit), turn).await
    }

    /// No code panics while it holds the lock, and the state is whole between its calls: poison means nothing here.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the line, given up when the request is dropped.
struct Place<'a> {
    pool: &'a Pool,
    ticket: Ticket,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.pool.lock().leave(&self.ticket, now());
    }
}

/// Room for one connection to an origin, given back on drop.
pub(super) struct Permit {
    room: Option<Room>,
}

struct Room {
    pool: Arc<Pool>,
    origin: Arc<str>,
}

impl Permit {
    /// The room is taken by this connection, which is new, from now on.
    pub(super) fn lease(self, mut connection: Box<Connection>) -> Lease {
        if let Some(room) = &self.room {
            room.pool.lock().is_exclusive(&room.origin);
        }
        let lifetime = self.room.as_ref().and_then(|room| room.pool.limits.max_connection_lifetime);
        let now = now();
        connection.retires = lifetime.and_then(|lifetime| now.checked_add(lifetime));
        Lease { connection: Some(connection), permit: self, taken: now }
    }
}

/// A connection that is shared from now on.
impl Permit {
    /// The room is taken by a connection that others may take part in, once it is open.
    #[cfg_attr(not(feature = "http2"), allow(dead_code, reason = "nothing is shared without it"))]
    pub(super) fn share(mut self) -> (Membership, Opening) {
        // Invariant of this module: only `release` takes the room, of a lease.
        let Room { pool, origin } = self.room.take().expect("a permit has its room until it is used");
        let id = pool.lock().enter(&origin);
        (Membership::new(&pool, origin.clone(), id), Opening { pool, origin, id })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(room) = self.room.take() {
            room.pool.lock().closed(&room.origin);
        }
    }
}

/// A connection in use. Dropped before [`Lease::release`] it is closed, for nobody knows what state it is in.
pub(crate) struct Lease {
    connection: Option<Box<Connection>>,
    permit: Permit,
    /// When the request got it.
    pub(super) taken: Instant,
}

impl Lease {
    /// The connection. A released lease has none; whoever holds one stops at `is_released`.
    pub(super) fn connection(&mut self) -> &mut Connection {
        // Invariant of this module: only `release` takes the connection, at the end of an exchange.
        self.connection.as_mut().expect("a connection in use is there until it is released")
    }

    /// Those of its pool.
    pub(super) fn limits(&self) -> Limits {
        self.permit.room.as_ref().map(|room| room.pool.limits).unwrap_or_default()
    }

    pub(super) fn is_released(&self) -> bool {
        self.connection.is_none()
    }

    /// Closes the connection and keeps its room.
    pub(super) fn into_permit(self) -> Permit {
        self.permit
    }

    /// Whether it may serve again, once a body that is in the way was read: if that is short and comes soon.
    async fn is_usable(&mut self) -> bool {
        let connection = self.connection();
        if connection.unread.is_some() {
            if !drain(connection).await {
                return false;
            }
            self.taken = now();
        }
        let connection = self.connection();
        connection.read.is_empty() && !connection.is_stale()
    }

    /// Back to the pool with a body that nobody wants to read. (A drop cannot wait for it; who needs the connection can.)
    pub(super) fn park(&mut self, unread: BodyDecoder) {
        if let Some(connection) = &mut self.connection {
            connection.unread = Some(unread);
        }
        self.release(true, now());
    }

    /// Back to the pool if it may serve again and nothing is left to read; else it is closed.
    pub(super) fn release(&mut self, reusable: bool, now: Instant) {
        let Some(connection) = self.connection.take() else { return };
        let Some(Room { pool, origin }) = self.permit.room.take() else { return };
        let is_clean = connection.read.is_empty() || connection.unread.is_some();
        let kept = Some(connection).filter(|connection| reusable && is_clean && !connection.is_over(now));
        let mut state = pool.lock();
        match kept {
            Some(connection) => state.put_back(origin, connection, now),
            None => state.closed(&origin),
        }
        let expired = state.trim();
        drop(state);
        drop(expired);
    }
}
