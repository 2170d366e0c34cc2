//! `whimbrel URL`: one request and its responses, on the terminal.

mod arguments;
mod output;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use whimbrel::blocking;
use whimbrel::{Client, Response, Result};

use self::arguments::Arguments;
use self::output::Style;

/// Success (0) means a 2xx response; everything else is 1, and arguments that make no sense are 2.
pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = exchange(&arguments).and_then(|response| {
        show(&response, &arguments).map_err(|error| {
            whimbrel::Error::new(whimbrel::ErrorKind::Write, format!("The response could not be shown: {error}"))
        })?;
        Ok(response.is_success())
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{}", Style::of(io::stderr().is_terminal()).clean(&format!("{:?}: {error}", error.kind())));
            ExitCode::FAILURE
        }
    }
}

fn exchange(arguments: &Arguments) -> Result<Response> {
    let client = Client::builder().follow_redirects(arguments.follow_redirects).timeout(arguments.timeout());
    arguments.fill(client.build_blocking()?.request(arguments.method(), arguments.url())).send()
}

/// The heads of all responses, then the last one's body.
fn show(response: &Response, arguments: &Arguments) -> io::Result<()> {
    let style = Style::of(io::stdout().is_terminal());
    let mut out = io::stdout().lock();
    for hop in response.history().iter().chain([response]) {
        if arguments.verbose
            && let Some(request) = hop.request()
        {
            writeln!(out, "{}\n", style.request_head(request))?;
        }
        writeln!(out, "{}\n", style.response_head(hop))?;
    }
    if !response.bytes().is_empty() {
        writeln!(out, "{}", style.body(response))?;
    }
    out.flush()
}

/// What `--json` and friends add to a request.
impl Arguments {
    fn fill(&self, mut request: blocking::RequestBuilder) -> blocking::RequestBuilder {
        // Given ones replace the URL's query, even none of them.
        if self.params().next().is_some() {
            request = request.params(self.params());
        }
        for (name, value) in self.headers() {
            request = request.header(name, value);
        }
        if let Some(json) = &self.json {
            let given = self.headers().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
            request = if given { request } else { request.header("content-type", "application/json") };
            return request.content(json.clone());
        }
        match &self.content {
            Some(content) => request.content(content.clone()),
            None if !self.data.is_empty() => request.form(self.data()),
            None => request,
        }
    }
}
