//! A request, ready to be sent.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::{Extensions, Method};
use url::{Position, Url};

use crate::backend::{Instant, MaybeSend, MaybeSync, now};
use crate::body::Body;
use crate::config::Timeout;
use crate::error::{Error, ErrorKind, Result, without_credentials};
use crate::headers::Headers;
use crate::response::Response;
use crate::trace::Trace;

/// A request as it will be sent: the URL is absolute, headers and body are final.
///
/// [`Client::request`](crate::Client::request) builds one with everything that the client adds. Built by hand with
/// [`Request::new`], `send` adds nothing to it, as in HTTPX.
///
/// ```
/// let request = whimbrel::Client::new().post("https://example.org/x").content("hello").build()?;
/// assert_eq!(request.headers().get("content-length").unwrap(), "5");
/// # Ok::<(), whimbrel::Error>(())
/// ```
pub struct Request {
    /// Boxed, for a request moves through many hands, and moving a pointer costs less than moving what it points to.
    inner: Box<Inner>,
}

struct Inner {
    method: Method,
    url: Url,
    headers: Headers,
    body: Body,
    /// `None` is the client's.
    timeout: Option<Timeout>,
    trace: Trace,
    informational: Option<Arc<dyn OnInformational>>,
    extensions: Extensions,
    /// When it was handed to its transport.
    started: Option<Instant>,
}

/// Who is shown interim responses. (`dyn` allows one trait and the auto traits; this stands for the sum that the target needs.)
pub(crate) trait OnInformational: Fn(&Response) + MaybeSend + MaybeSync {}
impl<F: Fn(&Response) + MaybeSend + MaybeSync> OnInformational for F {}

/// Without credentials: those of the URL are left out, and headers that hold some are marked sensitive.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", self.method())
            .field("url", &without_credentials(self.url()).as_str())
            .field("headers", self.headers())
            .field("body", self.body())
            .finish_non_exhaustive()
    }
}

impl Request {
    /// A request without headers, body or client defaults. The client that sends it brings its timeouts.
    pub fn new(method: Method, url: Url) -> Self {
        let inner = Inner {
            method,
            url,
            headers: Headers::new(),
            body: Body::empty(),
            timeout: None,
            trace: Trace::default(),
            informational: None,
            extensions: Extensions::new(),
            started: None,
        };
        Self { inner: Box::new(inner) }
    }

    /// The method, in upper case.
    pub fn method(&self) -> &Method {
        &self.inner.method
    }

    /// The method, to change.
    pub fn method_mut(&mut self) -> &mut Method {
        &mut self.inner.method
    }

    /// The absolute URL.
    pub fn url(&self) -> &Url {
        &self.inner.url
    }

    /// The URL, to change.
    pub fn url_mut(&mut self) -> &mut Url {
        &mut self.inner.url
    }

    /// The header fields in the order they are sent.
    pub fn headers(&self) -> &Headers {
        &self.inner.headers
    }

    /// The header fields, to change.
    pub fn headers_mut(&mut self) -> &mut Headers {
        &mut self.inner.headers
    }

    /// The body.
    pub fn body(&self) -> &Body {
        &self.inner.body
    }

    /// The body, to change; the headers that describe it do not follow.
    pub fn body_mut(&mut self) -> &mut Body {
        &mut self.inner.body
    }

    /// The timeouts that hold for this request; the defaults as long as neither it nor a client has set any.
    pub fn timeout(&self) -> Timeout {
        self.inner.timeout.unwrap_or_default()
    }

    /// The timeouts, to change; a client then leaves them alone.
    pub fn timeout_mut(&mut self) -> &mut Timeout {
        self.inner.timeout.get_or_insert_default()
    }

    /// A client's timeouts, for a request that has none.
    pub(crate) fn set_default_timeout(&mut self, timeout: Timeout) {
        self.inner.timeout.get_or_insert(timeout);
    }

    /// It is handed to its transport now.
    pub(crate) fn start(&mut self) -> Instant {
        *self.inner.started.insert(now())
    }

    /// When it was handed to its transport, which is spared a look at the clock.
    #[allow(dead_code, reason = "hosts have clocks of their own")]
    pub(crate) fn started(&self) -> Instant {
        self.inner.started.unwrap_or_else(now)
    }

