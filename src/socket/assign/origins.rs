//! What the pool knows of each origin, found without looking at the others.

use std::collections::{HashMap, VecDeque};
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use super::shared::Members;
use crate::backend::Instant;

/// An origin has a place as long as it has connections or requests wait for one.
pub(super) struct Origins<C, S> {
    places: Vec<Origin<C, S>>,
    by_name: HashMap<Arc<str>, usize>,
    vacant: Vec<usize>,
    /// Most programs talk to one origin: it is found without hashing.
    recent: usize,
}

pub(super) struct Origin<C, S> {
    name: Option<Arc<str>>,
    /// Oldest first.
    pub(super) idle: VecDeque<Idle<C>>,
    /// Its connections: idle, in use and being made.
    pub(super) open: usize,
    /// The tickets of requests that wait, first come first.
    pub(super) waiting: VecDeque<u64>,
    /// Which of them is to be served as soon as the pool has room.
    pub(super) offered: Option<u64>,
    /// Those of its connections that take several requests at once.
    pub(super) members: Members<S>,
    /// What is known about how many requests its connections take.
    pub(super) speaks: Speaks,
}

impl<C, S: Clone> Origin<C, S> {
    /// Whether one more request could go on without another connection.
    pub(super) fn has_connection(&self) -> bool {
        !self.idle.is_empty() || self.members.have_room()
    }

    /// Since when the connection has been idle that has this number, which is the oldest of them.
    pub(super) fn idle_since(&self, number: u64) -> Option<Instant> {
        let exclusive = self.idle.front().filter(|idle| idle.number == number).map(|idle| idle.since);
        exclusive.or_else(|| self.members.idle_since(number))
    }
}

/// Whether an origin's connections take several requests at once: that shows once there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    /// Nobody asks for it, or they do not.
    Http1,
    /// They may.
    Unknown,
    /// They may, and the first is being made: whoever would need another one waits for it.
    Trying,
}

pub(super) struct Idle<C> {
    pub(super) origin: Arc<str>,
    pub(super) connection: C,
    pub(super) since: Instant,
    /// Its age among all that are idle.
    pub(super) number: u64,
}

impl<C, S: Clone> Origins<C, S> {
    pub(super) fn new() -> Self {
        Self { places: Vec::new(), by_name: HashMap::new(), vacant: Vec::new(), recent: 0 }
    }

    pub(super) fn find(&mut self, name: &str) -> Option<usize> {
        let is_recent = self.places.get(self.recent).is_some_and(|origin| origin.name.as_deref() == Some(name));
        if !is_recent {
            self.recent = *self.by_name.get(name)?;
        }
        Some(self.recent)
    }

    pub(super) fn find_or_add(&mut self, name: &str) -> usize {
        self.find(name).unwrap_or_else(|| self.add(name.into()))
    }

    fn add(&mut self, name: Arc<str>) -> usize {
        let at = self.vacant.pop().unwrap_or_else(|| {
            self.places.push(Origin {
                name: None,
                idle: VecDeque::new(),
                open: 0,
                waiting: VecDeque::new(),
                offered: None,
                members: Members::new(),
                speaks: Speaks::Unknown,
            });
            self.places.len() - 1
        });
        self.places[at].name = Some(name.clone());
        self.places[at].speaks = Speaks::Unknown;
        self.by_name.insert(name, at);
        at
    }

    /// Gives the place away if nothing is left of the origin.
    pub(super) fn forget_unused(&mut self, at: usize) {
        let origin = &mut self.places[at];
        if origin.open > 0 || !origin.waiting.is_empty() {
            return;
        }
        if let Some(name) = origin.name.take() {
            self.by_name.remove(&name);
            self.vacant.push(at);
        }
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Origin<C, S>> {
        self.places.iter_mut()
    }

    /// How many origins have a place.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.by_name.len()
    }
}

impl<C, S> Index<usize> for Origins<C, S> {
    type Output = Origin<C, S>;

    fn index(&self, at: usize) -> &Origin<C, S> {
        &self.places[at]
    }
}

impl<C, S> IndexMut<usize> for Origins<C, S> {
    fn index_mut(&mut self, at: usize) -> &mut Origin<C, S> {
        &mut self.places[at]
    }
}
