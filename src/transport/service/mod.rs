//! A transport that is a tower service of the same program.

mod body;
mod head;

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use http::request::Parts;
use http::{Method, StatusCode, Version};
use tower_service::Service;

pub use self::body::ServiceBody;
use self::body::{ResponseBody, Upload};
use super::Transport;
use crate::backend::{BoxFuture, MaybeSend, MaybeSync};
use crate::body::Incoming;
use crate::error::{BoxError, Error, ErrorKind, Result};
use crate::headers::Headers;
use crate::request::Request;
use crate::response::Head;
use crate::streaming::StreamingResponse;

/// Sends requests to a tower service in the same program, as an axum `Router`: no socket, no task, no runtime (HTTPX's
/// `ASGITransport` and `WSGITransport`). Needs the feature `tower`, which is on by default; works on every target.
///
/// The service gets what a server would give it: the path and query as the URI, HTTP/1.1, all header fields with Host, and
/// the request's [extensions](Request::extensions) with a [`ClientAddress`]. A streamed body reaches it as it asks for more,
/// and its own body is read as the caller reads the response. As with a connection, both are driven by whoever awaits the
/// response, and dropping that ends both. Trailers are ignored, and so is the body of a response to HEAD.
///
/// The service is cloned for each request and awaited until it is ready. When it fails, so does the request, with kind
/// `Read`; see [`raise_app_exceptions`](Self::raise_app_exceptions). Its panics are its caller's. Of the timeouts only the
/// total one holds: there is no connection to wait for.
///
/// ```
/// use axum::{Json, Router, routing::post};
/// use serde_json::{Value, json};
/// use whimbrel::{Client, ServiceTransport};
///
/// let app = Router::new().route("/birds", post(|Json(bird): Json<Value>| async move { Json(json!({ "seen": bird })) }));
/// let client = Client::builder().base_url("http://app").transport(ServiceTransport::new(app)).build()?;
/// # whimbrel::block_on(async {
/// let response = client.post("/birds").json(&"whimbrel").await?;
/// assert_eq!(response.json::<Value>()?, json!({ "seen": "whimbrel" }));
/// # Ok::<(), whimbrel::Error>(()) })??; Ok::<(), whimbrel::Error>(())
/// ```
pub struct ServiceTransport<S> {
    /// Locked only to be cloned: many services can be sent between threads but not shared.
    service: Mutex<S>,
    client_address: SocketAddr,
    root_path: String,
    raise_app_exceptions: bool,
    map_request: Option<Box<dyn MapRequest>>,
}

/// Who asks, among the extensions of each request that a [`ServiceTransport`] makes.
///
/// An axum handler takes it as `Extension(ClientAddress(address))`. Where it wants a `ConnectInfo<SocketAddr>`, as from a
/// server, [`ServiceTransport::map_request`] makes one of it.
///
/// ```
/// use axum::{Extension, Router, routing::get};
/// use whimbrel::{Client, ClientAddress, ServiceTransport};
///
/// let show = |Extension(ClientAddress(from)): Extension<ClientAddress>| async move { from.ip().to_string() };
/// let app = Router::new().route("/", get(show));
/// let transport = ServiceTransport::new(app).client_address("192.0.2.1:5000".parse()?);
/// let client = Client::builder().transport(transport).build()?;
/// # whimbrel::block_on(async {
/// assert_eq!(client.get("http://app/").await?.text(), "192.0.2.1");
/// # Ok::<(), whimbrel::Error>(()) })??; Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub SocketAddr);

/// A function of the user.
trait MapRequest: MaybeSend + MaybeSync {
    fn map(&self, parts: &mut Parts);
}

impl<F: Fn(&mut Parts) + MaybeSend + MaybeSync> MapRequest for F {
    fn map(&self, parts: &mut Parts) {
        self(parts);
    }
}

impl<S> ServiceTransport<S> {
    /// Sends requests to this service.
    pub fn new(service: S) -> Self {
        Self {
            service: Mutex::new(service),
            client_address: SocketAddr::from(([127, 0, 0, 1], 123)),
            root_path: String::new(),
            raise_app_exceptions: true,
            map_request: None,
        }
    }

    /// The address that requests come from, as [`ClientAddress`]: 127.0.0.1:123 by default (HTTPX's `client`).
    pub fn client_address(mut self, address: SocketAddr) -> Self {
        self.client_address = address;
        self
    }

