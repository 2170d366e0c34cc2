//! From a URL to an open connection, without TLS: which addresses (`addresses`), which of them first (`race`), and once more
//! (`retry`).

mod addresses;
mod race;
mod retry;

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use url::Url;

use self::addresses::Addresses;
use super::authority;
use super::network::OwnStream;
use super::stream::Stream;
use crate::backend::{HAS_UNIX_SOCKETS, TcpOptions, TcpStream, connect_tcp, connect_unix, now};
use crate::config::TransportConfig;
use crate::connect::{ConnectConfig, ConnectTarget, Guard, NetworkBackend, Own};
use crate::connection::Opening;
use crate::error::{Error, ErrorKind, Result};
use crate::trace::Trace;

const TCP: &str = "connection.connect_tcp";

/// Makes the connections of a transport.
pub(super) struct Connector {
    addresses: Addresses,
    options: TcpOptions,
    uds: Option<PathBuf>,
    guard: Option<Own<dyn Guard>>,
    network: Option<Own<dyn NetworkBackend>>,
    retries: u32,
}

impl Connector {
    pub(super) fn new(config: &TransportConfig) -> Result<Self> {
        let connect = &config.connect;
        let unsupported = |message: &'static str| Err(Error::new(ErrorKind::Unsupported, message));
        match connect.uds.is_some() {
            true if !HAS_UNIX_SOCKETS => return unsupported("This system has no Unix sockets: leave uds away"),
            true if config.proxy.is_some() => {
                return unsupported("uds and proxy exclude each other: both say where to connect");
            }
            _ => {}
        }
        check_network(config)?;
        Ok(Self {
            addresses: Addresses::new(connect, config.local_address)?,
            options: TcpOptions { local: config.local_address, keepalive: connect.tcp_keepalive },
            uds: connect.uds.clone(),
            guard: connect.guard.clone(),
            network: connect.network.clone(),
            retries: connect.retries,
        })
    }

    /// A plain connection to the URL's host, or to the Unix socket in its place.
    pub(super) async fn open(&self, url: &Url, trace: &Trace, opening: &mut Opening) -> Result<Stream> {
        match (&self.uds, &self.network) {
            (Some(path), _) => {
                let connection = trace.around("connection.connect_unix_socket", path.display(), unix(url, path));
                connection.await.map(Stream::Plain)
            }
            (None, Some(network)) => trace.around(TCP, authority(url), own(url, network)).await,
            (None, None) => trace.around(TCP, authority(url), self.tcp(url, opening)).await.map(Stream::Plain),
        }
    }

    /// The first IPv4 address of the URL's host, for a proxy that is to be told one. (The proxy connects: neither the family of
    /// `local_address` nor the guard has a say.)
    pub(super) async fn ipv4(&self, url: &Url) -> Result<Ipv4Addr> {
        let found = self.addresses.find(url).await?;
        found.iter().find_map(|address| v4(address.ip())).ok_or_else(|| {
            let message = "The host has no IPv4 address, and socks4:// takes no other; socks5:// does";
            Error::new(ErrorKind::Dns, message).with_url(url)
        })
    }

    async fn tcp(&self, url: &Url, opening: &mut Opening) -> Result<TcpStream> {
        let started = now();
        let addresses = self.addresses.of(url).await?;
        opening.dns = url.domain().map(|_| started.elapsed());
        match addresses[..] {
            [address] => self.attempt(url, address).await,
            // Boxed, for it is rare and large.
            _ => Box::pin(race::run(addresses, race::DELAY, |address| self.attempt(url, address), is_refusal)).await,
        }
    }

    async fn attempt(&self, url: &Url, address: SocketAddr) -> Result<TcpStream> {
        self.ask_guard(url, address)?;
        connect_tcp(address, self.options).await.map_err(|error| connect_error(url, address, error))
    }

    fn ask_guard(&self, url: &Url, address: SocketAddr) -> Result<()> {
        let Some(guard) = &self.guard else { return Ok(()) };
        let host = url.host_str().unwrap_or_default();
        (guard.0)(&ConnectTarget { host, address }).map_err(|error| {
            let message = error.message().to_owned();
            Error::new(ErrorKind::Connect, message).with_source(Refusal { address, reason: error }).with_url(url)
        })
    }
}

/// Why an address was not connected to: the user's guard said so.
#[derive(Debug)]
struct Refusal {
    address: SocketAddr,
    reason: Error,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connect_guard refused {}", self.address)
    }
}

impl StdError for Refusal {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.reason)
    }
}

/// Whether it was the guard that ended it, perhaps on the way to a proxy.
fn is_refusal(error: &Error) -> bool {
    std::iter::successors(error.source(), |&cause| cause.source()).any(<dyn StdError>::is::<Refusal>)
}

fn v4(address: IpAddr) -> Option<Ipv4Addr> {
    match address.to_canonical() {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    }
}

/// Where the program makes the connections, nothing else decides on how.
fn check_network(config: &TransportConfig) -> Result<()> {
    let rest = ConnectConfig { network: None, retries: 0, ..config.connect.clone() };
    let replaced = config.local_address.map(|_| "local_address").or(rest.first_given());
    match replaced.filter(|_| config.connect.network.is_some()) {
        Some(name) => Err(Error::new(
            ErrorKind::Unsupported,
            format!("network_backend cannot honour {name}: leave one of them away"),
        )),
        None => Ok(()),
    }
}

async fn own(url: &Url, network: &Own<dyn NetworkBackend>) -> Result<Stream> {
    // An IPv6 address has brackets in a URL alone.
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().unwrap_or_default();
    let stream = network.0.connect_tcp(host, port).await.map_err(|error| {
        let message = format!("Could not connect to {}: {error}", authority(url));
        Error::new(ErrorKind::Connect, message).with_source(error).with_url(url)
    })?;
    Ok(Stream::Own(OwnStream(stream)))
}

async fn unix(url: &Url, path: &Path) -> Result<TcpStream> {
    connect_unix(path).await.map_err(|error| {
        let message = format!("Could not connect to the Unix socket '{}': {error}", path.display());
        Error::new(ErrorKind::Connect, message).with_source(error).with_url(url)
    })
}

fn connect_error(url: &Url, address: SocketAddr, error: io::Error) -> Error {
    let hint = match error.kind() {
        io::ErrorKind::ConnectionRefused => "; is a server running there?",
        _ => "",
    };
    let message = format!("Could not connect to {address}: {error}{hint}");
    Error::new(ErrorKind::Connect, message).with_source(error).with_url(url)
}
