//! One cookie and where it goes.

use std::time::Duration;

use url::Url;

use super::domain;
use crate::error::{Error, ErrorKind, Result};

/// One cookie, with its attributes (RFC 6265, section 5.3).
///
/// Cookies that a response sets are bound to its host. One made by hand goes with every request of the client, as in
/// HTTPX, until it is given a domain or a host.
///
/// ```
/// use whimbrel::{Cookie, Cookies};
///
/// let mut cookies = Cookies::new();
/// cookies.set_cookie(Cookie::new("session", "1").with_domain("example.org").with_secure(true));
/// let cookie = cookies.jar().next().unwrap();
/// assert_eq!((cookie.name(), cookie.domain(), cookie.path()), ("session", Some("example.org"), "/"));
/// ```
#[derive(Clone)]
pub struct Cookie {
    pub(super) name: String,
    pub(super) value: String,
    /// As [`domain::canonical`] writes it; empty for every host.
    pub(super) domain: String,
    pub(super) host_only: bool,
    pub(super) path: String,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: Option<SameSite>,
    pub(super) expires: Option<Duration>,
    /// When it was last sent or set, as a count of such events: the smallest is evicted first.
    pub(super) used: u64,
}

/// What a cookie's `SameSite` asks of browsers. It is kept, and no client outside a browser has a site to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SameSite {
    /// With requests from the same site, and with navigation to it.
    Lax,
    /// With all requests.
    None,
    /// With requests from the same site alone.
    Strict,
}

impl Cookie {
    /// A cookie for every host, for the path `/`, until it is deleted.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            domain: String::new(),
            host_only: true,
            path: "/".into(),
            secure: false,
            http_only: false,
            same_site: None,
            expires: None,
            used: 0,
        }
    }

    /// The same for this domain and all hosts below it.
    pub fn with_domain(mut self, domain: impl AsRef<str>) -> Self {
        self.domain = canonical_or_lower_case(domain.as_ref());
        self.host_only = self.domain.is_empty();
        self
    }

    /// The same for this host alone.
    pub fn with_host(mut self, host: impl AsRef<str>) -> Self {
        self.domain = canonical_or_lower_case(host.as_ref());
        self.host_only = true;
        self
    }

    /// The same for this path and all below it.
    pub fn with_path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// The same, for `https://` alone or for all schemes, which is the default.
    pub fn with_secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// The same, hidden from a page's scripts or not, which is the default. It is kept for whoever loads the jar.
    pub fn with_http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// The same with a `SameSite`; `None` by default.
    pub fn with_same_site(mut self, same_site: impl Into<Option<SameSite>>) -> Self {
        self.same_site = same_site.into();
        self
    }

    /// The same until this time since the Unix epoch; `None`, the default, is as long as the client lives.
    pub fn with_expires(mut self, expires: impl Into<Option<Duration>>) -> Self {
        self.expires = expires.into();
        self
    }

    /// The name; empty for a cookie that was set without `=`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, as it stood in the response: quotes and escapes are the server's own.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The domain without a leading dot; `None` for every host.
    pub fn domain(&self) -> Option<&str> {
        Some(self.domain.as_str()).filter(|domain| !domain.is_empty())
    }

    /// Whether the domain is one host, so that hosts below it get nothing.
    pub fn is_host_only(&self) -> bool {
        self.host_only
    }

    /// The path that it goes to, with all paths below.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it goes over `https://` alone.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether a browser would hide it from the page's scripts.
    pub fn is_http_only(&self) -> bool {
        self.http_only
    }

    /// What it asks of browsers.
    pub fn same_site(&self) -> Option<SameSite> {
        self.same_site
    }

    /// When it ends, since the Unix epoch; `None` for a session cookie.
    pub fn expires(&self) -> Option<Duration> {
        self.expires
    }

    /// RFC 6265 5.4, step 1.
    pub(super) fn goes_to(&self, url: &Url, now: Duration) -> bool {
        let host = url.host_str().unwrap_or_default();
        let domain = self.domain.is_empty() || self.domain == host || self.is_above(host);
        let secure = !self.secure || is_secure(url);
        domain && secure && !self.is_expired(now) && path_matches(&self.path, url.path())
    }

    fn is_above(&self, host: &str) -> bool {
        !self.host_only && domain::matches(host, &self.domain)
    }

    pub(super) fn is_expired(&self, now: Duration) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }

    /// RFC 6265 5.3, step 11: there is one of these at a time.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.name == other.name
            && self.domain == other.domain
            && self.host_only == other.host_only
            && self.path == other.path
    }

    /// As a Cookie header has it. A cookie without `=` goes back as it came.
    pub(super) fn pair(&self) -> String {
        match self.name.is_empty() {
            true => self.value.clone(),
            false => format!("{}={}", self.name, self.value),
        }
    }

    /// A name or value that would end the pair, the header or a line of a file would be read as something else.
    pub(super) fn check(&self) -> Result<()> {
        let breaks = |text: &str| text.contains(|letter: char| letter == ';' || letter.is_ascii_control());
        match breaks(&self.name) || breaks(&self.value) || self.name.contains('=') {
            true => Err(Error::new(
                ErrorKind::LocalProtocol,
                "A cookie holds ';', a line break or another control character, or '=' in its name",
            )),
            false => Ok(()),
        }
    }
}

/// The name and the attributes: the value is a secret.
impl std::fmt::Debug for Cookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A cookie without a name may be the whole secret too.
        write!(f, "<Cookie {}=[secure] for {}{}>", self.name, self.domain().unwrap_or("*"), self.path)
    }
}

/// What is no host is kept as it is, and matches none.
fn canonical_or_lower_case(domain: &str) -> String {
    domain::canonical(domain).unwrap_or_else(|| domain.to_lowercase())
}

/// Where nobody on the way can read along.
pub(super) fn is_secure(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "wss")
}

/// RFC 6265 5.1.4.
pub(super) fn path_matches(cookie: &str, request: &str) -> bool {
    request.strip_prefix(cookie).is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}
