//! The same client for programs without async: each call drives the async one on the calling thread.
//!
//! A client can be shared between threads. Inside an async runtime its calls fail with `Unsupported`, for they would
//! block it, and so they do in JavaScript hosts, which cannot block at all.
//!
//! ```no_run
//! let response = whimbrel::blocking::get("https://www.example.org/").send()?;
//! println!("{}", response.text());
//! # Ok::<(), whimbrel::Error>(())
//! ```

use std::fmt::Display;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};

use http::Method;
use serde::Serialize;

use crate::auth::Auth;
use crate::backend::{MaybeSend, MaybeSync, Runtime};
use crate::body::Body;
use crate::client::SendOptions;
use crate::config::Timeout;
use crate::cookies::Cookies;
use crate::error::{Error, ErrorKind, Result};
use crate::headers::{Headers, IntoHeaderName, IntoHeaderValue};
use crate::multipart::Multipart;
use crate::query_params::QueryParams;
use crate::request::Request;
use crate::response::Response;
use crate::trace::TraceEvent;
use crate::transport::{Capabilities, PoolStats};
use crate::url_merge::IntoUrl;

/// What needs no waiting is the same for both faces.
macro_rules! same {
    ($inner:ident: $Type:ident, $($name:ident -> $returned:ty),*) => { $(
        #[doc = concat!("As [`crate::", stringify!($Type), "::", stringify!($name), "`].")]
        pub fn $name(&self) -> $returned {
            self.$inner.$name()
        }
    )* };
}

mod streaming;

pub use self::streaming::{StreamingResponse, Upgraded};

/// A [`crate::Client`] and the runtime that drives it.
#[derive(Clone)]
pub struct Client {
    client: crate::Client,
    runtime: Arc<OnceLock<Runtime>>,
}

/// One method per verb, all alike.
macro_rules! verbs {
    ($($verb:ident),*) => { $(
        #[doc = concat!("As [`crate::Client::", stringify!($verb), "`].")]
        pub fn $verb(&self, url: impl IntoUrl) -> RequestBuilder {
            self.wrap(self.client.$verb(url))
        }
    )* };
}

impl Client {
    /// A client with the defaults.
    pub fn new() -> Self {
        crate::Client::new().into()
    }

    /// A client to be configured; its [`build_blocking`](crate::ClientBuilder::build_blocking) makes one of this kind.
    pub fn builder() -> crate::ClientBuilder {
        crate::Client::builder()
    }

    /// As [`crate::Client::request`].
    pub fn request(&self, method: impl TryInto<Method>, url: impl IntoUrl) -> RequestBuilder {
        self.wrap(self.client.request(method, url))
    }

    verbs!(get, options, head, post, put, patch, delete);

    /// As [`crate::Client::build_request`].
    pub fn build_request(&self, method: impl TryInto<Method>, url: impl IntoUrl) -> Result<Request> {
        self.client.build_request(method, url)
    }

    same! { client: Client,
        base_url -> Option<&url::Url>, headers -> &Headers, params -> &QueryParams, timeout -> Timeout, cookies -> Cookies,
        capabilities -> Capabilities, is_closed -> bool, pool_stats -> Option<PoolStats>
    }

    /// As [`crate::Client::close`].
    pub fn close(&self) {
        self.client.close();
    }

    /// As [`crate::Client::send`].
    pub fn send(&self, request: Request) -> Result<Response> {
        self.block_on(pin!(self.client.send(request)))?
    }

    /// As [`crate::Client::stream`].
    pub fn stream(&self, request: Request) -> Result<StreamingResponse> {
        let response = self.block_on(pin!(self.client.stream(request)))??;
        Ok(StreamingResponse::new(response, self.clone()))
    }

    /// As [`crate::Client::send_with`].
    pub fn send_with(&self, request: Request, options: SendOptions) -> Result<Response> {
        self.block_on(pin!(self.client.send_with(request, options)))?
    }

    /// As [`crate::Client::stream_with`].
    pub fn stream_with(&self, request: Request, options: SendOptions) -> Result<StreamingResponse> {
        let response = self.block_on(pin!(self.client.stream_with(request, options)))??;
        Ok(StreamingResponse::new(response, self.clone()))
    }

    /// As [`crate::Client::update_cookies`].
    pub fn update_cookies<T>(&self, change: impl FnOnce(&mut Cookies) -> T) -> Result<T> {
        self.client.update_cookies(change)
    }

    fn wrap(&self, request: crate::RequestBuilder) -> RequestBuilder {
        RequestBuilder { request, client: self.clone() }
    }

