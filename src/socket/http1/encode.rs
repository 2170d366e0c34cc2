//! Requests as bytes (RFC 9112 3, 6, 7).

use std::borrow::Cow;
use std::io::Write as _;

use http::header::{CONTENT_LENGTH, HOST, PROXY_AUTHORIZATION, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, Method};
use url::{Position, Url};

use crate::content::expects_body;
use crate::content::framing::{Framing, framing};
use crate::error::{Error, ErrorKind, Result};
use crate::headers::Headers;
use crate::request::Request;
use crate::socket::proxy::ProxySettings;
use crate::url_merge::host_value;

/// Appends the head and says how the body is framed. `Host` comes first (RFC 9110 7.2), and it and the framing fields are added
/// where a request built by hand lacks them. A proxy that passes the request on gets the whole URL and its own fields behind
/// Host, as in HTTPX; where the request has a field of that name, the request's counts.
pub(super) fn head(request: &Request, proxy: Option<&ProxySettings>, out: &mut Vec<u8>) -> Result<Framing> {
    let (framing, framed) = framing(request.headers(), request.body())?;
    let target = request.target()?;
    out.extend_from_slice(request.method().as_str().as_bytes());
    out.push(b' ');
    request_target(&target, request.url(), proxy.is_some(), out);
    out.extend_from_slice(b" HTTP/1.1\r\n");
    field(HOST.as_str(), host(request, &target)?.as_bytes(), out);
    let told = proxy.into_iter().flat_map(|proxy| proxy.headers.iter());
    for (name, value) in told.filter(|(name, _)| !request.headers().contains(*name)) {
        field(name.as_str(), value.as_bytes(), out);
    }
    // What is for a proxy is read by the next one, and goes no further (RFC 9110 11.7.1, threat H12).
    let is_sent = |name: &HeaderName| *name != HOST && (proxy.is_some() || *name != PROXY_AUTHORIZATION);
    for (name, value) in request.headers().iter().filter(|(name, _)| is_sent(name)) {
        field(name.as_str(), value.as_bytes(), out);
    }
    match framing {
        Framing::Length(length) if !framed && (length > 0 || expects_body(request.method())) => {
            field(CONTENT_LENGTH.as_str(), length.to_string().as_bytes(), out);
        }
        Framing::Chunked if !framed => field(TRANSFER_ENCODING.as_str(), b"chunked", out),
        _ => {}
    }
    out.extend_from_slice(b"\r\n");
    Ok(framing)
}

/// Whoever passes a request on is told the whole URL, of `*` all but the path (RFC 9112 3.2.2, 3.2.4).
fn request_target(target: &str, url: &Url, is_passed_on: bool, out: &mut Vec<u8>) {
    if is_passed_on && (target.starts_with('/') || target == "*") {
        out.extend_from_slice(b"http://");
        out.extend_from_slice(url[Position::BeforeHost..Position::AfterPort].as_bytes());
    }
    if !is_passed_on || target != "*" {
        out.extend_from_slice(target.as_bytes());
    }
}

/// The user's, else the URL's; with CONNECT that of the tunnel's other end (RFC 9112 3.2).
fn host<'a>(request: &'a Request, target: &str) -> Result<Cow<'a, HeaderValue>> {
    let mut hosts = request.headers().find_all(&HOST);
    let given = match (hosts.next(), hosts.next()) {
        (given, None) => given,
        _ => return Err(Error::new(ErrorKind::LocalProtocol, "A request has one Host header, not several")),
    };
    if *request.method() == Method::CONNECT {
        let ours = host_value(request.url())?;
        let tunnels = || HeaderValue::from_str(target).map_err(|_| unfit_target());
        return given
            .filter(|given| **given != ours)
            .map_or_else(|| tunnels().map(Cow::Owned), |given| Ok(Cow::Borrowed(given)));
    }
    given.map_or_else(|| host_value(request.url()).map(Cow::Owned), |given| Ok(Cow::Borrowed(given)))
}

fn unfit_target() -> Error {
    Error::new(ErrorKind::LocalProtocol, "The target of CONNECT is a host and a port")
}

