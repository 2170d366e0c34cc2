//! The cookie jar (RFC 6265bis). It reads no clock and no file: time and text are arguments.

mod cookie;
mod date;
mod domain;
mod parse;
mod persist;
mod store;

pub use cookie::{Cookie, SameSite};
pub(crate) use store::renew;

use crate::error::{Error, ErrorKind, Result};

/// Cookies, in the order they were set (HTTPX's `Cookies`).
///
/// What responses set follows RFC 6265bis: domains, paths, `Secure`, `Max-Age` and `Expires` (at most 400 days), the
/// prefixes `__Host-` and `__Secure-`. Domains that many owners share, such as `com` and `co.uk`, get no cookies. That
/// takes the list of public suffixes (feature `psl`, on by default; `cargo update -p psl` brings the list up to date).
/// Without it the `Domain` attribute widens nothing, and each cookie goes back to the host that set it.
///
/// Cookies set by hand without a domain go with every request of the client, as in HTTPX, but follow no redirect to
/// another origin.
///
/// In a browser the cookies are the browser's: [`crate::Capabilities::cookies`] is false, a client's jar stays empty, and
/// cookies set by hand are an `Unsupported` error of the client or request.
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
    /// How often cookies were set and sent: the clock of [`Cookie::used`].
    uses: u64,
}

impl Cookies {
    /// An empty jar.
    pub const fn new() -> Self {
        Self { cookies: Vec::new(), uses: 0 }
    }

    /// Sets a cookie for every host. Redirects to another origin do not take it along.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.set_cookie(Cookie::new(name, value));
    }

    /// Sets a cookie in place of the one of the same name, domain and path, if there is one.
    ///
    /// ```
    /// use whimbrel::Cookie;
    /// let mut cookies = whimbrel::Cookies::new();
    /// cookies.set_cookie(Cookie::new("n", "1").with_domain("example.org").with_path("/a"));
    /// cookies.set_cookie(Cookie::new("n", "2").with_host("example.net"));
    /// assert_eq!(cookies.get_in("n", "example.net", None)?, Some("2"));
    /// # Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn set_cookie(&mut self, cookie: Cookie) {
        self.put(cookie);
    }

    /// The value of the cookie of this name. Fails with `CookieConflict` when several domains or paths have one.
    pub fn get(&self, name: &str) -> Result<Option<&str>> {
        self.get_in(name, None, None)
    }

    /// The value of the cookie of this name, in this domain and at this path if they are given. Fails with
    /// `CookieConflict` when there are still several.
    pub fn get_in<'a>(
        &self,
        name: &str,
        domain: impl Into<Option<&'a str>>,
        path: impl Into<Option<&'a str>>,
    ) -> Result<Option<&str>> {
        let (domain, path) = (domain.into(), path.into());
        let mut named = self.cookies.iter().filter(|cookie| cookie.name == name && is_in(cookie, domain, path));
        match (named.next(), named.next()) {
            (_, Some(_)) => {
                Err(Error::new(ErrorKind::CookieConflict, format!("Multiple cookies exist with name={name}")))
            }
            (first, None) => Ok(first.map(|cookie| cookie.value.as_str())),
        }
    }

    /// Removes all cookies of this name.
    pub fn delete(&mut self, name: &str) {
        self.delete_in(name, None, None);
    }

    /// Removes all cookies of this name in this domain and at this path, if they are given.
    pub fn delete_in<'a>(&mut self, name: &str, domain: impl Into<Option<&'a str>>, path: impl Into<Option<&'a str>>) {
        let (domain, path) = (domain.into(), path.into());
        self.cookies.retain(|cookie| cookie.name != name || !is_in(cookie, domain, path));
    }

    /// Removes all cookies.
    pub fn clear(&mut self) {
        self.cookies.clear();
    }

    /// Removes all cookies of this domain and path, if they are given.
    ///
    /// ```
    /// use whimbrel::Cookie;
    /// let mut cookies = whimbrel::Cookies::new();
    /// cookies.set_cookie(Cookie::new("a", "1").with_domain("example.org"));
    /// cookies.set("b", "2");
    /// cookies.clear_in("example.org", None);
    /// assert_eq!(cookies.iter().collect::<Vec<_>>(), [("b", "2")]);
    /// ```
    pub fn clear_in<'a>(&mut self, domain: impl Into<Option<&'a str>>, path: impl Into<Option<&'a str>>) {
        let (domain, path) = (domain.into(), path.into());
        self.cookies.retain(|cookie| !is_in(cookie, domain, path));
    }

    /// Removes the cookies that have ended at this time since the Unix epoch. They are not sent in any case, and go by
    /// themselves when a response sets others.
    pub fn clear_expired(&mut self, now: std::time::Duration) {
        self.cookies.retain(|cookie| !cookie.is_expired(now));
    }

    /// Sets all cookies of another jar.
    pub fn update(&mut self, other: &Cookies) {
        other.cookies.iter().for_each(|cookie| self.put(cookie.clone()));
    }

    /// Names and values, in the order they were set.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.cookies.iter().map(|cookie| (cookie.name.as_str(), cookie.value.as_str()))
    }

    /// The cookies with their attributes, in the order they were set.
    pub fn jar(&self) -> impl ExactSizeIterator<Item = &Cookie> {
        self.cookies.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.cookies.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.cookies.is_empty()
    }
}

/// Names and values, for every host.
impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Cookies {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        pairs.into_iter().map(|(name, value)| Cookie::new(name, value)).collect()
    }
}

impl FromIterator<Cookie> for Cookies {
    fn from_iter<I: IntoIterator<Item = Cookie>>(all: I) -> Self {
        let mut cookies = Self::new();
        all.into_iter().for_each(|cookie| cookies.put(cookie));
        cookies
    }
}

fn is_in(cookie: &Cookie, domain: Option<&str>, path: Option<&str>) -> bool {
    let domain = domain.map(|domain| domain.strip_prefix('.').unwrap_or(domain));
    domain.is_none_or(|domain| cookie.domain.eq_ignore_ascii_case(domain))
        && path.is_none_or(|path| cookie.path == path)
}
