//! A request in the making.

use std::fmt::Display;
use std::future::IntoFuture;
use std::sync::Arc;

use http::Method;
use serde::Serialize;
use url::Url;

use super::{Client, SendOptions};
use crate::auth::Auth;
use crate::backend::{BoxFuture, MaybeSend, MaybeSync};
use crate::body::{Body, Progress, Trailers, given_trailers};
use crate::config::Timeout;
use crate::content;
use crate::cookies::Cookies;
use crate::error::{Error, ErrorKind, Result};
use crate::headers::{Headers, IntoHeaderName, IntoHeaderValue};
use crate::multipart::Multipart;
use crate::query_params::QueryParams;
use crate::request::{OnInformational, Request};
use crate::response::Response;
use crate::streaming::StreamingResponse;
use crate::trace::{Trace, TraceEvent};
use crate::url_merge::{self, UrlText};

/// A request in the making, see [`Client::request`]. Awaiting it sends it.
///
/// ```no_run
/// # async fn program() -> whimbrel::Result<()> {
/// let client = whimbrel::Client::new();
/// let response = client.post("https://example.org/").param("q", "a b").json(&[1, 2]).send().await?;
/// let response = client.get("https://example.org/").await?;
/// # Ok(()) }
/// ```
#[must_use = "a request does nothing until it is sent, streamed or built"]
pub struct RequestBuilder {
    /// Boxed, for each method of the chain moves it.
    draft: Box<Draft>,
}

/// What was said about the request so far.
pub(super) struct Draft {
    pub(super) client: Client,
    pub(super) method: Method,
    /// Merged with `base_url`.
    pub(super) url: Result<Url>,
    pub(super) params: Option<QueryParams>,
    pub(super) headers: Headers,
    pub(super) cookies: Cookies,
    pub(super) payload: Payload,
    pub(super) upload_progress: Option<Arc<dyn Progress>>,
    pub(super) trailers: Option<Arc<dyn Trailers>>,
    pub(super) timeout: Option<Timeout>,
    pub(super) trace: Trace,
    pub(super) informational: Option<Arc<dyn OnInformational>>,
    pub(super) extensions: http::Extensions,
    options: SendOptions,
    error: Option<Error>,
}

/// What the body is made from.
pub(super) enum Payload {
    Content(content::Content),
    Multipart(Multipart),
}

impl RequestBuilder {
    pub(super) fn new(client: Client, method: Option<Method>, url: UrlText<'_>) -> Self {
        let url = url_merge::merge(client.inner.base_url.as_ref(), url, &client.inner.last_origin);
        let error = method.is_none().then(|| {
            Error::new(
                ErrorKind::LocalProtocol,
                "Illegal method: only letters, digits and !#$%&'*+-.^_`|~ may be in it",
            )
        });
        let draft = Draft {
            client,
            method: method.map(upper_case).unwrap_or_default(),
            url,
            params: None,
            headers: Headers::new(),
            cookies: Cookies::new(),
            payload: Payload::Content(content::Content::default()),
            upload_progress: None,
            trailers: None,
            timeout: None,
            trace: Trace::default(),
            informational: None,
            extensions: http::Extensions::new(),
            options: SendOptions::default(),
            error,
        };
        Self { draft: Box::new(draft) }
    }

    /// Adds a query parameter. The parameters, merged over the client's, replace the query of the URL (HTTPX).
    pub fn param(mut self, name: impl Into<String>, value: impl Display) -> Self {
        self.draft.params = Some(self.draft.params.take().unwrap_or_default().add(name, value));
        self
    }

    /// Sets all query parameters; an empty list strips the URL's query.
    pub fn params<N: Into<String>, V: Display>(mut self, params: impl IntoIterator<Item = (N, V)>) -> Self {
        self.draft.params = Some(params.into_iter().collect());
        self
    }

    /// Adds a header field, in place of the client's of that name.
    pub fn header(mut self, name: impl IntoHeaderName, value: impl IntoHeaderValue) -> Self {
        if let Err(error) = self.draft.headers.append(name, value) {
            self.draft.error.get_or_insert(error);
        }
        self
    }

