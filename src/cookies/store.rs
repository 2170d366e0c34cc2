//! What the jar takes in, gives out and drops.

use std::time::Duration;

use http::HeaderValue;
use http::header::{COOKIE, SET_COOKIE};
use url::Url;

use super::cookie::{Cookie, is_secure, path_matches};
use super::{Cookies, domain, parse};
use crate::error::{Error, ErrorKind, Result};
use crate::headers::{Headers, text};

/// Further Set-Cookie fields of one response are not looked at.
const PER_RESPONSE: usize = 50;
/// Cookies of one domain, and of all. Cookies set by hand for every host do not count and are not dropped.
const PER_DOMAIN: usize = 180;
const TOTAL: usize = 3000;
/// The longest Cookie header, in bytes. Cookies that do not fit stay behind; those set by hand for every host go in any case.
const LONGEST_HEADER: usize = 8190;

impl Cookies {
    /// Takes in the Set-Cookie fields of a response from this URL; `now` is the time since the Unix epoch.
    ///
    /// A client does it with every response. This is for transports and tests that have a clock of their own. Fields that
    /// break the rules of RFC 6265bis are left out, as are all after the fiftieth; a jar holds 180 cookies of a domain and
    /// 3,000 in all, and drops those that were used least lately. (HTTPX's `extract_cookies`.)
    ///
    /// ```
    /// use std::time::Duration;
    /// let mut headers = whimbrel::Headers::new();
    /// headers.append("set-cookie", "n=1; Max-Age=60")?;
    /// let url = whimbrel::Url::parse("http://example.org/").expect("it is a URL");
    ///
    /// let mut cookies = whimbrel::Cookies::new();
    /// cookies.extract_cookies(&headers, &url, Duration::from_secs(1000));
    /// assert_eq!(cookies.cookie_header(&url, Duration::from_secs(1059))?.unwrap(), "n=1");
    /// assert_eq!(cookies.cookie_header(&url, Duration::from_secs(1060))?, None);
    /// # Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn extract_cookies(&mut self, headers: &Headers, url: &Url, now: Duration) {
        self.clear_expired(now);
        for field in headers.find_all(&SET_COOKIE).take(PER_RESPONSE) {
            if let Some(cookie) = parse::set_cookie(&text(field), url, now) {
                self.store(cookie, is_secure(url), now);
            }
        }
    }

    /// The Cookie header for a request to this URL at this time since the Unix epoch: longest path first, else in the
    /// order they were set (RFC 6265 5.4). `None` without cookies for it.
    ///
    /// A client does it with every request. Stored cookies beyond 8,190 bytes stay behind. Fails with `LocalProtocol` on a
    /// cookie set by hand that no header can hold: with `;`, a control character, or `=` in its name.
    pub fn cookie_header(&mut self, url: &Url, now: Duration) -> Result<Option<HeaderValue>> {
        self.header_of(url, now, |_| true)
    }

    /// [`Cookies::cookie_header`] for a request that another origin asked for: without the cookies that have no domain.
    /// They were set for whoever the program talks to, and nobody says that this is one of them.
    pub(crate) fn header_across_origins(&mut self, url: &Url, now: Duration) -> Result<Option<HeaderValue>> {
        self.header_of(url, now, |cookie| !cookie.domain.is_empty())
    }

    /// [`Cookies::cookie_header`] with a request's own cookies over those of the jar, which stays as it is.
    pub(crate) fn cookie_header_with(
        &mut self,
        own: &Cookies,
        url: &Url,
        now: Duration,
    ) -> Result<Option<HeaderValue>> {
        self.touch(url, now);
        let mut cookies = self.clone();
        cookies.update(own);
        cookies.cookie_header(url, now)
    }

    fn header_of(&mut self, url: &Url, now: Duration, may: impl Fn(&Cookie) -> bool) -> Result<Option<HeaderValue>> {
        self.touch(url, now);
        // Longer paths first, and the older of two first. Put where they belong: a sort is kilobytes of the npm package.
        let mut sent: Vec<&Cookie> = Vec::new();
        for cookie in self.cookies.iter().filter(|cookie| cookie.goes_to(url, now) && may(cookie)) {
            sent.insert(sent.partition_point(|other| other.path.len() >= cookie.path.len()), cookie);
        }
        joined(&sent)
    }

    /// The cookies for this URL are in use.
    fn touch(&mut self, url: &Url, now: Duration) {
        self.uses += 1;
        for cookie in self.cookies.iter_mut().filter(|cookie| cookie.goes_to(url, now)) {
            cookie.used = self.uses;
        }
    }

    /// RFC 6265bis 5.7, from step 15 on.
    pub(super) fn store(&mut self, cookie: Cookie, secure_origin: bool, now: Duration) {
        if !secure_origin && self.cookies.iter().any(|known| shadows(&cookie, known)) {
            return;
        }
        if cookie.is_expired(now) {
            self.cookies.retain(|known| !known.is_same(&cookie));
            return;
        }
        let domain = cookie.domain.clone();
        self.put(cookie);
        self.make_room(&domain);
    }

    /// In place of the cookie of the same name, domain and path, if there is one: that keeps its age (step 24).
    pub(super) fn put(&mut self, mut cookie: Cookie) {
        self.uses += 1;
        cookie.used = self.uses;
        match self.cookies.iter_mut().find(|known| known.is_same(&cookie)) {
            Some(known) => *known = cookie,
            None => self.cookies.push(cookie),
        }
    }

    /// RFC 6265bis 5.7, at its end: after what has expired goes the domain's excess, and then the jar's.
    fn make_room(&mut self, domain: &str) {
        if self.cookies.len() > PER_DOMAIN {
            self.keep(PER_DOMAIN, |cookie| cookie.domain == domain);
            self.keep(TOTAL, |cookie| !cookie.domain.is_empty());
        }
    }

    /// Drops the least lately used of these until so many are left; Secure ones last.
    fn keep(&mut self, most: usize, which: impl Fn(&Cookie) -> bool) {
        while self.cookies.iter().filter(|cookie| which(cookie)).count() > most {
            let candidates = self.cookies.iter().enumerate().filter(|(_, cookie)| which(cookie));
            let Some((oldest, _)) = candidates.min_by_key(|(_, cookie)| (cookie.secure, cookie.used)) else { return };
            self.cookies.remove(oldest);
        }
    }
}

