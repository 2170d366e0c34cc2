//! How a request's URL comes together from `base_url`, the URL given and the parameters.

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::HeaderValue;
use url::{ParseError, Position, Url};

use crate::backend::host_url;
use crate::error::{Error, ErrorKind, Result};
use crate::query_params::QueryParams;

/// HTTPX accepts no longer URL, and a parser's work grows with the length.
const MAX_URL: usize = 65_536;
const TOO_LONG: &str = "it is longer than 65,536 bytes";
/// RFC 1035 2.3.4, as text and without the root's dot.
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// What may stand as a URL: `&str`, `String` or [`Url`].
pub trait IntoUrl {
    /// The URL as text that is still to be merged, or the URL itself.
    fn url_text(&self) -> UrlText<'_>;
}

/// A URL as it was given.
pub enum UrlText<'a> {
    /// An absolute URL that is parsed already.
    Parsed(&'a Url),
    /// Text: absolute, or relative to `base_url`.
    Text(&'a str),
}

/// It may hold a password.
impl std::fmt::Debug for UrlText<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UrlText")
    }
}

impl IntoUrl for &str {
    fn url_text(&self) -> UrlText<'_> {
        UrlText::Text(self)
    }
}

impl IntoUrl for String {
    fn url_text(&self) -> UrlText<'_> {
        UrlText::Text(self)
    }
}

impl IntoUrl for &String {
    fn url_text(&self) -> UrlText<'_> {
        UrlText::Text(self)
    }
}

impl IntoUrl for Url {
    fn url_text(&self) -> UrlText<'_> {
        UrlText::Parsed(self)
    }
}

impl IntoUrl for &Url {
    fn url_text(&self) -> UrlText<'_> {
        UrlText::Parsed(self)
    }
}

/// Parses a URL with a scheme and a host, by the rules of browsers (WHATWG).
pub(crate) fn parse(text: &str) -> Result<Url> {
    if text.len() > MAX_URL {
        return Err(refused(TOO_LONG));
    }
    let url = Url::parse(text).or_else(|error| known_to_host(text).ok_or(error)).map_err(invalid)?;
    check_origin(&url).map(|()| url).map_err(refused)
}

/// What no server can have: rejected before a resolver or a socket sees it (curl CVE-2019-5435, node CVE-2026-48930).
pub(crate) fn check_origin(url: &Url) -> Result<(), &'static str> {
    // Other schemes are their transports' affair.
    if !is_http(url) {
        return Ok(());
    }
    let name = url.domain().unwrap_or_default();
    let name = name.strip_suffix('.').unwrap_or(name);
    match () {
        () if url.port() == Some(0) => Err("no server has port 0"),
        () if name.len() > LONGEST_NAME => Err("its host name is longer than 253 bytes"),
        () if name.split('.').any(|label| label.len() > LONGEST_LABEL) => {
            Err("a part of its host name is longer than 63 bytes")
        }
        () => Ok(()),
    }
}

/// Whether HTTP is what is spoken there, be it for the handshake of WebSockets alone.
pub(crate) fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https" | "ws" | "wss")
}

/// Whether it is reached by TLS.
pub(crate) fn is_secure(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "wss")
}

/// The origin of the URL parsed last. Whoever asks one server many times need not have its name checked each time.
#[derive(Default)]
pub(crate) struct LastOrigin(Mutex<Option<Origin>>);

struct Origin {
    url: Url,
    /// As the Host field has it.
    host: HeaderValue,
}

impl LastOrigin {
    /// [`parse`], in less time when the origin is the last one.
    pub(crate) fn parse(&self, text: &str) -> Result<Url> {
        let mut last = self.lock();
        if let Some(url) = last.as_ref().and_then(|last| on_origin(&last.url, text)) {
            return Ok(url);
        }
        let url = parse(text)?;
        if is_plain(&url)
            && let Ok(host) = host_value(&url)
        {
            *last = Some(Origin { url: origin_of(&url), host });
        }
        Ok(url)
    }

    /// [`host_value`], in less time when the origin is the last one.
    pub(crate) fn host(&self, url: &Url) -> Result<HeaderValue> {
        let host = &url[Position::BeforeHost..Position::AfterPort];
        let known = self.lock().as_ref().map(|last| &last.host).filter(|known| *known == host).cloned();
        known.map_or_else(|| host_value(url), Ok)
    }

    /// Nothing panics in here, and what is kept is whole at all times: poison means nothing.
    fn lock(&self) -> MutexGuard<'_, Option<Origin>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The URL's host and port as the Host field has them: no credentials, no default port, brackets around IPv6.
pub(crate) fn host_value(url: &Url) -> Result<HeaderValue> {
    HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort])
        .map_err(|_| Error::new(ErrorKind::InvalidUrl, "The URL's host cannot stand in a Host header").with_url(url))
}

/// Joins what follows the origin. The origin must stand there letter by letter, and what follows must be a path that no
/// parser takes for another host: not `//`, `/\` or anything between that browsers drop.
fn on_origin(origin: &Url, text: &str) -> Option<Url> {
    let path = text.strip_prefix(&origin[..Position::AfterPort]).filter(|_| text.len() <= MAX_URL)?;
    match path.as_bytes() {
        [b'/'] => Some(origin.clone()),
        [b'/', b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'?', ..] => origin.join(path).ok(),
        _ => None,
    }
}

/// Without credentials, and of a kind whose paths start with a slash.
fn is_plain(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
}

fn origin_of(url: &Url) -> Url {
    let mut origin = url.clone();
    origin.set_fragment(None);
    origin.set_query(None);
    origin.set_path("");
    origin
}

