//! The pool's rules: which request gets which connection. No IO, no clock, no lock: time is an argument.

mod origins;
mod shared;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Waker;

use self::origins::{Idle, Origins, Speaks};
pub(super) use self::shared::MemberId;
use crate::backend::Instant;
use crate::config::Limits;
use crate::transport::PoolStats;

/// The connections of a pool and the requests that wait for one (HTTPX 1.12, keep-alive counting idle ones only). What it takes to
/// find one does not grow with the number of origins.
///
/// `C` serves one request after the other, `S` several at once (HTTP/2): a request for an origin whose connections may be such takes
/// part in one that is there, or waits for the first one that is being made.
pub(super) struct Assignment<C, S> {
    limits: Limits,
    origins: Origins<C, S>,
    /// Where the idle connections are, oldest first.
    idle: BTreeMap<u64, usize>,
    /// All connections: idle, in use and being made.
    open: usize,
    /// By ticket, first come first.
    waiting: BTreeMap<u64, Waiting<C, S>>,
    /// The first ticket of each origin that may have another connection, or has one that is idle.
    next: BTreeMap<u64, usize>,
    /// Tickets and idle connections are numbered in the order in which they came.
    last_number: u64,
    /// How often an idle connection served again.
    reused: u64,
}

/// It stays in the line until it has taken what it was granted.
struct Waiting<C, S> {
    origin: usize,
    granted: Option<Granted<C, S>>,
    waker: Option<Waker>,
}

/// What a request may go on with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Granted<C, S> {
    /// An idle connection to its origin.
    Reuse(Arc<str>, C),
    /// A connection to its origin that others use, too.
    Share(MemberId, S),
    /// Room for a new one.
    Connect,
}

/// A connection that is given up, to be dropped without the lock.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Dropped<C, S> {
    Exclusive(C),
    Shared(S),
}

/// A place in the line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ticket(u64);

impl<C, S: Clone> Assignment<C, S> {
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
    pub(super) fn request(&mut self, origin: &str, may_share: bool) -> Option<Granted<C, S>> {
        let at = self.find_or_add(origin, may_share);
        // A stream more is at nobody's expense.
        let is_first =
            self.origins[at].waiting.is_empty() && (self.next.is_empty() || self.origins[at].members.have_room());
        let granted = if is_first { self.grant(at) } else { None };
        if granted.is_none() {
            self.origins.forget_unused(at);
        }
        granted
    }

    /// Joins the line.
    pub(super) fn wait(&mut self, origin: &str, may_share: bool) -> Ticket {
        let (at, ticket) = (self.find_or_add(origin, may_share), self.number());
        self.waiting.insert(ticket, Waiting { origin: at, granted: None, waker: None });
        self.origins[at].waiting.push_back(ticket);
        self.offer(at);
        // Something may have become free since it was asked for, or lie idle beside grants that nobody took yet.
        self.serve();
        Ticket(ticket)
    }

    /// What the line's turn brought, or the waker to call when it comes.
    pub(super) fn poll(&mut self, ticket: &Ticket, waker: &Waker) -> Option<Granted<C, S>> {
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
            Some(Granted::Share(id, _)) => self.give_back_at(at, id, now),
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
    pub(super) fn close(&mut self) -> Vec<Dropped<C, S>> {
        self.limits.max_keepalive_connections = Some(0);
        let mut dropped: Vec<_> = std::iter::from_fn(|| self.take_oldest()).collect();
        dropped.extend(self.origins.iter_mut().flat_map(|origin| origin.members.retire_all()).map(Dropped::Shared));
        self.serve();
        dropped
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
    pub(super) fn expire(&mut self, now: Instant) -> Vec<Dropped<C, S>> {
        self.drop_while(|rules| rules.is_one_too_many() || rules.is_oldest_expired(now))
    }

    /// Takes out the idle connections that are too many, to be dropped without the lock.
    pub(super) fn trim(&mut self) -> Vec<Dropped<C, S>> {
        self.drop_while(Self::is_one_too_many)
    }

    fn drop_while(&mut self, is_too_much: impl Fn(&Self) -> bool) -> Vec<Dropped<C, S>> {
        let mut dropped = Vec::new();
        while is_too_much(self) {
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
        while let Some((ticket, at)) = self.first_in_line() {
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

    /// Who needs a connection that the pool has no room for is not in the way of who takes part in one.
    fn first_in_line(&self) -> Option<(u64, usize)> {
        let mut line = self.next.iter().map(|(&ticket, &at)| (ticket, at));
        let first = line.next()?;
        if self.can_open() || self.origins[first.1].has_connection() {
            return Some(first);
        }
        line.find(|(_, at)| self.origins[*at].has_connection())
    }

    /// Whether the origin's first in line waits for nothing but room in the pool may have changed.
    fn offer(&mut self, at: usize) {
        let may_open = self.has_room_at(at) && self.origins[at].speaks != Speaks::Trying;
        let origin = &mut self.origins[at];
        let first = origin.waiting.front().copied().filter(|_| may_open || origin.has_connection());
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

    /// Part of a connection to the origin; else the newest idle one; else room for one; else the room of the oldest idle one elsewhere.
    fn grant(&mut self, at: usize) -> Option<Granted<C, S>> {
        if let Some((id, connection, number)) = self.origins[at].members.take() {
            number.map(|number| self.idle.remove(&number));
            return Some(Granted::Share(id, connection));
        }
        if let Some((origin, connection)) = self.take_newest(at) {
            return Some(Granted::Reuse(origin, connection));
        }
        if !self.has_room_at(at) || self.origins[at].speaks == Speaks::Trying {
            return None;
        }
        if self.is_full() {
            self.take_oldest()?;
        }
        self.open += 1;
        self.origins[at].open += 1;
        if self.origins[at].speaks == Speaks::Unknown {
            self.origins[at].speaks = Speaks::Trying;
        }
        Some(Granted::Connect)
    }

    fn find_or_add(&mut self, origin: &str, may_share: bool) -> usize {
        let at = self.origins.find_or_add(origin);
        if !may_share {
            self.origins[at].speaks = Speaks::Http1;
        }
        at
    }

    fn is_full(&self) -> bool {
        self.limits.max_connections.is_some_and(|most| self.open >= most)
    }

    fn can_open(&self) -> bool {
        !self.is_full() || !self.idle.is_empty()
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
    fn take_oldest(&mut self) -> Option<Dropped<C, S>> {
        let (number, at) = self.idle.pop_first()?;
        let origin = &mut self.origins[at];
        let dropped = match origin.idle.front().is_some_and(|idle| idle.number == number) {
            true => Dropped::Exclusive(origin.idle.pop_front()?.connection),
            false => Dropped::Shared(origin.members.evict(number)?),
        };
        self.give_up_room(at);
        Some(dropped)
    }

    fn is_one_too_many(&self) -> bool {
        self.limits.max_keepalive_connections.is_some_and(|most| self.idle.len() > most)
    }

    fn is_oldest_expired(&self, now: Instant) -> bool {
        let oldest = self.idle.first_key_value().and_then(|(&number, &at)| self.origins[at].idle_since(number));
        let Some((since, expiry)) = oldest.zip(self.limits.keepalive_expiry) else { return false };
        now.saturating_duration_since(since) >= expiry
    }

    fn closed_at(&mut self, at: usize) {
        // If it was the first one that was to show whether it can be shared, the next one is to show it.
        if self.origins[at].speaks == Speaks::Trying {
            self.origins[at].speaks = Speaks::Unknown;
        }
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
