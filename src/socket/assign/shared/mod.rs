//! The rules for connections that take several requests at once (RFC 9113 5): which of an origin's has room for one more.

use super::Assignment;
use super::origins::Speaks;
use crate::backend::Instant;

/// Names one such connection of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::socket) struct MemberId(pub(super) u64);

/// The shared connections of an origin.
pub(super) struct Members<S> {
    members: Vec<Member<S>>,
}

struct Member<S> {
    id: MemberId,
    /// None while it is being made, and once it takes no more requests.
    connection: Option<S>,
    /// The requests on it.
    streams: usize,
    /// As many as the server allows at once.
    most: usize,
    /// Its age among all that are idle, and since when it is.
    idle: Option<(u64, Instant)>,
}

impl<S> Member<S> {
    fn has_room(&self) -> bool {
        self.connection.is_some() && self.streams < self.most
    }
}

impl<S: Clone> Members<S> {
    pub(super) fn new() -> Self {
        Self { members: Vec::new() }
    }

    /// A connection is being made.
    pub(super) fn enter(&mut self, id: MemberId) {
        self.members.push(Member { id, connection: None, streams: 0, most: 1, idle: None });
    }

    /// It is made, and serves its first request, unless it is gone already.
    pub(super) fn open(&mut self, id: MemberId, connection: S) {
        if let Some(member) = self.find(id) {
            member.connection = Some(connection);
            member.streams = 1;
        }
    }

    /// Whether there is room for one more request.
    pub(super) fn have_room(&self) -> bool {
        self.members.iter().any(Member::has_room)
    }

    /// One more request, on the busiest connection that has room, so that the others may become idle. If that one was idle, its number
    /// among those is returned, too.
    pub(super) fn take(&mut self) -> Option<(MemberId, S, Option<u64>)> {
        let open = self.members.iter_mut().filter(|member| member.has_room());
        let member = open.max_by_key(|member| member.streams)?;
        member.streams += 1;
        let number = member.idle.take().map(|(number, _)| number);
        Some((member.id, member.connection.clone()?, number))
    }

    /// A request is done with it. True if it is idle now, by this number.
    pub(super) fn give_back(&mut self, id: MemberId, number: u64, now: Instant) -> bool {
        let Some(member) = self.find(id) else { return false };
        member.streams = member.streams.saturating_sub(1);
        let is_idle = member.streams == 0 && member.connection.is_some();
        member.idle = is_idle.then_some((number, now));
        is_idle
    }

    /// The server allows so many requests at once from now on.
    pub(super) fn resize(&mut self, id: MemberId, most: usize) {
        if let Some(member) = self.find(id) {
            member.most = most;
        }
    }

    /// It takes no more requests; those that are on it go on. If it was idle, its number among those is returned, too.
    pub(super) fn retire(&mut self, id: MemberId) -> Option<(S, Option<u64>)> {
        let member = self.find(id)?;
        Some((member.connection.take()?, member.idle.take().map(|(number, _)| number)))
    }

    /// Whether it takes no more requests, and none is on it.
    pub(super) fn is_deserted(&self, id: MemberId) -> bool {
        let member = self.members.iter().find(|member| member.id == id);
        member.is_none_or(|member| member.connection.is_none() && member.streams == 0)
    }

    /// It is gone. If it was idle, its number among those is returned. None if it was given up before.
    pub(super) fn leave(&mut self, id: MemberId) -> Option<Option<u64>> {
        let at = self.members.iter().position(|member| member.id == id)?;
        Some(self.members.swap_remove(at).idle.map(|(number, _)| number))
    }

    /// Since when the one has been idle that has this number.
    pub(super) fn idle_since(&self, number: u64) -> Option<Instant> {
        self.members.iter().filter_map(|member| member.idle).find(|idle| idle.0 == number).map(|idle| idle.1)
    }

    /// Those that take requests.
    pub(super) fn iter(&self) -> impl Iterator<Item = &S> {
        self.members.iter().filter_map(|member| member.connection.as_ref())
    }