    /// Adds these header fields, in place of the client's of those names.
    pub fn headers<N: IntoHeaderName, V: IntoHeaderValue>(self, fields: impl IntoIterator<Item = (N, V)>) -> Self {
        fields.into_iter().fold(self, |builder, (name, value)| builder.header(name, value))
    }

    /// Sends a cookie with this request alone.
    pub fn cookie(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.draft.cookies.set(name, value);
        self
    }

    /// Sends these cookies with this request alone, as far as its URL is theirs.
    pub fn cookies(mut self, cookies: &Cookies) -> Self {
        self.draft.cookies.update(cookies);
        self
    }

    /// Bytes, text or another [`Body`] as they are, without a Content-Type. Text and bytes are given by value, or live as long
    /// as the program: a `String`, a `Vec<u8>`, a literal.
    pub fn content(self, body: impl Into<Body>) -> Self {
        self.payload(Ok(content::Content { body: body.into(), content_type: None }))
    }

    /// A JSON body. NaN and infinities are errors, as is a value of more than 250 levels.
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> Self {
        let content = content::json(&value).map(|bytes| content::Content::of_type(bytes, "application/json"));
        self.payload(content)
    }

    /// A form, `application/x-www-form-urlencoded`. One without fields is no body (HTTPX).
    pub fn form<N: Into<String>, V: Display>(self, fields: impl IntoIterator<Item = (N, V)>) -> Self {
        let fields: QueryParams = fields.into_iter().collect();
        if fields.is_empty() {
            return self.payload(Ok(content::Content::default()));
        }
        let content = content::Content::of_type(fields.to_string().into(), "application/x-www-form-urlencoded");
        self.payload(Ok(content))
    }

    /// A form with files, `multipart/form-data`.
    pub fn multipart(mut self, form: Multipart) -> Self {
        self.draft.payload = Payload::Multipart(form);
        self
    }