    /// Who is told of its way.
    pub(crate) fn trace(&self) -> &Trace {
        &self.inner.trace
    }

    pub(crate) fn set_trace(&mut self, trace: Trace) {
        self.inner.trace = trace;
    }

    /// Who is shown its interim responses.
    pub(crate) fn informational(&self) -> Option<&Arc<dyn OnInformational>> {
        self.inner.informational.as_ref()
    }

    pub(crate) fn set_informational(&mut self, hook: Option<Arc<dyn OnInformational>>) {
        self.inner.informational = hook;
    }

    /// A client's, for a request that has none.
    pub(crate) fn set_default_informational(&mut self, hook: Option<&Arc<dyn OnInformational>>) {
        if let (None, Some(hook)) = (&self.inner.informational, hook) {
            self.inner.informational = Some(hook.clone());
        }
    }

    /// What stands behind the method (RFC 9112 3.2): what the user says, else for CONNECT host and port, else path and query.
    #[allow(dead_code, reason = "hosts send their own, and without Digest nobody else asks")]
    pub(crate) fn target(&self) -> Result<Cow<'_, str>> {
        if let Some(target) = self.extensions().get::<RequestTarget>() {
            return target.checked().map(Cow::Borrowed);
        }
        let url = self.url();
        if *self.method() == Method::CONNECT {
            let port = url.port_or_known_default().unwrap_or(443);
            return Ok(format!("{}:{port}", &url[Position::BeforeHost..Position::AfterHost]).into());
        }
        Ok(match &url[Position::BeforePath..Position::AfterQuery] {
            "" => "/".into(),
            target => target.into(),
        })
    }

    /// Values that travel with the request to the transport.
    pub fn extensions(&self) -> &Extensions {
        &self.inner.extensions
    }

    /// The extensions, to change.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.inner.extensions
    }

    /// The request once more. Fails with `BodyConsumed` where the body is a stream.
    pub fn try_clone(&self) -> Result<Self> {
        let body = self.inner.body.try_clone().ok_or_else(|| {
            Error::new(ErrorKind::BodyConsumed, "The request's body is a stream, which can be sent only once")
                .with_url(&self.inner.url)
        })?;
        let mut again = self.without_body();
        again.inner.body = body;
        Ok(again)
    }

    /// The request as responses show it, when the body itself is gone.
    pub(crate) fn without_body(&self) -> Self {
        let inner = Inner {
            method: self.inner.method.clone(),
            url: self.inner.url.clone(),
            headers: self.inner.headers.clone(),
            body: Body::empty(),
            timeout: self.inner.timeout,
            trace: self.inner.trace.clone(),
            informational: self.inner.informational.clone(),
            extensions: self.inner.extensions.clone(),
            started: None,
        };
        Self { inner: Box::new(inner) }
    }

    pub(crate) fn set_headers(&mut self, headers: Headers) {
        self.inner.headers = headers;
    }
}

/// What stands in the request line in place of the URL's path and query, for one request: an extension (HTTPX's `target`).
///
/// It is sent as it is: `*` for OPTIONS of a whole server, a path with characters that URLs escape, for CONNECT the host and port
/// that the server is to open a tunnel to. Where the connection leads is still the URL's to say. White space and control
/// characters are `LocalProtocol`, for they would end the line. A proxy that passes requests on gets a path with the URL's host
/// before it, and all else as it is. Redirects do without it. Where the host speaks HTTP (fetch, `wasi:http`) it is `Unsupported`.
///
/// ```
/// let client = whimbrel::Client::new();
/// let request = client.options("http://example.org/").extension(whimbrel::RequestTarget("*".into())).build()?;
/// # Ok::<(), whimbrel::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestTarget(pub String);

impl RequestTarget {
    #[allow(dead_code, reason = "as what it is for")]
    fn checked(&self) -> Result<&str> {
        let is_whole = |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        Some(self.0.as_str()).filter(|text| is_whole(text)).ok_or_else(|| {
            let message = "RequestTarget is empty or has white space or control characters in it, which would end the request line";
            Error::new(ErrorKind::LocalProtocol, message)
        })
    }
}

/// Scheme, host and port: what two URLs must share for credentials to be sent to both.
pub(crate) fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host_str() == b.host_str() && a.port_or_known_default() == b.port_or_known_default()
}
