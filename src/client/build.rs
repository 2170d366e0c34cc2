//! From a request in the making to the request that is sent: merging of URL, headers, cookies and body.

use super::request_builder::{Draft, Payload};
use super::{Client, builder};
use crate::backend::{random, unix_time};
use crate::content::{Content, auto_headers};
use crate::cookies::Cookies;
use crate::error::Result;
use crate::headers::Headers;
use crate::multipart::{boundary_from, boundary_of};
use crate::request::Request;
use crate::url_merge;

/// Room for what is added: Host, Cookie, Content-Type and one of Content-Length and Transfer-Encoding.
const AUTO_HEADERS: usize = 4;

/// Client and request merged, in HTTPX's way (1.2).
pub(super) fn build_request(request: Draft) -> Result<Request> {
    let client = &request.client;
    let mut url = request.url?;
    url_merge::apply_params(&mut url, &client.inner.params, request.params.as_ref());
    check_scheme(client, &url)?;
    let mut headers = Headers::with_capacity(client.inner.headers.len() + request.headers.len() + AUTO_HEADERS);
    headers.update(&client.inner.headers);
    headers.update(&request.headers);
    let mut content = encode(request.payload, &headers)?;
    content.body.set_trailers(request.trailers);
    add_cookies(client, &mut headers, &request.cookies, &url)?;
    auto_headers(&mut headers, &request.method, host(client, &url)?, &content);
    let mut built = Request::new(request.method, url);
    built.set_headers(headers);
    *built.body_mut() = std::mem::take(&mut content.body).watched(request.upload_progress);
    *built.timeout_mut() = request.timeout.unwrap_or(client.inner.timeout);
    built.set_trace(request.trace);
    built.set_informational(request.informational);
    *built.extensions_mut() = request.extensions;
    Ok(built)
}

/// Schemes beyond HTTP's are those of mounts and of the user's own transport, which may take what it likes.
fn check_scheme(client: &Client, url: &url::Url) -> Result<()> {
    if client.inner.routes.of(url).is_custom() { Ok(()) } else { url_merge::check_scheme(url) }
}

fn host(client: &Client, url: &url::Url) -> Result<Option<http::HeaderValue>> {
    (client.inner.routes.of(url).capabilities.host_header && url.has_host())
        .then(|| client.inner.last_origin.host(url))
        .transpose()
}

fn encode(payload: Payload, headers: &Headers) -> Result<Content> {
    match payload {
        Payload::Content(content) => Ok(content),
        Payload::Multipart(form) => {
            let given = headers.get("content-type").and_then(boundary_of);
            form.encode(&given.map_or_else(|| random().map(boundary_from), Ok)?)
        }
    }
}

/// The jar with the request's own cookies over it, unless the user wrote a Cookie header.
fn add_cookies(client: &Client, headers: &mut Headers, own: &Cookies, url: &url::Url) -> Result<()> {
    let capabilities = client.inner.routes.of(url).capabilities;
    builder::check(&capabilities, None, None, own)?;
    let mut jar = client.jar();
    if !capabilities.cookies || headers.contains("cookie") || (jar.is_empty() && own.is_empty()) {
        return Ok(());
    }
    let sent = match own.is_empty() {
        true => jar.cookie_header(url, unix_time())?,
        false => jar.cookie_header_with(own, url, unix_time())?,
    };
    if let Some(value) = sent {
        headers.push(http::header::COOKIE, value);
    }
    Ok(())
}
