//! The socket transport: our own connections, natively and on WASI hosts with `wasi:sockets`.

#[cfg_attr(not(feature = "http2"), allow(dead_code, reason = "nothing is shared without it"))]
mod assign;
mod connect;
mod expect;
mod http1;
#[cfg_attr(not(feature = "http2"), path = "http2/absent.rs")]
mod http2;
#[cfg_attr(not(feature = "http2"), allow(dead_code, reason = "nothing is shared without it"))]
mod multiplex;
mod network;
mod pool;
mod proxy;
mod socks;
mod stream;
#[cfg(all(feature = "tls", not(target_family = "wasm")))]
mod tls;
mod tunnel;
mod versions;

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use http::Method;
use http::header::UPGRADE;
use url::{Position, Url};

use self::connect::Connector;
use self::http1::Exchange;
use self::multiplex::StreamLease;
pub(crate) use self::pool::Lease;
use self::pool::{Checkout, Connection, Pool};
use self::proxy::ProxySettings;
use self::stream::Stream;
use self::versions::{Version, Versions};
use crate::backend::{RuntimeId, current_runtime, now};
use crate::body::Incoming;
use crate::config::TransportConfig;
use crate::connection::{Facts, Opening};
use crate::deadline::{timed_out, within};
use crate::error::{Error, ErrorKind, Result};
use crate::request::Request;
use crate::response::Head;
use crate::streaming::StreamingResponse;
use crate::tls::SniHostname;
use crate::trace::Trace;
use crate::transport::{Capabilities, PoolStats};
use crate::url_merge::{check_scheme, is_secure};

const HAS_TLS: bool = cfg!(all(feature = "tls", not(target_family = "wasm")));

/// A request is sent once more so often at most, where the server has not looked at it.
const MOST_REPEATS: usize = 3;

/// A response's head, and where the rest comes from.
type Answer = (Box<Head>, Incoming);

/// A new connection.
enum Made {
    Http1(Box<Connection>),
    Http2(Box<http2::Begun>),
}

/// Why there is no response.
struct Failure {
    error: Error,
    /// The request may be sent again: nobody saw it, or seeing it twice makes no difference.
    is_repeatable: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, is_repeatable: false }
    }
}

/// Connections of our own, pooled by origin.
pub(crate) struct SocketTransport {
    pool: Arc<Pool>,
    connector: Box<Connector>,
    proxy: Option<Box<ProxySettings>>,
    versions: Versions,
    http2: http2::Settings,
    /// The runtime that it was used on first.
    home: OnceLock<RuntimeId>,
    #[cfg(all(feature = "tls", not(target_family = "wasm")))]
    tls: Box<tls::TlsSettings>,
}

impl SocketTransport {
    pub(crate) fn new(config: &TransportConfig) -> Result<Self> {
        let unsupported = |message: &'static str| Err(Error::new(ErrorKind::Unsupported, message));
        let versions = Versions::of(config)?;
        if config.tls.is_some() && !HAS_TLS {
            return unsupported("tls: settings of TLS need the feature 'tls', natively");
        }
        Ok(Self {
            pool: Pool::new(config.limits.unwrap_or_default()),
            connector: Box::new(Connector::new(config)?),
            proxy: ProxySettings::of(config)?,
            versions,
            http2: http2::Settings::of(config),
            home: OnceLock::new(),
            #[cfg(all(feature = "tls", not(target_family = "wasm")))]
            tls: Box::new(tls::TlsSettings::new(
                config.tls.clone().unwrap_or_default(),
                config.trust_env,
                versions.protocols(),
            )?),
        })
    }

    /// A socket shows everything and does nothing by itself.
    pub(crate) fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    /// Sends the request over an idle connection to its origin, or a new one.
    pub(crate) async fn send(&self, mut request: Request) -> Result<StreamingResponse> {
        match self.exchange(&mut request).await {
            Ok((head, body)) => Ok(StreamingResponse::from_parts(request, head, body)),
            Err(error) => {
                #[cfg(all(feature = "tls", not(target_family = "wasm")))]
                let error = tls::late_refusal(error, &request);
                Err(error.with_url(request.url()))
            }
        }
    }

