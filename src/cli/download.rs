//! `--download`: the body goes to a file as it comes.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use whimbrel::StreamingResponse;

use super::Failure;

/// Whether the file is standard output: `-`, as in HTTPX.
pub(super) fn is_output(path: &Path) -> bool {
    path == Path::new("-")
}

/// Saves the body, decoded and otherwise as it came, to the file that the user named: no name is taken from the server (Q3). A file
/// that is there already is overwritten, but not before there is a response; what came of a body that broke off stays (Q5).
pub(super) async fn save(response: StreamingResponse, path: &Path) -> Result<(), Failure> {
    let mut target = Target::open(path)?;
    target.receive(response).await.map_err(|failure| match failure {
        Failure::Unread => Failure::Unread,
        failure => Failure::Incomplete(Box::new(failure), target.name),
    })
}

struct Target {
    out: Box<dyn Write>,
    name: String,
    /// Shown on a terminal's standard error, and nowhere else.
    progress: bool,
}

impl Target {
    fn open(path: &Path) -> Result<Self, Failure> {
        if is_output(path) {
            return Ok(Self { out: Box::new(io::stdout().lock()), name: "The output".into(), progress: false });
        }
        let name = path.display().to_string();
        let file = File::create(path).map_err(|error| unwritable(&name, error))?;
        Ok(Self { out: Box::new(file), name, progress: io::stderr().is_terminal() })
    }

    async fn receive(&mut self, mut response: StreamingResponse) -> Result<(), Failure> {
        while let Some(chunk) = response.chunk().await? {
            // Whoever reads a pipe gets it as it comes, too.
            let written = self.out.write_all(&chunk).and_then(|()| self.out.flush());
            written.map_err(|error| unwritable(&self.name, error))?;
            self.tell(&format!("\r{}", progress(response.bytes_downloaded(), response.content_length())));
        }
        self.tell("\n");
        Ok(())
    }

    fn tell(&self, progress: &str) {
        if self.progress {
            // What is saved does not depend on who watches.
            let _ = write!(io::stderr(), "{progress}");
        }
    }
}

fn unwritable(name: &str, error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::Unread,
        _ => Failure::Io(format!("{name} could not be written: {error}")),
    }
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
