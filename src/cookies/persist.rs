//! Jars as text: JSON, and the cookies.txt of Netscape, curl and Python. What is read is checked as responses are.

use std::time::Duration;

use serde_json::{Value, json};

use super::cookie::{Cookie, SameSite};
use super::{Cookies, domain, parse};
use crate::error::{Error, ErrorKind, Result};

const NETSCAPE_HEAD: &str = "# Netscape HTTP Cookie File\n";
/// How curl and Python mark cookies that scripts may not see, in what is a comment to others.
const HTTP_ONLY: &str = "#HttpOnly_";

impl Cookies {
    /// All cookies as a JSON array, with the field names that browsers' tools use (`name`, `value`, `domain`, `hostOnly`,
    /// `path`, `secure`, `httpOnly`, `sameSite`, `expires` in seconds since the Unix epoch or null).
    ///
    /// The text holds secrets: write it to a file that nobody else can read, and replace the old file in one step.
    ///
    /// ```
    /// use whimbrel::{Cookie, Cookies};
    /// let cookies: Cookies = [Cookie::new("n", "1").with_host("example.org")].into_iter().collect();
    /// let loaded = Cookies::from_json(&cookies.to_json())?;
    /// assert_eq!(loaded.get("n")?, Some("1"));
    /// # Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn to_json(&self) -> String {
        Value::from_iter(self.cookies.iter().map(to_object)).to_string()
    }

    /// The cookies of [`Cookies::to_json`], of Playwright's storage state, or of what else writes such objects. An empty
    /// text is an empty jar.
    ///
    /// What no response could have set is left out: cookies for a public suffix, with control characters, with a broken
    /// `__Host-`. Fails with `Decoding` on a text that is something else.
    pub fn from_json(text: &str) -> Result<Self> {
        if text.trim().is_empty() {
            return Ok(Self::new());
        }
        let mut value: Value = serde_json::from_str(text).map_err(|error| no_jar("JSON").with_source(error))?;
        let cookies = value.get_mut("cookies").map(Value::take).unwrap_or(value);
        let Value::Array(cookies) = cookies else { return Err(no_jar("JSON")) };
        let all: Result<Vec<_>> =
            cookies.iter().map(|cookie| from_object(cookie).ok_or_else(|| no_jar("JSON"))).collect();
        Ok(loaded(all?))
    }

    /// All cookies as a cookies.txt, which curl, Python's `MozillaCookieJar` and others read. It knows no `SameSite`.
    ///
    /// Cookies that no header can hold are left out. As with [`Cookies::to_json`], the text holds secrets.
    ///
    /// ```
    /// use whimbrel::{Cookie, Cookies};
    /// let cookies: Cookies = [Cookie::new("n", "1").with_domain("example.org")].into_iter().collect();
    /// assert!(cookies.to_netscape().ends_with(".example.org\tTRUE\t/\tFALSE\t0\tn\t1\n"));
    /// ```
    pub fn to_netscape(&self) -> String {
        let lines = self.cookies.iter().filter(|cookie| is_sound(cookie)).map(to_line);
        std::iter::once(NETSCAPE_HEAD.to_owned()).chain(lines).collect()
    }

    /// The cookies of a cookies.txt. An empty text is an empty jar, and what no response could have set is left out, as in
    /// [`Cookies::from_json`]. Fails with `Decoding` on a line that is no cookie.
    ///
    /// ```
    /// let cookies = whimbrel::Cookies::from_netscape("example.org\tFALSE\t/\tTRUE\t0\tn\t1\n")?;
    /// assert!(cookies.jar().next().unwrap().is_secure());
    /// # Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn from_netscape(text: &str) -> Result<Self> {
        let lines = text.lines().zip(1..).filter(|(line, _)| is_cookie_line(line));
        let all: Result<Vec<_>> = lines
            .map(|(line, number)| from_line(line).ok_or_else(|| no_jar(&format!("cookies.txt: line {number}"))))
            .collect();
        Ok(loaded(all?))
    }
}

/// The text itself is a secret, so the error does not quote it.
fn no_jar(what: &str) -> Error {
    Error::new(ErrorKind::Decoding, format!("This is no cookie jar as {what}"))
}

fn to_object(cookie: &Cookie) -> Value {
    json!({
        "name": cookie.name, "value": cookie.value,
        "domain": dotted(cookie), "hostOnly": cookie.host_only, "path": cookie.path,
        "secure": cookie.secure, "httpOnly": cookie.http_only, "sameSite": cookie.same_site.map(written),
        "expires": written_expiry(cookie),
    })
}