/// RFC 6265bis 5.7, step 15: whoever can write to a plain connection must not get in the way of a Secure cookie.
fn shadows(new: &Cookie, known: &Cookie) -> bool {
    let overlap = domain::matches(&new.domain, &known.domain) || domain::matches(&known.domain, &new.domain);
    known.secure && !new.secure && known.name == new.name && overlap && path_matches(&known.path, &new.path)
}

/// The pairs as one header, as far as they fit.
fn joined(sent: &[&Cookie]) -> Result<Option<HeaderValue>> {
    let by_hand = |cookie: &Cookie| cookie.domain.is_empty();
    let size = |cookie: &Cookie| cookie.name.len() + cookie.value.len() + "=; ".len();
    let given: usize = sent.iter().filter(|cookie| by_hand(cookie)).map(|cookie| size(cookie)).sum();
    let mut room = LONGEST_HEADER.saturating_sub(given);
    let mut pairs = Vec::with_capacity(sent.len());
    for cookie in sent {
        cookie.check()?;
        if !by_hand(cookie) {
            let Some(left) = room.checked_sub(size(cookie)) else { continue };
            room = left;
        }
        pairs.push(cookie.pair());
    }
    if pairs.is_empty() { Ok(None) } else { secret(&pairs.join("; ")).map(Some) }
}

/// Marked as the jar's own, and for codecs that remember headers as not to be remembered.
fn secret(pairs: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_bytes(pairs.as_bytes())
        .map_err(|_| Error::new(ErrorKind::LocalProtocol, "A cookie holds a control character"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Brings the Cookie header of a request that is sent again, as an auth flow does, up to what the last response set and
/// deleted. A header that the jar did not write is the user's, and stays.
pub(crate) fn renew(headers: &mut Headers, to: &Url, response: &Headers, from: &Url, now: Duration) -> Result<()> {
    let header = headers.find(&COOKIE);
    if header.is_some_and(|header| !header.is_sensitive()) {
        return Ok(());
    }
    let mut pairs: Vec<_> = header.map(text).iter().flat_map(|text| text.split("; ")).map(str::to_owned).collect();
    for field in response.find_all(&SET_COOKIE).take(PER_RESPONSE) {
        if let Some(cookie) = parse::set_cookie(&text(field), from, now) {
            replace(&mut pairs, &cookie, to, now);
        }
    }
    match pairs.is_empty() {
        true => drop(headers.remove(COOKIE)),
        false => headers.put(COOKIE, secret(&pairs.join("; "))?),
    }
    Ok(())
}

fn replace(pairs: &mut Vec<String>, cookie: &Cookie, to: &Url, now: Duration) {
    if !cookie.clone().with_expires(None).goes_to(to, now) {
        return;
    }
    let known = pairs.iter().position(|pair| pair.split_once('=').unwrap_or(("", pair)).0 == cookie.name);
    match (known, cookie.is_expired(now)) {
        (Some(at), true) => drop(pairs.remove(at)),
        (Some(at), false) => pairs[at] = cookie.pair(),
        (None, true) => {}
        (None, false) => pairs.push(cookie.pair()),
    }
}
