//! Tunnels through a SOCKS proxy: the handshakes without IO (`v4`, `v5`), and what drives them over a stream.

#[cfg(test)]
mod tests;
mod v4;
mod v5;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use url::{Host, Url};

use self::v4::Socks4;
use self::v5::Socks5;
use super::connect::Connector;
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result};

/// How a SOCKS proxy is talked to.
pub(super) struct Socks {
    dialect: Dialect,
    credentials: Option<Credentials>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    /// IPv4 addresses alone: names are resolved here.
    Four,
    /// Version 4 with names, which the proxy resolves.
    FourA,
    /// RFC 1928. Names are the proxy's to resolve under both of its schemes, as in HTTPX: nothing is asked of the DNS here.
    Five,
}

/// What comes next in a handshake: these bytes go to the proxy, and then exactly so many are read from it.
#[derive(Debug, PartialEq, Eq)]
struct Turn {
    send: Vec<u8>,
    /// Nothing more to read means that the tunnel is open.
    expect: usize,
}

trait Handshake {
    /// Goes on from the bytes that the last turn expected; from none at first.
    fn next(&mut self, received: &[u8]) -> Result<Turn>;
}

impl Socks {
    /// `None` for what is no scheme of SOCKS.
    pub(super) fn new(scheme: &str, credentials: Option<&Credentials>) -> Result<Option<Self>> {
        let dialect = match scheme {
            "socks4" => Dialect::Four,
            "socks4a" => Dialect::FourA,
            "socks5" | "socks5h" => Dialect::Five,
            _ => return Ok(None),
        };
        if let Some(credentials) = credentials {
            check(dialect, credentials)?;
        }
        Ok(Some(Self { dialect, credentials: credentials.cloned() }))
    }

    /// The point of a trace: HTTPX's name, where HTTPX has one.
    pub(super) fn point(&self) -> &'static str {
        match self.dialect {
            Dialect::Five => "socks.setup_socks5_connection",
            Dialect::Four | Dialect::FourA => "socks.setup_socks4_connection",
        }
    }

    /// Asks for a tunnel to the URL's host. What comes behind the proxy's answer is left in the stream.
    pub(super) async fn open<S>(&self, stream: &mut S, url: &Url, connector: &Connector) -> Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let port = url.port_or_known_default().unwrap_or(80);
        let host = url.host().ok_or_else(|| Error::new(ErrorKind::InvalidUrl, "The URL has no host"))?;
        match (self.dialect, host) {
            (Dialect::Five, host) => drive(stream, Socks5::new(&host, port, self.credentials.as_ref())?).await,
            (Dialect::Four, Host::Domain(_)) => {
                let address = Host::Ipv4(connector.ipv4(url).await?);
                drive(stream, Socks4::new(&address, port, self.user())?).await
            }
            (Dialect::Four | Dialect::FourA, host) => drive(stream, Socks4::new(&host, port, self.user())?).await,
        }
    }

    fn user(&self) -> &str {
        self.credentials.as_ref().map_or("", |credentials| &credentials.user)
    }
}

/// What the handshake has no room for is told when the client is built.
fn check(dialect: Dialect, credentials: &Credentials) -> Result<()> {
    let Credentials { user, password } = credentials;
    let illegal = |message: &'static str| Err(Error::new(ErrorKind::LocalProtocol, message));
    match dialect {
        Dialect::Five if user.len() > 255 || password.len() > 255 => {
            illegal("User and password for a SOCKS5 proxy have 255 bytes at most (RFC 1929 2)")
        }
        Dialect::Five => Ok(()),
        Dialect::Four | Dialect::FourA if !password.is_empty() => {
            Err(Error::new(ErrorKind::Unsupported, "SOCKS4 knows a user but no password; socks5:// does"))
        }
        Dialect::Four | Dialect::FourA if user.contains('\0') => illegal("A SOCKS4 user cannot hold NUL"),
        Dialect::Four | Dialect::FourA => Ok(()),
    }
}

/// Each turn's bytes exactly: what follows the handshake is not ours to read.
async fn drive<S>(stream: &mut S, mut handshake: impl Handshake) -> Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut received = Vec::new();
    loop {
        let turn = handshake.next(&received)?;
        received.resize(turn.expect, 0);
        let moved = async {
            stream.write_all(&turn.send).await?;
            stream.flush().await?;
            stream.read_exact(&mut received).await
        };
        moved.await.map_err(|error| broken(&error))?;
        if turn.expect == 0 {
            return Ok(());
        }
    }
}

fn broken(error: &std::io::Error) -> Error {
    refused(format!("The proxy opened no tunnel: the connection to it broke ({error})"))
}

fn refused(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Proxy, message.into())
}