fn from_object(object: &Value) -> Option<Cookie> {
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let flag = |name: &str| object.get(name).and_then(Value::as_bool).unwrap_or(false);
    let domain = text("domain").unwrap_or_default();
    let host_only = object.get("hostOnly").and_then(Value::as_bool).unwrap_or(!domain.starts_with('.'));
    Some(
        bound(Cookie::new(text("name")?, text("value")?), domain, host_only)
            .with_path(text("path").unwrap_or("/"))
            .with_secure(flag("secure"))
            .with_http_only(flag("httpOnly"))
            .with_same_site(text("sameSite").and_then(parse::same_site))
            .with_expires(object.get("expires").and_then(|end| expiry(end.as_u64(), end.as_f64()?))),
    )
}

/// The dot says "and all below" to those that do not know `hostOnly`.
fn dotted(cookie: &Cookie) -> String {
    format!("{}{}", if cookie.host_only { "" } else { "." }, cookie.domain)
}

fn bound(cookie: Cookie, domain: &str, host_only: bool) -> Cookie {
    if host_only { cookie.with_host(domain) } else { cookie.with_domain(domain) }
}

fn written(same_site: SameSite) -> &'static str {
    match same_site {
        SameSite::Lax => "Lax",
        SameSite::None => "None",
        SameSite::Strict => "Strict",
    }
}

/// Zero and less, and what is no time, is the mark of a session cookie. Whole seconds are not rounded to what a float holds.
fn expiry(whole: Option<u64>, seconds: f64) -> Option<Duration> {
    let end = whole.map(Duration::from_secs).or_else(|| Duration::try_from_secs_f64(seconds).ok());
    end.filter(|end| !end.is_zero())
}

/// A cookie that ended in the first second of all comes back as one that has ended.
fn written_expiry(cookie: &Cookie) -> Option<u64> {
    cookie.expires.map(|end| end.as_secs().max(1))
}

fn to_line(cookie: &Cookie) -> String {
    let mark = if cookie.http_only { HTTP_ONLY } else { "" };
    let flag = |on: bool| if on { "TRUE" } else { "FALSE" };
    let expires = written_expiry(cookie).unwrap_or(0);
    let (domain, below, secure) = (dotted(cookie), flag(!cookie.host_only), flag(cookie.secure));
    format!("{mark}{domain}\t{below}\t{}\t{secure}\t{expires}\t{}\t{}\n", cookie.path, cookie.name, cookie.value)
}

fn is_cookie_line(line: &str) -> bool {
    !line.trim().is_empty() && (!line.starts_with('#') || line.starts_with(HTTP_ONLY))
}

/// Domain, whether all below it, path, whether Secure, expiry, name, value; some editors strip the tab before no value.
fn from_line(line: &str) -> Option<Cookie> {
    let (http_only, line) = match line.strip_prefix(HTTP_ONLY) {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let fields: Vec<_> = line.split('\t').collect();
    let (domain, below, path, secure, expires, name, value) = match fields[..] {
        [domain, below, path, secure, expires, name] => (domain, below, path, secure, expires, name, ""),
        [domain, below, path, secure, expires, name, value] => (domain, below, path, secure, expires, name, value),
        _ => return None,
    };
    let is = |flag: &str| flag.eq_ignore_ascii_case("TRUE");
    Some(
        bound(Cookie::new(name, value), domain, !is(below))
            .with_path(path)
            .with_secure(is(secure))
            .with_http_only(http_only)
            .with_expires(expiry(expires.parse().ok(), expires.parse().ok()?)),
    )
}

fn loaded(all: Vec<Cookie>) -> Cookies {
    let mut cookies = Cookies::new();
    all.into_iter().filter_map(checked).for_each(|cookie| cookies.store(cookie, true, Duration::ZERO));
    cookies
}

/// A file is no better than the response that its cookies came in, and the list of suffixes may have grown since.
fn checked(mut cookie: Cookie) -> Option<Cookie> {
    let by_hand = cookie.domain.is_empty();
    let is_host = domain::canonical(&cookie.domain).as_ref() == Some(&cookie.domain);
    if !is_host || !is_sound(&cookie) || !(by_hand || parse::has_kept_its_prefix(&cookie)) {
        return None;
    }
    match domain::has_one_owner(&cookie.domain) {
        Some(false) if !cookie.host_only => return None,
        None => cookie.host_only = true,
        _ => {}
    }
    Some(cookie)
}

/// No field would end a header or a line of a file.
fn is_sound(cookie: &Cookie) -> bool {
    let controls = |text: &str| text.contains(|letter: char| letter.is_ascii_control());
    cookie.check().is_ok() && !controls(&cookie.domain) && !controls(&cookie.path) && cookie.path.starts_with('/')
}
