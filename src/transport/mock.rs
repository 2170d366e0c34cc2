//! A transport that is a function.

use std::future::Future;

use super::Transport;
use crate::backend::{BoxFuture, MaybeSend, MaybeSync};
use crate::error::Result;
use crate::request::Request;
use crate::response::Response;
use crate::streaming::StreamingResponse;

/// Answers requests with a function instead of a server (HTTPX's `MockTransport`).
///
/// ```
/// use whimbrel::{Client, MockTransport, Response};
/// let client = Client::builder()
///     .transport(MockTransport::new(|request| Response::new(200).with_text(request.url().path())))
///     .build()?;
/// # whimbrel::block_on(async {
/// assert_eq!(client.get("https://example.org/hello").send().await?.text(), "/hello");
/// # Ok::<(), whimbrel::Error>(()) })??; Ok::<(), whimbrel::Error>(())
/// ```
pub struct MockTransport {
    handler: Box<dyn Handler>,
}

/// What a mock's handler may return: a response, or a result with one.
pub trait IntoMockResponse {
    /// The response, or the error that sending fails with.
    fn into_mock_response(self) -> Result<Response>;
}

impl IntoMockResponse for Response {
    fn into_mock_response(self) -> Result<Response> {
        Ok(self)
    }
}

impl IntoMockResponse for Result<Response> {
    fn into_mock_response(self) -> Result<Response> {
        self
    }
}

trait Handler: MaybeSend + MaybeSync {
    fn handle(&self, request: &Request) -> BoxFuture<'static, Result<Response>>;
}

struct Now<F>(F);

impl<F, R> Handler for Now<F>
where
    F: Fn(&Request) -> R + MaybeSend + MaybeSync,
    R: IntoMockResponse,
{
    fn handle(&self, request: &Request) -> BoxFuture<'static, Result<Response>> {
        Box::pin(std::future::ready((self.0)(request).into_mock_response()))
    }
}

struct Later<F>(F);

impl<F, R> Handler for Later<F>
where
    F: Fn(&Request) -> R + MaybeSend + MaybeSync,
    R: Future<Output: IntoMockResponse> + MaybeSend + 'static,
{
    fn handle(&self, request: &Request) -> BoxFuture<'static, Result<Response>> {
        let response = (self.0)(request);
        Box::pin(async move { response.await.into_mock_response() })
    }
}

impl MockTransport {
    /// Answers with what the function returns: a [`Response`] or a `Result<Response>`. A streamed body is read first.
    pub fn new<R>(handler: impl Fn(&Request) -> R + MaybeSend + MaybeSync + 'static) -> Self
    where
        R: IntoMockResponse + 'static,
    {
        Self { handler: Box::new(Now(handler)) }
    }

    /// The same with an async function.
    pub fn new_async<R>(handler: impl Fn(&Request) -> R + MaybeSend + MaybeSync + 'static) -> Self
    where
        R: Future<Output: IntoMockResponse> + MaybeSend + 'static,
    {
        Self { handler: Box::new(Later(handler)) }
    }
}

impl Transport for MockTransport {
    fn send(&self, mut request: Request) -> BoxFuture<'_, Result<StreamingResponse>> {
        Box::pin(async move {
            request.body_mut().deliver().await?;
            let response = self.handler.handle(&request).await?;
            Ok(StreamingResponse::new(request, response))
        })
    }
}
