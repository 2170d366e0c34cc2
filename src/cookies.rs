//! A cookie jar, first floor: cookies of one host (RFC 6265).

use std::time::Duration;

use http::HeaderValue;
use url::Url;

use crate::error::{Error, ErrorKind, Result};
use crate::headers::{Headers, text};

/// Cookies, in the order they were set.
///
/// Without a list of public suffixes a cookie for a whole domain could reach hosts of other owners, so the `Domain`
/// attribute does not widen a cookie: it goes back to the host that set it. Cookies set by hand without a domain go with
/// every request of the client, as in HTTPX.
///
/// ```
/// let mut cookies = whimbrel::Cookies::new();
/// cookies.set("session", "1");
/// assert_eq!(cookies.get("session")?, Some("1"));
/// # Ok::<(), whimbrel::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cookies {
    cookies: Vec<Cookie>,
}

#[derive(Clone)]
struct Cookie {
    name: String,
    value: String,
    /// The host it goes back to; `None` for all hosts.
    host: Option<String>,
    path: String,
    secure: bool,
    /// When it ends, since the Unix epoch.
    expires: Option<Duration>,
}

impl Cookies {
    /// An empty jar.
    pub const fn new() -> Self {
        Self { cookies: Vec::new() }
    }

    /// Sets a cookie for every host. Redirects to another origin do not take it along.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        self.put(Cookie { name, value, host: None, path: "/".into(), secure: false, expires: None });
    }

    /// The value of the cookie of this name. Fails with `CookieConflict` when several hosts or paths have one.
    pub fn get(&self, name: &str) -> Result<Option<&str>> {
        let mut named = self.cookies.iter().filter(|cookie| cookie.name == name);
        match (named.next(), named.next()) {
            (_, Some(_)) => {
                Err(Error::new(ErrorKind::CookieConflict, format!("Multiple cookies exist with name={name}")))
            }
            (first, None) => Ok(first.map(|cookie| cookie.value.as_str())),
        }
    }

    /// Removes all cookies of this name.
    pub fn delete(&mut self, name: &str) {
        self.cookies.retain(|cookie| cookie.name != name);
    }

    /// Removes all cookies.
    pub fn clear(&mut self) {
        self.cookies.clear();
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.cookies.iter().map(|cookie| (cookie.name.as_str(), cookie.value.as_str()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.cookies.is_empty()
    }

    /// The Cookie header for a request to this URL: longest path first, else in the order they were set (RFC 6265 5.4).
    /// Away from the origin that the user asked for, cookies for every host stay behind.
    pub(crate) fn header(&self, url: &Url, away: bool, now: Duration) -> Result<Option<HeaderValue>> {
        let goes = |cookie: &&Cookie| cookie.goes_to(url, now) && !(away && cookie.host.is_none());
        let mut sent: Vec<_> = self.cookies.iter().filter(goes).collect();
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        if sent.is_empty() {
            return Ok(None);
        }
        let pairs: Vec<_> = sent.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        let mut value = HeaderValue::from_bytes(pairs.join("; ").as_bytes()).map_err(|_| {
            Error::new(ErrorKind::LocalProtocol, "A cookie holds a line break or another control character")
        })?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// Takes in the Set-Cookie fields of a response from this URL.
    pub(crate) fn extract(&mut self, headers: &Headers, url: &Url, now: Duration) {
        for field in headers.find_all(&http::header::SET_COOKIE) {
            if let Some(cookie) = Cookie::parse(&text(field), url, now) {
                self.put(cookie);
            }
        }
    }

    /// In place of the cookie of the same name, host and path, if there is one.
    fn put(&mut self, cookie: Cookie) {
        match self.cookies.iter_mut().find(|known| known.is_same(&cookie)) {
            Some(known) => *known = cookie,
            None => self.cookies.push(cookie),
        }
    }

    pub(crate) fn merge(&mut self, other: &Cookies) {
        other.cookies.iter().for_each(|cookie| self.put(cookie.clone()));
    }
}

impl Cookie {
    /// RFC 6265 5.2 and 5.3, for this host alone. Control characters make a cookie invalid.
    fn parse(field: &str, url: &Url, now: Duration) -> Option<Self> {
        let mut parts = field.split(';').map(str::trim);
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || field.chars().any(char::is_control) {
            return None;
        }
        let host = url.host_str()?.to_owned();
        let mut cookie = Self {
            name: name.into(),
            value: value.into(),
            host: Some(host),
            path: default_path(url),
            secure: false,
            expires: None,
        };
        parts.for_each(|attribute| cookie.set_attribute(attribute, now));
        (!cookie.secure || url.scheme() == "https").then_some(cookie)
    }

    fn set_attribute(&mut self, attribute: &str, now: Duration) {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "secure" => self.secure = true,
            "path" if value.trim().starts_with('/') => self.path = value.trim().to_owned(),
            "max-age" => {
                if let Ok(seconds) = value.trim().parse::<i64>() {
                    let seconds = Duration::from_secs(seconds.max(0).unsigned_abs());
                    self.expires = Some(if seconds.is_zero() { Duration::ZERO } else { now.saturating_add(seconds) });
                }
            }
            _ => {}
        }
    }

    fn goes_to(&self, url: &Url, now: Duration) -> bool {
        let host = self.host.is_none() || self.host.as_deref() == url.host_str();
        let secure = !self.secure || url.scheme() == "https";
        host && secure && self.expires.is_none_or(|end| end > now) && path_matches(&self.path, url.path())
    }

    fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && self.host == other.host && self.path == other.path
    }
}

/// The name alone: values are secrets.
impl std::fmt::Debug for Cookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}=[secure]", self.name)
    }
}

/// RFC 6265 5.1.4: the directory of the request's path.
fn default_path(url: &Url) -> String {
    match url.path().rfind('/') {
        None | Some(0) => "/".into(),
        Some(end) => url.path()[..end].into(),
    }
}

/// RFC 6265 5.1.4.
fn path_matches(cookie: &str, request: &str) -> bool {
    request.strip_prefix(cookie).is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}
