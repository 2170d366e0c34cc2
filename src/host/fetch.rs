//! HTTP by the host's `fetch`: browsers, Node, Deno, workers.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use http::{HeaderName, HeaderValue, StatusCode};
use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use url::Url;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Response};

use super::fetch_body::{FetchBody, Progress, request_stream};
use super::fetch_error::{aborted, fetch_error};
use super::{REQUEST, check, check_request};
use crate::body::{Incoming, Outgoing};
use crate::config::{Timeout, TransportConfig};
use crate::content::framing::framing;
use crate::deadline::Patience;
use crate::error::{Error, ErrorKind, Result};
use crate::headers::Headers;
use crate::request::Request;
use crate::response::Head;
use crate::streaming::StreamingResponse;
use crate::transport::{Capabilities, PoolStats};
use crate::url_merge::check_scheme;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch, catch)]
    fn global_fetch(url: &str, init: &Object) -> std::result::Result<Promise, JsValue>;
}

/// What kind of host this is, which decides what fetch shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    /// Hides redirects and cookies, sends its own User-Agent.
    Browser,
    /// Node, Deno, Bun, edge workers: fetch without a browser's walls.
    Server,
}

/// Requests by the host's `fetch`.
pub(crate) struct FetchTransport {
    host: Host,
    fetch: Option<Function>,
}

/// Fields that fetch drops or rewrites without a word (js.md 5A); set on purpose they are an error.
const HOST_FIELDS: &[&str] = &["host", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];
const BROWSER_FIELDS: &[&str] = &[
    "accept-charset",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "connection",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "origin",
    "referer",
    "set-cookie",
    "user-agent",
    "via",
];

impl FetchTransport {
    pub(crate) fn new(config: &TransportConfig) -> Result<Self> {
        check(config, "fetch")?;
        Ok(Self { host: Host::detect(), fetch: None })
    }

    /// With another function in place of the global `fetch`.
    #[cfg(feature = "npm")]
    pub(crate) fn with_fetch(fetch: Function) -> Self {
        Self { host: Host::detect(), fetch: Some(fetch) }
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        let open = self.host == Host::Server;
        Capabilities {
            redirects: open,
            cookies: open,
            encoded_bodies: false,
            connection_headers: open,
            host_header: false,
            streamed_requests: true,
        }
    }

    /// The host closes its connections when it likes.
    pub(crate) fn close(&self) {}

    pub(crate) fn pool_stats(&self) -> Option<PoolStats> {
        None
    }

    pub(crate) async fn send(&self, mut request: Request) -> Result<StreamingResponse> {
        let trace = request.trace().clone();
        match trace.around(REQUEST, "", self.fetch(&mut request)).await {
            Ok((head, body)) => Ok(StreamingResponse::from_parts(request, head, body)),
            Err(error) => Err(error.with_url(request.url())),
        }
    }

    async fn fetch(&self, request: &mut Request) -> Result<(Head, Incoming)> {
        check_scheme(request.url())?;
        check_method(request)?;
        check_request(request, "fetch")?;
        framing(request.headers(), request.body())?;
        self.check_headers(request.headers())?;
        let abort = AbortOnDrop::new()?;
        let progress = Progress::default();
        let init = self.init(request, &abort, &progress)?;
        let mut url = request.url().clone();
        // fetch refuses URLs with credentials; they became an Authorization header already.
        let _ = (url.set_username(""), url.set_password(None));
        url.set_fragment(None);
        let promise = match &self.fetch {
            // Whatever it returns, be it no promise.
            Some(fetch) => {
                fetch.call2(&JsValue::UNDEFINED, &url.as_str().into(), &init).map(|answer| Promise::resolve(&answer))
            }
            None => global_fetch(url.as_str(), &init),
        };
        let answer = answer(promise.map_err(fetch_error)?.into(), &progress, request.timeout()).await?;
        // fetch does not say when.
        request.body().sent();
        self.receive(checked_response(answer)?, abort, request)
    }

    fn receive(&self, response: Response, abort: AbortOnDrop, request: &Request) -> Result<(Head, Incoming)> {
        let type_of = Reflect::get(&response, &"type".into()).ok().and_then(|kind| kind.as_string());
        let status =
            StatusCode::from_u16(response.status()).ok().filter(|_| type_of.as_deref() != Some("opaqueredirect"));
        let status = status.ok_or_else(|| {
            Error::new(
                ErrorKind::Unsupported,
                "The host hides this response: it is opaque, or a redirect that only the host may see",
            )
        })?;
        let mut head = Head::new(status, response_headers(&response)?);
        head.reason = Some(response.status_text()).filter(|reason| !reason.is_empty()).map(Into::into);
        head.final_url = Url::parse(&response.url()).ok().map(|mut url| {
            // The fragment never leaves the client, so fetch does not tell it.
            url.set_fragment(request.url().fragment());
            url
        });
        let body = match response.body() {
            Some(_) => {
                Incoming::Stream(Box::pin(FetchBody::new(response, abort, request.timeout(), request.trace().clone())))
            }
            None => {
                abort.disarm();
                Incoming::Bytes(Default::default())
            }
        };
        Ok((head, body))
    }

    /// fetch's options.
    fn init(&self, request: &mut Request, abort: &AbortOnDrop, progress: &Progress) -> Result<Object> {
        let init = Object::new();
        set(&init, "method", &request.method().as_str().into());
        set(&init, "redirect", &(if self.host == Host::Server { "manual" } else { "follow" }).into());
        set(&init, "signal", &abort.controller.signal());
        set(&init, "headers", &self.request_headers(request.headers()));
        match request.body_mut().take_whole()? {
            Outgoing::Bytes(bytes) if bytes.is_empty() => {}
            Outgoing::Bytes(bytes) => set(&init, "body", &Uint8Array::from(&bytes[..])),
            Outgoing::Stream(stream) => {
                set(&init, "body", &request_stream(stream, self.host == Host::Browser, progress.clone())?.into());
                set(&init, "duplex", &"half".into());
            }
        }
        Ok(init)
    }

