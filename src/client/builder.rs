//! What a client is configured with.

use std::fmt::Display;
use std::sync::{Arc, Mutex};

use http::{HeaderName, HeaderValue};

use super::hooks::{Hook, Hooks, IntoHookResult};
use super::route::{Route, Routes};
use super::{Client, Inner};
use crate::auth::Auth;
use crate::backend::{HAS_ENVIRONMENT, MaybeSend, MaybeSync, env_var};
use crate::config::{MAX_DECODED_SIZE, Timeout, TransportConfig, transport_settings};
use crate::cookies::Cookies;
use crate::decode::ACCEPT_ENCODING;
use crate::decode::text::DefaultEncoding;
use crate::error::{Error, ErrorKind, Result};
use crate::headers::{Headers, IntoHeaderName, IntoHeaderValue};
use crate::http_transport::HttpTransport;
use crate::mounts::{EnvironmentProxies, UrlPattern, proxies};
use crate::query_params::QueryParams;
use crate::request::Request;
use crate::response::Response;
use crate::streaming::StreamingResponse;
use crate::transport::{Capabilities, Transport};
use crate::url_merge;

/// HTTPX's default for `max_redirects`.
const MAX_REDIRECTS: usize = 20;

/// Configures a [`Client`]. Methods do not fail in mid-chain: the first mistake comes out of [`build`](Self::build).
///
/// ```
/// use std::time::Duration;
/// let client = whimbrel::Client::builder()
///     .base_url("https://api.example.org/v1")
///     .header("x-app", "1")
///     .timeout(Duration::from_secs(10))
///     .build()?;
/// # Ok::<(), whimbrel::Error>(())
/// ```
#[derive(Default)]
pub struct ClientBuilder {
    base_url: Option<String>,
    params: QueryParams,
    headers: Headers,
    cookies: Cookies,
    auth: Option<Arc<dyn Auth>>,
    timeout: Timeout,
    follow_redirects: Option<bool>,
    max_redirects: Option<usize>,
    cross_origin_headers: Vec<HeaderName>,
    https_only: bool,
    max_decoded_size: Option<Option<u64>>,
    pub(super) encoding: DefaultEncoding,
    hooks: Hooks,
    transport: Option<Box<dyn Transport>>,
    mounts: Vec<(UrlPattern, Option<Box<dyn Transport>>)>,
    config: TransportConfig,
    error: Option<Error>,
}

