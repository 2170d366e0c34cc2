//! The one error type: what happened, where, and why.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use http::StatusCode;
use url::Url;

use crate::printable::{printable, printable_lines};

/// A `Result` whose error is whimbrel's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any error that may cross threads, as bodies and custom transports report them.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// What went wrong with a request: a [kind](ErrorKind), a sentence, the URL without credentials, and the cause.
///
/// The same kinds exist on every target. The texts are for people and may change; what the network put into them cannot drive a
/// terminal, for control characters are spelled out. Match on [`Error::kind`] or the
/// `is_…` families (HTTPX's exception tree).
///
/// ```
/// let error = whimbrel::Client::new().get("ftp://example.org/").build().unwrap_err();
/// assert_eq!(error.kind(), whimbrel::ErrorKind::UnsupportedProtocol);
/// ```
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    url: Option<Url>,
    status: Option<StatusCode>,
    source: Option<BoxError>,
}

/// The kinds of [`Error`], named after HTTPX's exceptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A body that can be sent or read only once was needed a second time.
    BodyConsumed,
    /// Closing a connection failed.
    Close,
    /// No connection could be made: refused, unreachable, reset.
    Connect,
    /// No connection within the connect timeout.
    ConnectTimeout,
    /// Several cookies have the name that was asked for.
    CookieConflict,
    /// The response's content coding, charset or JSON could not be decoded.
    Decoding,
    /// The host name could not be resolved.
    Dns,
    /// The URL cannot be parsed.
    InvalidUrl,
    /// A configured limit was exceeded.
    LimitExceeded,
    /// The request breaks HTTP's rules, or its body could not be produced to its end.
    LocalProtocol,
    /// No connection became free within the pool timeout.
    PoolTimeout,
    /// The proxy refused or failed.
    Proxy,
    /// Reading from the connection failed.
    Read,
    /// Nothing arrived within the read timeout.
    ReadTimeout,
    /// The response breaks HTTP's rules.
    RemoteProtocol,
    /// `raise_for_status` met a response that is no success.
    Status,
    /// TLS could not be set up: untrusted, expired or wrong certificate, no TLS on that port.
    Tls,
    /// More redirects than `max_redirects`.
    TooManyRedirects,
    /// The whole request took longer than the total timeout.
    TotalTimeout,
    /// The target, its transport or the build of the crate cannot do this.
    Unsupported,
    /// The URL's scheme is not one that the client speaks.
    UnsupportedProtocol,
    /// Writing to the connection failed.
    Write,
    /// Nothing could be written within the write timeout.
    WriteTimeout,
}

impl Error {
    /// An error of this kind, for custom transports, auth flows and hooks.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { inner: Box::new(Inner { kind, message: message.into(), url: None, status: None, source: None }) }
    }

    /// The same with its cause, which [`std::error::Error::source`] returns.
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// The same for this URL, unless the error already has one. Credentials in the URL are dropped.
    pub fn with_url(mut self, url: &Url) -> Self {
        self.inner.url.get_or_insert_with(|| without_credentials(url));
        self
    }

    /// [`with_url`](Self::with_url), where there is one.
    pub(crate) fn at(self, url: Option<&Url>) -> Self {
        url.into_iter().fold(self, Self::with_url)
    }

    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.inner.status = Some(status);
        self
    }

    /// What happened, without where.
    #[allow(dead_code, reason = "of use where connections are our own")]
    pub(crate) fn message(&self) -> &str {
        &self.inner.message
    }

    /// What kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// The URL of the request, without credentials, when a request was being made.
    pub fn url(&self) -> Option<&Url> {
        self.inner.url.as_ref()
    }

    /// The status that made `raise_for_status` fail, or with which a proxy refused a tunnel.
    pub fn status(&self) -> Option<StatusCode> {
        self.inner.status
    }

    /// Connect, read, write, pool or total timeout (HTTPX's `TimeoutException`).
    pub fn is_timeout(&self) -> bool {
        use ErrorKind::*;
        matches!(self.kind(), ConnectTimeout | ReadTimeout | WriteTimeout | PoolTimeout | TotalTimeout)
    }

    /// Connecting, resolving, TLS, reading, writing or closing failed (HTTPX's `NetworkError`).
    pub fn is_network(&self) -> bool {
        use ErrorKind::*;
        matches!(self.kind(), Connect | Dns | Tls | Read | Write | Close)
    }

    /// One side broke HTTP's rules (HTTPX's `ProtocolError`).
    pub fn is_protocol(&self) -> bool {
        matches!(self.kind(), ErrorKind::LocalProtocol | ErrorKind::RemoteProtocol)
    }

    /// Anything between the client and the server (HTTPX's `TransportError`).
    pub fn is_transport(&self) -> bool {
        self.is_timeout()
            || self.is_network()
            || self.is_protocol()
            || matches!(self.kind(), ErrorKind::Proxy | ErrorKind::UnsupportedProtocol)
    }

    /// `raise_for_status` met a response that is no success (HTTPX's `HTTPStatusError`).
    pub fn is_status(&self) -> bool {
        self.kind() == ErrorKind::Status
    }
}

/// The URL as errors and logs may show it.
pub(crate) fn without_credentials(url: &Url) -> Url {
    let mut url = url.clone();
    // Both setters fail only on URLs that cannot have credentials in the first place.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable_lines(&self.inner.message))?;
        match &self.inner.url {
            // HTTPX's text of a status error already names the URL.
            Some(url) if self.kind() != ErrorKind::Status => write!(f, " (for {url})"),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({:?}", self.inner.kind, self.inner.message)?;
        if let Some(url) = &self.inner.url {
            write!(f, ", url: {url}")?;
        }
        if let Some(source) = &self.inner.source {
            write!(f, ", source: {}", printable(&source.to_string()))?;
        }
        f.write_str(")")
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// For a key, a name or a value whose conversion cannot fail.
impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
