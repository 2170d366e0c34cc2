//! A response whose body is still to be read.

mod built;
mod chunks;
mod content;
mod head;
mod lines;
mod text_stream;

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::header::CONTENT_ENCODING;

pub use self::chunks::Chunks;
use self::content::Decoding;
pub use self::lines::Lines;
pub use self::text_stream::TextStream;
use crate::backend::{Instant, now};
use crate::body::{Incoming, Upgraded};
use crate::config::MAX_DECODED_SIZE;
use crate::connection::ConnectionInfo;
use crate::deadline::{Deadline, Pace};
use crate::decode::text::TextEncoding;
use crate::error::{Error, ErrorKind, Result};
use crate::request::Request;
use crate::response::{Head, Response};

/// A response whose head has arrived and whose body is read as it comes: [`chunk`](Self::chunk),
/// [`text_stream`](Self::text_stream), [`lines`](Self::lines), [`raw_stream`](Self::raw_stream), or [`read`](Self::read) to have all of it as a [`Response`].
///
/// Dropped before its end, it closes its connection.
///
/// ```
/// # let client = whimbrel::Client::builder().transport(whimbrel::MockTransport::new(|_| whimbrel::Response::new(200).with_text("a\nb"))).build()?;
/// # whimbrel::block_on(async {
/// let mut response = client.get("https://example.org/log").stream().await?;
/// let mut lines = response.lines();
/// while let Some(line) = lines.next().await {
///     println!("{}", line?);
/// }
/// # Ok::<(), whimbrel::Error>(()) })??; Ok::<(), whimbrel::Error>(())
/// ```
pub struct StreamingResponse {
    /// Boxed, for a response moves through as many hands as its request did.
    pub(crate) parts: Box<Parts>,
}

/// How much of a body the history keeps, and how long is waited for it in all.
const MAX_DRAINED: usize = 64 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(1);

/// What a [`StreamingResponse`] is made of.
pub(crate) struct Parts {
    pub(crate) head: Box<Head>,
    pub(crate) request: Request,
    pub(crate) history: Vec<Response>,
    pub(crate) next_request: Option<Request>,
    pub(crate) encoding: TextEncoding,
    pub(crate) deadline: Deadline,
    /// Where a minimum rate was asked for.
    pace: Option<Box<Pace>>,
    pub(crate) started: Option<Instant>,
    body: Incoming,
    decoders: Decoding,
    downloaded: u64,
    decoded: u64,
    pub(crate) max_decoded_size: Option<u64>,
    /// What is read comes from memory, and was counted when it came over the wire.
    counted: bool,
}

impl StreamingResponse {
    pub(crate) fn from_parts(request: Request, head: impl Into<Box<Head>>, body: Incoming) -> Self {
        let pace = Pace::of(request.timeout());
        let parts = Parts {
            head: head.into(),
            request,
            history: Vec::new(),
            next_request: None,
            encoding: TextEncoding::default(),
            deadline: Deadline::default(),
            pace,
            started: None,
            body,
            decoders: Decoding::Unknown,
            downloaded: 0,
            decoded: 0,
            max_decoded_size: Some(MAX_DECODED_SIZE),
            counted: false,
        };
        Self { parts: Box::new(parts) }
    }

    /// The response without its body.
    pub(crate) fn head_only(&self) -> Response {
        let mut response = Response::from_parts(self.parts.head.clone(), Bytes::new());
        response.request = Some(self.parts.request.without_body());
        response
    }

    /// The body was read before, and took so many bytes on the wire.
    pub(crate) fn set_downloaded(&mut self, downloaded: u64) {
        (self.parts.downloaded, self.parts.counted) = (downloaded, true);
    }

    /// The body is content already: the host decoded it.
    pub(crate) fn skip_decoding(&mut self) {
        let is_coded = self.parts.head.headers.find(&CONTENT_ENCODING).is_some();
        self.parts.decoders = if is_coded { Decoding::ByHost } else { Decoding::Off };
    }

