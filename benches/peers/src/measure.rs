//! CPU and wall time of many equal requests, and the memory that the process needed.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// One part in so many of the requests goes first and does not count: connections open, caches and buffers fill.
const WARM_UP: u32 = 10;

/// What to request, how often, and how many at once.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) url: String,
    pub(crate) count: u32,
    /// Of the body, in either direction. A peer that moves less has not done its work.
    pub(crate) length: usize,
    pub(crate) at_once: u32,
    pub(crate) http2: bool,
    /// Whether the server keeps connections.
    pub(crate) reuse: bool,
}

impl Plan {
    pub(crate) fn parse(kind: &str, arguments: &[&str]) -> Result<Self, BoxError> {
        let [url, count, length, at_once] = arguments else { return Err("URL COUNT LENGTH AT_ONCE expected".into()) };
        Ok(Self {
            url: url.to_string(),
            count: count.parse()?,
            length: length.parse()?,
            at_once: at_once.parse()?,
            http2: kind == "http2",
            reuse: kind != "fresh",
        })
    }

    pub(crate) fn warm_up(&self) -> u32 {
        match self.at_once {
            1 => self.count / WARM_UP,
            // Each of them once at least.
            at_once => (self.count / WARM_UP).max(2 * at_once),
        }
    }

    /// The cost of calls that block. `call` returns the length of the body that it moved.
    pub(crate) fn measure(&self, mut call: impl FnMut() -> Result<usize, BoxError>) -> Result<Sample, BoxError> {
        for _ in 0..self.warm_up() {
            self.check(call()?)?;
        }
        let start = Start::now()?;
        for _ in 0..self.count {
            self.check(call()?)?;
        }
        start.per_request(self.count)
    }

    /// The same for calls that are awaited.
    pub(crate) async fn measure_async(
        &self,
        mut call: impl AsyncFnMut() -> Result<usize, BoxError>,
    ) -> Result<Sample, BoxError> {
        for _ in 0..self.warm_up() {
            self.check(call().await?)?;
        }
        let start = Start::now()?;
        for _ in 0..self.count {
            self.check(call().await?)?;
        }
        start.per_request(self.count)
    }

    pub(crate) fn check(&self, length: usize) -> Result<(), BoxError> {
        match length == self.length {
            true => Ok(()),
            false => Err(format!("the body has {length} bytes, not {}", self.length).into()),
        }
    }
}

pub(crate) struct Start {
    cpu: Duration,
    wall: Instant,
}

impl Start {
    #[expect(clippy::disallowed_methods, reason = "the ban is whimbrel's; here time is what is measured")]
    pub(crate) fn now() -> Result<Self, BoxError> {
        Ok(Self { cpu: cpu_time(UsageWho::RUSAGE_SELF)?, wall: Instant::now() })
    }

    pub(crate) fn per_request(self, requests: u32) -> Result<Sample, BoxError> {
        let micros = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(requests);
        let (cpu, wall) = (cpu_time(UsageWho::RUSAGE_SELF)? - self.cpu, self.wall.elapsed());
        Ok(Sample { cpu: micros(cpu), wall: micros(wall), memory: peak_memory()? })
    }
}

/// User and system time of all threads (some peers work in a thread of their own), or of all children that ended.
pub(crate) fn cpu_time(who: UsageWho) -> Result<Duration, BoxError> {
    let usage = getrusage(who)?;
    let time = |value: TimeVal| Duration::new(value.tv_sec() as u64, value.tv_usec() as u32 * 1000);
    Ok(time(usage.user_time()) + time(usage.system_time()))
}

/// VmHWM in KiB. Not what getrusage says: that may be the peak of whoever started this process.
fn peak_memory() -> Result<f64, BoxError> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM in /proc/self/status")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// Microseconds per request, and KiB of the process. Printed by the process that measures and parsed by the one that compares.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) cpu: f64,
    pub(crate) wall: f64,
    pub(crate) memory: f64,
}

impl Sample {
    /// Each value's median.
    pub(crate) fn median(samples: &[Self]) -> Self {
        let middle = |value: fn(&Self) -> f64| {
            let mut values: Vec<_> = samples.iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        Self { cpu: middle(|sample| sample.cpu), wall: middle(|sample| sample.wall), memory: middle(|s| s.memory) }
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} {:.3} {}", self.cpu, self.wall, self.memory)
    }
}

impl FromStr for Sample {
    type Err = BoxError;

    fn from_str(text: &str) -> Result<Self, BoxError> {
        let values: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let [cpu, wall, memory] = values[..] else {
            return Err(format!("three numbers expected, not '{text}'").into());
        };
        Ok(Self { cpu, wall, memory })
    }
}
