//! Bodies: what is sent, and where a response's bytes come from.

mod incoming;
mod outgoing;
mod sources;
mod trailers;
mod upgraded;

use std::fmt;
use std::future::poll_fn;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_core::Stream;

pub(crate) use self::incoming::{HostStream, Incoming, IncomingBody, StreamBody};
use self::outgoing::Asides;
pub(crate) use self::outgoing::{BodyStream, BoxStream, Outgoing, Progress, failed_source};
use self::sources::{Concatenated, FileStream, Slices, Yielding};
#[allow(unused_imports, reason = "hosts show no trailers")]
pub(crate) use self::trailers::received as received_trailers;
pub(crate) use self::trailers::{Trailers, given as given_trailers};
pub use self::upgraded::Upgraded;
use crate::backend::{MaybeSend, MaybeSync, file_length};
use crate::error::{BoxError, Error, ErrorKind, Result};
use crate::headers::{Headers, IntoHeaderName, IntoHeaderValue};

/// The body of a request.
///
/// Text, bytes and files can be sent again, on a redirect that keeps the body or after an auth challenge, and so can what
/// [`Body::from_fn`] produces anew; a stream cannot, and such a request then fails with `BodyConsumed`.
#[derive(Default)]
pub struct Body {
    inner: Inner,
    /// Boxed, for hardly a body has any.
    asides: Option<Box<Asides>>,
}

#[derive(Default)]
enum Inner {
    #[default]
    Empty,
    Bytes(Bytes),
    /// Produced anew whenever it is sent.
    Again(Arc<dyn Source>, Option<u64>),
    Stream(BodyStream),
    Consumed,
}

/// `dyn` allows one trait and the auto traits; this stands for the sum that the target needs.
trait Source: Fn() -> BoxStream + MaybeSend + MaybeSync {}
impl<F: Fn() -> BoxStream + MaybeSend + MaybeSync> Source for F {}

impl Body {
    /// No body.
    pub const fn empty() -> Self {
        Self::of(Inner::Empty)
    }

    /// What is left of a stream that was sent.
    pub(crate) const fn consumed() -> Self {
        Self::of(Inner::Consumed)
    }

    const fn of(inner: Inner) -> Self {
        Self { inner, asides: None }
    }

    /// A body that is produced while it is sent; `length` in bytes, if it is known, else it goes out in chunks.
    ///
    /// Where the host cannot send streams (some browsers) sending fails with `Unsupported`.
    ///
    /// ```
    /// # fn parts() -> impl futures_core::Stream<Item = Result<bytes::Bytes, whimbrel::BoxError>> + Send + 'static { whimbrel_doc_stream() }
    /// # struct Empty; impl futures_core::Stream for Empty { type Item = Result<bytes::Bytes, whimbrel::BoxError>;
    /// # fn poll_next(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<Self::Item>> { std::task::Poll::Ready(None) } }
    /// # fn whimbrel_doc_stream() -> Empty { Empty }
    /// let body = whimbrel::Body::stream(parts(), None);
    /// ```
    pub fn stream<S>(stream: S, length: Option<u64>) -> Self
    where
        S: Stream<Item = Result<Bytes, BoxError>> + MaybeSend + 'static,
    {
        Self::of(Inner::Stream(BodyStream::new(Box::pin(stream), length)))
    }

    /// A body of these pieces, taken from the iterator while they are sent (HTTPX's iterables and generators), in chunks. It
    /// can be sent again, as often as the iterator can be cloned, which is whenever it is needed.
    ///
    /// Where the host cannot send streams (some browsers) sending fails with `Unsupported`.
    ///
    /// ```
    /// let rows = (1..=1000).map(|row| format!("{row},{}\n", row * row));
    /// let request = whimbrel::Client::new().post("https://example.org/").content(whimbrel::Body::pieces(rows)).build()?;
    /// assert_eq!(request.headers().get("transfer-encoding").unwrap(), "chunked");
    /// # Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn pieces<I>(pieces: I) -> Self
    where
        I: IntoIterator<Item: Into<Bytes>, IntoIter: Clone + MaybeSend + MaybeSync + 'static>,
    {
        let pieces = pieces.into_iter();
        Self::from_fn(move || Yielding(pieces.clone()), None)
    }

