//! Requests and responses as HTTP/2 has them (RFC 9113 8).

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, Version};
use url::{Position, Url};

use crate::content::expects_body;
use crate::content::framing::{Framing, framing};
use crate::error::{Error, ErrorKind, Result};
use crate::headers::Headers;
use crate::request::Request;
use crate::response::Head;
use crate::socket::http1::HeadLimits;

/// What a field counts beside its name and value (RFC 9113 6.5.2).
const OVERHEAD: usize = 32;

/// The request's head, and how long its body is.
pub(super) fn request(request: &Request) -> Result<(http::Request<()>, Framing)> {
    let (framing, framed) = framing(request.headers(), request.body())?;
    let mut message = http::Request::new(());
    *message.method_mut() = request.method().clone();
    *message.uri_mut() = uri(request)?;
    *message.version_mut() = Version::HTTP_2;
    let headers = message.headers_mut();
    for (name, value) in request.headers().iter().filter(|(name, value)| is_sent(name, value, request.headers())) {
        append(headers, name.clone(), value.clone())?;
    }
    if let Framing::Length(length) = framing
        && !framed
        && (length > 0 || expects_body(request.method()))
    {
        append(headers, CONTENT_LENGTH, HeaderValue::from(length))?;
    }
    Ok((message, framing))
}

/// `:scheme`, `:authority` and `:path`. The authority is what Host would be (RFC 9113 8.3.1).
fn uri(request: &Request) -> Result<Uri> {
    let url = request.url();
    let mut hosts = request.headers().find_all(&HOST);
    let authority = match (hosts.next(), hosts.next()) {
        (None, _) => &url[Position::BeforeHost..Position::AfterPort],
        (Some(host), None) => host.to_str().map_err(|_| unsendable("Host header"))?,
        _ => return Err(Error::new(ErrorKind::LocalProtocol, "A request has one Host header, not several")),
    };
    let target = request.target()?;
    let uri = Uri::builder().scheme(scheme(url)).authority(authority).path_and_query(target.as_ref());
    uri.build().map_err(|error| unsendable("URL").with_source(error))
}

fn scheme(url: &Url) -> &str {
    match url.scheme() {
        "wss" => "https",
        "ws" => "http",
        scheme => scheme,
    }
}

/// What concerns one connection has no place in HTTP/2 (RFC 9113 8.2.2), nor what is for a proxy at its end (threat H12).
fn is_sent(name: &HeaderName, value: &HeaderValue, headers: &Headers) -> bool {
    let is_nominated = || {
        let options = headers.find_all(&CONNECTION).flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
        options.into_iter().any(|option| option.trim_ascii().eq_ignore_ascii_case(name.as_str().as_bytes()))
    };
    match *name {
        HOST | CONNECTION | TRANSFER_ENCODING | UPGRADE | PROXY_AUTHORIZATION => false,
        TE => value.as_bytes().eq_ignore_ascii_case(b"trailers"),
        _ => !matches!(name.as_str(), "keep-alive" | "proxy-connection" | "http2-settings") && !is_nominated(),
    }
}

/// The map of `http` has a largest size, beyond which it would panic.
fn append(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) -> Result<()> {
    headers.try_append(name, value).map(|_| ()).map_err(|error| unsendable("number of headers").with_source(error))
}

fn unsendable(what: &str) -> Error {
    Error::new(ErrorKind::LocalProtocol, format!("HTTP/2 cannot send the request's {what}"))
}

/// The response's head, if it keeps to the limits.
pub(super) fn head(message: http::response::Parts, limits: HeadLimits) -> Result<Head> {
    limits.check(message.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + OVERHEAD))?;
    let mut head = Head::new(message.status, headers(message.headers));
    head.version = Some(Version::HTTP_2);
    Ok(head)
}

/// What stands behind a body.
pub(super) fn trailers(fields: &Headers) -> Result<HeaderMap> {
    let mut trailers = HeaderMap::new();
    fields.iter().try_for_each(|(name, value)| append(&mut trailers, name.clone(), value.clone()))?;
    Ok(trailers)
}

/// In the order in which they came, but for repeated ones, which follow the first of their name.
pub(super) fn headers(map: HeaderMap) -> Headers {
    let mut headers = Headers::with_capacity(map.len());
    let mut last = None;
    for (name, value) in map {
        last = name.or(last);
        if let Some(name) = &last {
            headers.push(name.clone(), value);
        }
    }
    headers
}
