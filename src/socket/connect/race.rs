//! Several addresses, one connection (Happy Eyeballs, RFC 8305 5): the next attempt does not wait for ever for the one before.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::backend::{Instant, Sleep, now, sleep};
use crate::error::Result;
use crate::error::{Error, ErrorKind};

/// How long an attempt may take before the next one starts beside it (RFC 8305 8).
pub(super) const DELAY: Duration = Duration::from_millis(250);

/// Which address is next, and when. No IO, and time is an argument.
struct Schedule {
    left: std::vec::IntoIter<SocketAddr>,
    delay: Duration,
    /// At once, if there is none.
    due: Option<Instant>,
}

#[derive(Debug, PartialEq, Eq)]
enum Next {
    Try(SocketAddr),
    Wait(Duration),
    Nothing,
}

impl Schedule {
    fn new(addresses: Vec<SocketAddr>, delay: Duration) -> Self {
        Self { left: addresses.into_iter(), delay, due: None }
    }

    /// Whoever is told to try does so now.
    fn next(&mut self, now: Instant) -> Next {
        if let Some(due) = self.due.filter(|&due| due > now && self.left.len() > 0) {
            return Next::Wait(due.saturating_duration_since(now));
        }
        self.due = now.checked_add(self.delay);
        self.left.next().map_or(Next::Nothing, Next::Try)
    }

    /// An attempt has failed, whichever: there is nothing to wait for.
    fn failed(&mut self) {
        self.due = None;
    }
}

/// The first connection that is made; the attempts that are slower are dropped. If all fail, the error is the last one, or an
/// `important` one.
pub(super) async fn run<T, F: Future<Output = Result<T>>>(
    addresses: Vec<SocketAddr>,
    delay: Duration,
    attempt: impl Fn(SocketAddr) -> F,
    important: impl Fn(&Error) -> bool,
) -> Result<T> {
    let mut race = Race { schedule: Schedule::new(addresses, delay), running: Vec::new(), timer: None, failure: None };
    poll_fn(|cx| race.poll(&attempt, &important, cx)).await
}

struct Race<F> {
    schedule: Schedule,
    running: Vec<Pin<Box<F>>>,
    timer: Option<Pin<Box<Sleep>>>,
    failure: Option<Error>,
}

