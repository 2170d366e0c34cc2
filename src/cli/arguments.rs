//! The grammar of the command line, HTTPX's.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Parser};
use serde::de::IgnoredAny;
use whimbrel::Timeout;

/// Send an HTTP request and show the response.
#[derive(Debug, Parser)]
#[command(name = "whimbrel", version, disable_help_flag = true)]
pub(crate) struct Arguments {
    /// Where to; http:// is assumed when no scheme is given
    url: String,
    /// The method; POST when there is a body, else GET
    #[arg(short, long)]
    method: Option<String>,
    /// A query parameter; may be repeated
    #[arg(short, long, num_args = 2, value_names = ["NAME", "VALUE"], action = ArgAction::Append, allow_hyphen_values = true)]
    params: Vec<String>,
    /// A header field; may be repeated
    #[arg(short = 'h', long, num_args = 2, value_names = ["NAME", "VALUE"], action = ArgAction::Append, allow_hyphen_values = true)]
    headers: Vec<String>,
    /// A cookie; may be repeated
    #[arg(long, num_args = 2, value_names = ["NAME", "VALUE"], action = ArgAction::Append, allow_hyphen_values = true)]
    cookies: Vec<String>,
    /// User and password for Basic authentication; - asks for the password, or reads it from standard input
    #[arg(long, num_args = 2, value_names = ["USER", "PASS"], allow_hyphen_values = true)]
    auth: Vec<String>,
    /// A form field of the body; may be repeated
    #[arg(short, long, num_args = 2, value_names = ["NAME", "VALUE"], action = ArgAction::Append, allow_hyphen_values = true)]
    data: Vec<String>,
    /// A file to upload in a form; may be repeated
    #[arg(short, long, num_args = 2, value_names = ["NAME", "FILE"], action = ArgAction::Append)]
    files: Vec<String>,
    /// A JSON body
    #[arg(short, long, value_name = "TEXT", value_parser = json, conflicts_with_all = ["data", "files", "content"])]
    pub(super) json: Option<String>,
    /// A body as it is
    #[arg(short, long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with_all = ["data", "files"])]
    pub(super) content: Option<String>,
    /// Follow redirects, and show each response's head
    #[arg(long)]
    pub(super) follow_redirects: bool,
    /// Send everything through this proxy
    #[arg(long, value_name = "URL")]
    pub(super) proxy: Option<String>,
    /// Do not verify certificates: anybody can be the server
    #[arg(long)]
    pub(super) no_verify: bool,
    /// Seconds for connecting and for each wait; 0 waits for ever
    #[arg(long, value_name = "SECONDS", default_value = "5.0", value_parser = seconds)]
    timeout: Duration,
    /// Save the body to this file instead of showing it, or with - to standard output; an existing file is overwritten
    #[arg(short = 'o', long, value_name = "FILE")]
    pub(super) download: Option<PathBuf>,
    /// Show the request's head too
    #[arg(short, long)]
    pub(super) verbose: bool,
    /// Show this
    #[arg(long, action = ArgAction::Help)]
    help: Option<bool>,
}

impl Arguments {
    pub(super) fn url(&self) -> String {
        if self.url.contains("://") { self.url.clone() } else { format!("http://{}", self.url) }
    }

    pub(super) fn method(&self) -> &str {
        let form = !self.data.is_empty() || !self.files.is_empty();
        let body = form || self.json.is_some() || self.content.is_some();
        self.method.as_deref().unwrap_or(if body { "POST" } else { "GET" })
    }

    pub(super) fn timeout(&self) -> Timeout {
        if self.timeout.is_zero() { Timeout::none() } else { Timeout::all(self.timeout) }
    }

    pub(super) fn params(&self) -> impl Iterator<Item = (&str, &str)> {
        pairs(&self.params)
    }

    pub(super) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        pairs(&self.headers)
    }

    pub(super) fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        pairs(&self.cookies)
    }

    pub(super) fn auth(&self) -> Option<(&str, &str)> {
        pairs(&self.auth).next()
    }

    pub(super) fn data(&self) -> impl Iterator<Item = (&str, &str)> {
        pairs(&self.data)
    }

    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        pairs(&self.files)
    }
}

/// clap lists the names and values one after the other, and has counted them.
fn pairs(words: &[String]) -> impl Iterator<Item = (&str, &str)> {
    words.chunks_exact(2).map(|pair| (pair[0].as_str(), pair[1].as_str()))
}

/// Sent as it is written, once it is known to be JSON: order and numbers stay.
fn json(text: &str) -> Result<String, String> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| format!("Not valid JSON: {error}"))?;
    Ok(text.to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    Duration::try_from_secs_f64(number).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(words: &str) -> Arguments {
        Arguments::parse_from(["whimbrel"].into_iter().chain(words.split(' ')))
    }

    #[test]
    fn the_grammar_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_method_follows_the_body() {
        for (words, method) in [
            ("u", "GET"),
            ("u -j {}", "POST"),
            ("u -c x", "POST"),
            ("u -d a b", "POST"),
            ("u -f a b", "POST"),
            ("u -c x -m PUT", "PUT"),
        ] {
            assert_eq!(parse(words).method(), method, "{words}");
        }
    }

    #[test]
    fn pairs_are_taken_in_order() {
        let arguments = parse("u -p a 1 -h x-a -1 -p a 2 --headers b c");
        assert_eq!(arguments.params().collect::<Vec<_>>(), [("a", "1"), ("a", "2")]);
        assert_eq!(arguments.headers().collect::<Vec<_>>(), [("x-a", "-1"), ("b", "c")]);
    }

    #[test]
    fn a_scheme_is_added_where_there_is_none() {
        assert_eq!(parse("example.org/a").url(), "http://example.org/a");
        assert_eq!(parse("https://example.org").url(), "https://example.org");
    }

    #[test]
    fn nonsense_is_refused() {
        for words in [
            "",
            "u -j {",
            "u -j 1 -c 2",
            "u -p a",
            "u --timeout -1",
            "u --timeout x",
            "u --auth a",
            "u -f a b -c c",
            "u v",
        ] {
            let words = ["whimbrel"].into_iter().chain(words.split(' ').filter(|word| !word.is_empty()));
            assert!(Arguments::try_parse_from(words.clone()).is_err(), "{:?}", words.collect::<Vec<_>>());
        }
    }
}