/// The names that are in most requests.
fn usual(name: &str) -> Option<&'static str> {
    Some(match name {
        "accept" => "Accept",
        "accept-encoding" => "Accept-Encoding",
        "authorization" => "Authorization",
        "connection" => "Connection",
        "content-length" => "Content-Length",
        "content-type" => "Content-Type",
        "cookie" => "Cookie",
        "host" => "Host",
        "user-agent" => "User-Agent",
        _ => return None,
    })
}

fn title_case(name: &str, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(name.as_bytes());
    let mut start_of_word = true;
    for byte in &mut out[start..] {
        if start_of_word {
            byte.make_ascii_uppercase();
        }
        start_of_word = *byte == b'-';
    }
}

/// `Title-Case: value`. Names were checked when they were made and are in lower case.
pub(in crate::socket) fn field(name: &str, value: &[u8], out: &mut Vec<u8>) {
    match usual(name) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => title_case(name, out),
    }
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Appends a piece of a chunked body. An empty piece would end it, so it is left out.
pub(super) fn chunk(bytes: &[u8], out: &mut Vec<u8>) {
    if !bytes.is_empty() {
        // Writing to memory does not fail.
        let _ = write!(out, "{:x}\r\n", bytes.len());
        out.extend_from_slice(bytes);
        out.extend_from_slice(b"\r\n");
    }
}

/// Ends a chunked body, with what stands behind it.
pub(super) fn last_chunk(trailers: Option<&Headers>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"0\r\n");
    for (name, value) in trailers.into_iter().flat_map(Headers::iter) {
        field(name.as_str(), value.as_bytes(), out);
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::Proxy;
    use crate::request::RequestTarget;

    /// The first two lines.
    fn start(method: Method, target: Option<&str>, fields: &[(&str, &str)], is_proxied: bool) -> String {
        let mut request = Request::new(method, "http://u:p@h:8080/a?b#c".parse().unwrap());
        target.map(|target| request.extensions_mut().insert(RequestTarget(target.into())));
        fields.iter().for_each(|(name, value)| request.headers_mut().append(*name, *value).unwrap());
        let proxy = is_proxied.then(|| ProxySettings::new(&Proxy::new("http://proxy")).unwrap());
        let mut out = Vec::new();
        head(&request, proxy.as_ref(), &mut out).unwrap();
        String::from_utf8(out).unwrap().lines().take(2).collect::<Vec<_>>().join(" | ")
    }

    // RFC 9112 3.2.
    #[test]
    fn each_kind_of_target_has_its_form() {
        for (method, target, is_proxied, expected) in [
            (Method::GET, None, false, "GET /a?b HTTP/1.1 | Host: h:8080"),
            (Method::GET, None, true, "GET http://h:8080/a?b HTTP/1.1 | Host: h:8080"),
            (Method::GET, Some("//x|"), false, "GET //x| HTTP/1.1 | Host: h:8080"),
            (Method::GET, Some("//x|"), true, "GET http://h:8080//x| HTTP/1.1 | Host: h:8080"),
            (Method::GET, Some("http://x/"), true, "GET http://x/ HTTP/1.1 | Host: h:8080"),
            (Method::OPTIONS, Some("*"), false, "OPTIONS * HTTP/1.1 | Host: h:8080"),
            (Method::OPTIONS, Some("*"), true, "OPTIONS http://h:8080 HTTP/1.1 | Host: h:8080"),
            (Method::CONNECT, None, false, "CONNECT h:8080 HTTP/1.1 | Host: h:8080"),
            (Method::CONNECT, Some("x:1"), false, "CONNECT x:1 HTTP/1.1 | Host: x:1"),
            (Method::CONNECT, Some("x:1"), true, "CONNECT x:1 HTTP/1.1 | Host: x:1"),
        ] {
            assert_eq!(start(method, target, &[], is_proxied), expected);
        }
        // The client's own Host gives way to the tunnel's, and the user's does not.
        let tunnel = |host| start(Method::CONNECT, Some("x:1"), &[("host", host)], false);
        assert_eq!(tunnel("h:8080"), "CONNECT x:1 HTTP/1.1 | Host: x:1");
        assert_eq!(tunnel("other"), "CONNECT x:1 HTTP/1.1 | Host: other");
    }
}