    /// Gives up the idle one that has this number.
    pub(super) fn evict(&mut self, number: u64) -> Option<S> {
        let at = self.members.iter().position(|member| member.idle.is_some_and(|idle| idle.0 == number))?;
        self.members.swap_remove(at).connection
    }

    /// None takes another request from now on.
    pub(super) fn retire_all(&mut self) -> Vec<S> {
        self.members.iter_mut().filter_map(|member| member.connection.take()).collect()
    }

    fn find(&mut self, id: MemberId) -> Option<&mut Member<S>> {
        self.members.iter_mut().find(|member| member.id == id)
    }
}

impl<C, S: Clone> Assignment<C, S> {
    /// The new connection serves one request after the other: whoever waits needs another one.
    pub(in crate::socket) fn is_exclusive(&mut self, origin: &str) {
        if let Some(at) = self.origins.find(origin) {
            self.origins[at].speaks = Speaks::Http1;
            self.offer(at);
            self.serve();
        }
    }

    /// The new connection can be shared. It is in use by whoever made it, once it is [`open`](Self::open).
    pub(in crate::socket) fn enter(&mut self, origin: &str) -> MemberId {
        let (at, id) = (self.origins.find_or_add(origin), MemberId(self.number()));
        self.origins[at].members.enter(id);
        id
    }

    /// It serves who made it; others, once the server has said how many it takes.
    pub(in crate::socket) fn open(&mut self, origin: &str, id: MemberId, connection: S) {
        if let Some(at) = self.origins.find(origin) {
            self.origins[at].members.open(id, connection);
        }
    }

    /// The server allows so many requests at once from now on.
    pub(in crate::socket) fn resize(&mut self, origin: &str, id: MemberId, most: usize) {
        let Some(at) = self.origins.find(origin) else { return };
        self.origins[at].members.resize(id, most);
        self.origins[at].speaks = Speaks::Unknown;
        self.offer(at);
        self.serve();
    }

    /// A request is done with it.
    pub(in crate::socket) fn give_back(&mut self, origin: &str, id: MemberId, now: Instant) {
        if let Some(at) = self.origins.find(origin) {
            self.give_back_at(at, id, now);
        }
    }

    pub(super) fn give_back_at(&mut self, at: usize, id: MemberId, now: Instant) {
        let number = self.number();
        if self.origins[at].members.give_back(id, number, now) {
            self.idle.insert(number, at);
        }
        self.offer(at);
        self.serve();
    }

    /// It takes no more requests, and goes once those that are on it are done. What is returned is to be dropped without the lock.
    pub(in crate::socket) fn retire(&mut self, origin: &str, id: MemberId) -> Option<S> {
        let at = self.origins.find(origin)?;
        let (connection, number) = self.origins[at].members.retire(id)?;
        number.map(|number| self.idle.remove(&number));
        self.offer(at);
        Some(connection)
    }

    /// Whether it takes no more requests, and none is on it.
    pub(in crate::socket) fn is_deserted(&mut self, origin: &str, id: MemberId) -> bool {
        self.origins.find(origin).is_none_or(|at| self.origins[at].members.is_deserted(id))
    }

    /// It is gone.
    pub(in crate::socket) fn leave_shared(&mut self, origin: &str, id: MemberId) {
        let Some(at) = self.origins.find(origin) else { return };
        // Whoever gave it up took its room.
        let Some(number) = self.origins[at].members.leave(id) else { return };
        number.map(|number| self.idle.remove(&number));
        self.closed_at(at);
    }

    /// Those that take requests.
    #[cfg_attr(not(feature = "http2"), allow(dead_code, reason = "nothing is shared without it"))]
    pub(in crate::socket) fn shared(&mut self) -> Vec<S> {
        self.origins.iter_mut().flat_map(|origin| origin.members.iter().cloned()).collect()
    }

    /// Whether a connection is being made that everybody may take part in.
    pub(in crate::socket) fn is_trying(&mut self, origin: &str) -> bool {
        self.origins.find(origin).is_some_and(|at| self.origins[at].speaks == Speaks::Trying)
    }
}

#[cfg(test)]
mod tests;
