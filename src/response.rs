//! Responses: read into memory, or still streaming.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Extensions, StatusCode, Version};
use serde::de::DeserializeOwned;
use url::Url;

use crate::backend::unix_time;
use crate::connection::ConnectionInfo;
use crate::cookies::Cookies;
use crate::decode::text::{self, TextEncoding};
use crate::error::{Error, ErrorKind, Result, without_credentials};
use crate::headers::Headers;
use crate::links::{self, Link};
use crate::printable::printable;
use crate::request::Request;

/// Everything that comes before a response's body.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) version: Option<Version>,
    pub(crate) reason: Option<Bytes>,
    pub(crate) headers: Headers,
    /// Where the host followed redirects by itself: the URL that answered.
    pub(crate) final_url: Option<Url>,
    pub(crate) extensions: Extensions,
    pub(crate) connection: Option<ConnectionInfo>,
}

impl Head {
    pub(crate) fn new(status: StatusCode, headers: Headers) -> Self {
        let extensions = Extensions::new();
        Self { status, version: None, reason: None, headers, final_url: None, extensions, connection: None }
    }

    pub(crate) fn reason_phrase(&self) -> Cow<'_, str> {
        match &self.reason {
            Some(reason) => String::from_utf8_lossy(reason),
            None => self.status.canonical_reason().unwrap_or_default().into(),
        }
    }

    /// HTTPX's text for a response that is no success.
    pub(crate) fn check_success(&self, url: Option<&Url>) -> Result<()> {
        if self.status.is_success() {
            return Ok(());
        }
        let class = match self.status.as_u16() / 100 {
            1 => "Informational response",
            3 => "Redirect response",
            4 => "Client error",
            5 => "Server error",
            _ => "Invalid status code",
        };
        // An error's own URL is without credentials.
        let shown = Error::new(ErrorKind::Status, "").at(url).url().map(Url::to_string).unwrap_or_default();
        let redirects = matches!(self.status.as_u16(), 301 | 302 | 303 | 307 | 308);
        let location = self.headers.get("location").filter(|_| redirects).map(crate::headers::text);
        let location = location.map(|location| format!("\nRedirect location: '{}'", shown_location(&location, url)));
        let location = location.unwrap_or_default();
        let (code, reason) = (self.status.as_u16(), self.reason_phrase());
        let message = format!(
            "{class} '{code} {reason}' for url '{shown}'{location}\nFor more information check: \
             https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/{code}"
        );
        Err(Error::new(ErrorKind::Status, message).with_status(self.status).at(url))
    }
}

/// A Location may hold credentials, too: with a scheme or without one, and where it is no URL at all.
fn shown_location(location: &str, url: Option<&Url>) -> String {
    let read = url.map_or_else(|| Url::parse(location), |url| without_credentials(url).join(location));
    match read {
        Ok(to) if !to.username().is_empty() || to.password().is_some() => without_credentials(&to).to_string(),
        Ok(_) => location.to_owned(),
        Err(_) => location.rsplit('@').next().unwrap_or_default().to_owned(),
    }
}

/// A response with its whole body.
///
/// ```
/// # let client = whimbrel::Client::builder().transport(whimbrel::MockTransport::new(|_| whimbrel::Response::new(200).with_text("hi"))).build()?;
/// # whimbrel::block_on(async {
/// let response = client.get("https://example.org/").send().await?;
/// assert_eq!(response.raise_for_status()?.text(), "hi");
/// # Ok::<(), whimbrel::Error>(()) })??; Ok::<(), whimbrel::Error>(())
/// ```
pub struct Response {
    pub(crate) head: Box<Head>,
    pub(crate) request: Option<Request>,
    pub(crate) history: Vec<Response>,
    pub(crate) next_request: Option<Request>,
    pub(crate) body: Bytes,
    pub(crate) elapsed: Duration,
    pub(crate) downloaded: u64,
    pub(crate) encoding: TextEncoding,
    /// Boxed, for hardly a response has any.
    pub(crate) trailers: Option<Box<Headers>>,
}

impl Response {
    /// A response built by hand, for [`MockTransport`](crate::MockTransport) and tests. An impossible status becomes 500.
    pub fn new(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::from_parts(Head::new(status, Headers::new()), Bytes::new())
    }

