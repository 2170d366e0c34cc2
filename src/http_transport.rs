//! The target's own transport with settings of its own, for mounts.

use crate::TargetTransport;
use crate::backend::BoxFuture;
use crate::config::{TransportConfig, transport_settings};
use crate::error::Result;
use crate::request::Request;
use crate::streaming::StreamingResponse;
use crate::transport::{Capabilities, PoolStats, Transport};

/// HTTP as this target speaks it: over sockets natively, by `fetch` in JavaScript hosts, by both sockets and `wasi:http` on
/// WASI (HTTPX's `HTTPTransport`).
///
/// A client has one of its own. More of them, with other settings, are for [mounts](crate::ClientBuilder::mount).
///
/// ```
/// use whimbrel::{Client, HttpTransport};
/// # if Client::new().capabilities().host_header {
/// let proxied = HttpTransport::builder().proxy("http://localhost:8030").build()?;
/// let client = Client::builder().mount("all://*.example.org", proxied).build()?;
/// # }
/// # Ok::<(), whimbrel::Error>(())
/// ```
pub struct HttpTransport {
    inner: TargetTransport,
}

/// Configures an [`HttpTransport`].
#[derive(Clone, Debug, Default)]
#[must_use = "a builder builds nothing until `build`"]
pub struct HttpTransportBuilder {
    config: TransportConfig,
}

impl HttpTransport {
    /// A transport to be configured.
    pub fn builder() -> HttpTransportBuilder {
        HttpTransportBuilder::default()
    }

    pub(crate) fn new(config: &TransportConfig) -> Result<Self> {
        TargetTransport::new(config).map(|inner| Self { inner })
    }

    /// What its pool has to do; `None` where the host keeps the connections.
    pub fn pool_stats(&self) -> Option<PoolStats> {
        self.inner.pool_stats()
    }

    /// [`Transport::send`] without a box.
    pub(crate) async fn send_unboxed(&self, request: Request) -> Result<StreamingResponse> {
        self.inner.send(request).await
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<StreamingResponse>> {
        Box::pin(self.inner.send(request))
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn close(&self) {
        self.inner.close();
    }
}

impl HttpTransportBuilder {
    transport_settings!();

    /// The transport, or the first setting that this target cannot honour.
    pub fn build(self) -> Result<HttpTransport> {
        HttpTransport::new(&self.config)
    }
}
