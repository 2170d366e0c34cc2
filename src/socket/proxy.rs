//! A proxy as our connections use it.

use http::HeaderName;
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use url::Url;

use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result, without_credentials};
use crate::headers::Headers;
use crate::proxy::Proxy;
use crate::url_merge::parse;

pub(in crate::socket) struct ProxySettings {
    /// Without credentials.
    pub(super) url: Url,
    /// `Proxy-Authorization`, then what the user gave.
    pub(in crate::socket) headers: Headers,
}

/// Beside a request's own they would make two requests of it, or one for another host (RFC 9112 3.2, 6.1).
const FRAMING: [HeaderName; 3] = [HOST, CONTENT_LENGTH, TRANSFER_ENCODING];

impl ProxySettings {
    pub(super) fn new(proxy: &Proxy) -> Result<Self> {
        let url = parse(&proxy.url).ok().filter(Url::has_host).ok_or_else(|| {
            let message = "The proxy's URL is none; it should look like 'http://user:password@proxy.example.org:8030'";
            Error::new(ErrorKind::InvalidUrl, message)
        })?;
        check_scheme(url.scheme())?;
        let mut headers = Headers::new();
        if let Some(credentials) = proxy.auth.clone().or_else(|| Credentials::of(&url)) {
            headers.push(http::header::PROXY_AUTHORIZATION, credentials.basic()?);
        }
        for (name, value) in &proxy.headers {
            headers.append(name.as_str(), value.as_str())?;
        }
        if let Some(name) = FRAMING.iter().find(|name| headers.contains(*name)) {
            let message = format!("A proxy's header cannot be '{name}', which says where each request goes or ends");
            return Err(Error::new(ErrorKind::LocalProtocol, message));
        }
        Ok(Self { url: without_credentials(&url), headers })
    }
}

fn check_scheme(scheme: &str) -> Result<()> {
    match scheme {
        "http" => Ok(()),
        "https" | "socks5" | "socks5h" | "socks4" | "socks4a" => Err(Error::new(
            ErrorKind::Unsupported,
            format!("This version of whimbrel cannot use a proxy of the kind '{scheme}://', but 'http://' alone"),
        )),
        _ => Err(Error::new(ErrorKind::InvalidUrl, format!("Unknown scheme for a proxy's URL: '{scheme}://'"))),
    }
}