    pub(crate) fn from_parts(head: impl Into<Box<Head>>, body: Bytes) -> Self {
        Self {
            head: head.into(),
            request: None,
            history: Vec::new(),
            next_request: None,
            downloaded: body.len() as u64,
            body,
            elapsed: Duration::ZERO,
            encoding: TextEncoding::default(),
            trailers: None,
        }
    }

    /// With one more header field. One that HTTP does not allow is left out.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let _ = self.head.headers.append(name, value);
        self
    }

    /// With these bytes as the body, and their length as Content-Length.
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        let _ = self.head.headers.insert("content-length", self.body.len().to_string());
        self
    }

    /// With this text as the body.
    pub fn with_text(self, text: impl Into<String>) -> Self {
        self.with_body(text.into()).with_type("text/plain; charset=utf-8")
    }

    /// With this value as a JSON body.
    ///
    /// # Panics
    ///
    /// When the value cannot be JSON, as a map whose keys are no strings.
    pub fn with_json(self, value: &impl serde::Serialize) -> Self {
        let body = serde_json::to_vec(value).expect("a response built by hand is JSON when it says so");
        self.with_body(body).with_type("application/json")
    }

    /// Unless the type was set before.
    fn with_type(self, content_type: &str) -> Self {
        if self.head.headers.contains("content-type") { self } else { self.with_header("content-type", content_type) }
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The reason as the server gave it (HTTP/1.1), else the standard one, else empty.
    pub fn reason_phrase(&self) -> Cow<'_, str> {
        self.head.reason_phrase()
    }

    /// The HTTP version, where the transport can see it (fetch and wasi:http cannot).
    pub fn version(&self) -> Option<Version> {
        self.head.version
    }

    /// The header fields as they came.
    pub fn headers(&self) -> &Headers {
        &self.head.headers
    }

    /// The header fields, to change.
    pub fn headers_mut(&mut self) -> &mut Headers {
        &mut self.head.headers
    }

    /// Values that the transport attached.
    pub fn extensions(&self) -> &Extensions {
        &self.head.extensions
    }

    /// The fields that came behind the body (trailers, RFC 9110 6.5), without those that a receiver needs earlier: framing,
    /// routing, authentication, cookies. `None` where none came, and where the host hides them (fetch, `wasi:http`).
    ///
    /// They are never among the headers: whoever wants to believe them asks for them.
    pub fn trailers(&self) -> Option<&Headers> {
        self.trailers.as_deref()
    }

    /// The connection that it came by, where it is one of our own.
    pub fn connection(&self) -> Option<&ConnectionInfo> {
        self.head.connection.as_ref()
    }

    /// The URL that answered. A response built by hand has none until it was received.
    pub fn url(&self) -> Option<&Url> {
        self.head.final_url.as_ref().or(self.request.as_ref().map(Request::url))
    }

    /// The request that was answered; its body only if it was in memory.
    pub fn request(&self) -> Option<&Request> {
        self.request.as_ref()
    }

    /// The responses before this one, oldest first: redirects and auth rounds.
    pub fn history(&self) -> &[Response] {
        &self.history
    }

    /// The request that following this redirect would send, when it was not followed.
    pub fn next_request(&self) -> Option<&Request> {
        self.next_request.as_ref()
    }

    /// Takes the request that following this redirect would send.
    pub fn into_next_request(self) -> Option<Request> {
        self.next_request
    }

    /// From sending the request to the end of the body.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// How many bytes of body came over the wire, before decoding where whimbrel decodes.
    pub fn bytes_downloaded(&self) -> u64 {
        self.downloaded
    }

    /// The body, decoded.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// Takes the body.
    pub fn into_bytes(self) -> Bytes {
        self.body
    }

    /// The body as text in [`Response::encoding`], with U+FFFD where it is not valid.
    ///
    /// A byte order mark stays in it, as in HTTPX, but for those that tell the order of `utf-16` and `utf-32` and that of
    /// `utf-8-sig`.
    pub fn text(&self) -> Cow<'_, str> {
        let (_, charset) = self.encoding.choose(self.headers(), Some(&self.body));
        text::decode(&self.body, charset)
    }

    /// The charset that [`text`](Self::text) is read in, the first of these that is known: the one
    /// [set](Self::set_encoding), Content-Type's, what [`detect_encoding`](crate::ClientBuilder::detect_encoding) finds in the
    /// body, the client's [`default_encoding`](crate::ClientBuilder::default_encoding), UTF-8 (HTTPX).
    ///
    /// ```
    /// let mut response = whimbrel::Response::new(200).with_body(&b"caf\xe9"[..]).with_header("content-type", "text/plain; charset=bogus");
    /// assert_eq!((response.encoding().as_ref(), response.text().as_ref()), ("utf-8", "caf\u{fffd}"));
    /// response.set_encoding("latin-1");
    /// assert_eq!((response.encoding().as_ref(), response.text().as_ref()), ("latin-1", "café"));
    /// assert_eq!(response.charset_encoding().as_deref(), Some("bogus"));
    /// ```
    pub fn encoding(&self) -> Cow<'_, str> {
        self.encoding.choose(self.headers(), Some(&self.body)).0
    }

    /// Reads the text in this charset from now on, whatever Content-Type says. One that is unknown changes nothing. Names are as
    /// in [`default_encoding`](crate::ClientBuilder::default_encoding).
    pub fn set_encoding(&mut self, encoding: impl Into<String>) {
        self.encoding.set = Some(encoding.into());
    }

    /// The charset that Content-Type names, known or not, in lower case.
    pub fn charset_encoding(&self) -> Option<String> {
        text::charset(self.headers())
    }

    /// The links of the Link header, by their `rel`, or by their URL where they have none (HTTPX's `links`, RFC 8288).
    ///
    /// ```
    /// let response = whimbrel::Response::new(200).with_header("link", "</users?page=2>; rel=next, </users?page=9>; rel=last");
    /// assert_eq!(response.links()["next"].url, "/users?page=2");
    /// ```
    pub fn links(&self) -> BTreeMap<String, Link> {
        let value = self.head.headers.joined("link").unwrap_or_default();
        let key = |link: &Link| link.params.get("rel").unwrap_or(&link.url).clone();
        links::parse(&value).into_iter().map(|link| (key(&link), link)).collect()
    }

    /// The body as JSON, in UTF-8, UTF-16 or UTF-32, which its first bytes tell whatever the charset says (HTTPX). Fails with
    /// `Decoding` and the place where it is broken.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&text::json_as_utf8(&self.body)).map_err(|error| {
            Error::new(
                ErrorKind::Decoding,
                format!("The body is not the JSON expected: {}", printable(&error.to_string())),
            )
            .at(self.url())
            .with_source(error)
        })
    }

    /// The cookies that this response sets, where the host shows them (a browser does not).
    pub fn cookies(&self) -> Cookies {
        let mut cookies = Cookies::new();
        if let Some(url) = self.url() {
            cookies.extract_cookies(&self.head.headers, url, unix_time());
        }
        cookies
    }

    /// 2xx.
    pub fn is_success(&self) -> bool {
        self.status().is_success()
    }

    /// 3xx.
    pub fn is_redirect(&self) -> bool {
        self.status().is_redirection()
    }

    /// 4xx.
    pub fn is_client_error(&self) -> bool {
        self.status().is_client_error()
    }

    /// 5xx.
    pub fn is_server_error(&self) -> bool {
        self.status().is_server_error()
    }

    /// The response itself if it is a success (2xx), else an error of kind `Status` with HTTPX's text.
    pub fn raise_for_status(&self) -> Result<&Self> {
        self.head.check_success(self.url()).map(|()| self)
    }

    /// [`raise_for_status`](Self::raise_for_status) by value, at the end of a chain.
    ///
    /// ```
    /// # let client = whimbrel::Client::builder().transport(whimbrel::MockTransport::new(|_| whimbrel::Response::new(404))).build()?;
    /// # whimbrel::block_on(async {
    /// let text = client.get("https://example.org/").await.and_then(whimbrel::Response::error_for_status);
    /// assert!(text.unwrap_err().is_status());
    /// # })?; Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn error_for_status(self) -> Result<Self> {
        self.raise_for_status()?;
        Ok(self)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Response [{} {}]>", self.status().as_u16(), printable(&self.reason_phrase()))
    }
}
