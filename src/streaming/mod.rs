//! A response whose body is still to be read.

mod chunks;
mod head;
mod lines;
mod text_stream;

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::header::CONTENT_ENCODING;

pub use self::chunks::Chunks;
pub use self::lines::Lines;
pub use self::text_stream::TextStream;
use crate::backend::Instant;
use crate::body::Incoming;
use crate::config::MAX_DECODED_SIZE;
use crate::deadline::{Deadline, Patience, total_timeout};
use crate::decode::text::TextEncoding;
use crate::decode::{Decoded, Decoders};
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
    pub(crate) head: Head,
    pub(crate) request: Request,
    pub(crate) history: Vec<Response>,
    pub(crate) next_request: Option<Request>,
    pub(crate) encoding: TextEncoding,
    pub(crate) deadline: Deadline,
    pub(crate) started: Option<Instant>,
    body: Incoming,
    decoders: Decoding,
    downloaded: u64,
    decoded: u64,
    pub(crate) max_decoded_size: Option<u64>,
    /// What is read comes from memory, and was counted when it came over the wire.
    counted: bool,
}

/// How the bytes off the wire become content.
enum Decoding {
    /// Not looked at yet.
    Unknown,
    /// There is nothing to decode.
    Off,
    /// The host decoded already.
    ByHost,
    On(Decoders),
    Finished,
}

impl StreamingResponse {
    pub(crate) fn from_parts(request: Request, head: Head, body: Incoming) -> Self {
        let parts = Parts {
            head,
            request,
            history: Vec::new(),
            next_request: None,
            encoding: TextEncoding::default(),
            deadline: Deadline::default(),
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

    /// Reads the rest of the body and becomes a [`Response`].
    pub async fn read(mut self) -> Result<Response> {
        let body = self.read_content().await?;
        Ok(self.with_content(body))
    }

    /// As it goes into the history: with what of its body comes soon and is not much. The rest is dropped, and the connection
    /// with it, for nobody waits for it and it may never end. (E14, G12)
    pub(crate) async fn drained(mut self) -> Response {
        let (mut content, mut patience) = (BytesMut::new(), Patience::default());
        while content.len() < MAX_DRAINED && self.parts.downloaded <= MAX_DRAINED as u64 {
            let next = poll_fn(|cx| match self.poll_content(cx) {
                Poll::Pending => patience.poll(Some(DRAIN_TIME), cx).map(|()| None),
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
        let elapsed = parts.started.map(|started| started.elapsed()).unwrap_or_default();
        let mut response = Response::from_parts(parts.head, body);
        response.request = Some(parts.request);
        response.history = parts.history;
        response.next_request = parts.next_request;
        response.downloaded = parts.downloaded;
        response.elapsed = elapsed;
        response.encoding = parts.encoding;
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

    fn poll_raw(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let polled = self.parts.body.poll_chunk(cx).map_err(|error| error.with_url(self.parts.request.url()));
        match polled {
            // A body that is always ready would otherwise never meet its deadline.
            Poll::Ready(Some(Ok(_))) if self.parts.deadline.is_over() => Poll::Ready(Some(Err(self.total_timeout()))),
            Poll::Ready(Some(Ok(bytes))) => {
                self.parts.downloaded += if self.parts.counted { 0 } else { bytes.len() as u64 };
                Poll::Ready(Some(Ok(bytes)))
            }
            Poll::Pending if self.parts.deadline.poll(cx).is_ready() => Poll::Ready(Some(Err(self.total_timeout()))),
            polled => polled,
        }
    }

    fn total_timeout(&self) -> Error {
        total_timeout().with_url(self.parts.request.url())
    }

    fn poll_content(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        if matches!(self.parts.decoders, Decoding::Unknown) {
            self.parts.decoders = self.choose_decoders()?;
        }
        loop {
            let decoders = match &mut self.parts.decoders {
                Decoding::Finished => return Poll::Ready(None),
                Decoding::On(decoders) => decoders,
                Decoding::ByHost => {
                    let content = ready!(self.poll_raw(cx));
                    return Poll::Ready(content.map(|content| content.and_then(|content| self.within_limit(content))));
                }
                _ => return self.poll_raw(cx),
            };
            match decoders.pull() {
                Ok(Decoded::Content(content)) => return Poll::Ready(Some(self.within_limit(content))),
                Ok(Decoded::NeedMore) => {}
                Ok(Decoded::End) => {
                    self.parts.decoders = Decoding::Finished;
                    return Poll::Ready(None);
                }
                Err(error) => return Poll::Ready(Some(Err(self.end_decoding(error)))),
            }
            let raw = ready!(self.poll_raw(cx));
            let Decoding::On(decoders) = &mut self.parts.decoders else { return Poll::Ready(None) };
            match raw {
                Some(Ok(bytes)) => decoders.push(bytes),
                Some(Err(error)) => return Poll::Ready(Some(Err(self.end_decoding(error)))),
                None => decoders.end(),
            }
        }
    }

    /// K3: whichever way it is read, and however little it was on the wire.
    fn within_limit(&mut self, content: Bytes) -> Result<Bytes> {
        self.parts.decoded += content.len() as u64;
        match self.parts.max_decoded_size {
            Some(most) if self.parts.decoded > most => {
                let message =
                    format!("The response has more than {most} bytes once decoded; max_decoded_size allows more");
                Err(self.end_decoding(Error::new(ErrorKind::LimitExceeded, message)))
            }
            _ => Ok(content),
        }
    }

    fn end_decoding(&mut self, error: Error) -> Error {
        self.parts.decoders = Decoding::Finished;
        // Its connection is of no more use.
        self.parts.body = Incoming::Bytes(Bytes::new());
        error.with_url(self.parts.request.url())
    }

    fn choose_decoders(&self) -> Result<Decoding> {
        if self.parts.head.headers.find(&CONTENT_ENCODING).is_none() {
            return Ok(Decoding::Off);
        }
        let decoders =
            Decoders::of(&self.parts.head.headers).map_err(|error| error.with_url(self.parts.request.url()))?;
        Ok(if decoders.is_empty() { Decoding::Off } else { Decoding::On(decoders) })
    }

    /// The host's own stream of content, for JavaScript to read itself, or the content if it is in memory.
    #[cfg_attr(not(feature = "npm"), expect(dead_code, reason = "only the JavaScript face hands host streams over"))]
    pub(crate) fn into_host_stream(self) -> Result<(crate::body::HostStream, Deadline), Bytes> {
        let parts = *self.parts;
        match parts.body {
            Incoming::Stream(stream) => Ok((stream.into_host_stream().ok_or_else(Bytes::new)?, parts.deadline)),
            Incoming::Bytes(bytes) => Err(bytes),
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
