//! The client: what it was configured with, and the way of a request through it.

mod build;
mod builder;
mod encoding;
mod hooks;
mod log;
mod request_builder;
mod route;
mod send;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderName, Method};
use url::Url;

pub use self::builder::ClientBuilder;
use self::hooks::Hooks;
pub use self::hooks::IntoHookResult;
pub use self::request_builder::RequestBuilder;
use self::route::Routes;
pub use self::send::SendOptions;
use crate::auth::Auth;
use crate::config::Timeout;
use crate::cookies::Cookies;
use crate::decode::text::DefaultEncoding;
use crate::error::Result;
use crate::headers::Headers;
use crate::query_params::QueryParams;
use crate::request::Request;
use crate::response::Response;
use crate::streaming::StreamingResponse;
use crate::transport::{Capabilities, PoolStats};
use crate::url_merge::{IntoUrl, LastOrigin};

/// Makes requests that share configuration, cookies and connections (HTTPX's `Client`).
///
/// Cloning is cheap, and clones share everything. The same program compiles for every target; PLATFORM.md lists what a
/// target cannot do.
///
/// ```no_run
/// # async fn program() -> whimbrel::Result<()> {
/// let client = whimbrel::Client::builder().base_url("https://api.example.org/v1").build()?;
/// let users: Vec<String> = client.get("/users").param("limit", 10).send().await?.json()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    base_url: Option<Url>,
    last_origin: LastOrigin,
    params: QueryParams,
    headers: Headers,
    cookies: Mutex<Cookies>,
    auth: Option<Arc<dyn Auth>>,
    timeout: Timeout,
    follow_redirects: Option<bool>,
    max_redirects: usize,
    cross_origin_headers: Vec<HeaderName>,
    https_only: bool,
    max_decoded_size: Option<u64>,
    default_encoding: Option<Arc<DefaultEncoding>>,
    hooks: Hooks,
    routes: Routes,
    is_closed: AtomicBool,
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

/// One method per verb, all alike.
macro_rules! verbs {
    ($($verb:ident $method:ident),*) => { $(
        #[doc = concat!("A `", stringify!($method), "` request, to be sent or built. See [`Client::request`].")]
        pub fn $verb(&self, url: impl IntoUrl) -> RequestBuilder {
            self.request(Method::$method, url)
        }
    )* };
}

impl Client {
    /// A client with the defaults.
    pub fn new() -> Self {
        // The defaults hold nothing that a transport could refuse.
        ClientBuilder::default().build().expect("the defaults are valid on every target")
    }

    /// A client to be configured.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A request to this URL, absolute or relative to `base_url`. Mistakes come out of `send`, `stream` or `build`.
    pub fn request(&self, method: impl TryInto<Method>, url: impl IntoUrl) -> RequestBuilder {
        RequestBuilder::new(self.clone(), method.try_into().ok(), url.url_text())
    }

    verbs!(get GET, options OPTIONS, head HEAD, post POST, put PUT, patch PATCH, delete DELETE);

    /// A request to be sent by [`send`](Self::send) or [`stream`](Self::stream), with all that the client adds (HTTPX's
    /// `build_request`). [`RequestBuilder::build`] does the same for one with parameters, headers or a body.
    pub fn build_request(&self, method: impl TryInto<Method>, url: impl IntoUrl) -> Result<Request> {
        self.request(method, url).build()
    }

    /// Sends a request and reads its response. To a request built by hand nothing is added but auth and redirects.
    pub async fn send(&self, request: Request) -> Result<Response> {
        self.stream(request).await?.read().await
    }

    /// Sends a request and returns as soon as the response's head is there.
    pub async fn stream(&self, request: Request) -> Result<StreamingResponse> {
        self.stream_with(request, SendOptions::default()).await
    }

    /// [`send`](Self::send) with its own auth and redirects (HTTPX's `send(request, auth=…, follow_redirects=…)`).
    ///
    /// ```no_run
    /// # async fn program() -> whimbrel::Result<()> {
    /// let client = whimbrel::Client::new();
    /// let request = client.build_request("GET", "https://example.org/")?;
    /// let options = whimbrel::SendOptions::new().auth(("user", "pass")).follow_redirects(true);
    /// let response = client.send_with(request, options).await?;
    /// # Ok(()) }
    /// ```
    pub async fn send_with(&self, request: Request, options: SendOptions) -> Result<Response> {
        self.stream_with(request, options).await?.read().await
    }

    /// The base URL, if there is one; its path ends with a slash.
    pub fn base_url(&self) -> Option<&Url> {
        self.inner.base_url.as_ref()
    }

    /// The header fields that every request starts with.
    pub fn headers(&self) -> &Headers {
        &self.inner.headers
    }

    /// The parameters that every request starts with.
    pub fn params(&self) -> &QueryParams {
        &self.inner.params
    }

    /// The timeouts of requests that set none.
    pub fn timeout(&self) -> Timeout {
        self.inner.timeout
    }

    /// A copy of the cookies. In a browser the jar is the browser's and this one stays empty.
    pub fn cookies(&self) -> Cookies {
        self.jar().clone()
    }

    /// Changes the cookies where they are, so that nothing set by others meanwhile is lost: sets some, deletes some, puts
    /// a saved jar in their place.
    ///
    /// Requests of other threads wait until the closure is done; it must not use the client itself. Where the host keeps
    /// the cookies (a browser) this is `Unsupported`.
    ///
    /// ```
    /// let client = whimbrel::Client::new();
    /// client.update_cookies(|cookies| cookies.set("a", "1"))?;
    /// assert_eq!(client.cookies().get("a")?, Some("1"));
    /// # Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn update_cookies<T>(&self, change: impl FnOnce(&mut Cookies) -> T) -> Result<T> {
        builder::check_cookies(&self.capabilities())?;
        Ok(change(&mut self.jar()))
    }

    /// Closes the client, its clones and its transports, mounts too: idle connections at once, the others when their response
    /// is read. What is sent from now on is `Unsupported`. Without it, dropping the last clone closes everything (HTTPX's
    /// `close`).
    ///
    /// ```
    /// let client = whimbrel::Client::new();
    /// client.close();
    /// assert!(client.is_closed());
    /// ```
    pub fn close(&self) {
        self.inner.is_closed.store(true, Ordering::Relaxed);
        self.inner.routes.close();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed.load(Ordering::Relaxed)
    }

    /// How many connections the client's own transport has open and idle, and how many requests wait for one; `None` where
    /// the host keeps the connections, and for a transport that was given.
    ///
    /// ```
    /// let client = whimbrel::Client::new();
    /// assert!(client.pool_stats().is_none_or(|stats| stats.open == 0));
    /// ```
    pub fn pool_stats(&self) -> Option<PoolStats> {
        self.inner.routes.main.pool_stats()
    }

    /// What the client's transport shows and does by itself.
    pub fn capabilities(&self) -> Capabilities {
        self.inner.routes.main.capabilities
    }

    /// No await happens while it is held, and a jar is whole even if a closure of the user panics over it.
    fn jar(&self) -> MutexGuard<'_, Cookies> {
        self.inner.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("timeout", &self.inner.timeout).finish_non_exhaustive()
    }
}
