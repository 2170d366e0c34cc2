//! From a URL to an open connection: resolve, TCP, TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

use super::stream::Stream;
use crate::backend::{TcpStream, connect_tcp, resolve};
use crate::error::{Error, ErrorKind, Result};

/// The longest name that DNS can carry (RFC 1035 2.3.4).
const MAX_NAME: usize = 253;
/// More addresses than this are not tried.
const MAX_ADDRESSES: usize = 16;

/// A plain connection to the URL's host. Several addresses are tried in order.
pub(super) async fn tcp(url: &Url, local: Option<IpAddr>) -> Result<TcpStream> {
    let addresses = addresses(url).await?;
    let mut failure = None;
    for &address in addresses.iter().take(MAX_ADDRESSES) {
        match connect_tcp(address, local).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = Some((address, error)),
        }
    }
    Err(match failure {
        Some((address, error)) => connect_error(url, address, error),
        None => dns_error(url, "the name has no addresses"),
    })
}

async fn addresses(url: &Url) -> Result<Vec<SocketAddr>> {
    let port = url.port_or_known_default().unwrap_or(80);
    match url.host() {
        Some(Host::Ipv4(address)) => Ok(vec![SocketAddr::new(address.into(), port)]),
        Some(Host::Ipv6(address)) => Ok(vec![SocketAddr::new(address.into(), port)]),
        Some(Host::Domain(name)) if name.len() > MAX_NAME => Err(dns_error(url, "the name is longer than 253 bytes")),
        Some(Host::Domain(name)) => resolve(name, port).await.map_err(|error| dns_error(url, &error.to_string())),
        None => Err(Error::new(ErrorKind::InvalidUrl, "The URL has no host").with_url(url)),
    }
}

fn dns_error(url: &Url, reason: &str) -> Error {
    let host = url.host_str().unwrap_or_default();
    let shown: String = host.chars().take(80).collect();
    Error::new(ErrorKind::Dns, format!("The host name '{shown}' could not be resolved: {reason}")).with_url(url)
}

fn connect_error(url: &Url, address: SocketAddr, error: io::Error) -> Error {
    let hint = match error.kind() {
        io::ErrorKind::ConnectionRefused => "; is a server running there?",
        _ => "",
    };
    let message = format!("Could not connect to {address}: {error}{hint}");
    Error::new(ErrorKind::Connect, message).with_source(error).with_url(url)
}

/// A plain connection as what exchanges read and write.
pub(super) fn plain(stream: TcpStream) -> Stream {
    Stream::Plain(stream)
}
