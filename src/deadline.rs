//! Time limits around futures and polls. The clock and the timers are the backend's.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::backend::{Instant, Sleep, now, sleep};
use crate::error::{Error, ErrorKind, Result};

/// A point in time after which a poll gives up. Without one it never does.
#[derive(Default)]
pub(crate) struct Deadline {
    at: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    /// So long from now; a limit beyond the clock's range never ends.
    pub(crate) fn after(limit: Option<Duration>) -> Self {
        Self { at: limit.and_then(|limit| now().checked_add(limit)), timer: None }
    }

    /// Whether the time is over.
    pub(crate) fn is_over(&self) -> bool {
        self.at.is_some_and(|at| now() >= at)
    }

    /// Ready once the time is over. The timer starts at the first call.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else { return Poll::Pending };
        // A runtime that thinks its task too busy holds timers back.
        if self.is_over() {
            return Poll::Ready(());
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(at.saturating_duration_since(now()))));
        timer.as_mut().poll(cx)
    }
}

/// A limit on each wait of one kind: starts when the wait starts, and anew after every progress.
#[derive(Default)]
pub(crate) struct Patience {
    timer: Option<Pin<Box<Sleep>>>,
    due: Option<Instant>,
}

/// A timer wakes its task about on time. Who comes much later did something else meanwhile, and waits from now on.
const LATE: Duration = Duration::from_millis(50);

impl Patience {
    /// Something moved: the next wait starts from zero.
    pub(crate) fn reset(&mut self) {
        self.timer = None;
    }

    /// Ready once this wait took longer than the limit.
    pub(crate) fn poll(&mut self, limit: Option<Duration>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(limit) = limit else { return Poll::Pending };
        loop {
            let timer = self.timer.get_or_insert_with(|| {
                self.due = now().checked_add(limit);
                Box::pin(sleep(limit))
            });
            ready!(timer.as_mut().poll(cx));
            if self.due.is_none_or(|due| now().saturating_duration_since(due) <= LATE) {
                return Poll::Ready(());
            }
            self.timer = None;
        }
    }
}

/// The future's result, or the error if it takes longer than the limit. The timer starts only when the future waits.
#[allow(dead_code, reason = "the waits of fetch have more than one end")]
pub(crate) async fn within<T>(
    limit: Option<Duration>,
    late: impl FnOnce(Duration) -> Error,
    future: impl Future<Output = Result<T>>,
) -> Result<T> {
    let mut future = pin!(future);
    let mut patience = Patience::default();
    let done = poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending => patience.poll(limit, cx).map(|()| None),
    });
    match done.await {
        Some(result) => result,
        None => Err(late(limit.unwrap_or_default())),
    }
}

/// The error of a phase that took too long.
pub(crate) fn timed_out(kind: ErrorKind, what: &str, limit: Duration) -> Error {
    let name = match kind {
        ErrorKind::ConnectTimeout => "connect",
        ErrorKind::PoolTimeout => "pool",
        ErrorKind::WriteTimeout => "write",
        _ => "read",
    };
    Error::new(kind, format!("{what} within {limit:?}, the {name} timeout"))
}

/// The error of a request that took too long as a whole.
pub(crate) fn total_timeout() -> Error {
    let message = "The request did not finish within the total timeout; raise it to allow more";
    Error::new(ErrorKind::TotalTimeout, message)
}
