//! Where there is an operating system, or a host that plays one: its environment and its files. On WASI the host decides
//! which of them a program sees.

use std::io::{self, Read as _};
use std::path::Path;

#[expect(clippy::disallowed_methods, reason = "the edge where the environment comes in")]
pub(crate) fn env_var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The file's bytes, `None` if there are more than so many; a device may have no end.
pub(crate) fn read_file_at_most(path: &Path, most: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() <= most))
}
