//! Proxies: where one is and what it is told.

use std::fmt;

use crate::credentials::Credentials;
use crate::error::without_credentials;
use crate::tls::Tls;
use crate::url_merge::parse;

/// A proxy, for [`ClientBuilder::proxy`](crate::ClientBuilder::proxy) and
/// [`HttpTransportBuilder::proxy`](crate::HttpTransportBuilder::proxy) (HTTPX's `Proxy`). A URL alone does as well.
///
/// The scheme says how the proxy itself is talked to:
///
/// | URL | what it is told | default port |
/// | --- | --- | --- |
/// | `http://` | `http://` requests whole; CONNECT for `https://`, so that it sees no more of them than the host | 80 |
/// | `https://` | the same inside TLS, by the client's own [`Tls`] settings or [those for it](Self::tls); natively | 443 |
/// | `socks5://`, `socks5h://` | the host's name or address (RFC 1928), with user and password (RFC 1929) | 1080 |
/// | `socks4a://` | the host's name or IPv4 address, with a user | 1080 |
/// | `socks4://` | the host's IPv4 address, which alone is looked up here | 1080 |
///
/// Under both names SOCKS5 has the proxy resolve names, as in HTTPX; there is no way past it when that fails.
///
/// Mistakes come out when the client is built: `InvalidUrl` for what is no proxy's URL, `LocalProtocol` for credentials that
/// cannot be sent, `Unsupported` for what the target or this kind of proxy has no place for (a header or a TLS setting for
/// SOCKS, a password for SOCKS4). A proxy that refuses is a `Proxy` error when a request is sent. The connect timeout covers
/// all of it, up to the server's own TLS.
///
/// ```
/// use whimbrel::{Client, Proxy};
/// let proxy = Proxy::new("http://localhost:8030").auth("user", "pass").header("x-trace", "1");
/// # if Client::new().capabilities().host_header {
/// let client = Client::builder().proxy(proxy).build()?;
/// let client = Client::builder().proxy("socks5://user:pass@localhost:1080").build()?;
/// # }
/// # Ok::<(), whimbrel::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    pub(crate) url: String,
    pub(crate) auth: Option<Credentials>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) tls: Option<Tls>,
    pub(crate) tunnel_only: bool,
}

impl Proxy {
    /// The proxy at this URL. Credentials in it are sent to the proxy alone.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), auth: None, headers: Vec::new(), tls: None, tunnel_only: false }
    }

    /// Credentials for the proxy, in place of those of its URL (Basic, or SOCKS's own way).
    pub fn auth(self, user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { auth: Some(Credentials::new(user, password)), ..self }
    }

    /// A header field for the proxy: beside the request's own where it passes requests on, with CONNECT where it tunnels. Host,
    /// Content-Length and Transfer-Encoding are the requests', and `LocalProtocol` here.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The settings of TLS with the proxy itself, in place of the client's (HTTPX's `ssl_context`). Without them the client's
    /// hold, all but its certificate, which is for servers. They are for an `https://` proxy; `Unsupported` with others.
    ///
    /// ```
    /// use whimbrel::{Proxy, Tls};
    /// let proxy = Proxy::new("https://localhost:8443").tls(Tls::new().add_root_pem("-----BEGIN CERTIFICATE-----\n…"));
    /// ```
    pub fn tls(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Has the proxy open tunnels for `http://` too, in place of passing requests on. (Old HTTPX's `TUNNEL_ONLY`; SOCKS knows
    /// nothing else.) Proxies often allow tunnels to port 443 alone.
    ///
    /// ```
    /// let proxy = whimbrel::Proxy::new("http://localhost:8030").tunnel_only();
    /// ```
    pub fn tunnel_only(self) -> Self {
        Self { tunnel_only: true, ..self }
    }
}

impl<T: Into<String>> From<T> for Proxy {
    fn from(url: T) -> Self {
        Self::new(url)
    }
}

/// The URL without credentials; a header may be a secret under any name.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = parse(&self.url).map(|url| without_credentials(&url).to_string());
        f.debug_struct("Proxy").field("url", &url.unwrap_or_default()).finish_non_exhaustive()
    }
}
