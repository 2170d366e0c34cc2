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

use std::borrow::Cow;
use std::fmt::Display;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};

use bytes::{Buf, Bytes};
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
        Ok(StreamingResponse { response, client: self.clone(), unread: Bytes::new() })
    }

    /// As [`crate::Client::send_with`].
    pub fn send_with(&self, request: Request, options: SendOptions) -> Result<Response> {
        self.block_on(pin!(self.client.send_with(request, options)))?
    }

    /// As [`crate::Client::stream_with`].
    pub fn stream_with(&self, request: Request, options: SendOptions) -> Result<StreamingResponse> {
        let response = self.block_on(pin!(self.client.stream_with(request, options)))??;
        Ok(StreamingResponse { response, client: self.clone(), unread: Bytes::new() })
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
        Ok(StreamingResponse { response, client: self.client, unread: Bytes::new() })
    }
}

/// A [`crate::StreamingResponse`] whose reading blocks. It is also a [`std::io::Read`] of the content.
pub struct StreamingResponse {
    response: crate::StreamingResponse,
    client: Client,
    unread: Bytes,
}

impl StreamingResponse {
    same! { response: StreamingResponse,
        status -> http::StatusCode, reason_phrase -> Cow<'_, str>, version -> Option<http::Version>, headers -> &Headers,
        url -> &url::Url, request -> &Request, history -> &[Response], extensions -> &http::Extensions,
        is_success -> bool, is_redirect -> bool, is_client_error -> bool, is_server_error -> bool, content_length -> Option<u64>, bytes_downloaded -> u64, encoding -> Cow<'_, str>,
        charset_encoding -> Option<String>
    }

    /// As [`crate::StreamingResponse::raise_for_status`].
    pub fn raise_for_status(&self) -> Result<&Self> {
        self.response.raise_for_status().map(|_| self)
    }

    /// As [`crate::StreamingResponse::chunk`].
    pub fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.client.block_on(pin!(self.response.chunk()))?
    }

    /// As [`crate::StreamingResponse::raw_chunk`].
    pub fn raw_chunk(&mut self) -> Result<Option<Bytes>> {
        self.client.block_on(pin!(self.response.raw_chunk()))?
    }

    /// As [`crate::StreamingResponse::set_encoding`].
    pub fn set_encoding(&mut self, encoding: impl Into<String>) {
        self.response.set_encoding(encoding);
    }

    /// As [`crate::StreamingResponse::text_stream`], as an iterator.
    pub fn text_stream(&mut self) -> impl Iterator<Item = Result<String>> + '_ {
        let Self { response, client, .. } = self;
        let mut text = response.text_stream();
        std::iter::from_fn(move || client.block_on(pin!(text.next())).unwrap_or_else(|error| Some(Err(error))))
    }

    /// As [`crate::StreamingResponse::lines`], as an iterator.
    pub fn lines(&mut self) -> impl Iterator<Item = Result<String>> + '_ {
        let Self { response, client, .. } = self;
        let mut lines = response.lines();
        std::iter::from_fn(move || client.block_on(pin!(lines.next())).unwrap_or_else(|error| Some(Err(error))))
    }

    /// As [`crate::StreamingResponse::chunks`], as an iterator.
    pub fn chunks(&mut self, size: usize) -> impl Iterator<Item = Result<Bytes>> + '_ {
        let Self { response, client, .. } = self;
        let mut chunks = response.chunks(size);
        std::iter::from_fn(move || client.block_on(pin!(chunks.next())).unwrap_or_else(|error| Some(Err(error))))
    }

    /// As [`crate::StreamingResponse::read`].
    pub fn read(self) -> Result<Response> {
        self.client.block_on(pin!(self.response.read()))?
    }
}

impl io::Read for StreamingResponse {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            self.unread = self.chunk().map_err(io::Error::other)?.unwrap_or_default();
        }
        let length = into.len().min(self.unread.len());
        self.unread.copy_to_slice(&mut into[..length]);
        Ok(length)
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