impl ClientBuilder {
    /// Requests with a relative URL are appended to this one; never joined as RFC 3986 would (HTTPX).
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into()).filter(|url| !url.is_empty());
        self
    }

    /// Adds a query parameter to every request.
    pub fn param(mut self, name: impl Into<String>, value: impl Display) -> Self {
        self.params = self.params.add(name, value);
        self
    }

    /// Adds these query parameters to every request.
    pub fn params<N: Into<String>, V: Display>(self, params: impl IntoIterator<Item = (N, V)>) -> Self {
        params.into_iter().fold(self, |builder, (name, value)| builder.param(name, value))
    }

    /// Adds a header field to every request, in place of the default of that name.
    pub fn header(mut self, name: impl IntoHeaderName, value: impl IntoHeaderValue) -> Self {
        if let Err(error) = self.headers.append(name, value) {
            self.error.get_or_insert(error);
        }
        self
    }

    /// Adds these header fields to every request, in place of the defaults of those names.
    ///
    /// ```
    /// let client = whimbrel::Client::builder().headers([("x-app", "1"), ("user-agent", "me")]).build()?;
    /// assert_eq!(client.headers().get("x-app").unwrap(), "1");
    /// # Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn headers<N: IntoHeaderName, V: IntoHeaderValue>(self, fields: impl IntoIterator<Item = (N, V)>) -> Self {
        fields.into_iter().fold(self, |builder, (name, value)| builder.header(name, value))
    }

    /// Sets a cookie that goes with every request. Where the host keeps the cookies (a browser) it is `Unsupported`.
    pub fn cookie(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.cookies.set(name, value);
        self
    }

    /// Sets these cookies, as those that were saved from an earlier client. Where the host keeps the cookies (a browser)
    /// it is `Unsupported`, unless there are none.
    ///
    /// ```
    /// let saved = whimbrel::Cookies::from_netscape("example.org\tFALSE\t/\tFALSE\t0\tn\t1\n")?;
    /// let client = whimbrel::Client::builder().cookies(&saved).build()?;
    /// let request = client.get("http://example.org/").build()?;
    /// assert_eq!(request.headers().get("cookie").unwrap(), "n=1");
    /// # Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn cookies(mut self, cookies: &Cookies) -> Self {
        self.cookies.update(cookies);
        self
    }

    /// Authenticates every request that says nothing else.
    pub fn auth(mut self, auth: impl Auth) -> Self {
        self.auth = Some(Arc::new(auth));
        self
    }

    /// Five seconds for each phase by default; `None` for no limit.
    pub fn timeout(mut self, timeout: impl Into<Timeout>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Follows redirects; off by default (HTTPX). A browser always follows them, so there `false` is `Unsupported`.
    pub fn follow_redirects(mut self, follow: bool) -> Self {
        self.follow_redirects = Some(follow);
        self
    }

    /// 20 by default. In a browser, which has its own limit, it is `Unsupported`.
    pub fn max_redirects(mut self, most: usize) -> Self {
        self.max_redirects = Some(most);
        self
    }

    /// Sends nothing in the clear: a URL with `http://`, given or redirected to, is `UnsupportedProtocol` before anything is
    /// connected. Off by default.
    ///
    /// ```
    /// # whimbrel::block_on(async {
    /// let client = whimbrel::Client::builder().https_only(true).build()?;
    /// let error = client.get("http://example.org/").await.unwrap_err();
    /// assert_eq!(error.kind(), whimbrel::ErrorKind::UnsupportedProtocol);
    /// # Ok::<(), whimbrel::Error>(()) })??; Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn https_only(mut self, only: bool) -> Self {
        self.https_only = only;
        self
    }

    /// Lets a header field follow redirects to other origins. Of those that a request has, only the harmless ones do
    /// (`accept`, `user-agent`, `range` and their like); under any other name may stand a secret, and where a redirect
    /// leads is the server's choice. `authorization`, `cookie` and `proxy-authorization` never do.
    ///
    /// ```
    /// let client = whimbrel::Client::builder().follow_redirects(true).cross_origin_header("x-request-id").build()?;
    /// # Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn cross_origin_header(mut self, name: impl IntoHeaderName) -> Self {
        match name.into_header_name() {
            Ok(name) => self.cross_origin_headers.push(name),
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
        self
    }

    /// The most bytes that a compressed response may decode to, 1 GiB by default; `None` for no limit. More of them are
    /// `LimitExceeded`, whichever way the response is read: a few kilobytes can stand for more than any memory holds.
    /// Responses that are not compressed have no such limit: streaming them takes no memory.
    pub fn max_decoded_size(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.max_decoded_size = Some(bytes.into());
        self
    }

    transport_settings!();

    /// Sends requests with this transport instead of the target's own: whatever their URL's scheme, which is its business.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// Sends requests for matching URLs with this transport (HTTPX's mounts).
    ///
    /// A pattern is `scheme://host:port`; `all` stands for every scheme, host and port may be left out, `*.example.org`
    /// means the subdomains and `*example.org` the domain as well. The narrowest pattern decides: one with a port, then
    /// the longer host, then the longer scheme. Redirects are routed anew. A mount may be for a scheme that whimbrel does
    /// not speak, as `file://` in `examples/file_transport.rs`; no redirect leads there from another scheme.
    ///
    /// ```
    /// # whimbrel::block_on(async {
    /// let offline = whimbrel::MockTransport::new(|_| whimbrel::Response::new(200).with_text("from the mount"));
    /// let client = whimbrel::Client::builder().mount("all://*.example.org", offline).build()?;
    /// assert_eq!(client.get("https://api.example.org/").await?.text(), "from the mount");
    /// # Ok::<(), whimbrel::Error>(()) })??; Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn mount(self, pattern: &str, transport: impl Transport) -> Self {
        self.add_mount(pattern, Some(Box::new(transport)))
    }

    /// Sends requests for matching URLs with the client's own transport, whatever wider mounts say (HTTPX's `None`).
    pub fn mount_default(self, pattern: &str) -> Self {
        self.add_mount(pattern, None)
    }

    fn add_mount(mut self, pattern: &str, transport: Option<Box<dyn Transport>>) -> Self {
        match UrlPattern::parse(pattern) {
            Ok(pattern) => self.mounts.push((pattern, transport)),
            Err(error) => self.error = self.error.or(Some(error)),
        }
        self
    }

    /// Shows every request to the function just before it is sent: after auth has changed it, and again for each redirect
    /// and each auth round (HTTPX's event hooks). It may change the request; an error ends it.
    ///
    /// ```
    /// # let transport = whimbrel::MockTransport::new(|_| whimbrel::Response::new(503));
    /// # whimbrel::block_on(async {
    /// let client = whimbrel::Client::builder()
    ///     .on_request(|request| println!("{} {}", request.method(), request.url()))
    ///     .on_response(|response| response.raise_for_status().map(drop))
    /// #   .transport(transport)
    ///     .build()?;
    /// assert!(client.get("https://example.org/").await.unwrap_err().is_status());
    /// # Ok::<(), whimbrel::Error>(()) })??; Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn on_request<R: IntoHookResult>(
        mut self,
        hook: impl Fn(&mut Request) -> R + MaybeSend + MaybeSync + 'static,
    ) -> Self {
        self.hooks.request.push(Hook::sync(hook));
        self
    }

    /// The same with an async function, which gives the request back.
    pub fn on_request_async<F>(mut self, hook: impl Fn(Request) -> F + MaybeSend + MaybeSync + 'static) -> Self
    where
        F: Future<Output = Result<Request>> + MaybeSend + 'static,
    {
        self.hooks.request.push(Hook::future(hook));
        self
    }

    /// Shows every response to the function once its head is there, before redirects are followed and the body is read. An
    /// error ends the request and closes its connection. See [`on_request`](Self::on_request).
    pub fn on_response<R: IntoHookResult>(
        mut self,
        hook: impl Fn(&mut StreamingResponse) -> R + MaybeSend + MaybeSync + 'static,
    ) -> Self {
        self.hooks.response.push(Hook::sync(hook));
        self
    }

    /// The same with an async function, which gives the response back. It may read the body and return what it read:
    /// `Ok(response.read().await?.into())`.
    pub fn on_response_async<F>(
        mut self,
        hook: impl Fn(StreamingResponse) -> F + MaybeSend + MaybeSync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<StreamingResponse>> + MaybeSend + 'static,
    {
        self.hooks.response.push(Hook::future(hook));
        self
    }

    /// Shows every interim response to the function, as [`RequestBuilder::on_informational`](crate::RequestBuilder::on_informational)
    /// does for one request, whose own function counts for more. Where the host speaks HTTP, requests are then `Unsupported`.
    pub fn on_informational(mut self, hook: impl Fn(&Response) + MaybeSend + MaybeSync + 'static) -> Self {
        self.hooks.informational = Some(Arc::new(hook));
        self
    }

    /// The client, or the first mistake: an invalid URL or header, a setting that the target cannot honour.
    pub fn build(self) -> Result<Client> {
        if let Some(error) = self.error {
            return Err(error);
        }
        if self.transport.is_some()
            && self.config != (TransportConfig { trust_env: self.config.trust_env, ..TransportConfig::default() })
        {
            let message = "What is set about connections (limits, tls, proxy, retries and the like) is for the client's own transport: set it on yours";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        // Whoever chose a transport, a proxy or a socket needs none of the environment (HTTPX).
        let is_chosen = self.config.proxy.is_some() || self.config.connect.uds.is_some() || self.transport.is_some();
        let from_environment = HAS_ENVIRONMENT && self.config.trust_env && !is_chosen;
        let environment = if from_environment { proxies(env_var) } else { EnvironmentProxies::default() };
        let main = match self.transport {
            Some(transport) => Route::custom(transport),
            None => Route::http(HttpTransport::new(&self.config)?),
        };
        let capabilities = main.capabilities;
        check(&capabilities, self.follow_redirects, self.max_redirects, &self.cookies)?;
        let mut headers = default_headers(&capabilities)?;
        headers.update(&self.headers);
        Ok(Client {
            inner: Arc::new(Inner {
                base_url: self.base_url.map(|url| url_merge::parse_base(&url)).transpose()?,
                last_origin: Default::default(),
                params: self.params,
                headers,
                cookies: Mutex::new(self.cookies),
                auth: self.auth,
                timeout: self.timeout,
                follow_redirects: self.follow_redirects,
                cross_origin_headers: self.cross_origin_headers,
                https_only: self.https_only,
                max_redirects: self.max_redirects.unwrap_or(MAX_REDIRECTS),
                max_decoded_size: self.max_decoded_size.unwrap_or(Some(MAX_DECODED_SIZE)),
                default_encoding: self.encoding.shared(),
                hooks: self.hooks,
                routes: Routes::new(main, self.mounts, environment, &self.config),
                is_closed: Default::default(),
            }),
        })
    }
}

/// What was set on purpose and the transport hides is an error, never silently something else.
pub(super) fn check(
    capabilities: &Capabilities,
    follow_redirects: Option<bool>,
    max_redirects: Option<usize>,
    cookies: &Cookies,
) -> Result<()> {
    let unsupported = |message: &'static str| Err(Error::new(ErrorKind::Unsupported, message));
    if !capabilities.redirects && follow_redirects == Some(false) {
        return unsupported("This host follows redirects by itself and hides them: leave follow_redirects on");
    }
    if !capabilities.redirects && max_redirects.is_some() {
        return unsupported("This host follows redirects by itself: max_redirects cannot be set");
    }
    if cookies.is_empty() { Ok(()) } else { check_cookies(capabilities) }
}

pub(super) fn check_cookies(capabilities: &Capabilities) -> Result<()> {
    let message = "This host keeps the cookies itself and lets no program send others";
    if capabilities.cookies { Ok(()) } else { Err(Error::new(ErrorKind::Unsupported, message)) }
}

/// HTTPX's defaults, in its order. What the host sends by itself is left to it.
pub(super) fn default_headers(capabilities: &Capabilities) -> Result<Headers> {
    let mut headers = Headers::with_capacity(8);
    headers.append("accept", HeaderValue::from_static("*/*"))?;
    if capabilities.connection_headers {
        // Who decodes knows what it can.
        if capabilities.encoded_bodies && !ACCEPT_ENCODING.is_empty() {
            headers.append("accept-encoding", ACCEPT_ENCODING.join(", "))?;
        }
        headers.append("connection", HeaderValue::from_static("keep-alive"))?;
        headers.append("user-agent", HeaderValue::from_static(concat!("whimbrel/", env!("CARGO_PKG_VERSION"))))?;
    }
    Ok(headers)
}