    async fn exchange(&self, request: &mut Request) -> Result<Answer> {
        check_scheme(request.url())?;
        check_tls(request.url())?;
        let method = request.method().clone();
        let mut repeats = 0;
        loop {
            match self.attempt(request, &method, repeats > 0).await {
                Err(failure) if failure.is_repeatable && repeats < MOST_REPEATS && request.body().is_repeatable() => {
                    repeats += 1;
                }
                result => return result.map_err(|failure| failure.error),
            }
        }
    }

    /// Sends the request over a connection that is there, or a new one. The server may close the former, or refuse the request, while
    /// that is under way: `again` leaves alone what may be just as old.
    async fn attempt(&self, request: &mut Request, method: &Method, again: bool) -> Result<Answer, Failure> {
        let permit = match self.checkout(request).await? {
            Checkout::Reuse(lease) if !again => {
                let passed_on = self.passing_on(request.url());
                return Exchange::new(lease, request, passed_on)?.run(method).await;
            }
            Checkout::Reuse(lease) => lease.into_permit(),
            Checkout::Share(lease) => return Box::pin(share(lease, request, method)).await,
            Checkout::Connect(permit) => permit,
        };
        // Boxed, for it is rare and large.
        let made = Box::pin(self.open(request)).await?;
        match made {
            Made::Http1(connection) => {
                let lease = permit.lease(connection);
                let passed_on = self.passing_on(request.url());
                let answer = Exchange::new(lease, request, passed_on)?.run(method).await;
                // Nothing speaks for a third connection when a new one is lost (N8).
                answer.map_err(|failure| Failure { is_repeatable: false, ..failure })
            }
            Made::Http2(begun) => Box::pin(share(begun.open(permit), request, method)).await,
        }
    }

    /// The proxy, if it passes this request on instead of tunnelling it.
    fn passing_on(&self, url: &Url) -> Option<&ProxySettings> {
        self.proxy.as_deref().filter(|proxy| proxy.passes_on(url))
    }

    /// What its connections may be shared by. A proxy that passes requests on takes those to all origins over one; a tunnel
    /// leads to one origin, and under another name for TLS it is another connection (threat D13).
    fn key<'a>(&'a self, request: &'a Request, may_share: bool) -> Cow<'a, str> {
        let url = request.url();
        let origin = self.passing_on(url).map_or_else(|| origin(url), |proxy| Cow::Borrowed(&proxy.pool_key));
        // No origin has a space in it.
        let key = match sni(request) {
            Some(SniHostname(name)) => Cow::Owned(format!("{origin} {name}")),
            None => origin,
        };
        // Those that serve one request at a time, where others are shared.
        let key = if is_secure(url) && takes_over(request) { Cow::Owned(format!("{key} alone")) } else { key };
        // What is shared is driven by the runtime on which it was made, and of no use to another one.
        if may_share && *self.home.get_or_init(current_runtime) != current_runtime() {
            return Cow::Owned(format!("{key} on {:?}", current_runtime()));
        }
        key
    }

    async fn checkout(&self, request: &Request) -> Result<Checkout> {
        let may_share = self.versions_for(request)?.may_share(request.url());
        self.pool.checkout(&self.key(request, may_share), may_share, request).await
    }

    /// A proxy that passes requests on is spoken to in HTTP/1.1, and so is whoever is to hand a connection over.
    fn versions_for(&self, request: &Request) -> Result<Versions> {
        match self.passing_on(request.url()) {
            Some(_) => self.versions.passed_on(),
            None if takes_over(request) => self.versions.taken_over(),
            None => Ok(self.versions),
        }
    }

    /// Closes what is idle, and keeps nothing from now on.
    pub(crate) fn close(&self) {
        self.pool.close();
    }

    pub(crate) fn pool_stats(&self) -> Option<PoolStats> {
        Some(self.pool.stats())
    }

    /// A new connection, on which HTTP can begin.
    async fn open(&self, request: &Request) -> Result<Made> {
        let late = |limit| timed_out(ErrorKind::ConnectTimeout, "No connection could be made", limit);
        let mut retries = 0;
        loop {
            match within(request.timeout().connect, late, self.make(request)).await {
                Ok(made) => return Ok(made),
                Err(error) => self.connector.wait_to_retry(retries, error, request.trace()).await?,
            }
            retries += 1;
        }
    }