    fn check_headers(&self, headers: &Headers) -> Result<()> {
        let refused = |name: &str| {
            HOST_FIELDS.contains(&name)
                || self.host == Host::Browser
                    && (BROWSER_FIELDS.contains(&name) || name.starts_with("sec-") || name.starts_with("proxy-"))
        };
        // The length of a body and its framing are told by the body itself.
        let refused = headers.iter().map(|(name, _)| name.as_str()).find(|name| refused(name) && !is_framing(name));
        match refused {
            Some(name) => {
                Err(Error::new(ErrorKind::Unsupported, format!("Header '{name}' cannot be set with this host's fetch")))
            }
            None => Ok(()),
        }
    }

    /// Pairs of names and values; fetch wants each byte of a value as one character.
    fn request_headers(&self, headers: &Headers) -> Array {
        let sent = headers.iter().filter(|(name, _)| !is_framing(name.as_str()));
        sent.map(|(name, value)| {
            let value: String = value.as_bytes().iter().map(|&byte| byte as char).collect();
            Array::of2(&name.as_str().into(), &value.into())
        })
        .collect()
    }
}

/// What fetch throws a TypeError at (js.md 5A), so that it looks like a failed connection.
fn check_method(request: &Request) -> Result<()> {
    let method = request.method().as_str();
    let refused = match method {
        "TRACE" | "TRACK" | "CONNECT" => "be sent",
        "GET" | "HEAD" if !request.body().is_empty() => "have a body",
        _ if request.body().has_trailers() => "have trailers",
        _ => return Ok(()),
    };
    Err(Error::new(ErrorKind::Unsupported, format!("A {method} request cannot {refused} with this host's fetch")))
}

/// fetch frames the body itself.
fn is_framing(name: &str) -> bool {
    matches!(name, "content-length" | "transfer-encoding")
}

impl Host {
    /// A browser has a document, or is a worker with a location, and no `process`; servers differ in everything else.
    fn detect() -> Self {
        let global = js_sys::global();
        let has = |name: &str| Reflect::get(&global, &name.into()).is_ok_and(|value| !value.is_undefined());
        let server = has("process") || has("Deno") || has("Bun") || has("WebSocketPair") || has("EdgeRuntime");
        if server && !has("document") {
            Self::Server
        } else if has("location") {
            Self::Browser
        } else {
            Self::Server
        }
    }
}

/// fetch does not show when the connection stands, so that the wait for the head, connecting included, is limited by
/// `read`; by `connect` where only that is set. What the user's own stream takes does not count.
async fn answer(mut answer: JsFuture, progress: &Progress, timeout: Timeout) -> Result<JsValue> {
    let kind = if timeout.read.is_some() { ErrorKind::ReadTimeout } else { ErrorKind::ConnectTimeout };
    let limit = timeout.read.or(timeout.connect);
    let mut patience = Patience::default();
    poll_fn(|cx| {
        if let Poll::Ready(answer) = Pin::new(&mut answer).poll(cx) {
            return Poll::Ready(answer.map_err(fetch_error));
        }
        if progress.is_producing(cx) {
            patience.reset();
            return Poll::Pending;
        }
        patience.poll(limit, cx).map(|()| Err(aborted(kind, limit.unwrap_or_default())))
    })
    .await
}

/// A function of the user's own may resolve to anything. (By what it has: a Response of another realm is as good.)
fn checked_response(answer: JsValue) -> Result<Response> {
    let has =
        |name: &str, test: fn(&JsValue) -> bool| Reflect::get(&answer, &name.into()).is_ok_and(|value| test(&value));
    let is_number = |value: &JsValue| value.as_f64().is_some();
    if has("status", is_number) && has("statusText", JsValue::is_string) && has("headers", JsValue::is_object) {
        return Ok(answer.unchecked_into());
    }
    Err(Error::new(ErrorKind::LocalProtocol, "The given fetch returned no Response"))
}

/// Names and values; values come with each byte as one character.
fn response_headers(response: &Response) -> Result<Headers> {
    let mut headers = Headers::new();
    let malformed = |_| Error::new(ErrorKind::RemoteProtocol, "The host handed over a malformed header");
    let entries = js_sys::try_iter(&response.headers()).ok().flatten();
    for entry in entries.into_iter().flatten().flatten() {
        let pair: Array = entry.unchecked_into();
        let (name, value) = (pair.get(0).as_string().unwrap_or_default(), pair.get(1).as_string().unwrap_or_default());
        let bytes: Vec<u8> = value.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect();
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| malformed(()))?;
        headers.push(name, HeaderValue::from_bytes(&bytes).map_err(|_| malformed(()))?);
    }
    Ok(headers)
}

pub(crate) fn set(object: &Object, name: &str, value: &JsValue) {
    // Setting a property of a plain object of our own does not fail.
    let _ = Reflect::set(object, &name.into(), value);
}

/// Ends the request when whoever waits for it is dropped.
pub(super) struct AbortOnDrop {
    controller: AbortController,
    armed: bool,
}

impl AbortOnDrop {
    fn new() -> Result<Self> {
        let controller = AbortController::new()
            .map_err(|_| Error::new(ErrorKind::Unsupported, "This host has no AbortController"))?;
        Ok(Self { controller, armed: true })
    }

    /// The response is complete: there is nothing left to end.
    pub(super) fn disarm(mut self) {
        self.armed = false;
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if self.armed {
            self.controller.abort();
        }
    }
}
