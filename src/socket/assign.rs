//! The pool's rules: which request gets which connection. No IO, no clock, no lock: time is an argument.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use crate::backend::Instant;
use crate::config::Limits;
use crate::transport::PoolStats;

/// The connections of a pool and the requests that wait for one (HTTPX 1.12, keep-alive counting idle ones only).
pub(super) struct Assignment<C> {
    limits: Limits,
    /// Oldest first.
    idle: VecDeque<Idle<C>>,
    /// All connections: idle, in use and being made.
    open: usize,
    waiting: VecDeque<Waiting<C>>,
    next_ticket: u64,
    /// How often an idle connection served again.
    reused: u64,
}

struct Idle<C> {
    origin: Arc<str>,
    connection: C,
    since: Instant,
}

/// It stays in the line until it has taken what it was granted.
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
        Self { limits, idle: VecDeque::new(), open: 0, waiting: VecDeque::new(), next_ticket: 0, reused: 0 }
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
        // Something may have become free since it was asked for, or lie idle beside grants that nobody took yet.
        self.serve();
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

    /// An idle connection to the origin, with its own room, for one that proved to be of no use.
    pub(super) fn another(&mut self, origin: &str) -> Option<(Arc<str>, C)> {
        let at = self.idle.iter().rposition(|idle| &*idle.origin == origin)?;
        self.idle.remove(at).map(|idle| (idle.origin, idle.connection))
    }

    /// A connection serves once more.
    pub(super) fn count_reuse(&mut self) {
        self.reused += 1;
    }

    /// Keeps no connection from now on, and hands over those that are idle.
    pub(super) fn close(&mut self) -> Vec<C> {
        self.limits.max_keepalive_connections = Some(0);
        self.open -= self.idle.len();
        let idle = self.idle.drain(..).map(|idle| idle.connection).collect();
        self.serve();
        idle
    }

    /// A connection is free again.
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

    /// How many there are.
    pub(super) fn stats(&self) -> PoolStats {
        PoolStats { open: self.open, idle: self.idle.len(), waiting: self.waiting.len(), reused: self.reused }
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::backend::now;

    const HERE: &str = "http://here";
    const THERE: &str = "http://there";

    fn rules(limits: Limits) -> Assignment<u32> {
        Assignment::new(limits)
    }

    fn poll(rules: &mut Assignment<u32>, ticket: &Ticket) -> Option<Granted<u32>> {
        rules.poll(ticket, Waker::noop())
    }

    #[test]
    fn the_newest_idle_connection_serves_its_origin() {
        let mut rules = rules(Limits::default());
        assert_eq!((rules.request(HERE), rules.request(HERE)), (Some(Granted::Connect), Some(Granted::Connect)));
        rules.put_back(HERE.into(), 1, now());
        rules.put_back(HERE.into(), 2, now());
        assert_eq!(rules.request(THERE), Some(Granted::Connect));
        assert_eq!(rules.request(HERE), Some(Granted::Reuse(HERE.into(), 2)));
        assert_eq!(rules.counts(), (1, 3, 0));
    }

    #[test]
    fn room_is_made_by_closing_the_oldest_idle_connection() {
        let mut rules = rules(Limits::default().max_connections(1));
        assert_eq!(rules.request(HERE), Some(Granted::Connect));
        rules.put_back(HERE.into(), 1, now());
        assert_eq!(rules.request(THERE), Some(Granted::Connect));
        assert_eq!(rules.counts(), (0, 1, 0));
    }

    #[test]
    fn who_waits_is_served_in_turn() {
        let mut rules = rules(Limits::default().max_connections(1));
        assert_eq!(rules.request(HERE), Some(Granted::Connect));
        let (first, second) = (rules.wait(HERE), rules.wait(HERE));
        assert_eq!((poll(&mut rules, &second), poll(&mut rules, &first)), (None, None));
        rules.put_back(HERE.into(), 1, now());
        // Whoever comes now stands behind.
        assert_eq!(rules.request(HERE), None);
        assert_eq!(poll(&mut rules, &second), None);
        assert_eq!(poll(&mut rules, &first), Some(Granted::Reuse(HERE.into(), 1)));
        rules.closed();
        assert_eq!(poll(&mut rules, &second), Some(Granted::Connect));
        assert_eq!(rules.counts(), (0, 1, 0));
    }

    // N4: a request that is cancelled while it waits must not take its turn with it.
    #[test]
    fn who_leaves_passes_its_turn_on() {
        let mut rules = rules(Limits::default().max_connections(1));
        assert_eq!(rules.request(HERE), Some(Granted::Connect));
        let (first, second, third) = (rules.wait(HERE), rules.wait(HERE), rules.wait(THERE));
        rules.put_back(HERE.into(), 1, now());
        rules.leave(&first, now());
        assert_eq!(poll(&mut rules, &second), Some(Granted::Reuse(HERE.into(), 1)));
        rules.closed();
        rules.leave(&third, now());
        assert_eq!(rules.counts(), (0, 0, 0));
        assert_eq!(rules.request(HERE), Some(Granted::Connect));
    }

    // N10: what becomes free between asking and standing in line is not left lying beside who waits.
    #[test]
    fn who_joins_the_line_is_served_at_once_if_something_is_free() {
        let mut rules = rules(Limits::default().max_connections(1));
        assert_eq!((rules.request(HERE), rules.request(HERE)), (Some(Granted::Connect), None));
        rules.put_back(HERE.into(), 1, now());
        let ticket = rules.wait(HERE);
        assert_eq!(poll(&mut rules, &ticket), Some(Granted::Reuse(HERE.into(), 1)));
    }

    #[test]
    fn idle_connections_expire_and_are_limited() {
        let limits = Limits::default().max_keepalive_connections(1).keepalive_expiry(Duration::from_secs(5));
        let (mut rules, start) = (rules(limits), now());
        for connection in 1..=2 {
            assert_eq!(rules.request(HERE), Some(Granted::Connect));
            assert_eq!(connection, rules.counts().1 as u32);
        }
        rules.put_back(HERE.into(), 1, start);
        rules.put_back(HERE.into(), 2, start);
        assert_eq!(rules.expire(start), [1]);
        assert!(rules.expire(start + Duration::from_millis(4_999)).is_empty());
        assert_eq!(rules.expire(start + Duration::from_secs(5)), [2]);
        assert_eq!(rules.counts(), (0, 0, 0));
    }

    #[test]
    fn expiry_makes_room_for_who_waits() {
        let mut rules = rules(Limits::default().max_connections(1).max_keepalive_connections(0));
        assert_eq!(rules.request(HERE), Some(Granted::Connect));
        let waiting = rules.wait(THERE);
        rules.put_back(HERE.into(), 1, now());
        // The idle connection elsewhere gave its room already.
        assert_eq!(poll(&mut rules, &waiting), Some(Granted::Connect));
        assert_eq!((rules.expire(now()), rules.counts()), (vec![], (0, 1, 0)));
    }
}
