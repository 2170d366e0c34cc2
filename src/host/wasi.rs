//! WASI's default transport: `http://` over our own sockets, `https://` by the host.

use super::check;
use super::wasi_http::WasiHttp;
use crate::config::TransportConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::request::Request;
use crate::socket::SocketTransport;
use crate::streaming::StreamingResponse;
use crate::transport::{Capabilities, PoolStats};

pub(crate) struct WasiTransport {
    socket: SocketTransport,
    /// What the host cannot honour for `https://`, where ignoring it would lead past a proxy or a guard.
    for_http_alone: Option<&'static str>,
}

impl WasiTransport {
    /// `limits`, `proxy`, HTTP/2 and how connections are made hold for the sockets; what neither side can honour is refused.
    pub(crate) fn new(config: &TransportConfig) -> Result<Self> {
        let own = TransportConfig { limits: None, local_address: None, proxy: None, ..config.clone() };
        let own = TransportConfig { http1: true, http2: None, http2_keep_alive: None, ..own };
        check(&TransportConfig { connect: Default::default(), ..own }, "wasi:http")?;
        let for_http_alone = [(config.proxy.is_some(), "proxy"), (!config.http1, "http1(false)")];
        let for_http_alone = for_http_alone.iter().find(|(is_set, _)| *is_set).map(|(_, name)| *name);
        let for_http_alone = for_http_alone.or_else(|| config.connect.first_given());
        Ok(Self { socket: SocketTransport::new(config)?, for_http_alone })
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        self.socket.capabilities()
    }

    pub(crate) fn close(&self) {
        self.socket.close();
    }

    pub(crate) fn pool_stats(&self) -> Option<PoolStats> {
        self.socket.pool_stats()
    }

    pub(crate) async fn send(&self, request: Request) -> Result<StreamingResponse> {
        match (request.url().scheme(), self.for_http_alone) {
            ("https", Some(setting)) => {
                // A proxy that the environment names is no less one that should be used.
                let message = format!(
                    "wasi:http cannot honour {setting}: on WASI it is for http:// alone (what the environment names is left alone \
                     by trust_env(false))"
                );
                Err(Error::new(ErrorKind::Unsupported, message).with_url(request.url()))
            }
            ("https", None) => WasiHttp.send(request).await,
            // Refused there: the host hands no connections out.
            ("wss", _) => WasiHttp.send(request).await,
            _ => self.socket.send(request).await,
        }
    }
}
