//! Settings as `pkg/index.js` hands them over: lists of pairs, numbers of milliseconds, nothing left to interpret.

use std::time::Duration;

use js_sys::{Array, Function, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::ReadableStream;

use super::CustomFetch;
use crate::auth::Bearer;
use crate::client::{Client, ClientBuilder, RequestBuilder};
use crate::config::Timeout;
use crate::error::Result;
use crate::host::FetchTransport;

#[wasm_bindgen]
extern "C" {
    /// The settings of a client.
    pub type ClientInit;
    #[wasm_bindgen(method, getter, js_name = baseUrl)]
    fn base_url(this: &ClientInit) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn params(this: &ClientInit) -> Array;
    #[wasm_bindgen(method, getter)]
    fn headers(this: &ClientInit) -> Array;
    #[wasm_bindgen(method, getter)]
    fn cookies(this: &ClientInit) -> Array;
    #[wasm_bindgen(method, getter)]
    fn auth(this: &ClientInit) -> Option<Array>;
    #[wasm_bindgen(method, getter)]
    fn timeout(this: &ClientInit) -> Option<Vec<f64>>;
    #[wasm_bindgen(method, getter, js_name = followRedirects)]
    fn follow_redirects(this: &ClientInit) -> Option<bool>;
    #[wasm_bindgen(method, getter, js_name = maxRedirects)]
    fn max_redirects(this: &ClientInit) -> Option<f64>;
    #[wasm_bindgen(method, getter, js_name = defaultEncoding)]
    fn default_encoding(this: &ClientInit) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn fetch(this: &ClientInit) -> Option<Function>;

    /// One request. What is `undefined` is left to the client; auth that is an empty list is "none".
    pub type RequestInit;
    #[wasm_bindgen(method, getter)]
    pub(super) fn method(this: &RequestInit) -> String;
    #[wasm_bindgen(method, getter)]
    pub(super) fn url(this: &RequestInit) -> String;
    #[wasm_bindgen(method, getter, js_name = params)]
    fn request_params(this: &RequestInit) -> Option<Array>;
    #[wasm_bindgen(method, getter, js_name = headers)]
    fn request_headers(this: &RequestInit) -> Array;
    #[wasm_bindgen(method, getter, js_name = cookies)]
    fn request_cookies(this: &RequestInit) -> Array;
    #[wasm_bindgen(method, getter, js_name = auth)]
    fn request_auth(this: &RequestInit) -> Option<Array>;
    #[wasm_bindgen(method, getter, js_name = timeout)]
    fn request_timeout(this: &RequestInit) -> Option<Vec<f64>>;
    #[wasm_bindgen(method, getter, js_name = followRedirects)]
    fn request_follow_redirects(this: &RequestInit) -> Option<bool>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn text(this: &RequestInit) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn bytes(this: &RequestInit) -> Option<Uint8Array>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn form(this: &RequestInit) -> Option<Array>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn stream(this: &RequestInit) -> Option<ReadableStream>;
}

impl ClientInit {
    pub(super) fn builder(&self) -> Result<ClientBuilder> {
        let mut builder = Client::builder();
        if let Some(url) = self.base_url() {
            builder = builder.base_url(url);
        }
        builder = strings(&self.params()).fold(builder, |builder, (name, value)| builder.param(name, value));
        builder = strings(&self.headers()).fold(builder, |builder, (name, value)| builder.header(name, value));
        builder = strings(&self.cookies()).fold(builder, |builder, (name, value)| builder.cookie(name, value));
        builder = match self.auth().map(|auth| words(&auth)).as_deref() {
            Some([name, password]) => builder.auth((name.clone(), password.clone())),
            Some([token]) => builder.auth(Bearer::new(token)),
            _ => builder,
        };
        if let Some(limits) = self.timeout() {
            builder = builder.timeout(timeout(&limits));
        }
        if let Some(follow) = self.follow_redirects() {
            builder = builder.follow_redirects(follow);
        }
        if let Some(most) = self.max_redirects() {
            // A number of JavaScript's; beyond the range it is the end of the range.
            builder = builder.max_redirects(most as usize);
        }
        if let Some(encoding) = self.default_encoding() {
            builder = builder.default_encoding(encoding);
        }
        match self.fetch() {
            Some(fetch) => Ok(builder.transport(CustomFetch(FetchTransport::with_fetch(fetch)))),
            None => Ok(builder),
        }
    }
}

impl RequestInit {
    /// Everything but the body.
    pub(super) fn configure(&self, mut request: RequestBuilder) -> RequestBuilder {
        if let Some(params) = self.request_params() {
            request = request.params(strings(&params));
        }
        request = strings(&self.request_headers()).fold(request, |request, (name, value)| request.header(name, value));
        request = strings(&self.request_cookies()).fold(request, |request, (name, value)| request.cookie(name, value));
        request = match self.request_auth().map(|auth| words(&auth)).as_deref() {
            Some([name, password]) => request.auth((name.clone(), password.clone())),
            Some([token]) => request.auth(Bearer::new(token)),
            Some(_) => request.no_auth(),
            None => request,
        };
        if let Some(limits) = self.request_timeout() {
            request = request.timeout(timeout(&limits));
        }
        match self.request_follow_redirects() {
            Some(follow) => request.follow_redirects(follow),
            None => request,
        }
    }
}

/// connect, read, write, pool, total in milliseconds: NaN is the default, infinity is none.
fn timeout(limits: &[f64]) -> Timeout {
    let limit = |at: usize, default: Option<Duration>| match limits.get(at) {
        Some(milliseconds) if !milliseconds.is_nan() => Duration::try_from_secs_f64(milliseconds / 1000.0).ok(),
        _ => default,
    };
    let default = Timeout::default();
    default
        .connect(limit(0, default.connect))
        .read(limit(1, default.read))
        .write(limit(2, default.write))
        .pool(limit(3, default.pool))
        .total(limit(4, default.total))
}

fn words(list: &Array) -> Vec<String> {
    list.iter().map(|word| word.as_string().unwrap_or_default()).collect()
}

/// A list of pairs of strings.
pub(super) fn strings(pairs: &Array) -> impl Iterator<Item = (String, String)> {
    pairs.iter().map(|pair| {
        let pair: Array = pair.unchecked_into();
        (pair.get(0).as_string().unwrap_or_default(), pair.get(1).as_string().unwrap_or_default())
    })
}
