//! Set-Cookie (RFC 6265bis, sections 5.6 and 5.7): what a field says, and whether its host may say it.

use std::time::Duration;

use url::Url;

use super::cookie::{Cookie, SameSite, is_secure};
use super::{date, domain};

/// RFC 6265bis 5.7, step 4: name and value together, in bytes.
const LONGEST_PAIR: usize = 4096;
/// RFC 6265bis 5.6: longer attributes are not read. (Nor are those with a tab, which separates the fields of a cookies.txt.)
const LONGEST_ATTRIBUTE: usize = 1024;
/// RFC 6265bis 5.5: no cookie lives longer than 400 days.
const LONGEST_LIFE: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// The last of each kind; `None` where it is missing or says nothing.
#[derive(Default)]
struct Attributes {
    domain: Option<String>,
    /// Absolute; other paths count as none.
    path: Option<String>,
    secure: bool,
    http_only: bool,
    same_site: Option<SameSite>,
    /// When it ends, since the Unix epoch.
    max_age: Option<Duration>,
    expires: Option<Duration>,
}

/// The cookie of this field in a response from this URL. It may be expired already, which is how servers delete.
pub(super) fn set_cookie(field: &str, url: &Url, now: Duration) -> Option<Cookie> {
    // RFC 6265bis 5.6, step 1; a tab may stand between the parts.
    if field.contains(|letter: char| letter.is_ascii_control() && letter != '\t') {
        return None;
    }
    let mut parts = field.split(';');
    let (name, value) = pair(parts.next()?)?;
    let mut attributes = Attributes::default();
    parts.for_each(|part| attributes.read(part, now));
    let (domain, host_only) = scope(url.host_str()?, attributes.domain.as_deref())?;
    let cookie = Cookie {
        name: name.into(),
        value: value.into(),
        domain,
        host_only,
        path: attributes.path.clone().unwrap_or_else(|| default_path(url)),
        secure: attributes.secure,
        http_only: attributes.http_only,
        same_site: attributes.same_site,
        // RFC 6265 5.3, step 3: Max-Age wins.
        expires: attributes.max_age.or(attributes.expires).map(|end| end.min(now.saturating_add(LONGEST_LIFE))),
        used: 0,
    };
    let allowed = !cookie.secure || is_secure(url);
    (allowed && has_kept_its_prefix(&cookie) && attributes.keep_host_prefix(&cookie)).then_some(cookie)
}

/// RFC 6265bis 5.6, steps 3 to 5. Without `=` all is the value; with nothing before it the cookie is ignored (HTTPX), for
/// it would come back to the server as something else.
fn pair(part: &str) -> Option<(&str, &str)> {
    let (name, value) = match part.split_once('=') {
        Some((name, value)) => (trim(name), trim(value)),
        None => ("", trim(part)),
    };
    let is_something = !name.is_empty() || (!value.is_empty() && !part.contains('='));
    let fits = name.len() + value.len() <= LONGEST_PAIR && !name.contains('\t') && !value.contains('\t');
    (is_something && fits).then_some((name, value))
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

impl Attributes {
    /// RFC 6265bis 5.6.1 to 5.6.7.
    fn read(&mut self, part: &str, now: Duration) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let value = trim(value);
        if value.len() > LONGEST_ATTRIBUTE || value.contains('\t') {
            return;
        }
        match trim(name).to_ascii_lowercase().as_str() {
            "domain" => self.domain = Some(value.to_owned()).filter(|domain| !domain.is_empty()),
            "path" => self.path = value.starts_with('/').then(|| value.to_owned()),
            "secure" => self.secure = true,
            "httponly" => self.http_only = true,
            "samesite" => self.same_site = same_site(value),
            "max-age" => self.max_age = max_age(value, now).or(self.max_age),
            "expires" => self.expires = date::parse(value).or(self.expires),
            _ => {}
        }
    }

    /// RFC 6265bis 5.7, step 20: what `__Host-` promises must be written out.
    fn keep_host_prefix(&self, cookie: &Cookie) -> bool {
        !has_prefix(cookie, "__host-") || (self.path.is_some() && self.domain.is_none())
    }
}

/// The whole word: `StrictLax` is neither.
pub(super) fn same_site(value: &str) -> Option<SameSite> {
    match value.to_ascii_lowercase().as_str() {
        "lax" => Some(SameSite::Lax),
        "none" => Some(SameSite::None),
        "strict" => Some(SameSite::Strict),
        _ => None,
    }
}

/// RFC 6265 5.2.2: digits, perhaps after a minus; anything else is as if it was not there. Ages of zero and less have
/// passed since ever.
fn max_age(value: &str, now: Duration) -> Option<Duration> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Digits alone fail for one reason: there are too many.
    let seconds = if digits == value { digits.parse().unwrap_or(u64::MAX) } else { 0 };
    Some(if seconds == 0 { Duration::ZERO } else { now.saturating_add(Duration::from_secs(seconds)) })
}

/// The domain, and whether it is this host alone (RFC 6265 5.3, steps 4 to 6). `None` where the host may not say so: it
/// lies outside, or the domain belongs to many.
fn scope(host: &str, attribute: Option<&str>) -> Option<(String, bool)> {
    let alone = || (host.to_owned(), true);
    let Some(attribute) = attribute else { return Some(alone()) };
    let domain = domain::canonical(attribute)?;
    match (domain == host, domain::has_one_owner(&domain)) {
        _ if !domain::matches(host, &domain) => None,
        (_, Some(true)) => Some((domain, false)),
        (false, Some(false)) => None,
        // A suffix may have cookies of its own; and without the list nobody knows.
        (true, Some(false)) | (_, None) => Some(alone()),
    }
}

/// RFC 6265bis 5.7, steps 18 to 21, as far as the cookie itself shows. Names are compared without case, as some servers
/// do; and without a name the value would stand where a name is.
pub(super) fn has_kept_its_prefix(cookie: &Cookie) -> bool {
    let of_host = cookie.secure && cookie.host_only && cookie.path == "/";
    let nameless = cookie.name.is_empty();
    (!has_prefix(cookie, "__secure-") || (cookie.secure && !nameless))
        && (!has_prefix(cookie, "__host-") || (of_host && !nameless))
}

fn has_prefix(cookie: &Cookie, prefix: &str) -> bool {
    let shown = if cookie.name.is_empty() { &cookie.value } else { &cookie.name };
    shown.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// RFC 6265 5.1.4: the directory of the request's path.
fn default_path(url: &Url) -> String {
    match url.path().rfind('/') {
        None | Some(0) => "/".into(),
        Some(end) => url.path()[..end].into(),
    }
}
