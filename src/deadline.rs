//! Time limits around futures and polls. The clock and the timers are the backend's.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::backend::{Instant, Sleep, now, sleep};
use crate::config::{MinRate, Timeout};
use crate::error::{Error, ErrorKind, Result};

/// A point in time after which a poll gives up. Without one it never does.
#[derive(Default)]
pub(crate) struct Deadline {
    at: Option<Instant>,
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    /// So long from now; a limit beyond the clock's range never ends.
    pub(crate) fn after(limit: Option<Duration>) -> Self {
        let at = limit.and_then(|limit| now().checked_add(limit));
        Self { at, limit: limit.unwrap_or_default(), timer: None }
    }

    /// Whether the time is over.
    pub(crate) fn is_over(&self) -> bool {
        self.at.is_some_and(|at| now() >= at)
    }

    /// The error of a request that took too long as a whole.
    pub(crate) fn passed(&self) -> Error {
        let message =
            format!("The request did not finish within {:?}, the total timeout; raise it to allow more", self.limit);
        Error::new(ErrorKind::TotalTimeout, message)
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
///
/// To start a timer costs more than to look at the clock, so that one which rings too early, for a wait that is over, is let ring.
#[derive(Default)]
pub(crate) struct Patience {
    timer: Option<Timer>,
    since: Option<Instant>,
}

struct Timer {
    rings: Instant,
    sleep: Pin<Box<Sleep>>,
}

/// A timer wakes its task about on time. Who comes much later did something else meanwhile, and waits from now on.
const LATE: Duration = Duration::from_millis(50);

impl Patience {
    /// Something moved: the next wait starts from zero.
    pub(crate) fn reset(&mut self) {
        self.since = None;
    }

    /// The next wait starts now, as somebody knows who looked at the clock.
    #[allow(dead_code, reason = "fetch looks at no clock")]
    pub(crate) fn start(&mut self, now: Instant) {
        self.since = Some(now);
    }

    /// Ready once this wait took longer than the limit.
    pub(crate) fn poll(&mut self, limit: Option<Duration>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(limit) = limit else { return Poll::Pending };
        loop {
            // A limit beyond the clock's range never ends.
            let Some(due) = self.since.get_or_insert_with(now).checked_add(limit) else { return Poll::Pending };
            let timer = match self.timer.take().filter(|timer| timer.rings <= due) {
                Some(timer) => self.timer.insert(timer),
                None => self
                    .timer
                    .insert(Timer { rings: due, sleep: Box::pin(sleep(due.saturating_duration_since(now()))) }),
            };
            ready!(timer.sleep.as_mut().poll(cx));
            self.timer = None;
            let now = now();
            if now >= due && now.saturating_duration_since(due) <= LATE {
                return Poll::Ready(());
            }
            if now >= due {
                self.since = None;
            }
        }
    }
}

/// A limit on how slowly bytes come: so many at least in each so long of waiting. What the program does in between does not count.
pub(crate) struct Pace {
    least: MinRate,
    came: u64,
    waited: Duration,
    waiting_since: Option<Instant>,
    patience: Patience,
}

impl Pace {
    /// What the timeout asks for. No bytes at all is no rate: it would be kept up, and begin anew, at each poll.
    pub(crate) fn of(timeout: Timeout) -> Option<Box<Self>> {
        timeout.min_rate.filter(|least| least.bytes > 0).map(|least| Box::new(Self::new(least)))
    }

    fn new(least: MinRate) -> Self {
        Self { least, came: 0, waited: Duration::ZERO, waiting_since: None, patience: Patience::default() }
    }

    /// Bytes came, and the wait for them is over.
    pub(crate) fn count(&mut self, bytes: usize) {
        if let Some(since) = self.waiting_since.take() {
            self.waited = self.waited.saturating_add(now().saturating_duration_since(since));
            self.patience.reset();
        }
        // Who comes much later than the timer did something else meanwhile, see `LATE`.
        if self.waited > self.least.per.saturating_add(LATE) {
            *self = Self::new(self.least);
        }
        self.came = self.came.saturating_add(bytes as u64);
    }

    /// Nothing more is there. Ready once fewer came than should have.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        loop {
            if self.came >= self.least.bytes {
                *self = Self::new(self.least);
            }
            let left = self.least.per.saturating_sub(self.waited);
            if left.is_zero() {
                return Poll::Ready(too_slow(self.least));
            }
            self.waiting_since.get_or_insert_with(now);
            ready!(self.patience.poll(Some(left), cx));
            self.waited = self.least.per;
        }
    }
}

fn too_slow(least: MinRate) -> Error {
    let MinRate { bytes, per } = least;
    let message =
        format!("The response came too slowly: fewer than {bytes} bytes in {per:?} of waiting, the minimum rate");
    Error::new(ErrorKind::ReadTimeout, message)
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