    /// A body that can be produced as often as it is needed: the function is called whenever it is sent. `length` in bytes,
    /// if it is known, else it goes out in chunks.
    ///
    /// Where the host cannot send streams (some browsers) sending fails with `Unsupported`.
    pub fn from_fn<S>(open: impl Fn() -> S + MaybeSend + MaybeSync + 'static, length: Option<u64>) -> Self
    where
        S: Stream<Item = Result<Bytes, BoxError>> + MaybeSend + 'static,
    {
        let open = move || -> BoxStream { Box::pin(open()) };
        Self::of(Inner::Again(Arc::new(open), length))
    }

    /// A file, read while it is sent, 64 KiB at a time. What has no length (a pipe, a device) goes out in chunks.
    ///
    /// Fails with `LocalProtocol` if there is no such file; sending fails with it if the file has another length by then.
    /// `Unsupported` where the program sees no files (JavaScript hosts).
    ///
    /// ```
    /// let body = whimbrel::Body::path("Cargo.toml")?;
    /// assert!(body.length().is_some());
    /// # Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn path(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let length = file_length(&path).map_err(|error| {
            let kind = match error.kind() {
                std::io::ErrorKind::Unsupported => ErrorKind::Unsupported,
                _ => ErrorKind::LocalProtocol,
            };
            Error::new(kind, format!("The file '{}' cannot be sent: {error}", path.display())).with_source(error)
        })?;
        Ok(Self::from_fn(move || FileStream::new(path.clone(), length), length))
    }

    /// One after the other. What is in memory altogether stays there; the length is known if every length is.
    pub(crate) fn concatenated(bodies: Vec<Self>) -> Self {
        let length = bodies.iter().map(Self::length).try_fold(0_u64, |sum, length| sum.checked_add(length?));
        if bodies.iter().all(|body| body.as_bytes().is_some()) {
            return Self::from(bodies.iter().filter_map(Self::as_bytes).collect::<Vec<_>>().concat());
        }
        if !bodies.iter().all(Self::is_repeatable) {
            return Self::stream(Concatenated::new(bodies), length);
        }
        Self::from_fn(move || Concatenated::new(bodies.iter().filter_map(Self::try_clone).collect()), length)
    }

    /// Calls the function while the body is sent, with the bytes sent so far and their sum, if that is known.
    pub(crate) fn watched(mut self, progress: Option<Arc<dyn Progress>>) -> Self {
        if progress.is_some() {
            self.asides.get_or_insert_default().progress = progress;
        }
        self
    }

    /// With fields behind the body (trailers, RFC 9110 6.5): the function is called when the body has ended, and again whenever
    /// it is sent again. What it says of the body may thus be found out while the body is sent, as a checksum is.
    ///
    /// Such a body goes out in chunks, whether its length is known or not; a Content-Length header beside it is `LocalProtocol`.
    /// So are fields that a receiver needs earlier (framing, routing, authentication, cookies; RFC 9110 6.5.1). To announce the
    /// names in a `Trailer` header is left to the program. `fetch` cannot send trailers: `Unsupported`.
    ///
    /// ```
    /// let body = whimbrel::Body::from("hello").with_trailers(|| [("x-checksum", "5d41402a")]);
    /// assert_eq!(body.length(), None);
    /// assert_eq!(body.trailers()?.unwrap().get("x-checksum").unwrap(), "5d41402a");
    /// # Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn with_trailers<I, N, V>(mut self, trailers: impl Fn() -> I + MaybeSend + MaybeSync + 'static) -> Self
    where
        I: IntoIterator<Item = (N, V)>,
        N: IntoHeaderName,
        V: IntoHeaderValue,
    {
        self.set_trailers(Some(given_trailers(trailers)));
        self
    }

    pub(crate) fn set_trailers(&mut self, trailers: Option<Arc<dyn Trailers>>) {
        if trailers.is_some() {
            self.asides.get_or_insert_default().trailers = trailers;
        }
    }

    /// The trailers as they would be sent now; `None` for a body without any.
    pub fn trailers(&self) -> Result<Option<Headers>> {
        self.asides.as_ref().and_then(|asides| asides.trailers.as_ref()).map(|trailers| trailers()).transpose()
    }

    pub(crate) fn has_trailers(&self) -> bool {
        self.asides.as_ref().is_some_and(|asides| asides.trailers.is_some())
    }

    /// The bytes, when the body is in memory; an empty body has none.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.inner {
            Inner::Empty => Some(&[]),
            Inner::Bytes(bytes) => Some(bytes),
            Inner::Again(..) | Inner::Stream(_) | Inner::Consumed => None,
        }
    }

    /// The length in bytes, if it is known and is what says where the body ends.
    pub fn length(&self) -> Option<u64> {
        match &self.inner {
            _ if self.has_trailers() => None,
            Inner::Empty => Some(0),
            Inner::Bytes(bytes) => Some(bytes.len() as u64),
            Inner::Again(_, length) => *length,
            Inner::Stream(stream) => stream.length,
            Inner::Consumed => None,
        }
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        matches!(self.inner, Inner::Empty) && !self.has_trailers()
    }

    /// Whether it is produced while it is sent.
    pub fn is_stream(&self) -> bool {
        self.as_bytes().is_none()
    }

    /// Whether it can be sent again.
    pub(crate) fn is_repeatable(&self) -> bool {
        !matches!(self.inner, Inner::Stream(_) | Inner::Consumed)
    }

    /// A second body of the same bytes; `None` for a stream.
    pub fn try_clone(&self) -> Option<Self> {
        let inner = match &self.inner {
            Inner::Empty => Inner::Empty,
            Inner::Bytes(bytes) => Inner::Bytes(bytes.clone()),
            Inner::Again(source, length) => Inner::Again(source.clone(), *length),
            Inner::Stream(_) | Inner::Consumed => return None,
        };
        Some(Self { inner, asides: self.asides.clone() })
    }

    /// What a transport sends. Bytes stay here for another time, a stream leaves `Consumed` behind. With someone to tell how
    /// far it is, or with something behind them, bytes come in pieces too.
    pub(crate) fn take(&mut self) -> Result<Outgoing> {
        let outgoing = self.take_whole()?;
        Ok(match (outgoing, &self.asides) {
            (Outgoing::Bytes(bytes), Some(asides)) if !bytes.is_empty() || asides.trailers.is_some() => {
                let length = Some(bytes.len() as u64);
                Outgoing::Stream(asides.join(Box::pin(Slices(bytes)), length))
            }
            (outgoing, _) => outgoing,
        })
    }

    /// [`take`](Self::take) for a host that wants bytes all at once; it says itself when it [`sent`](Self::sent) them.
    pub(crate) fn take_whole(&mut self) -> Result<Outgoing> {
        let stream = match &mut self.inner {
            Inner::Empty => return Ok(Outgoing::Bytes(Bytes::new())),
            Inner::Bytes(bytes) => return Ok(Outgoing::Bytes(bytes.clone())),
            Inner::Again(source, length) => BodyStream::new(source(), *length),
            Inner::Stream(_) | Inner::Consumed => match std::mem::replace(&mut self.inner, Inner::Consumed) {
                Inner::Stream(stream) => stream,
                _ => return Err(consumed()),
            },
        };
        Ok(Outgoing::Stream(match &self.asides {
            Some(asides) => {
                let length = stream.length;
                asides.join(stream.into_inner(), length)
            }
            None => stream,
        }))
    }

    /// Tells that all of it was sent, where it is bytes that were sent all at once.
    pub(crate) fn sent(&self) {
        let progress = self.asides.as_ref().and_then(|asides| asides.progress.as_ref());
        if let (Some(progress), Inner::Bytes(bytes)) = (progress, &self.inner) {
            progress(bytes.len() as u64, Some(bytes.len() as u64));
        }
    }

    /// Sends it to nobody, and keeps it.
    pub(crate) async fn deliver(&mut self) -> Result<()> {
        match self.take_whole()? {
            Outgoing::Bytes(_) => self.sent(),
            Outgoing::Stream(stream) => self.inner = Inner::Bytes(all(stream).await?),
        }
        Ok(())
    }

    /// Reads a streamed body into memory, so that it can be inspected and sent again.
    pub async fn read(&mut self) -> Result<&[u8]> {
        // Nobody is told, for nothing is sent.
        let asides = self.asides.take();
        let taken = self.take_whole();
        self.asides = asides;
        if let Outgoing::Stream(stream) = taken? {
            self.inner = Inner::Bytes(all(stream).await?);
        }
        Ok(self.as_bytes().unwrap_or_default())
    }
}

async fn all(mut stream: BodyStream) -> Result<Bytes> {
    let mut bytes = Vec::new();
    while let Some(chunk) = poll_fn(|cx| stream.poll_next(cx)).await {
        bytes.extend_from_slice(&chunk.map_err(failed_source)?);
    }
    Ok(bytes.into())
}

fn consumed() -> Error {
    Error::new(
        ErrorKind::BodyConsumed,
        "The request's body is a stream that was sent already; give bytes, or a new stream, to send it again",
    )
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner {
            Inner::Empty => f.write_str("Body::empty"),
            Inner::Bytes(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Inner::Again(..) | Inner::Stream(_) => f.write_str("Body(stream)"),
            Inner::Consumed => f.write_str("Body(consumed)"),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        // No bytes are no body: HTTPX announces no length for them.
        Self::of(if bytes.is_empty() { Inner::Empty } else { Inner::Bytes(bytes) })
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

impl<const N: usize> From<&'static [u8; N]> for Body {
    fn from(bytes: &'static [u8; N]) -> Self {
        Bytes::from_static(bytes).into()
    }
}
