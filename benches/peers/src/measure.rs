//! CPU and wall time of many equal requests.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The length of the body that the server answers with (scripts/bench). A peer that reads less has not done its work.
const LENGTH: usize = 1024;
/// One part in so many of the requests goes first and does not count: the connection opens, caches and buffers fill.
const WARM_UP: u32 = 10;

/// What to request, and how often.
pub(crate) struct Plan<'a> {
    pub(crate) url: &'a str,
    requests: u32,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(url: &'a str, requests: u32) -> Self {
        Self { url, requests }
    }

    /// The cost of calls that block. `get` returns the length of the body that it read.
    pub(crate) fn measure(&self, mut get: impl FnMut() -> Result<usize, BoxError>) -> Result<Sample, BoxError> {
        for _ in 0..self.requests / WARM_UP {
            check(get()?)?;
        }
        let start = Start::now()?;
        for _ in 0..self.requests {
            check(get()?)?;
        }
        start.per_request(self.requests)
    }

    /// The same for calls that are awaited.
    pub(crate) async fn measure_async(
        &self,
        mut get: impl AsyncFnMut() -> Result<usize, BoxError>,
    ) -> Result<Sample, BoxError> {
        for _ in 0..self.requests / WARM_UP {
            check(get().await?)?;
        }
        let start = Start::now()?;
        for _ in 0..self.requests {
            check(get().await?)?;
        }
        start.per_request(self.requests)
    }
}

fn check(length: usize) -> Result<(), BoxError> {
    match length {
        LENGTH => Ok(()),
        other => Err(format!("the body has {other} bytes, not {LENGTH}").into()),
    }
}

struct Start {
    cpu: Duration,
    wall: Instant,
}

impl Start {
    #[expect(clippy::disallowed_methods, reason = "the ban is whimbrel's; here time is what is measured")]
    fn now() -> Result<Self, BoxError> {
        Ok(Self { cpu: cpu_time()?, wall: Instant::now() })
    }

    fn per_request(self, requests: u32) -> Result<Sample, BoxError> {
        let micros = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(requests);
        Ok(Sample { cpu: micros(cpu_time()? - self.cpu), wall: micros(self.wall.elapsed()) })
    }
}

/// User and system time of all threads: some peers work in a thread of their own.
fn cpu_time() -> Result<Duration, BoxError> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let time = |value: TimeVal| Duration::new(value.tv_sec() as u64, value.tv_usec() as u32 * 1000);
    Ok(time(usage.user_time()) + time(usage.system_time()))
}

/// Microseconds per request. Printed by the process that measures and parsed by the one that compares.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) cpu: f64,
    pub(crate) wall: f64,
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} {:.3}", self.cpu, self.wall)
    }
}

impl FromStr for Sample {
    type Err = BoxError;

    fn from_str(text: &str) -> Result<Self, BoxError> {
        let (cpu, wall) = text.trim().split_once(' ').ok_or("two numbers expected")?;
        Ok(Self { cpu: cpu.parse()?, wall: wall.parse()? })
    }
}
