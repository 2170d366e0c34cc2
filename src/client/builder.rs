//! What a client is configured with.

use std::borrow::Cow;
use std::fmt::Display;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use http::HeaderValue;

use super::{Client, Inner, Route};
use crate::HttpTransport;
use crate::auth::Auth;
use crate::config::{Limits, Timeout, Tls, TransportConfig};
use crate::cookies::Cookies;
use crate::decode::ACCEPT_ENCODING;
use crate::error::{Error, ErrorKind, Result};
use crate::headers::{Headers, IntoHeaderName, IntoHeaderValue};
use crate::query_params::QueryParams;
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
    default_encoding: Option<String>,
    transport: Option<Box<dyn Transport>>,
    config: TransportConfig,
    error: Option<Error>,
}

impl ClientBuilder {
    /// Requests with a relative URL are appended to this one; never joined as RFC 3986 would (HTTPX).
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Adds a query parameter to every request.
    pub fn param(mut self, name: impl Into<String>, value: impl Display) -> Self {
        self.params = self.params.add(name, value);
        self
    }

    /// Adds a header field to every request, in place of the default of that name.
    pub fn header(mut self, name: impl IntoHeaderName, value: impl IntoHeaderValue) -> Self {
        if let Err(error) = self.headers.append(name, value) {
            self.error.get_or_insert(error);
        }
        self
    }

    /// Sets a cookie that goes with every request. Where the host keeps the cookies (a browser) it is `Unsupported`.
    pub fn cookie(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.cookies.set(name, value);
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

    /// How many connections are open and kept. Where the host keeps the connections (fetch) it is `Unsupported`.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.limits = Some(limits);
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

    /// The charset of text whose Content-Type names none: UTF-8 by default.
    pub fn default_encoding(mut self, encoding: impl Into<String>) -> Self {
        self.default_encoding = Some(encoding.into());
        self
    }

    /// What TLS connections trust. Where the host speaks TLS (fetch, WASI) it is `Unsupported`.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.config.tls = Some(tls);
        self
    }

    /// Sends everything through a proxy. `Unsupported` where the host makes the connections, and, until a later version,
    /// on sockets too.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.config.proxy = Some(url.into());
        self
    }

    /// Connects from this address. `Unsupported` where the host makes the connections.
    pub fn local_address(mut self, address: IpAddr) -> Self {
        self.config.local_address = Some(address);
        self
    }

    /// Speaks HTTP/1.1, on by default. `Unsupported` to switch off where the host chooses the version.
    pub fn http1(mut self, on: bool) -> Self {
        self.config.http1 = on;
        self
    }

    /// Speaks HTTP/2, off by default. `Unsupported` where the host chooses the version, and, until a later version, on
    /// sockets too.
    pub fn http2(mut self, on: bool) -> Self {
        self.config.http2 = on;
        self
    }

    /// Whether the environment is read (`SSL_CERT_FILE`, `SSL_CERT_DIR`): yes by default.
    pub fn trust_env(mut self, trust: bool) -> Self {
        self.config.trust_env = trust;
        self
    }

    /// Sends requests with this transport instead of the target's own.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// The client, or the first mistake: an invalid URL or header, a setting that the target cannot honour.
    pub fn build(self) -> Result<Client> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let (route, capabilities) = match self.transport {
            Some(transport) => {
                let capabilities = transport.capabilities();
                (Route::Custom(transport), capabilities)
            }
            None => {
                let transport = HttpTransport::new(&self.config)?;
                let capabilities = transport.capabilities();
                (Route::Http(transport), capabilities)
            }
        };
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
                max_redirects: self.max_redirects.unwrap_or(MAX_REDIRECTS),
                default_encoding: self.default_encoding.map_or(Cow::Borrowed("utf-8"), Cow::Owned),
                route,
                capabilities,
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
    if !capabilities.cookies && !cookies.is_empty() {
        return unsupported("This host keeps the cookies itself and lets no program send others");
    }
    Ok(())
}

/// HTTPX's defaults, in its order. What the host sends by itself is left to it.
fn default_headers(capabilities: &Capabilities) -> Result<Headers> {
    let mut headers = Headers::with_capacity(8);
    headers.append("accept", HeaderValue::from_static("*/*"))?;
    if capabilities.connection_headers {
        if !ACCEPT_ENCODING.is_empty() {
            headers.append("accept-encoding", ACCEPT_ENCODING.join(", "))?;
        }
        headers.append("connection", HeaderValue::from_static("keep-alive"))?;
        headers.append("user-agent", HeaderValue::from_static(concat!("whimbrel/", env!("CARGO_PKG_VERSION"))))?;
    }
    Ok(headers)
}