impl<T, F: Future<Output = Result<T>>> Race<F> {
    fn poll(
        &mut self,
        attempt: &impl Fn(SocketAddr) -> F,
        important: &impl Fn(&Error) -> bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T>> {
        loop {
            if let Some(connected) = self.poll_running(important, cx) {
                return Poll::Ready(Ok(connected));
            }
            match self.schedule.next(now()) {
                Next::Try(address) => {
                    self.timer = None;
                    self.running.push(Box::pin(attempt(address)));
                }
                Next::Wait(delay) => {
                    ready!(self.timer.get_or_insert_with(|| Box::pin(sleep(delay))).as_mut().poll(cx));
                    self.timer = None;
                }
                Next::Nothing if self.running.is_empty() => return Poll::Ready(Err(self.failure())),
                Next::Nothing => return Poll::Pending,
            }
        }
    }

    /// The connection of the first attempt that has made one. Those that have failed are taken out.
    fn poll_running(&mut self, important: &impl Fn(&Error) -> bool, cx: &mut Context<'_>) -> Option<T> {
        let mut at = 0;
        while let Some(attempt) = self.running.get_mut(at) {
            match attempt.as_mut().poll(cx) {
                Poll::Ready(Ok(connected)) => return Some(connected),
                Poll::Ready(Err(error)) => {
                    drop(self.running.remove(at));
                    self.schedule.failed();
                    self.failure = Some(self.failure.take().filter(important).unwrap_or(error));
                }
                Poll::Pending => at += 1,
            }
        }
        None
    }

    fn failure(&mut self) -> Error {
        self.failure.take().unwrap_or_else(|| Error::new(ErrorKind::Connect, "There is no address to connect to"))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::future::pending;

    use super::*;

    fn addresses(count: u16) -> Vec<SocketAddr> {
        (1..=count).map(|port| SocketAddr::from(([127, 0, 0, 1], port))).collect()
    }

    #[test]
    fn the_next_attempt_starts_after_a_while_or_a_failure() {
        let (start, ports) = (now(), addresses(4));
        let at = |millis| start + Duration::from_millis(millis);
        let mut schedule = Schedule::new(ports.clone(), DELAY);
        assert_eq!(schedule.next(at(0)), Next::Try(ports[0]));
        assert_eq!(schedule.next(at(0)), Next::Wait(DELAY));
        assert_eq!(schedule.next(at(249)), Next::Wait(Duration::from_millis(1)));
        assert_eq!(schedule.next(at(250)), Next::Try(ports[1]));
        assert_eq!(schedule.next(at(260)), Next::Wait(Duration::from_millis(240)));
        schedule.failed();
        assert_eq!(schedule.next(at(260)), Next::Try(ports[2]));
        // Each attempt has its time from its own start; a clock that stood still or went back makes none wait longer.
        assert_eq!(schedule.next(at(100)), Next::Wait(Duration::from_millis(410)));
        assert_eq!(schedule.next(at(9_999)), Next::Try(ports[3]));
        assert_eq!((schedule.next(at(9_999)), schedule.next(at(99_999))), (Next::Nothing, Next::Nothing));
    }

    // O4.
    #[test]
    fn a_delay_beyond_the_clocks_range_is_none() {
        let (ports, now) = (addresses(2), now());
        let mut schedule = Schedule::new(ports.clone(), Duration::MAX);
        assert_eq!((schedule.next(now), schedule.next(now)), (Next::Try(ports[0]), Next::Try(ports[1])));
    }

    /// How a race ends in which each attempt does as its port says, and who took part.
    fn race(count: u16, delay: Duration, behaviour: impl Fn(u16) -> Option<Result<u16>>) -> (Result<u16>, Vec<u16>) {
        let started = RefCell::new(Vec::new());
        let attempt = |address: SocketAddr| {
            started.borrow_mut().push(address.port());
            let result = behaviour(address.port());
            async move {
                match result {
                    Some(result) => result,
                    None => pending().await,
                }
            }
        };
        let important = |error: &Error| error.kind() == ErrorKind::Unsupported;
        let result = crate::block_on(run(addresses(count), delay, attempt, important)).unwrap();
        (result, started.into_inner())
    }

    fn refused(kind: ErrorKind) -> Option<Result<u16>> {
        Some(Err(Error::new(kind, "no")))
    }

    // P1, faults 34: one address that never answers, eight of which one works.
    #[test]
    fn the_first_success_wins() {
        assert_eq!(race(3, DELAY, |port| Some(Ok(port))).1, [1]);
        let (winner, started) = race(3, Duration::ZERO, |port| (port == 2).then_some(Ok(2)));
        assert_eq!((winner.unwrap(), started), (2, vec![1, 2]));
        let (winner, started) =
            race(8, DELAY, |port| if port == 8 { Some(Ok(8)) } else { refused(ErrorKind::Connect) });
        assert_eq!((winner.unwrap(), started.len()), (8, 8));
    }

    #[test]
    fn failures_do_not_wait_and_the_important_one_is_told() {
        let (result, started) = race(3, DELAY, |_| refused(ErrorKind::Connect));
        assert_eq!((result.unwrap_err().kind(), started), (ErrorKind::Connect, vec![1, 2, 3]));
        let kinds = [ErrorKind::Connect, ErrorKind::Unsupported, ErrorKind::Connect];
        let (result, _) = race(3, DELAY, |port| refused(kinds[usize::from(port) - 1]));
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(race(0, DELAY, |port| Some(Ok(port))).0.unwrap_err().kind(), ErrorKind::Connect);
    }
}
