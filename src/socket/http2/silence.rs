//! How long a connection has been silent: who waits in vain on one where nothing comes at all, leaves it for good.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::backend::{Instant, now};

pub(super) struct Silence {
    began: Instant,
    /// When something came last, in microseconds after that.
    heard: AtomicU64,
    /// Somebody waited in vain.
    is_broken_off: AtomicBool,
}

impl Silence {
    pub(super) fn new() -> Self {
        Self { began: now(), heard: AtomicU64::new(0), is_broken_off: AtomicBool::new(false) }
    }

    /// Something came.
    pub(super) fn end(&self) {
        self.heard.store(self.micros(), Ordering::Relaxed);
    }

    /// Whether nothing has come for so long. If so, the connection is not waited for either when it is to be closed.
    pub(super) fn lasts(&self, limit: Duration) -> bool {
        let silent = self.micros().saturating_sub(self.heard.load(Ordering::Relaxed));
        let lasts = u128::from(silent) >= limit.as_micros();
        self.is_broken_off.fetch_or(lasts, Ordering::Relaxed);
        lasts
    }

    pub(super) fn is_broken_off(&self) -> bool {
        self.is_broken_off.load(Ordering::Relaxed)
    }

    fn micros(&self) -> u64 {
        u64::try_from(now().saturating_duration_since(self.began).as_micros()).unwrap_or(u64::MAX)
    }
}
