//! Where there is an operating system, or a host that plays one: its clocks, its environment and its files. On WASI the host
//! decides which of them a program sees.

use std::fmt::Display;
use std::future::Future;
use std::io::{self, Read as _};
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use super::Runtime;
use crate::error::Result;

/// No host reads bodies for such a program.
pub(crate) enum HostStream {}

/// No host reads URLs for it either.
pub(crate) fn host_url(_: &str) -> Option<String> {
    None
}

/// Since the Unix epoch; zero if the clock stands before it.
#[expect(clippy::disallowed_methods, reason = "the edge where time comes in")]
pub(crate) fn unix_time() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}

/// Drives a program to its end.
pub(crate) fn run<E: Display>(program: impl Future<Output = Result<(), E>> + 'static) {
    let result = Runtime::new().and_then(|runtime| runtime.block_on(program));
    let failure = match result {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    eprintln!("{failure}");
    std::process::exit(1);
}

pub(crate) const HAS_ENVIRONMENT: bool = true;

#[expect(clippy::disallowed_methods, reason = "the edge where the environment comes in")]
pub(crate) fn env_var(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The file's bytes, `None` if there are more than so many; a device may have no end.
pub(crate) fn read_file_at_most(path: &Path, most: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() <= most))
}

/// How long a file is, `None` where that says nothing: of pipes and devices. A folder is an error.
pub(crate) fn file_length(path: &Path) -> io::Result<Option<u64>> {
    let metadata = std::fs::metadata(path)?;
    match metadata.is_dir() {
        true => Err(io::ErrorKind::IsADirectory.into()),
        false => Ok(metadata.is_file().then_some(metadata.len())),
    }
}

/// What is said to the system about a TCP connection before it is made.
#[derive(Clone, Copy, Default)]
pub(crate) struct TcpOptions {
    /// Where it comes from.
    pub(crate) local: Option<IpAddr>,
    /// After how long a silence the peer is asked whether it is still there.
    pub(crate) keepalive: Option<Duration>,
}

impl TcpOptions {
    /// Whole seconds, as many as every system takes (Linux: 32,767).
    pub(super) fn keepalive(&self) -> Option<Duration> {
        self.keepalive.map(|silence| Duration::from_secs(silence.as_secs().clamp(1, 32_767)))
    }
}
