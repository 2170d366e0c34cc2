//! Options in the plain form that `pkg/lib/options.js` gives them: names and values are strings, one after the other; times are
//! milliseconds.

use std::time::Duration;

use bytes::Bytes;
use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;

use super::upload::{Pieces, Upload};
use crate::TargetTransport;
use crate::auth::{Basic, Bearer};
use crate::backend::BoxFuture;
use crate::body::Body;
use crate::client::{Client, RequestBuilder};
use crate::config::Timeout;
use crate::error::Result;
use crate::request::Request;
use crate::streaming::StreamingResponse;
use crate::transport::{Capabilities, Transport};

#[wasm_bindgen]
extern "C" {
    #[derive(Debug)]
    pub type ClientOptions;
    #[wasm_bindgen(method, getter, js_name = baseUrl)]
    fn base_url(this: &ClientOptions) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn params(this: &ClientOptions) -> Option<Vec<String>>;
    #[wasm_bindgen(method, getter)]
    fn headers(this: &ClientOptions) -> Option<Vec<String>>;
    #[wasm_bindgen(method, getter)]
    fn cookies(this: &ClientOptions) -> Option<Vec<String>>;
    #[wasm_bindgen(method, getter)]
    fn auth(this: &ClientOptions) -> Option<Vec<String>>;
    #[wasm_bindgen(method, getter)]
    fn timeout(this: &ClientOptions) -> Option<Limits>;
    #[wasm_bindgen(method, getter, js_name = followRedirects)]
    fn follow_redirects(this: &ClientOptions) -> Option<bool>;
    #[wasm_bindgen(method, getter, js_name = maxRedirects)]
    fn max_redirects(this: &ClientOptions) -> Option<u32>;
    #[wasm_bindgen(method, getter)]
    fn fetch(this: &ClientOptions) -> Option<Function>;

    #[derive(Debug)]
    pub type RequestOptions;
    #[wasm_bindgen(method, getter)]
    fn params(this: &RequestOptions) -> Option<Vec<String>>;
    #[wasm_bindgen(method, getter)]
    fn headers(this: &RequestOptions) -> Option<Vec<String>>;
    #[wasm_bindgen(method, getter)]
    fn cookies(this: &RequestOptions) -> Option<Vec<String>>;
    #[wasm_bindgen(method, getter)]
    fn auth(this: &RequestOptions) -> Option<Vec<String>>;
    #[wasm_bindgen(method, getter)]
    fn timeout(this: &RequestOptions) -> Option<Limits>;
    #[wasm_bindgen(method, getter, js_name = followRedirects)]
    fn follow_redirects(this: &RequestOptions) -> Option<bool>;
    #[wasm_bindgen(method, getter)]
    fn content(this: &RequestOptions) -> Option<Uint8Array>;
    #[wasm_bindgen(method, getter)]
    fn stream(this: &RequestOptions) -> Option<Pieces>;
    #[wasm_bindgen(method, getter, js_name = contentType)]
    fn content_type(this: &RequestOptions) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn form(this: &RequestOptions) -> Option<Vec<String>>;

    /// Milliseconds each; nothing for no limit.
    type Limits;
    #[wasm_bindgen(method, getter)]
    fn connect(this: &Limits) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn read(this: &Limits) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn write(this: &Limits) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn pool(this: &Limits) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn total(this: &Limits) -> Option<f64>;
}

/// The client that these options ask for.
pub(super) fn client(options: &ClientOptions) -> Result<Client> {
    let mut builder = Client::builder();
    builder = options.base_url().into_iter().fold(builder, |builder, url| builder.base_url(url));
    builder = pairs(&options.params()).fold(builder, |builder, (name, value)| builder.param(name, value));
    builder = pairs(&options.headers()).fold(builder, |builder, (name, value)| builder.header(name, value));
    builder = pairs(&options.cookies()).fold(builder, |builder, (name, value)| builder.cookie(name, value));
    builder = match options.auth().as_deref() {
        Some([user, password]) => builder.auth(Basic::new(user, password)),
        Some([token]) => builder.auth(Bearer::new(token)),
        _ => builder,
    };
    builder = options.timeout().iter().fold(builder, |builder, limits| builder.timeout(timeout(limits)));
    builder = options.follow_redirects().into_iter().fold(builder, |builder, follow| builder.follow_redirects(follow));
    builder = options.max_redirects().into_iter().fold(builder, |builder, most| builder.max_redirects(most as usize));
    builder = options.fetch().into_iter().fold(builder, |builder, fetch| builder.transport(GivenFetch::new(fetch)));
    builder.build()
}

/// The request that these options ask for.
pub(super) fn request(client: &Client, method: &str, url: &str, options: &RequestOptions) -> RequestBuilder {
    let mut builder = client.request(method, url);
    if let Some(params) = options.params() {
        builder = builder.params(pairs(&Some(params)));
    }
    builder = pairs(&options.headers()).fold(builder, |builder, (name, value)| builder.header(name, value));
    builder = pairs(&options.cookies()).fold(builder, |builder, (name, value)| builder.cookie(name, value));
    builder = match options.auth().as_deref() {
        Some([user, password]) => builder.auth(Basic::new(user, password)),
        Some([token]) => builder.auth(Bearer::new(token)),
        Some(_) => builder.no_auth(),
        None => builder,
    };
    builder = options.timeout().iter().fold(builder, |builder, limits| builder.timeout(timeout(limits)));
    builder = options.follow_redirects().into_iter().fold(builder, |builder, follow| builder.follow_redirects(follow));
    body(builder, client, options)
}

/// A form, a stream, or bytes with the type that JavaScript gave them; a Content-Type that the user set stands (HTTPX).
fn body(builder: RequestBuilder, client: &Client, options: &RequestOptions) -> RequestBuilder {
    if let Some(fields) = options.form() {
        return builder.form(pairs(&Some(fields)));
    }
    if let Some(pieces) = options.stream() {
        return builder.content(Body::stream(Upload::new(pieces), None));
    }
    let Some(content) = options.content() else { return builder };
    let given = pairs(&options.headers()).any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let content_type = options.content_type().filter(|_| !given && !client.headers().contains("content-type"));
    let builder = content_type.into_iter().fold(builder, |builder, value| builder.header("content-type", value));
    builder.content(Bytes::from(content.to_vec()))
}

fn pairs(flat: &Option<Vec<String>>) -> impl Iterator<Item = (String, String)> + '_ {
    flat.iter().flat_map(|flat| flat.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())))
}

fn timeout(limits: &Limits) -> Timeout {
    let limit = |milliseconds: Option<f64>| milliseconds.map(|limit| Duration::from_millis(limit as u64));
    Timeout::none()
        .connect(limit(limits.connect()))
        .read(limit(limits.read()))
        .write(limit(limits.write()))
        .pool(limit(limits.pool()))
        .total(limit(limits.total()))
}

/// The user's own function in place of the global `fetch`.
struct GivenFetch(TargetTransport);

impl GivenFetch {
    fn new(fetch: Function) -> Self {
        Self(TargetTransport::with_fetch(fetch))
    }
}

impl Transport for GivenFetch {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<StreamingResponse>> {
        Box::pin(self.0.send(request))
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }
}