    /// Calls the function while the body is sent, with the bytes sent so far and the body's length, if that is known. It
    /// starts anew when the body is sent again.
    ///
    /// "Sent" means taken by the system. A JavaScript host does not say how far it is with bytes: there the function is
    /// called once, when the response begins; streams are counted everywhere.
    ///
    /// ```
    /// # let client = whimbrel::Client::builder().transport(whimbrel::MockTransport::new(|_| whimbrel::Response::new(200))).build()?;
    /// # whimbrel::block_on(async {
    /// let rows = (1..=1000).map(|row| format!("{row}\n"));
    /// let upload = client.post("https://example.org/").content(whimbrel::Body::pieces(rows));
    /// upload.upload_progress(|sent, length| println!("{sent} of {length:?} bytes")).send().await?;
    /// # Ok::<(), whimbrel::Error>(()) })??; Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn upload_progress(mut self, progress: impl Fn(u64, Option<u64>) + MaybeSend + MaybeSync + 'static) -> Self {
        self.draft.upload_progress = Some(Arc::new(progress));
        self
    }

    /// Sends fields behind the body, as [`Body::with_trailers`] does: the function is called when the body has ended.
    ///
    /// ```
    /// # let client = whimbrel::Client::builder().transport(whimbrel::MockTransport::new(|_| whimbrel::Response::new(200))).build()?;
    /// # whimbrel::block_on(async {
    /// let rows = (1..=1000).map(|row| format!("{row}\n"));
    /// let upload = client.post("https://example.org/").content(whimbrel::Body::pieces(rows));
    /// upload.header("trailer", "x-rows").trailers(|| [("x-rows", "1000")]).send().await?;
    /// # Ok::<(), whimbrel::Error>(()) })??; Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn trailers<I, N, V>(mut self, trailers: impl Fn() -> I + MaybeSend + MaybeSync + 'static) -> Self
    where
        I: IntoIterator<Item = (N, V)>,
        N: IntoHeaderName,
        V: IntoHeaderValue,
    {
        self.draft.trailers = Some(given_trailers(trailers));
        self
    }

    /// Other timeouts than the client's; `None` for no limit.
    pub fn timeout(mut self, timeout: impl Into<Timeout>) -> Self {
        self.draft.timeout = Some(timeout.into());
        self
    }

    /// Another auth than the client's.
    pub fn auth(mut self, auth: impl Auth) -> Self {
        self.draft.options.auth = Some(Some(Arc::new(auth)));
        self
    }

    /// No auth, not even the client's or the URL's (HTTPX's `auth=None`).
    pub fn no_auth(mut self) -> Self {
        self.draft.options.auth = Some(None);
        self
    }

    /// Whether this request follows redirects.
    pub fn follow_redirects(mut self, follow: bool) -> Self {
        self.draft.options.follow_redirects = Some(follow);
        self
    }

    /// Tells the function what happens to the request on its way, redirects and auth rounds included (HTTPX's `trace`
    /// extension). See [`TraceEvent`] for the points that there are.
    ///
    /// ```no_run
    /// # async fn program() -> whimbrel::Result<()> {
    /// let client = whimbrel::Client::new();
    /// client.get("https://example.org/").trace(|event| println!("{event} {}", event.info())).send().await?;
    /// # Ok(()) }
    /// ```
    pub fn trace(mut self, listener: impl Fn(&TraceEvent<'_>) + MaybeSend + MaybeSync + 'static) -> Self {
        self.draft.trace = Trace::new(listener);
        self
    }

    /// Shows each interim response to the function as it comes: 103 (Early Hints), 102, 100, with status and headers (RFC 9110
    /// 15.2). A request has 16 at most; more are `RemoteProtocol`. It is told of those to redirects and auth rounds, too.
    ///
    /// Where the host speaks HTTP (fetch, `wasi:http`) it hides them: `Unsupported`.
    ///
    /// ```no_run
    /// # async fn program() -> whimbrel::Result<()> {
    /// let request = whimbrel::get("http://example.org/").on_informational(|hints| {
    ///     println!("{} {:?}", hints.status(), hints.headers().get("link"));
    /// });
    /// let response = request.await?;
    /// # Ok(()) }
    /// ```
    pub fn on_informational(mut self, hook: impl Fn(&Response) + MaybeSend + MaybeSync + 'static) -> Self {
        self.draft.informational = Some(Arc::new(hook));
        self
    }

    /// Attaches a value for the transport.
    pub fn extension<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.draft.extensions.insert(value);
        self
    }

    /// The request as it would be sent, but for auth and redirects, which belong to the sending: where this builder was
    /// given some of its own, building is an error.
    pub fn build(self) -> Result<Request> {
        if self.draft.options.auth.is_some() || self.draft.options.follow_redirects.is_some() {
            let message = "auth and follow_redirects belong to the sending: send from here, give them to send_with, or set them on the client";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        self.into_parts().map(|(_, request, _)| request)
    }

    /// Sends the request and reads the response.
    pub async fn send(self) -> Result<Response> {
        let (client, request, options) = self.into_parts()?;
        // As `send_with`, whose future would be one more to move.
        client.stream_with(request, options).await?.read().await
    }

    /// Sends the request and returns as soon as the response's head is there.
    pub async fn stream(self) -> Result<StreamingResponse> {
        let (client, request, options) = self.into_parts()?;
        client.stream_with(request, options).await
    }

    fn payload(mut self, content: Result<content::Content>) -> Self {
        match content {
            Ok(content) => self.draft.payload = Payload::Content(content),
            Err(error) => {
                self.draft.error.get_or_insert(error);
            }
        }
        self
    }

    fn into_parts(mut self) -> Result<(Client, Request, SendOptions)> {
        if let Some(error) = self.draft.error.take() {
            return Err(error);
        }
        let options = std::mem::take(&mut self.draft.options);
        let client = self.draft.client.clone();
        Ok((client, super::build::build_request(*self.draft)?, options))
    }
}

/// Methods are upper case whatever was written (HTTPX).
fn upper_case(method: Method) -> Method {
    match method.as_str().bytes().any(|byte| byte.is_ascii_lowercase()) {
        true => method.as_str().to_ascii_uppercase().parse().unwrap_or(method),
        false => method,
    }
}

impl IntoFuture for RequestBuilder {
    type Output = Result<Response>;
    type IntoFuture = BoxFuture<'static, Result<Response>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