    /// The next piece of content, `None` at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        poll_fn(|cx| self.poll_content(cx)).await.transpose()
    }

    /// The next bytes off the wire, not decoded (where the host does not decode); `None` at the end.
    pub async fn raw_chunk(&mut self) -> Result<Option<Bytes>> {
        poll_fn(|cx| self.poll_raw(cx)).await.transpose()
    }

    /// The content as a stream.
    pub fn bytes_stream(&mut self) -> impl Stream<Item = Result<Bytes>> + '_ {
        Pieces { response: self, poll: Self::poll_content }
    }

    /// The bytes as they come over the wire, not decoded (where the host does not decode).
    pub fn raw_stream(&mut self) -> impl Stream<Item = Result<Bytes>> + '_ {
        Pieces { response: self, poll: Self::poll_raw }
    }

    /// The content in pieces of so many bytes; the last one may be shorter (HTTPX's `iter_bytes(chunk_size)`). A size of 0
    /// counts as 1.
    ///
    /// ```
    /// # let client = whimbrel::Client::builder().transport(whimbrel::MockTransport::new(|_| whimbrel::Response::new(200).with_text("abcde"))).build()?;
    /// # whimbrel::block_on(async {
    /// let mut response = client.get("https://example.org/").stream().await?;
    /// let mut chunks = response.chunks(2);
    /// while let Some(chunk) = chunks.next().await {
    ///     assert!(chunk?.len() <= 2);
    /// }
    /// # Ok::<(), whimbrel::Error>(()) })??; Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn chunks(&mut self, size: usize) -> Chunks<'_> {
        Chunks::new(self, size)
    }

    /// The connection itself, after a 101 that was asked for by an `Upgrade` header and after a CONNECT that opened a tunnel; else
    /// an `Unsupported` error with the status that came instead.
    ///
    /// Where the host speaks HTTP (fetch, `wasi:http`) such requests are `Unsupported` themselves.
    ///
    /// ```no_run
    /// # async fn program() -> Result<(), Box<dyn std::error::Error>> {
    /// use futures_util::io::{AsyncReadExt, AsyncWriteExt};
    /// let request = whimbrel::get("http://example.org/chat").header("connection", "upgrade").header("upgrade", "chat/1");
    /// let mut stream = request.stream().await?.upgrade()?;
    /// stream.write_all(b"hello").await?;
    /// let mut answer = [0; 5];
    /// stream.read_exact(&mut answer).await?;
    /// # Ok(()) }
    /// ```
    pub fn upgrade(self) -> Result<Upgraded> {
        let parts = *self.parts;
        match parts.body {
            Incoming::Upgraded(stream) => Ok(stream),
            _ => {
                let (code, reason) = (parts.head.status.as_u16(), parts.head.reason_phrase());
                let message = format!("There is no connection to take over: the server answered '{code} {reason}'");
                Err(Error::new(ErrorKind::Unsupported, message)
                    .with_status(parts.head.status)
                    .with_url(parts.request.url()))
            }
        }
    }

    /// Reads the rest of the body and becomes a [`Response`].
    pub async fn read(mut self) -> Result<Response> {
        let body = self.read_content().await?;
        Ok(self.with_content(body))
    }

    /// As it goes into the history: with what of its body comes soon and is not much. The rest is dropped, and the connection
    /// with it, for nobody waits for it and it may never end. (E14, G12)
    pub(crate) async fn drained(mut self) -> Response {
        let (mut content, mut deadline) = (BytesMut::new(), Deadline::after(Some(DRAIN_TIME)));
        while content.len() < MAX_DRAINED && self.parts.downloaded <= MAX_DRAINED as u64 {
            let next = poll_fn(|cx| match self.poll_content(cx) {
                Poll::Pending => deadline.poll(cx).map(|()| None),
                ready => ready,
            });
            // What its head said counts, whatever becomes of its body.
            let Some(Ok(piece)) = next.await else { break };
            content.extend_from_slice(&piece[..piece.len().min(MAX_DRAINED - content.len())]);
        }
        self.with_content(content.freeze())
    }

    fn with_content(self, body: Bytes) -> Response {
        let parts = *self.parts;
        let trailers = parts.body.trailers().cloned().map(Box::new);
        let ended = || parts.head.connection.as_ref().and_then(ConnectionInfo::ended).unwrap_or_else(now);
        let elapsed = parts.started.map(|started| ended().saturating_duration_since(started)).unwrap_or_default();
        let mut response = Response::from_parts(parts.head, body);
        response.request = Some(parts.request);
        response.history = parts.history;
        response.next_request = parts.next_request;
        response.downloaded = parts.downloaded;
        response.elapsed = elapsed;
        response.encoding = parts.encoding;
        response.trailers = trailers;
        response
    }

    /// A body that comes in one piece is not copied.
    async fn read_content(&mut self) -> Result<Bytes> {
        let Some(first) = self.chunk().await? else { return Ok(Bytes::new()) };
        let Some(second) = self.chunk().await? else { return Ok(first) };
        let mut content = BytesMut::with_capacity(first.len() + second.len());
        content.extend_from_slice(&first);
        content.extend_from_slice(&second);
        while let Some(chunk) = self.chunk().await? {
            content.extend_from_slice(&chunk);
        }
        Ok(content.freeze())
    }

    /// The host's own stream of content, for JavaScript to read itself, or the content if it is in memory.
    #[cfg_attr(not(feature = "npm"), expect(dead_code, reason = "only the JavaScript face hands host streams over"))]
    pub(crate) fn into_host_stream(self) -> Result<(crate::body::HostStream, Deadline), Bytes> {
        let parts = *self.parts;
        match parts.body {
            Incoming::Stream(stream) => Ok((stream.into_host_stream().ok_or_else(Bytes::new)?, parts.deadline)),
            Incoming::Bytes(bytes) => Err(bytes),
            Incoming::Upgraded(_) => Err(Bytes::new()),
        }
    }
}

/// Polls one of the two ways to read.
struct Pieces<'a> {
    response: &'a mut StreamingResponse,
    poll: fn(&mut StreamingResponse, &mut Context<'_>) -> Poll<Option<Result<Bytes>>>,
}

impl Stream for Pieces<'_> {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let poll = self.poll;
        poll(self.response, cx)
    }
}

impl fmt::Debug for StreamingResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<StreamingResponse [{}]>", self.parts.head.status.as_u16())
    }
}
