//! The pool's rules: which request gets which connection. No IO, no clock, no lock: time is an argument.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use crate::backend::Instant;
use crate::config::Limits;

/// The connections of a pool and the requests that wait for one (HTTPX 1.12, keep-alive counting idle ones only).
pub(super) struct Assignment<C> {
    limits: Limits,
    /// Oldest first.
    idle: VecDeque<Idle<C>>,
    /// All connections: idle, in use and being made.
    open: usize,
    waiting: VecDeque<Waiting<C>>,
    next_ticket: u64,
}

struct Idle<C> {
    origin: Arc<str>,
    connection: C,
    since: Instant,
}

struct Waiting<C> {
    ticket: u64,
    origin: Arc<str>,
    granted: Option<Granted<C>>,
    waker: Option<Waker>,
}

/// What a request may go on with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Granted<C> {
    /// An idle connection to its origin.
    Reuse(Arc<str>, C),
    /// Room for a new one.
    Connect,
}

/// A place in the line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ticket(u64);

impl<C> Assignment<C> {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, idle: VecDeque::new(), open: 0, waiting: VecDeque::new(), next_ticket: 0 }
    }

    /// A connection or room for one at once, unless others wait already.
    pub(super) fn request(&mut self, origin: &str) -> Option<Granted<C>> {
        if self.waiting.is_empty() { self.grant(origin) } else { None }
    }

    /// Joins the line.
    pub(super) fn wait(&mut self, origin: &str) -> Ticket {
        self.next_ticket += 1;
        let waiting = Waiting { ticket: self.next_ticket, origin: origin.into(), granted: None, waker: None };
        self.waiting.push_back(waiting);
        Ticket(self.next_ticket)
    }

    /// What the line's turn brought, or the waker to call when it comes.
    pub(super) fn poll(&mut self, ticket: &Ticket, waker: &Waker) -> Option<Granted<C>> {
        let at = self.waiting.iter().position(|waiting| waiting.ticket == ticket.0)?;
        if self.waiting[at].granted.is_some() {
            return self.waiting.remove(at)?.granted;
        }
        self.waiting[at].waker = Some(waker.clone());
        None
    }

    /// Leaves the line. What was granted meanwhile goes to the next.
    pub(super) fn leave(&mut self, ticket: &Ticket, now: Instant) {
        let Some(at) = self.waiting.iter().position(|waiting| waiting.ticket == ticket.0) else { return };
        match self.waiting.remove(at).and_then(|waiting| waiting.granted) {
            Some(Granted::Reuse(origin, connection)) => self.put_back(origin, connection, now),
            Some(Granted::Connect) => self.closed(),
            None => self.serve(),
        }
    }

    /// A connection is free again. Returns what there is no room for.
    pub(super) fn put_back(&mut self, origin: Arc<str>, connection: C, now: Instant) {
        self.idle.push_back(Idle { origin, connection, since: now });
        self.serve();
    }

    /// A connection is gone, or was never made.
    pub(super) fn closed(&mut self) {
        self.open -= 1;
        self.serve();
    }

    /// Takes out the idle connections that are too old or too many, to be dropped without the lock.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<C> {
        let mut dropped = Vec::new();
        let most = self.limits.max_keepalive_connections.unwrap_or(usize::MAX);
        let expiry = self.limits.keepalive_expiry;
        while let Some(oldest) = self.idle.front() {
            let expired = expiry.is_some_and(|expiry| now.saturating_duration_since(oldest.since) >= expiry);
            if self.idle.len() <= most && !expired {
                break;
            }
            dropped.extend(self.idle.pop_front().map(|idle| idle.connection));
            self.open -= 1;
        }
        if !dropped.is_empty() {
            self.serve();
        }
        dropped
    }

    /// Idle and open connections and waiting requests.
    #[cfg(test)]
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        (self.idle.len(), self.open, self.waiting.len())
    }

    /// First come, first served: as long as the first in line can go on, it does.
    fn serve(&mut self) {
        while let Some(at) = self.waiting.iter().position(|waiting| waiting.granted.is_none()) {
            let origin = self.waiting[at].origin.clone();
            let Some(granted) = self.grant(&origin) else { return };
            self.waiting[at].granted = Some(granted);
            if let Some(waker) = self.waiting[at].waker.take() {
                waker.wake();
            }
        }
    }

    /// The newest idle connection to the origin; else room for one; else the room of the oldest idle one elsewhere.
    fn grant(&mut self, origin: &str) -> Option<Granted<C>> {
        if let Some(at) = self.idle.iter().rposition(|idle| &*idle.origin == origin) {
            return self.idle.remove(at).map(|idle| Granted::Reuse(idle.origin, idle.connection));
        }
        if self.limits.max_connections.is_none_or(|most| self.open < most) {
            self.open += 1;
            return Some(Granted::Connect);
        }
        self.idle.pop_front().map(|_| Granted::Connect)
    }
}