    /// The runtime starts with the first call, so that making a client costs little and cannot fail. The future is driven
    /// where the caller has pinned it: by value it would be moved several times, all of its kilobytes.
    fn block_on<T>(&self, future: Pin<&mut impl Future<Output = T>>) -> Result<T> {
        if self.runtime.get().is_none() {
            let _ = self.runtime.set(Runtime::new()?);
        }
        match self.runtime.get() {
            Some(runtime) => runtime.block_on(future),
            None => Err(Error::new(ErrorKind::Unsupported, "No runtime can be started")),
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.client.fmt(f)
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl From<crate::Client> for Client {
    fn from(client: crate::Client) -> Self {
        Self { client, runtime: Arc::default() }
    }
}

impl crate::ClientBuilder {
    /// The client for programs without async.
    pub fn build_blocking(self) -> Result<Client> {
        self.build().map(Client::from)
    }
}

/// A [`crate::RequestBuilder`] whose `send` and `stream` block.
#[must_use = "a request does nothing until it is sent, streamed or built"]
pub struct RequestBuilder {
    request: crate::RequestBuilder,
    client: Client,
}

impl RequestBuilder {
    fn map(self, change: impl FnOnce(crate::RequestBuilder) -> crate::RequestBuilder) -> Self {
        Self { request: change(self.request), client: self.client }
    }

    /// As [`crate::RequestBuilder::param`].
    pub fn param(self, name: impl Into<String>, value: impl Display) -> Self {
        self.map(|request| request.param(name, value))
    }

    /// As [`crate::RequestBuilder::params`].
    pub fn params<N: Into<String>, V: Display>(self, params: impl IntoIterator<Item = (N, V)>) -> Self {
        self.map(|request| request.params(params))
    }

    /// As [`crate::RequestBuilder::header`].
    pub fn header(self, name: impl IntoHeaderName, value: impl IntoHeaderValue) -> Self {
        self.map(|request| request.header(name, value))
    }

    /// As [`crate::RequestBuilder::cookie`].
    pub fn cookie(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.map(|request| request.cookie(name, value))
    }

    /// As [`crate::RequestBuilder::cookies`].
    pub fn cookies(self, cookies: &Cookies) -> Self {
        self.map(|request| request.cookies(cookies))
    }

    /// As [`crate::RequestBuilder::headers`].
    pub fn headers<N: IntoHeaderName, V: IntoHeaderValue>(self, fields: impl IntoIterator<Item = (N, V)>) -> Self {
        self.map(|request| request.headers(fields))
    }

    /// As [`crate::RequestBuilder::content`].
    pub fn content(self, body: impl Into<Body>) -> Self {
        self.map(|request| request.content(body))
    }

    /// As [`crate::RequestBuilder::json`].
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> Self {
        self.map(|request| request.json(value))
    }

    /// As [`crate::RequestBuilder::form`].
    pub fn form<N: Into<String>, V: Display>(self, fields: impl IntoIterator<Item = (N, V)>) -> Self {
        self.map(|request| request.form(fields))
    }

    /// As [`crate::RequestBuilder::multipart`].
    pub fn multipart(self, form: Multipart) -> Self {
        self.map(|request| request.multipart(form))
    }

    /// As [`crate::RequestBuilder::upload_progress`].
    pub fn upload_progress(self, progress: impl Fn(u64, Option<u64>) + MaybeSend + MaybeSync + 'static) -> Self {
        self.map(|request| request.upload_progress(progress))
    }

    /// As [`crate::RequestBuilder::trailers`].
    pub fn trailers<I, N, V>(self, trailers: impl Fn() -> I + MaybeSend + MaybeSync + 'static) -> Self
    where
        I: IntoIterator<Item = (N, V)>,
        N: IntoHeaderName,
        V: IntoHeaderValue,
    {
        self.map(|request| request.trailers(trailers))
    }

    /// As [`crate::RequestBuilder::timeout`].
    pub fn timeout(self, timeout: impl Into<Timeout>) -> Self {
        self.map(|request| request.timeout(timeout))
    }

    /// As [`crate::RequestBuilder::auth`].
    pub fn auth(self, auth: impl Auth) -> Self {
        self.map(|request| request.auth(auth))
    }

    /// As [`crate::RequestBuilder::no_auth`].
    pub fn no_auth(self) -> Self {
        self.map(crate::RequestBuilder::no_auth)
    }

    /// As [`crate::RequestBuilder::follow_redirects`].
    pub fn follow_redirects(self, follow: bool) -> Self {
        self.map(|request| request.follow_redirects(follow))
    }

    /// As [`crate::RequestBuilder::trace`].
    pub fn trace(self, listener: impl Fn(&TraceEvent<'_>) + MaybeSend + MaybeSync + 'static) -> Self {
        self.map(|request| request.trace(listener))
    }

    /// As [`crate::RequestBuilder::on_informational`].
    pub fn on_informational(self, hook: impl Fn(&Response) + MaybeSend + MaybeSync + 'static) -> Self {
        self.map(|request| request.on_informational(hook))
    }

    /// As [`crate::RequestBuilder::extension`].
    pub fn extension<T: Clone + Send + Sync + 'static>(self, value: T) -> Self {
        self.map(|request| request.extension(value))
    }

    /// As [`crate::RequestBuilder::build`].
    pub fn build(self) -> Result<Request> {
        self.request.build()
    }

    /// As [`crate::RequestBuilder::send`].
    pub fn send(self) -> Result<Response> {
        self.client.block_on(pin!(self.request.send()))?
    }

    /// As [`crate::RequestBuilder::stream`].
    pub fn stream(self) -> Result<StreamingResponse> {
        let response = self.client.block_on(pin!(self.request.stream()))??;
        Ok(StreamingResponse::new(response, self.client))
    }
}

/// As [`crate::get`] and its like: a client for one request.
pub fn request(method: impl TryInto<Method>, url: impl IntoUrl) -> RequestBuilder {
    Client::new().request(method, url)
}

/// One function per verb, all alike.
macro_rules! one_shots {
    ($($verb:ident),*) => { $(
        #[doc = concat!("As [`crate::", stringify!($verb), "()`].")]
        pub fn $verb(url: impl IntoUrl) -> RequestBuilder {
            Client::new().$verb(url)
        }
    )* };
}

one_shots!(get, options, head, post, put, patch, delete);
