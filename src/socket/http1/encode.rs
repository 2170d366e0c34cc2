//! Requests as bytes (RFC 9112 3, 6, 7).

use std::io::Write as _;

use http::HeaderName;
use http::header::{CONTENT_LENGTH, HOST, PROXY_AUTHORIZATION, TRANSFER_ENCODING};
use url::Position;

use crate::content::expects_body;
use crate::content::framing::{Framing, framing};
use crate::error::{Error, ErrorKind, Result};
use crate::request::{Request, host_value};
use crate::socket::proxy::ProxySettings;

/// Appends the head and says how the body is framed. `Host` comes first (RFC 9110 7.2), and it and the framing fields are added
/// where a request built by hand lacks them. A proxy that passes the request on gets the whole URL and its own fields behind
/// Host, as in HTTPX; where the request has a field of that name, the request's counts.
pub(super) fn head(request: &Request, proxy: Option<&ProxySettings>, out: &mut Vec<u8>) -> Result<Framing> {
    let (framing, framed) = framing(request.headers(), request.body())?;
    let target = &request.url()[Position::BeforePath..Position::AfterQuery];
    out.extend_from_slice(request.method().as_str().as_bytes());
    out.push(b' ');
    if proxy.is_some() {
        out.extend_from_slice(b"http://");
        out.extend_from_slice(request.url()[Position::BeforeHost..Position::AfterPort].as_bytes());
    }
    out.extend_from_slice(if target.is_empty() { b"/" } else { target.as_bytes() });
    out.extend_from_slice(b" HTTP/1.1\r\n");
    let mut hosts = request.headers().find_all(&HOST);
    match (hosts.next(), hosts.next()) {
        (None, _) => field(HOST.as_str(), host_value(request.url())?.as_bytes(), out),
        (Some(host), None) => field(HOST.as_str(), host.as_bytes(), out),
        _ => return Err(Error::new(ErrorKind::LocalProtocol, "A request has one Host header, not several")),
    }
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

/// `Title-Case: value`. Names were checked when they were made and are in lower case.
pub(in crate::socket) fn field(name: &str, value: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(name.as_bytes());
    let mut start_of_word = true;
    for byte in &mut out[start..] {
        if start_of_word {
            byte.make_ascii_uppercase();
        }
        start_of_word = *byte == b'-';
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

/// Ends a chunked body.
pub(super) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
