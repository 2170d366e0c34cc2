//! The host transports: the host speaks HTTP for us.

#[cfg(target_os = "unknown")]
mod fetch;
#[cfg(target_os = "unknown")]
mod fetch_body;
#[cfg(target_os = "unknown")]
mod fetch_error;
#[cfg(target_os = "wasi")]
mod wasi;
#[cfg(target_os = "wasi")]
mod wasi_http;

#[cfg(target_os = "unknown")]
pub(crate) use fetch::FetchTransport;
#[cfg(all(feature = "npm", target_os = "unknown"))]
pub(crate) use fetch::set;
#[cfg(target_os = "wasi")]
pub(crate) use wasi::WasiTransport;

use crate::config::TransportConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::request::{Request, RequestTarget};
use crate::tls::SniHostname;

/// The points that a trace tells of.
const REQUEST: &str = "host.request";
const RECEIVE_BODY: &str = "host.receive_response_body";

/// What a request asks of TLS and of HTTP's wire, the host cannot honour either.
fn check_request(request: &Request, host: &str) -> Result<()> {
    let (extensions, scheme) = (request.extensions(), request.url().scheme());
    let refused = [
        (extensions.get::<SniHostname>().is_some() && scheme == "https", "SniHostname: the host speaks TLS"),
        (extensions.get::<RequestTarget>().is_some(), "RequestTarget: the host writes the request line"),
        (request.informational().is_some(), "on_informational: the host hides interim responses"),
        (matches!(scheme, "ws" | "wss"), "ws:// and wss://: the host hands no connections out"),
    ];
    match refused.iter().find(|(set, _)| *set) {
        Some((_, what)) => Err(Error::new(ErrorKind::Unsupported, format!("{host} cannot honour {what}"))),
        None => Ok(()),
    }
}

/// Settings that a host cannot honour are errors when the client is built, never ignored.
fn check(config: &TransportConfig, host: &str) -> Result<()> {
    let refused = [
        (config.proxy.is_some(), "proxy: the host decides on proxies"),
        (config.tls.is_some(), "tls: the host decides what it trusts"),
        (config.http2.is_some() || !config.http1, "http1 and http2: the host chooses the version"),
        (config.http2_keep_alive.is_some(), "http2_keep_alive: the host keeps the connections"),
        (config.local_address.is_some(), "local_address: the host makes the connections"),
        (config.limits.is_some(), "limits: the host keeps the connections"),
    ];
    let unsupported =
        |setting: &str| Err(Error::new(ErrorKind::Unsupported, format!("{host} cannot honour {setting}")));
    match (refused.iter().find(|(set, _)| *set), config.connect.first_given()) {
        (Some((_, setting)), _) => unsupported(setting),
        (None, Some(name)) => unsupported(&format!("{name}: the host makes the connections")),
        (None, None) => Ok(()),
    }
}
