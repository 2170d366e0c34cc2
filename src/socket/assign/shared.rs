//! Connections that take several requests at once (RFC 9113 5): which of an origin's has room for one more.

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

    /// It is gone. If it was idle, its number among those is returned. None if it was given up before.
    pub(super) fn leave(&mut self, id: MemberId) -> Option<Option<u64>> {
        let at = self.members.iter().position(|member| member.id == id)?;
        Some(self.members.swap_remove(at).idle.map(|(number, _)| number))
    }

    /// Since when the one has been idle that has this number.
    pub(super) fn idle_since(&self, number: u64) -> Option<Instant> {
        self.members.iter().filter_map(|member| member.idle).find(|idle| idle.0 == number).map(|idle| idle.1)
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
