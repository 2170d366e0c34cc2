//! Redirects: which request follows a response (RFC 9110 15.4, HTTPX's choices, and no credentials across origins).

use http::header::{AUTHORIZATION, HOST, LOCATION};
use http::{HeaderName, Method, StatusCode};
use url::Url;

use crate::body::Body;
use crate::error::{Error, ErrorKind, Result};
use crate::headers::{Headers, text};
use crate::request::{Request, RequestTarget, same_origin};
use crate::tls::SniHostname;
use crate::url_merge::{self, host_value, is_http, is_secure};

/// Fields that go with a body, beside all `Content-…` (RFC 9110 15.4).
const BODY_FIELDS: &[&str] = &["digest", "expect", "last-modified", "repr-digest", "trailer", "transfer-encoding"];

/// Fields that are safe to show another origin. Everything else may be a credential under any name (CVE-2026-40895).
const SAFE_ACROSS_ORIGINS: &[&str] = &[
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "connection",
    "content-encoding",
    "content-language",
    "content-length",
    "content-type",
    "host",
    "range",
    "transfer-encoding",
    "user-agent",
];

/// Fields that no setting lets go to another origin.
const NEVER_ACROSS_ORIGINS: &[&str] = &["authorization", "cookie", "proxy-authorization"];

/// Whether this response redirects.
pub(crate) fn is_redirect(status: StatusCode, headers: &Headers) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) && headers.contains(LOCATION)
}

/// The request that follows. The body is kept only by 307 and 308, and by a method that does not change. `allowed` are header
/// fields that may go to another origin besides the harmless ones.
pub(crate) fn next_request(
    request: &Request,
    status: StatusCode,
    headers: &Headers,
    allowed: &[HeaderName],
) -> Result<Request> {
    let method = next_method(request.method(), status);
    let url = next_url(request.url(), headers)?;
    let keeps_body = method == *request.method();
    let mut next = if keeps_body { request.try_clone()? } else { request.without_body() };
    next.set_headers(next_headers(request, &url, keeps_body, allowed)?);
    if !keeps_body {
        *next.body_mut() = Body::empty();
    }
    // It stood for the path that the redirect leads away from.
    next.extensions_mut().remove::<RequestTarget>();
    if !same_origin(request.url(), &url) {
        // It names the server that was asked, and no other.
        next.extensions_mut().remove::<SniHostname>();
    }
    *next.method_mut() = method;
    *next.url_mut() = url;
    Ok(next)
}

/// What was meant for TLS is not repeated in the clear: neither a body, nor, by leaving them out, credentials, without which
/// the answer would be another (CVE-2018-18074).
pub(crate) fn check_downgrade(from: &Request, next: &Request) -> Result<()> {
    let downgrades = is_secure(from.url()) && is_http(next.url()) && !is_secure(next.url());
    let is_confidential = !next.body().is_empty() || from.headers().contains(AUTHORIZATION);
    if !downgrades || !is_confidential {
        return Ok(());
    }
    let message = "The redirect leads from https:// to http://, where the request's body or credentials would be in the clear; \
        without follow_redirects, next_request() is the request that follows";
    Err(Error::new(ErrorKind::RemoteProtocol, message).with_url(from.url()))
}

/// 303 and 302 become GET, as browsers do, and 301 does for POST; HEAD stays HEAD.
fn next_method(method: &Method, status: StatusCode) -> Method {
    match status.as_u16() {
        302 | 303 if *method != Method::HEAD => Method::GET,
        301 if *method == Method::POST => Method::GET,
        _ => method.clone(),
    }
}

/// The Location, read against the request's URL; its fragment is inherited when it has none (RFC 9110 10.2.2).
fn next_url(from: &Url, headers: &Headers) -> Result<Url> {
    let location = headers.get(LOCATION).map(text).unwrap_or_default();
    let mut url = url_merge::join(from, &location).map_err(|reason| {
        let message = format!("Invalid URL in location header: {reason}");
        Error::new(ErrorKind::RemoteProtocol, message).with_url(from)
    })?;
    // A host's fetch would open data:, blob: and, in Deno, file: as well, and mounts do what they are for. Within its own
    // scheme a transport may redirect.
    if !matches!(url.scheme(), "http" | "https") && url.scheme() != from.scheme() {
        let message = format!("Redirect to an unsupported protocol '{}:'", url.scheme());
        return Err(Error::new(ErrorKind::UnsupportedProtocol, message).with_url(from));
    }
    if url.fragment().is_none() {
        url.set_fragment(from.fragment());
    }
    Ok(url)
}

fn next_headers(request: &Request, url: &Url, keeps_body: bool, allowed: &[HeaderName]) -> Result<Headers> {
    let mut headers = request.headers().clone();
    // The jar decides again for the new URL.
    headers.remove(http::header::COOKIE);
    let crosses = !same_origin(request.url(), url);
    let is_safe = |name: &HeaderName| {
        SAFE_ACROSS_ORIGINS.contains(&name.as_str())
            || allowed.contains(name) && !NEVER_ACROSS_ORIGINS.contains(&name.as_str())
    };
    let stays = |name: &HeaderName| (!crosses || is_safe(name)) && (keeps_body || !describes_body(name.as_str()));
    let dropped: Vec<_> = headers.iter().map(|(name, _)| name).filter(|name| !stays(name)).cloned().collect();
    dropped.iter().for_each(|name| drop(headers.remove(name)));
    if crosses {
        // Whose transport writes Host itself has none here.
        if url.has_host() && headers.contains(HOST) {
            headers.insert(HOST, host_value(url)?)?;
        }
    }
    Ok(headers)
}

fn describes_body(name: &str) -> bool {
    name.starts_with("content-") || BODY_FIELDS.contains(&name)
}
