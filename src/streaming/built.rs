//! Responses built by hand, as what a transport returns.

use bytes::Bytes;
use url::Url;

use super::StreamingResponse;
use crate::backend::{MaybeSend, now};
use crate::body::{Incoming, StreamBody, Upgraded};
use crate::connect::NetworkStream;
use crate::decode::text::TextEncoding;
use crate::error::{BoxError, Result};
use crate::request::Request;
use crate::response::{Head, Response};

/// A response built by hand becomes what a transport returns.
impl StreamingResponse {
    /// What a custom transport answers: the request that it was given, a response built by hand, its body in memory.
    pub fn new(request: Request, response: Response) -> Self {
        Self::built(request, response.head, response.encoding, Incoming::Bytes(response.body))
    }

    /// The same for a 101, or a CONNECT that opened a tunnel: [`upgrade`](Self::upgrade) gives the stream.
    ///
    /// ```
    /// use futures_util::io::{AsyncReadExt, Cursor};
    /// use whimbrel::{Client, Request, Response, StreamingResponse};
    /// # struct Switching;
    /// # impl whimbrel::Transport for Switching { fn send(&self, request: Request) -> whimbrel::BoxFuture<'_, whimbrel::Result<StreamingResponse>> {
    /// # Box::pin(async move { Ok(answer(request)) }) } }
    ///
    /// fn answer(request: Request) -> StreamingResponse {
    ///     StreamingResponse::with_upgrade(request, Response::new(101), Cursor::new(b"hello".to_vec()))
    /// }
    /// # whimbrel::block_on(async {
    /// # let client = Client::builder().transport(Switching).build()?;
    /// let mut stream = client.get("ws://example.org/").stream().await?.upgrade()?;
    /// let mut greeting = [0; 5];
    /// stream.read_exact(&mut greeting).await.unwrap();
    /// assert_eq!(&greeting, b"hello");
    /// # Ok::<(), whimbrel::Error>(()) })??; Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn with_upgrade(request: Request, response: Response, stream: impl NetworkStream) -> Self {
        Self::built(request, response.head, response.encoding, Incoming::Upgraded(Upgraded::new(stream)))
    }

    fn built(request: Request, head: Box<Head>, encoding: TextEncoding, body: Incoming) -> Self {
        let mut streaming = Self::from_parts(request, head, body);
        streaming.parts.encoding = encoding;
        streaming
    }

    /// A response that was read already, for whoever still wants to read it.
    pub(crate) fn from_response(request: Request, response: Response) -> Self {
        let body = Incoming::Bytes(response.body);
        let mut streaming = Self::built(request, response.head, response.encoding, body);
        streaming.parts.history = response.history;
        streaming.parts.next_request = response.next_request;
        streaming.set_downloaded(response.downloaded);
        streaming.parts.started = now().checked_sub(response.elapsed);
        // What is in memory was within the limit.
        streaming.parts.max_decoded_size = None;
        streaming.skip_decoding();
        streaming
    }

    /// The same, with a body that is produced while it is read.
    pub fn with_stream<S>(request: Request, response: Response, body: S) -> Self
    where
        S: futures_core::Stream<Item = Result<Bytes, BoxError>> + MaybeSend + 'static,
    {
        let body = Incoming::Stream(Box::pin(StreamBody(Box::pin(body))));
        Self::built(request, response.head, response.encoding, body)
    }
}

/// A response that was read is given back as one that can be read, as response hooks do.
impl From<Response> for StreamingResponse {
    fn from(mut response: Response) -> Self {
        // Responses built by hand have no request; theirs is never sent.
        let nowhere = || Request::new(http::Method::GET, Url::parse("about:blank").expect("it is a URL"));
        let request = response.request.take().unwrap_or_else(nowhere);
        Self::from_response(request, response)
    }
}
