//! Connecting once more when it failed (HTTPX's `retries`). Nothing has been sent by then.

use std::time::Duration;

use super::{Connector, is_refusal};
use crate::backend::sleep;
use crate::error::{Error, ErrorKind, Result};
use crate::trace::Trace;

/// The wait before the second retry; each further one is twice as long.
const SECOND: Duration = Duration::from_millis(500);

impl Connector {
    /// Returns when it is time to try again, or returns the error if nothing will come of it. `retries` were made already.
    pub(in crate::socket) async fn wait_to_retry(&self, retries: u32, error: Error, trace: &Trace) -> Result<()> {
        if retries >= self.retries || !is_worth_it(&error) {
            return Err(error);
        }
        let wait = backoff(retries);
        let waiting = async {
            if !wait.is_zero() {
                sleep(wait).await;
            }
            Ok(())
        };
        trace.around("connection.retry", format!("in {wait:?}, after: {error}"), waiting).await
    }
}

/// Whether there was no connection. A guard that refused one will do so again.
fn is_worth_it(error: &Error) -> bool {
    use ErrorKind::{Connect, ConnectTimeout, Dns, Tls};
    matches!(error.kind(), Connect | ConnectTimeout | Dns | Tls) && !is_refusal(error)
}

/// 0, 0.5, 1, 2, 4, … seconds: how long to wait after so many retries.
fn backoff(retries: u32) -> Duration {
    match retries.checked_sub(1) {
        None => Duration::ZERO,
        Some(doublings) => SECOND.saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // O4: however many retries there are.
    #[test]
    fn waits_grow_as_httpxs_and_never_overflow() {
        let seconds = |retries| backoff(retries).as_secs_f64();
        assert_eq!([0, 1, 2, 3, 4].map(seconds), [0.0, 0.5, 1.0, 2.0, 4.0]);
        assert!(backoff(31) < backoff(32) && backoff(33) == backoff(u32::MAX));
    }

    #[test]
    fn only_connections_that_were_not_made_are_tried_again() {
        use ErrorKind::*;
        for kind in [Connect, ConnectTimeout, Dns, Tls] {
            assert!(is_worth_it(&Error::new(kind, "")), "{kind:?}");
        }
        for kind in
            [InvalidUrl, PoolTimeout, Proxy, Read, ReadTimeout, RemoteProtocol, TotalTimeout, Unsupported, Write]
        {
            assert!(!is_worth_it(&Error::new(kind, "")), "{kind:?}");
        }
    }
}
