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
    is_proxied: bool,
}

impl WasiTransport {
    /// `limits`, `local_address` and `proxy` hold for the sockets; what neither side can honour is refused.
    pub(crate) fn new(config: &TransportConfig) -> Result<Self> {
        check(&TransportConfig { limits: None, local_address: None, proxy: None, ..config.clone() }, "wasi:http")?;
        Ok(Self { socket: SocketTransport::new(config)?, is_proxied: config.proxy.is_some() })
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
        match request.url().scheme() {
            "https" if self.is_proxied => {
                // What the environment names is no less a proxy that should be used.
                let message = "wasi:http cannot use a proxy: on WASI it is for http:// alone. One that the environment names is left \
                               alone by trust_env(false)";
                Err(Error::new(ErrorKind::Unsupported, message).with_url(request.url()))
            }
            "https" => WasiHttp.send(request).await,
            _ => self.socket.send(request).await,
        }
    }
}
