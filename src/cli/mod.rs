//! `whimbrel URL`: one request and its responses, on the terminal.

mod arguments;
mod download;
mod output;
mod request;

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use whimbrel::{Request, RequestBuilder, Response};

use self::arguments::Arguments;
use self::output::Style;
use crate::printable::printable;

/// Success (0) means a 2xx response; everything else is 1, and arguments that make no sense are 2.
pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    match exchange(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            let told = failure.to_string();
            if !told.is_empty() {
                // Where not even this can be told, the exit status still is.
                let _ = writeln!(io::stderr(), "{told}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Whether the last response is a success.
fn exchange(arguments: &Arguments) -> Result<bool, Failure> {
    let request = arguments.request()?;
    whimbrel::block_on(async {
        match &arguments.download {
            Some(path) => save(request, path, arguments.verbose).await,
            None => show(request, arguments.verbose).await,
        }
    })?
}

/// The heads of all responses, then the last one's body.
async fn show(request: RequestBuilder, verbose: bool) -> Result<bool, Failure> {
    let response = request.send().await?;
    let mut screen = Screen::output(verbose);
    screen.responses(response.history().iter().chain([&response]))?;
    if !response.bytes().is_empty() {
        writeln!(screen.out, "{}", screen.style.body(&response))?;
    }
    screen.out.flush()?;
    Ok(response.is_success())
}

/// The heads of all responses; the last one's body goes to the file. Where the body is what goes to standard output, the heads go
/// elsewhere.
async fn save(request: RequestBuilder, path: &Path, verbose: bool) -> Result<bool, Failure> {
    let response = request.stream().await?;
    let success = response.status().is_success();
    let mut screen = if download::is_output(path) { Screen::error(verbose) } else { Screen::output(verbose) };
    screen.responses(response.history())?;
    let head = screen.style.streaming_head(&response);
    screen.heads(Some(response.request()), &head)?;
    screen.out.flush()?;
    download::save(response, path).await?;
    Ok(success)
}

/// A terminal or a pipe.
struct Screen {
    out: Box<dyn Write>,
    style: Style,
    verbose: bool,
}

impl Screen {
    fn output(verbose: bool) -> Self {
        Self { out: Box::new(io::stdout().lock()), style: Style::of(io::stdout().is_terminal()), verbose }
    }

    fn error(verbose: bool) -> Self {
        Self { out: Box::new(io::stderr()), style: Style::of(io::stderr().is_terminal()), verbose }
    }

    fn responses<'a>(&mut self, responses: impl IntoIterator<Item = &'a Response>) -> io::Result<()> {
        responses.into_iter().try_for_each(|response| {
            let head = self.style.response_head(response);
            self.heads(response.request(), &head)
        })
    }

    fn heads(&mut self, request: Option<&Request>, response: &str) -> io::Result<()> {
        if let Some(request) = request.filter(|_| self.verbose) {
            writeln!(self.out, "{}\n", self.style.request_head(request))?;
        }
        writeln!(self.out, "{response}\n")
    }
}

/// Why there is nothing to show, or not all of it (Q5).
enum Failure {
    Request(whimbrel::Error),
    Io(String),
    /// Whoever closed the pipe knows.
    Unread,
    /// The file of this name was begun, and stays as it is.
    Incomplete(Box<Failure>, String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // An error has no control characters of others in it.
            Self::Request(error) => write!(f, "{:?}: {error}", error.kind()),
            Self::Io(message) => f.write_str(&printable(message)),
            Self::Unread => Ok(()),
            Self::Incomplete(reason, file) => write!(f, "{reason}\n{} is incomplete", printable(file)),
        }
    }
}

impl From<whimbrel::Error> for Failure {
    fn from(error: whimbrel::Error) -> Self {
        Self::Request(error)
    }
}

/// Files are named where they fail; what remains is the terminal or the pipe.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::Io(format!("The response could not be shown: {error}")),
        }
    }
}