    async fn make(&self, request: &Request) -> Result<Made> {
        let (stream, opening) = self.connect(request).await?;
        let tls = stream.tls_info().filter(|_| is_secure(request.url()));
        let (local, remote) = stream.addresses();
        let facts = Facts { local, remote, tls, opening };
        match self.versions_for(request)?.chosen(request.url(), stream.has_chosen_http2())? {
            Version::Http1 => Ok(Made::Http1(Connection::new(stream, facts))),
            Version::Http2 => {
                let begun = http2::begin(stream, facts, self.http2);
                request
                    .trace()
                    .around("http2.send_connection_init", authority(request.url()), begun)
                    .await
                    .map(|begun| Made::Http2(Box::new(begun)))
            }
        }
    }

    async fn connect(&self, request: &Request) -> Result<(Stream, Opening)> {
        let (url, trace) = (request.url(), request.trace());
        let (mut opening, started) = (Opening::default(), now());
        let stream = match &self.proxy {
            Some(proxy) => self.connect_through(proxy, url, trace, &mut opening).await?,
            None => self.connector.open(url, trace, &mut opening).await?,
        };
        opening.connect = Some(started.elapsed().saturating_sub(opening.dns.unwrap_or_default()));
        #[cfg(all(feature = "tls", not(target_family = "wasm")))]
        if is_secure(url) {
            let started = now();
            let handshake = self.tls.handshake(stream, request);
            let stream = trace.around("connection.start_tls", authority(url), handshake).await?;
            opening.tls = Some(started.elapsed());
            return Ok((stream, opening));
        }
        Ok((stream, opening))
    }

    /// A connection to the proxy, which is handed the request, or through it.
    async fn connect_through(
        &self,
        proxy: &ProxySettings,
        url: &Url,
        trace: &Trace,
        opening: &mut Opening,
    ) -> Result<Stream> {
        let mut stream = self.connect_proxy(proxy, trace, opening).await.map_err(|error| proxy.unreached(error))?;
        if !proxy.passes_on(url) {
            proxy.tunnel(&mut stream, url, &self.connector, trace).await?;
        }
        Ok(stream)
    }

    async fn connect_proxy(&self, proxy: &ProxySettings, trace: &Trace, opening: &mut Opening) -> Result<Stream> {
        let stream = self.connector.open(&proxy.address, trace, opening).await?;
        #[cfg(all(feature = "tls", not(target_family = "wasm")))]
        if let Some(tls) = &proxy.tls {
            let handshake = tls.handshake(stream, &proxy.address);
            return trace.around("proxy.start_tls", authority(&proxy.address), handshake).await;
        }
        Ok(stream)
    }
}

/// The request, on a connection that others use, too.
async fn share(lease: StreamLease, request: &mut Request, method: &Method) -> Result<Answer, Failure> {
    http2::Exchange::begin(lease, request).await?.run(method).await
}

/// Whether the request may end in a connection that is the program's: only those of HTTP/1.1 serve one request at a time.
fn takes_over(request: &Request) -> bool {
    matches!(request.url().scheme(), "ws" | "wss")
        || *request.method() == Method::CONNECT
        || request.headers().find(&UPGRADE).is_some()
}

/// The name for TLS, where the user gave another one.
fn sni(request: &Request) -> Option<&SniHostname> {
    request.extensions().get().filter(|_| is_secure(request.url()))
}

/// Host and port as the URL has them, without credentials.
fn authority(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
}

/// What connections may be shared by: scheme, host and port, without copying where the URL has no credentials.
fn origin(url: &Url) -> Cow<'_, str> {
    match url.username().is_empty() && url.password().is_none() {
        true => Cow::Borrowed(&url[..Position::AfterPort]),
        false => Cow::Owned(format!("{}://{}", url.scheme(), &url[Position::BeforeHost..Position::AfterPort])),
    }
}

fn check_tls(url: &Url) -> Result<()> {
    if !is_secure(url) || HAS_TLS {
        return Ok(());
    }
    Err(Error::new(ErrorKind::UnsupportedProtocol, "https:// and wss:// need the feature 'tls', natively"))
}
