//! `--download`: the body goes to a file as it comes.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use whimbrel::StreamingResponse;

use super::Failure;

/// Saves the body, decoded. Progress is shown on a terminal's standard error, and nowhere else.
pub(super) async fn save(mut response: StreamingResponse, path: &Path) -> Result<(), Failure> {
    let named = |error: io::Error| Failure::Io(format!("{} could not be written: {error}", path.display()));
    let mut file = File::create(path).map_err(named)?;
    let terminal = io::stderr().is_terminal();
    while let Some(chunk) = response.chunk().await? {
        file.write_all(&chunk).map_err(named)?;
        if terminal {
            eprint!("\r{}", progress(response.bytes_downloaded(), response.content_length()));
        }
    }
    if terminal {
        eprintln!();
    }
    Ok(())
}

/// The length is the server's word: more may come than it announced, but never more than 100 %.
fn progress(done: u64, length: Option<u64>) -> String {
    let kilobytes = done.div_ceil(1000);
    match length.and_then(|length| done.saturating_mul(100).checked_div(length)) {
        Some(percent) => format!("{:3} % {kilobytes} kB", percent.min(100)),
        None => format!("{kilobytes} kB"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_in_per_cent_where_the_length_is_known() {
        for (done, length, shown) in [
            (500, Some(1000), " 50 % 1 kB"),
            (2000, Some(1000), "100 % 2 kB"),
            (0, Some(0), "0 kB"),
            (u64::MAX, None, "18446744073709552 kB"),
        ] {
            assert_eq!(progress(done, length), shown);
        }
    }
}
