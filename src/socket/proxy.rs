//! A proxy as our connections use it.

use http::HeaderName;
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use tokio::io::{AsyncRead, AsyncWrite};
use url::{Position, Url};

use super::connect::Connector;
use super::http1::HeadLimits;
use super::socks::Socks;
#[cfg(all(feature = "tls", not(target_family = "wasm")))]
use super::tls::TlsSettings;
use super::tunnel;
#[cfg(all(feature = "tls", not(target_family = "wasm")))]
use super::versions::Versions;
use crate::config::{Limits, TransportConfig};
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result, without_credentials};
use crate::headers::Headers;
use crate::proxy::Proxy;
#[cfg(all(feature = "tls", not(target_family = "wasm")))]
use crate::tls::Tls;
use crate::trace::Trace;
use crate::url_merge::parse;

pub(in crate::socket) struct ProxySettings {
    /// Where it is, without credentials: with `https`, or with `http` for all that begins in the clear. (The host of another
    /// scheme is not read as an address.)
    pub(super) address: Url,
    /// As errors show it.
    shown: Url,
    /// What the connections are shared by that are the proxy's own. It is no origin's: one that the proxy itself is would
    /// otherwise get requests that are for the proxy (H11).
    pub(super) pool_key: String,
    /// `Proxy-Authorization`, then what the user gave.
    pub(in crate::socket) headers: Headers,
    socks: Option<Socks>,
    tunnel_only: bool,
    /// For what it answers when it is asked for a tunnel.
    limits: HeadLimits,
    /// Sessions of its own (threat D12), if it speaks TLS.
    #[cfg(all(feature = "tls", not(target_family = "wasm")))]
    pub(super) tls: Option<TlsSettings>,
}

/// Beside a request's own they would make two requests of it, or one for another host (RFC 9112 3.2, 6.1).
const FRAMING: [HeaderName; 3] = [HOST, CONTENT_LENGTH, TRANSFER_ENCODING];

impl ProxySettings {
    pub(super) fn of(config: &TransportConfig) -> Result<Option<Box<Self>>> {
        let Some(proxy) = &config.proxy else { return Ok(None) };
        let settings = Self { limits: config.limits.unwrap_or_default().into(), ..Self::new(proxy)? };
        #[cfg(all(feature = "tls", not(target_family = "wasm")))]
        let tls = (settings.address.scheme() == "https")
            .then(|| TlsSettings::new(tls_of(proxy, config), config.trust_env, Versions::new(true, false).protocols()))
            .transpose()?;
        #[cfg(all(feature = "tls", not(target_family = "wasm")))]
        let settings = Self { tls, ..settings };
        Ok(Some(Box::new(settings)))
    }

    pub(super) fn new(proxy: &Proxy) -> Result<Self> {
        let url = parse(&proxy.url).ok().filter(Url::has_host).ok_or_else(no_url)?;
        check_scheme(proxy, url.scheme())?;
        let credentials = proxy.auth.clone().or_else(|| Credentials::of(&url));
        let socks = Socks::new(url.scheme(), credentials.as_ref())?;
        let headers = match socks {
            Some(_) => no_headers(proxy)?,
            None => headers(proxy, credentials)?,
        };
        let address = address(&url)?;
        Ok(Self {
            pool_key: format!("by {address}"),
            address,
            shown: without_credentials(&url),
            headers,
            socks,
            tunnel_only: proxy.tunnel_only,
            limits: Limits::default().into(),
            #[cfg(all(feature = "tls", not(target_family = "wasm")))]
            tls: None,
        })
    }

    /// Whether it is handed the request whole. Else it opens a tunnel.
    pub(super) fn passes_on(&self, url: &Url) -> bool {
        url.scheme() == "http" && self.socks.is_none() && !self.tunnel_only
    }

    /// Asks the proxy at the other end of the stream for a tunnel to the URL's host.
    pub(super) async fn tunnel<S>(&self, stream: &mut S, url: &Url, connector: &Connector, trace: &Trace) -> Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let target = &url[Position::BeforeHost..Position::AfterPort];
        match &self.socks {
            Some(socks) => trace.around(socks.point(), target, socks.open(stream, url, connector)).await,
            None => trace.around("proxy.connect", target, tunnel::open(stream, url, &self.headers, self.limits)).await,
        }
    }

    /// The error's kind stays: whoever cannot reach the proxy has not connected.
    pub(super) fn unreached(&self, error: Error) -> Error {
        let message = format!("The proxy {} was not reached: {}", self.shown, error.message());
        Error::new(error.kind(), message).with_source(error)
    }
}