/// A reference read against the URL that it was found at (RFC 3986 5), or why it is none.
pub(crate) fn join(base: &Url, text: &str) -> Result<Url, String> {
    if text.len() > MAX_URL {
        return Err(TOO_LONG.into());
    }
    let url = base.join(text).or_else(|error| known_to_host(text).or_else(|| beyond_slashes(base, text)).ok_or(error));
    let url = url.map_err(|error| error.to_string())?;
    check_origin(&url).map(|()| url).map_err(str::to_owned)
}

/// Browsers pass over any number of slashes before a host, which the `url` crate does not (WHATWG URL, "special authority
/// ignore slashes state").
fn beyond_slashes(base: &Url, text: &str) -> Option<Url> {
    let host = text.trim_start_matches(['/', '\\', '\t']);
    if is_http(base) && text.starts_with(['/', '\\']) { base.join(&format!("//{host}")).ok() } else { None }
}

/// Names beyond ASCII need tables, which the npm package leaves to the host. With tables what fails has failed, whatever a host
/// makes of it.
fn known_to_host(text: &str) -> Option<Url> {
    let has_tables = || Url::parse("http://\u{fc}/").is_ok();
    if text.is_ascii() || has_tables() { None } else { Url::parse(&host_url(text)?).ok() }
}

/// The base is stored with a slash at the end of its path, so that merging appends (HTTPX).
pub(crate) fn parse_base(text: &str) -> Result<Url> {
    let mut base = parse(text)?;
    if !base.path().ends_with('/') {
        base.set_path(&format!("{}/", base.path()));
    }
    base.set_fragment(None);
    Ok(base)
}

/// An absolute URL stands for itself; anything else is appended to the base (never RFC 3986's join).
pub(crate) fn merge(base: Option<&Url>, url: UrlText<'_>, last: &LastOrigin) -> Result<Url> {
    match (url, base) {
        (UrlText::Parsed(url), _) => check_origin(url).map(|()| url.clone()).map_err(refused),
        (UrlText::Text(text), None) => last.parse(text),
        (UrlText::Text(text), Some(_)) if is_absolute(text) => last.parse(text),
        (UrlText::Text(text), Some(base)) => append(base, relative_part(text), last),
    }
}

/// A query of the base stands in where the appended part has none; in HTTPX it would come between the two paths.
fn append(base: &Url, relative: &str, last: &LastOrigin) -> Result<Url> {
    let mut url = last.parse(&format!("{}{relative}", &base[..Position::AfterPath]))?;
    if url.query().is_none() {
        url.set_query(base.query());
    }
    Ok(url)
}

/// The merged parameters replace the URL's query; without any the query stays (HTTPX).
pub(crate) fn apply_params(url: &mut Url, client: &QueryParams, request: Option<&QueryParams>) {
    let params = match request {
        Some(request) => client.clone().merge(request),
        None if client.is_empty() => return,
        None => client.clone(),
    };
    match params.is_empty() {
        true => url.set_query(None),
        false => url.set_query(Some(&params.to_string())),
    }
}

/// Has both a scheme and a host, read as a browser would, tabs and spaces before it included.
fn is_absolute(text: &str) -> bool {
    text.contains("://") && Url::parse(text).ok().or_else(|| known_to_host(text)).is_some_and(|url| url.has_host())
}

/// The path and query to append. A host that stands in for a path (`//other.example/x`) is dropped, never contacted
/// (HTTPX; CVE-2025-27152), and so is a scheme without a host.
fn relative_part(text: &str) -> &str {
    let text = text.split_once('#').map_or(text, |(before, _)| before);
    let text = match text.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => rest,
        _ => text,
    };
    let text = match text.strip_prefix("//") {
        Some(rest) => rest.find(['/', '?']).map_or("", |end| &rest[end..]),
        None => text,
    };
    text.trim_start_matches('/')
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// What the target's own transports speak (HTTPX's words).
pub(crate) fn check_scheme(url: &Url) -> Result<()> {
    let message = match url.scheme() {
        _ if is_http(url) => return Ok(()),
        scheme if url.has_host() => {
            format!("Request URL has an unsupported protocol '{scheme}://'; http:// and https:// are supported")
        }
        _ => "Request URL is missing an 'http://' or 'https://' protocol".into(),
    };
    Err(Error::new(ErrorKind::UnsupportedProtocol, message))
}

/// The text of an unparsable URL may hold a password, so only the parser's reason is told.
fn invalid(error: ParseError) -> Error {
    if error == ParseError::RelativeUrlWithoutBase {
        return Error::new(
            ErrorKind::UnsupportedProtocol,
            "Request URL is missing an 'http://' or 'https://' protocol; give the whole URL or a base_url",
        );
    }
    refused(error)
}

fn refused(reason: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::InvalidUrl, format!("Invalid URL: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Knowing the origin saves work and never changes what is parsed.
    #[test]
    fn a_known_origin_changes_nothing() {
        for origin in ["http://here", "http://here:8080", "https://[::1]", "http://127.0.0.1:1"] {
            for rest in [
                "",
                "/",
                "/a",
                "/a/../b?c#d",
                "/?q",
                "?q",
                "#f",
                "//there/x",
                "/\\there/x",
                "/\t/there/x",
                "\\there",
                "\t//there",
                ":1/",
                ".there/",
                "@there/",
                "0/",
                "/a b",
                "/a\n",
                "/ä",
                "/a//b",
                " /a",
                "/a ",
                "/%2e%2e/b",
                "/.//there",
            ] {
                let (last, text) = (LastOrigin::default(), format!("{origin}{rest}"));
                last.parse(&format!("{origin}/x/y?z#w")).unwrap();
                assert_eq!(last.parse(&text).ok(), parse(&text).ok(), "{text}");
            }
        }
    }
}
