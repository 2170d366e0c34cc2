//! WASI's default transport: `http://` over our own sockets, `https://` by the host.

use super::check;
use super::wasi_http::WasiHttp;
use crate::config::TransportConfig;
use crate::error::Result;
use crate::request::Request;
use crate::socket::SocketTransport;
use crate::streaming::StreamingResponse;
use crate::transport::Capabilities;

pub(crate) struct WasiTransport {
    socket: SocketTransport,
}

impl WasiTransport {
    /// `limits` and `local_address` hold for the sockets; what either side cannot honour is refused.
    pub(crate) fn new(config: &TransportConfig) -> Result<Self> {
        check(&TransportConfig { limits: None, local_address: None, ..config.clone() }, "wasi:http")?;
        Ok(Self { socket: SocketTransport::new(config)? })
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        self.socket.capabilities()
    }

    pub(crate) async fn send(&self, request: Request) -> Result<StreamingResponse> {
        match request.url().scheme() {
            "https" => WasiHttp.send(request).await,
            _ => self.socket.send(request).await,
        }
    }
}
