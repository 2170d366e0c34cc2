//! The socket transport: our own connections, natively and on WASI hosts with `wasi:sockets`.

mod assign;
mod connect;
mod http1;
mod network;
mod pool;
mod proxy;
mod socks;
mod stream;
#[cfg(all(feature = "tls", not(target_family = "wasm")))]
mod tls;
mod tunnel;

use std::borrow::Cow;
use std::sync::Arc;

use url::{Position, Url};

use self::connect::Connector;
use self::http1::Exchange;
pub(crate) use self::pool::Lease;
use self::pool::{Checkout, Connection, Permit, Pool};
use self::proxy::ProxySettings;
use self::stream::Stream;
use crate::config::TransportConfig;
use crate::deadline::{timed_out, within};
use crate::error::{Error, ErrorKind, Result};
use crate::request::Request;
use crate::streaming::StreamingResponse;
use crate::tls::SniHostname;
use crate::trace::Trace;
use crate::transport::{Capabilities, PoolStats};
use crate::url_merge::check_scheme;

const HAS_TLS: bool = cfg!(all(feature = "tls", not(target_family = "wasm")));

/// Connections of our own, pooled by origin.
pub(crate) struct SocketTransport {
    pool: Arc<Pool>,
    connector: Box<Connector>,
    proxy: Option<Box<ProxySettings>>,
    #[cfg(all(feature = "tls", not(target_family = "wasm")))]
    tls: Box<tls::TlsSettings>,
}

impl SocketTransport {
    pub(crate) fn new(config: &TransportConfig) -> Result<Self> {
        let unsupported = |message: &'static str| Err(Error::new(ErrorKind::Unsupported, message));
        if config.http2 || !config.http1 {
            return unsupported("This version of whimbrel speaks HTTP/1.1 alone: leave http1 on and http2 off");
        }
        if config.tls.is_some() && !HAS_TLS {
            return unsupported("tls: settings of TLS need the feature 'tls', natively");
        }
        Ok(Self {
            pool: Pool::new(config.limits.unwrap_or_default()),
            connector: Box::new(Connector::new(config)?),
            proxy: ProxySettings::of(config)?,
            #[cfg(all(feature = "tls", not(target_family = "wasm")))]
            tls: Box::new(tls::TlsSettings::new(config.tls.clone().unwrap_or_default(), config.trust_env)?),
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

    async fn exchange(&self, request: &mut Request) -> Result<(crate::response::Head, crate::body::Incoming)> {
        check_scheme(request.url())?;
        check_tls(request.url())?;
        let passed_on = self.passing_on(request.url());
        let method = request.method().clone();
        let permit = match self.checkout(request).await? {
            Checkout::Connect(permit) => permit,
            Checkout::Reuse(lease) => match Exchange::new(lease, request, passed_on)?.run(&method).await {
                Err(failure) if failure.is_repeatable && request.body().is_repeatable() => {
                    // The server closed it while the request was under way. Once more, over a connection that is new.
                    self.checkout(request).await?.into_permit()
                }
                result => return result.map_err(|failure| failure.error),
            },
        };
        let lease = self.open(permit, request).await?;
        Exchange::new(lease, request, passed_on)?.run(&method).await.map_err(|failure| failure.error)
    }

    /// The proxy, if it passes this request on instead of tunnelling it.
    fn passing_on(&self, url: &Url) -> Option<&ProxySettings> {
        self.proxy.as_deref().filter(|proxy| proxy.passes_on(url))
    }

    /// What its connections may be shared by. A proxy that passes requests on takes those to all origins over one; a tunnel
    /// leads to one origin, and under another name for TLS it is another connection (threat D13).
    fn key<'a>(&'a self, request: &'a Request) -> Cow<'a, str> {
        let url = request.url();
        let origin = self.passing_on(url).map_or_else(|| origin(url), |proxy| Cow::Borrowed(&proxy.pool_key));
        match sni(request) {
            // No origin has a space in it.
            Some(SniHostname(name)) => Cow::Owned(format!("{origin} {name}")),
            None => origin,
        }
    }

    async fn checkout(&self, request: &Request) -> Result<Checkout> {
        self.pool.checkout(&self.key(request), request.timeout().pool).await
    }

    /// Closes what is idle, and keeps nothing from now on.
    pub(crate) fn close(&self) {
        self.pool.close();
    }

    pub(crate) fn pool_stats(&self) -> Option<PoolStats> {
        Some(self.pool.stats())
    }

    async fn open(&self, permit: Permit, request: &Request) -> Result<Lease> {
        let late = |limit| timed_out(ErrorKind::ConnectTimeout, "No connection could be made", limit);
        let mut retries = 0;
        loop {
            match within(request.timeout().connect, late, self.connect(request)).await {
                Ok(stream) => {
                    let tls = stream.tls_info().filter(|_| request.url().scheme() == "https");
                    return Ok(permit.lease(Connection::new(stream, tls)));
                }
                Err(error) => self.connector.wait_to_retry(retries, error, request.trace()).await?,
            }
            retries += 1;
        }
    }

    async fn connect(&self, request: &Request) -> Result<Stream> {
        let (url, trace) = (request.url(), request.trace());
        let stream = match &self.proxy {
            Some(proxy) => self.connect_through(proxy, url, trace).await?,
            None => self.connector.open(url, trace).await?,
        };
        match url.scheme() {
            #[cfg(all(feature = "tls", not(target_family = "wasm")))]
            "https" => trace.around("connection.start_tls", authority(url), self.tls.handshake(stream, request)).await,
            _ => Ok(stream),
        }
    }

    /// A connection to the proxy, which is handed the request, or through it.
    async fn connect_through(&self, proxy: &ProxySettings, url: &Url, trace: &Trace) -> Result<Stream> {
        let mut stream = self.connect_proxy(proxy, trace).await.map_err(|error| proxy.unreached(error))?;
        if !proxy.passes_on(url) {
            proxy.tunnel(&mut stream, url, &self.connector, trace).await?;
        }
        Ok(stream)
    }

    async fn connect_proxy(&self, proxy: &ProxySettings, trace: &Trace) -> Result<Stream> {
        let stream = self.connector.open(&proxy.address, trace).await?;
        #[cfg(all(feature = "tls", not(target_family = "wasm")))]
        if let Some(tls) = &proxy.tls {
            let handshake = tls.handshake(stream, &proxy.address);
            return trace.around("proxy.start_tls", authority(&proxy.address), handshake).await;
        }
        Ok(stream)
    }
}

/// The name for TLS, where the user gave another one.
fn sni(request: &Request) -> Option<&SniHostname> {
    request.extensions().get().filter(|_| request.url().scheme() == "https")
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
    if url.scheme() != "https" || HAS_TLS {
        return Ok(());
    }
    Err(Error::new(ErrorKind::UnsupportedProtocol, "https:// needs the feature 'tls', natively"))
}
