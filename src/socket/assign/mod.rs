//! The pool's rules: which request gets which connection. No IO, no clock, no lock: time is an argument.

mod origins;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Waker;

use self::origins::{Idle, Origins};
use crate::backend::Instant;
use crate::config::Limits;
use crate::transport::PoolStats;

/// The connections of a pool and the requests that wait for one (HTTPX 1.12, keep-alive counting idle ones only). What it takes to
/// find one does not grow with the number of origins.
pub(super) struct Assignment<C> {
    limits: Limits,
    origins: Origins<C>,
    /// Where the idle connections are, oldest first.
    idle: BTreeMap<u64, usize>,
    /// All connections: idle, in use and being made.
    open: usize,
    /// By ticket, first come first.
    waiting: BTreeMap<u64, Waiting<C>>,
    /// The first ticket of each origin that may have another connection, or has one that is idle.
    next: BTreeMap<u64, usize>,
    /// Tickets and idle connections are numbered in the order in which they came.
    last_number: u64,
    /// How often an idle connection served again.
    reused: u64,
}

/// It stays in the line until it has taken what it was granted.
struct Waiting<C> {
    origin: usize,
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
        Self {
            limits,
            origins: Origins::new(),
            idle: BTreeMap::new(),
            open: 0,
            waiting: BTreeMap::new(),
            next: BTreeMap::new(),
            last_number: 0,
            reused: 0,
        }
    }

    /// A connection or room for one at once, unless others wait already that could use it.
    pub(super) fn request(&mut self, origin: &str) -> Option<Granted<C>> {
        let at = self.origins.find_or_add(origin);
        let is_first = self.next.is_empty() && self.origins[at].waiting.is_empty();
        let granted = if is_first { self.grant(at) } else { None };
        if granted.is_none() {
            self.origins.forget_unused(at);
        }
        granted
    }

    /// Joins the line.
    pub(super) fn wait(&mut self, origin: &str) -> Ticket {
        let (at, ticket) = (self.origins.find_or_add(origin), self.number());
        self.waiting.insert(ticket, Waiting { origin: at, granted: None, waker: None });
        self.origins[at].waiting.push_back(ticket);
        self.offer(at);
        // Something may have become free since it was asked for, or lie idle beside grants that nobody took yet.
        self.serve();
        Ticket(ticket)
    }

    /// What the line's turn brought, or the waker to call when it comes.
    pub(super) fn poll(&mut self, ticket: &Ticket, waker: &Waker) -> Option<Granted<C>> {
        let waiting = self.waiting.get_mut(&ticket.0)?;
        if waiting.granted.is_some() {
            return self.waiting.remove(&ticket.0)?.granted;
        }
        waiting.waker = Some(waker.clone());
        None
    }

    /// Leaves the line. What was granted meanwhile goes to the next.
    pub(super) fn leave(&mut self, ticket: &Ticket, now: Instant) {
        let Some(waiting) = self.waiting.remove(&ticket.0) else { return };
        let at = waiting.origin;
        match waiting.granted {
            Some(Granted::Reuse(origin, connection)) => self.put_back(origin, connection, now),
            Some(Granted::Connect) => self.closed_at(at),
            None => {
                if let Ok(index) = self.origins[at].waiting.binary_search(&ticket.0) {
                    self.origins[at].waiting.remove(index);
                }
                self.offer(at);
                self.origins.forget_unused(at);
            }
        }
    }

    /// An idle connection to the origin, with its own room, for one that proved to be of no use.
    pub(super) fn another(&mut self, origin: &str) -> Option<(Arc<str>, C)> {
        let at = self.origins.find(origin)?;
        self.take_newest(at)
    }

    /// A connection serves once more.
    pub(super) fn count_reuse(&mut self) {
        self.reused += 1;
    }

    /// Keeps no connection from now on, and hands over those that are idle.
    pub(super) fn close(&mut self) -> Vec<C> {
        self.limits.max_keepalive_connections = Some(0);
        let idle = std::iter::from_fn(|| self.take_oldest()).collect();
        self.serve();
        idle
    }

    /// A connection is free again.
    pub(super) fn put_back(&mut self, origin: Arc<str>, connection: C, now: Instant) {
        // It is there as long as it has a connection.
        let Some(at) = self.origins.find(&origin) else { return };
        let number = self.number();
        self.idle.insert(number, at);
        self.origins[at].idle.push_back(Idle { origin, connection, since: now, number });
        self.offer(at);
        self.serve();
    }

    /// A connection to the origin is gone, or was never made.
    pub(super) fn closed(&mut self, origin: &str) {
        if let Some(at) = self.origins.find(origin) {
            self.closed_at(at);
        }
    }

    /// Takes out the idle connections that are too old or too many, to be dropped without the lock.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<C> {
        let mut dropped = Vec::new();
        while self.is_oldest_too_much(now) {
            dropped.extend(self.take_oldest());
        }
        if !dropped.is_empty() {
            self.serve();
        }
        dropped
    }

    /// How many there are.
    pub(super) fn stats(&self) -> PoolStats {
        PoolStats { open: self.open, idle: self.idle.len(), waiting: self.waiting.len(), reused: self.reused }
    }

    /// Idle and open connections and waiting requests.
    #[cfg(test)]
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        (self.idle.len(), self.open, self.waiting.len())
    }

    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// First come, first served: as long as the first in line can go on, it does. Whoever waits for a host that has as many
    /// connections as it may have is in nobody's way.
    fn serve(&mut self) {
        while let Some((&ticket, &at)) = self.next.first_key_value() {
            let Some(granted) = self.grant(at) else { return };
            self.origins[at].waiting.pop_front();
            self.offer(at);
            let Some(waiting) = self.waiting.get_mut(&ticket) else { continue };
            waiting.granted = Some(granted);
            if let Some(waker) = waiting.waker.take() {
                waker.wake();
            }
        }
    }

    /// Whether the origin's first in line waits for nothing but room in the pool may have changed.
    fn offer(&mut self, at: usize) {
        let has_room = self.has_room_at(at);
        let origin = &mut self.origins[at];
        let first = origin.waiting.front().copied().filter(|_| has_room || !origin.idle.is_empty());
        if origin.offered == first {
            return;
        }
        if let Some(before) = std::mem::replace(&mut origin.offered, first) {
            self.next.remove(&before);
        }
        if let Some(first) = first {
            self.next.insert(first, at);
        }
    }

    /// The newest idle connection to the origin; else room for one; else the room of the oldest idle one elsewhere.
    fn grant(&mut self, at: usize) -> Option<Granted<C>> {
        if let Some((origin, connection)) = self.take_newest(at) {
            return Some(Granted::Reuse(origin, connection));
        }
        if !self.has_room_at(at) {
            return None;
        }
        if self.limits.max_connections.is_some_and(|most| self.open >= most) {
            self.take_oldest()?;
        }
        self.open += 1;
        self.origins[at].open += 1;
        Some(Granted::Connect)
    }

    fn has_room_at(&self, at: usize) -> bool {
        self.limits.max_connections_per_host.is_none_or(|most| self.origins[at].open < most)
    }

    fn take_newest(&mut self, at: usize) -> Option<(Arc<str>, C)> {
        let idle = self.origins[at].idle.pop_back()?;
        self.idle.remove(&idle.number);
        Some((idle.origin, idle.connection))
    }

    /// With its room.
    fn take_oldest(&mut self) -> Option<C> {
        let (_, at) = self.idle.pop_first()?;
        let idle = self.origins[at].idle.pop_front()?;
        self.give_up_room(at);
        Some(idle.connection)
    }

    fn is_oldest_too_much(&self, now: Instant) -> bool {
        let Some(oldest) = self.idle.first_key_value().and_then(|(_, &at)| self.origins[at].idle.front()) else {
            return false;
        };
        let is_expired = |expiry| now.saturating_duration_since(oldest.since) >= expiry;
        self.limits.max_keepalive_connections.is_some_and(|most| self.idle.len() > most)
            || self.limits.keepalive_expiry.is_some_and(is_expired)
    }

    fn closed_at(&mut self, at: usize) {
        self.give_up_room(at);
        self.serve();
    }

    fn give_up_room(&mut self, at: usize) {
        self.open -= 1;
        self.origins[at].open -= 1;
        self.offer(at);
        self.origins.forget_unused(at);
    }
}

#[cfg(test)]
mod tests;
