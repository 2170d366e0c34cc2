//! A pool's connections that several requests share: a request's part in one, and the connection's place in its pool.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::assign::MemberId;
use super::http2;
use super::pool::Pool;
use crate::backend::now;

/// A request's part in a connection, given back on drop.
pub(crate) struct StreamLease {
    pool: Arc<Pool>,
    origin: Arc<str>,
    id: MemberId,
    pub(super) connection: http2::Connection,
    /// Others used it before.
    pub(super) is_reused: bool,
}

impl StreamLease {
    pub(super) fn new(
        pool: Arc<Pool>,
        origin: Arc<str>,
        id: MemberId,
        connection: http2::Connection,
        is_reused: bool,
    ) -> Self {
        Self { pool, origin, id, connection, is_reused }
    }

    /// Itself if a request can begin on it, as far as the server has said. If not, the connection is offered to nobody any more.
    pub(super) async fn usable(mut self) -> Option<Self> {
        self.connection.catch_up().await;
        if self.connection.is_over() {
            self.retire();
            return None;
        }
        Some(self)
    }

    /// The connection takes no more requests. Those that are on it go on.
    pub(super) fn retire(&self) {
        retire(&self.pool, &self.origin, self.id);
    }
}

fn retire(pool: &Pool, origin: &str, id: MemberId) {
    let retired = pool.lock().retire(origin, id);
    // Perhaps the connection's end, which takes its time.
    drop(retired);
}

impl Drop for StreamLease {
    fn drop(&mut self) {
        let now = now();
        let expired = {
            let mut state = self.pool.lock();
            state.give_back(&self.origin, self.id, now);
            state.trim()
        };
        drop(expired);
    }
}

/// The place of a connection in its pool, as long as there is a connection. It does not keep the pool alive, for the pool keeps it.
pub(super) struct Membership {
    pool: Weak<Pool>,
    origin: Arc<str>,
    id: MemberId,
}

impl Membership {
    pub(super) fn new(pool: &Arc<Pool>, origin: Arc<str>, id: MemberId) -> Self {
        Self { pool: Arc::downgrade(pool), origin, id }
    }

    /// The server allows so many requests at once from now on.
    pub(super) fn resize(&self, most: usize) {
        if let Some(pool) = self.pool.upgrade() {
            pool.lock().resize(&self.origin, self.id, most);
        }
    }

    /// Whether it takes no more requests, and none is on it.
    pub(super) fn is_deserted(&self) -> bool {
        self.pool.upgrade().is_none_or(|pool| pool.lock().is_deserted(&self.origin, self.id))
    }

    /// It takes no more requests. Those that are on it go on.
    pub(super) fn retire(&self) {
        if let Some(pool) = self.pool.upgrade() {
            retire(&pool, &self.origin, self.id);
        }
    }
}

/// A connection that has its place, and does not serve yet.
pub(super) struct Opening {
    pub(super) pool: Arc<Pool>,
    pub(super) origin: Arc<str>,
    pub(super) id: MemberId,
}

impl Opening {
    /// How long it is to serve.
    pub(super) fn lifetime(&self) -> Option<Duration> {
        self.pool.limits.max_connection_lifetime
    }

    /// It serves whoever made it, and others.
    pub(super) fn open(self, connection: http2::Connection) -> StreamLease {
        let Self { pool, origin, id } = self;
        pool.lock().open(&origin, id, connection.clone());
        StreamLease::new(pool, origin, id, connection, false)
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.lock().leave_shared(&self.origin, self.id);
        }
    }
}
