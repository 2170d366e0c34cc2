//! Proxies: where one is and what it is told.

use std::fmt;

use crate::credentials::Credentials;
use crate::error::without_credentials;
use crate::url_merge::parse;

/// A proxy, for [`ClientBuilder::proxy`](crate::ClientBuilder::proxy) and
/// [`HttpTransportBuilder::proxy`](crate::HttpTransportBuilder::proxy) (HTTPX's `Proxy`). A URL alone does as well.
///
/// `http://` URLs go to it whole, `https://` ones through a tunnel (CONNECT), so that it sees no more of them than the
/// host. Mistakes come out when the client is built: `InvalidUrl` for what is no proxy's URL, `Unsupported` for kinds of
/// proxies that this version cannot use (`https`, `socks5`, `socks5h`).
///
/// ```
/// use whimbrel::{Client, Proxy};
/// let proxy = Proxy::new("http://localhost:8030").auth("user", "pass").header("x-trace", "1");
/// # if Client::new().capabilities().host_header {
/// let client = Client::builder().proxy(proxy).build()?;
/// let client = Client::builder().proxy("http://user:pass@localhost:8030").build()?;
/// # }
/// # Ok::<(), whimbrel::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    pub(crate) url: String,
    pub(crate) auth: Option<Credentials>,
    pub(crate) headers: Vec<(String, String)>,
}

impl Proxy {
    /// The proxy at this URL. Credentials in it are sent to the proxy alone.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), auth: None, headers: Vec::new() }
    }

    /// Credentials for the proxy, in place of those of its URL (Basic).
    pub fn auth(self, user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { auth: Some(Credentials::new(user, password)), ..self }
    }

    /// A header field for the proxy: beside the request's own where it passes requests on, with CONNECT where it tunnels. Host,
    /// Content-Length and Transfer-Encoding are the requests', and `LocalProtocol` here.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
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