/// Its own settings, or what the client trusts; who the client is, is the origin's to know (threat D14).
#[cfg(all(feature = "tls", not(target_family = "wasm")))]
fn tls_of(proxy: &Proxy, config: &TransportConfig) -> Tls {
    let clients = || Tls { client_cert: None, ..config.tls.clone().unwrap_or_default() };
    proxy.tls.clone().unwrap_or_else(clients)
}

fn no_url() -> Error {
    let message = "The proxy's URL is none; it should look like 'http://user:password@proxy.example.org:8030'";
    Error::new(ErrorKind::InvalidUrl, message)
}

fn check_scheme(proxy: &Proxy, scheme: &str) -> Result<()> {
    let tls = cfg!(all(feature = "tls", not(target_family = "wasm")));
    let unsupported = |message: &'static str| Err(Error::new(ErrorKind::Unsupported, message));
    match scheme {
        "https" if !tls => unsupported("A proxy of the kind 'https://' needs the feature 'tls', natively"),
        "https" => Ok(()),
        "http" | "socks5" | "socks5h" | "socks4" | "socks4a" if proxy.tls.is_some() => {
            unsupported("Proxy::tls is for proxies of the kind 'https://': with others there is no TLS")
        }
        "http" | "socks5" | "socks5h" | "socks4" | "socks4a" => Ok(()),
        // HTTPX's words.
        _ => Err(Error::new(ErrorKind::InvalidUrl, format!("Unknown scheme for proxy URL: '{scheme}://'"))),
    }
}

fn headers(proxy: &Proxy, credentials: Option<Credentials>) -> Result<Headers> {
    let mut headers = Headers::new();
    if let Some(credentials) = credentials {
        headers.push(http::header::PROXY_AUTHORIZATION, credentials.basic()?);
    }
    for (name, value) in &proxy.headers {
        headers.append(name.as_str(), value.as_str())?;
    }
    if let Some(name) = FRAMING.iter().find(|name| headers.contains(*name)) {
        let message = format!("A proxy's header cannot be '{name}', which says where each request goes or ends");
        return Err(Error::new(ErrorKind::LocalProtocol, message));
    }
    Ok(headers)
}

fn no_headers(proxy: &Proxy) -> Result<Headers> {
    match proxy.headers.is_empty() {
        true => Ok(Headers::new()),
        false => Err(Error::new(ErrorKind::Unsupported, "A SOCKS proxy takes no header fields")),
    }
}

fn address(url: &Url) -> Result<Url> {
    if matches!(url.scheme(), "http" | "https") {
        return Ok(without_credentials(url));
    }
    let (host, port) = (url.host_str().unwrap_or_default(), url.port().unwrap_or(SOCKS_PORT));
    parse(&format!("http://{host}:{port}")).map_err(|_| no_url())
}

/// RFC 1928 3.
const SOCKS_PORT: u16 = 1080;

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> ProxySettings {
        ProxySettings::new(&Proxy::new(url)).unwrap()
    }

    #[test]
    fn the_host_is_read_alike_under_every_scheme() {
        for (url, address) in [
            ("http://proxy", "http://proxy/"),
            ("socks5://u:p@127.0.0.1:9", "http://127.0.0.1:9/"),
            ("socks5h://[::1]", "http://[::1]:1080/"),
            ("socks4a://localhost:80", "http://localhost/"),
        ] {
            assert_eq!(settings(url).address.as_str(), address);
        }
        assert!(ProxySettings::new(&Proxy::new("socks5://a%20b")).is_err());
        assert!(ProxySettings::new(&Proxy::new("socks5://h:0")).is_err());
    }

    // H11: what is for the proxy shares no connection with what goes through it.
    #[test]
    fn connections_of_the_proxy_are_no_origins() {
        let proxy = settings("http://u:p@proxy:8030");
        assert!(!proxy.pool_key.starts_with("http") && !proxy.pool_key.contains("u:p"));
        let (http, https) = ("http://o/".parse().unwrap(), "https://o/".parse().unwrap());
        assert!(proxy.passes_on(&http) && !proxy.passes_on(&https));
        assert!(!settings("socks5://proxy").passes_on(&http));
        assert!(!ProxySettings::new(&Proxy::new("http://proxy").tunnel_only()).unwrap().passes_on(&http));
    }
}