    /// The path at which the service is mounted, written as in URLs; none by default. The service does not see it: with
    /// `/api`, `/api/users` is `/users` and `/api` is `/`.
    ///
    /// A path outside of it is seen as it is, as ASGI applications do it: whoever stands in front of an application may
    /// have taken the prefix off already, and the application knows best that it has no such route.
    ///
    /// ```
    /// # use axum::{Router, routing::get};
    /// # use whimbrel::{Client, ServiceTransport};
    /// let app = Router::new().route("/users", get(|| async { "all of them" }));
    /// let client = Client::builder().transport(ServiceTransport::new(app).root_path("/api")).build()?;
    /// # whimbrel::block_on(async {
    /// assert_eq!(client.get("http://app/api/users").await?.text(), "all of them");
    /// # Ok::<(), whimbrel::Error>(()) })??; Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn root_path(mut self, path: &str) -> Self {
        let path = path.trim_matches('/');
        self.root_path = if path.is_empty() { String::new() } else { format!("/{path}") };
        self
    }

    /// Whether the service's own error is the request's, with kind `Read` and the cause as its source: yes by default.
    ///
    /// Otherwise it is a response with status 500 and no body, as a server would send. A body that fails is an error
    /// either way, for what came of it is not all of it.
    pub fn raise_app_exceptions(mut self, raise: bool) -> Self {
        self.raise_app_exceptions = raise;
        self
    }

    /// Shows every request to the function just before the service gets it, to change it or to add what the service's
    /// server would, as axum's `ConnectInfo` (with axum's feature `tokio`):
    ///
    /// ```
    /// # use std::net::SocketAddr;
    /// # use axum::{Extension, Router, routing::get};
    /// use whimbrel::{Client, ClientAddress, ServiceTransport};
    /// # #[derive(Clone)] struct ConnectInfo(SocketAddr);
    ///
    /// # let app = Router::new().route("/", get(|Extension(ConnectInfo(from)): Extension<ConnectInfo>| async move { from.to_string() }));
    /// let transport = ServiceTransport::new(app).map_request(|parts| {
    ///     if let Some(ClientAddress(address)) = parts.extensions.get().copied() {
    ///         parts.extensions.insert(ConnectInfo(address));
    ///     }
    /// });
    /// let client = Client::builder().transport(transport).build()?;
    /// # whimbrel::block_on(async {
    /// assert_eq!(client.get("http://app/").await?.text(), "127.0.0.1:123");
    /// # Ok::<(), whimbrel::Error>(()) })??; Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn map_request(mut self, map: impl Fn(&mut Parts) + MaybeSend + MaybeSync + 'static) -> Self {
        self.map_request = Some(Box::new(map));
        self
    }
}

impl<S, B> Transport for ServiceTransport<S>
where
    S: Service<http::Request<ServiceBody>, Response = http::Response<B>> + Clone + MaybeSend + 'static,
    S::Error: Into<BoxError>,
    S::Future: MaybeSend,
    B: http_body::Body<Error: Into<BoxError>> + MaybeSend + 'static,
{
    fn send(&self, mut request: Request) -> BoxFuture<'_, Result<StreamingResponse>> {
        // A panic of the service's `clone` leaves the service itself as it was.
        let service = self.service.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async move {
            match self.exchange(service, &mut request).await {
                Ok((head, body)) => Ok(StreamingResponse::from_parts(request, head, body)),
                Err(error) => Err(error.with_url(request.url())),
            }
        })
    }
}

impl<S> ServiceTransport<S> {
    async fn exchange<B>(&self, mut service: S, request: &mut Request) -> Result<(Head, Incoming)>
    where
        S: Service<http::Request<ServiceBody>, Response = http::Response<B>>,
        S::Error: Into<BoxError>,
        B: http_body::Body<Error: Into<BoxError>> + MaybeSend + 'static,
    {
        let (body, mut upload) = body::of(request.body_mut().take()?);
        let seen = http::Request::from_parts(self.parts(request)?, body);
        let answering = async {
            poll_fn(|cx| service.poll_ready(cx)).await?;
            service.call(seen).await
        };
        match beside(&mut upload, answering).await? {
            Ok(response) => Ok(received(response, upload, request.method())),
            Err(_) if !self.raise_app_exceptions => Ok((internal_error(), Incoming::Bytes(Default::default()))),
            Err(error) => Err(failed(error.into())),
        }
    }

    fn parts(&self, request: &Request) -> Result<Parts> {
        let mut parts = head::parts(request, &self.root_path)?;
        parts.extensions.insert(ClientAddress(self.client_address));
        if let Some(hook) = &self.map_request {
            hook.map(&mut parts);
        }
        Ok(parts)
    }
}

/// The future's result, while the request's body goes out as it is asked for; or why that failed.
async fn beside<T>(upload: &mut Option<Upload>, future: impl Future<Output = T>) -> Result<T> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if let Poll::Ready(done) = future.as_mut().poll(cx) {
            return Poll::Ready(Ok(done));
        }
        let Some(Poll::Ready(error)) = upload.as_mut().map(|upload| upload.poll(cx)) else { return Poll::Pending };
        // The service sees that its body broke off, but what it says to that concerns nobody.
        let _ = future.as_mut().poll(cx);
        Poll::Ready(Err(error))
    })
    .await
}

fn received<B>(response: http::Response<B>, upload: Option<Upload>, method: &Method) -> (Head, Incoming)
where
    B: http_body::Body<Error: Into<BoxError>> + MaybeSend + 'static,
{
    let (parts, body) = response.into_parts();
    let body = match *method == Method::HEAD {
        true => Incoming::Bytes(Default::default()),
        false => Incoming::Stream(Box::pin(ResponseBody::new(body, upload))),
    };
    (head::received(parts), body)
}

fn internal_error() -> Head {
    Head { version: Some(Version::HTTP_11), ..Head::new(StatusCode::INTERNAL_SERVER_ERROR, Headers::new()) }
}

/// The service's error. One that is ours already, of a client within the service perhaps, stays what it is.
fn failed(source: BoxError) -> Error {
    match source.downcast::<Error>() {
        Ok(error) => *error,
        Err(source) => Error::new(ErrorKind::Read, format!("The service failed: {source}")).with_source(source),
    }
}
