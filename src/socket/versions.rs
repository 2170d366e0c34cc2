//! Which versions of HTTP are spoken, and where.

use url::Url;

use crate::config::TransportConfig;
use crate::error::{Error, ErrorKind, Result};

/// The versions that a transport speaks: one of them at least.
#[derive(Clone, Copy, Debug)]
pub(super) struct Versions {
    http1: bool,
    http2: bool,
}

impl Versions {
    pub(super) const fn new(http1: bool, http2: bool) -> Self {
        Self { http1, http2 }
    }

    pub(super) fn of(config: &TransportConfig) -> Result<Self> {
        const HAS_HTTP2: bool = cfg!(feature = "http2");
        let unsupported = |message: &'static str| Err(Error::new(ErrorKind::Unsupported, message));
        match (config.http1, config.http2) {
            (_, Some(true)) if !HAS_HTTP2 => unsupported("http2: needs the feature 'http2'"),
            (false, http2) if !http2.unwrap_or(HAS_HTTP2) => {
                unsupported("http1 and http2 are both off: leave one of them on")
            }
            (_, Some(false)) if config.http2_keep_alive.is_some() => {
                unsupported("http2_keep_alive is for HTTP/2, which is off")
            }
            (http1, http2) => Ok(Self::new(http1, http2.unwrap_or(HAS_HTTP2))),
        }
    }

    /// What is spoken to a proxy that passes requests on.
    pub(super) fn passed_on(self) -> Result<Self> {
        match self.http1 {
            true => Ok(Self::new(true, false)),
            false => {
                let message = "A proxy that passes requests on is spoken to in HTTP/1.1: leave http1 on, or let Proxy::tunnel_only tunnel them";
                Err(Error::new(ErrorKind::Unsupported, message))
            }
        }
    }

    /// What is spoken where a connection may be handed over.
    pub(super) fn taken_over(self) -> Result<Self> {
        match self.http1 {
            true => Ok(Self::new(true, false)),
            false => {
                let message = "Upgrades, CONNECT, ws:// and wss:// need HTTP/1.1: leave http1 on";
                Err(Error::new(ErrorKind::Unsupported, message))
            }
        }
    }

    /// What is offered when TLS begins, the preferred one first (RFC 7301).
    #[cfg(all(feature = "tls", not(target_family = "wasm")))]
    pub(super) const fn protocols(self) -> &'static [&'static str] {
        match (self.http1, self.http2) {
            (true, true) => &["h2", "http/1.1"],
            (false, true) => &["h2"],
            _ => &["http/1.1"],
        }
    }

    /// Whether requests to such a URL may share a connection: where the server may choose HTTP/2, or is known to speak it.
    pub(super) fn may_share(self, url: &Url) -> bool {
        self.http2 && (!self.http1 || url.scheme() == "https")
    }

    /// Whether a new connection speaks HTTP/2: by the server's choice, or by prior knowledge (RFC 9113 3.3).
    pub(super) fn chosen(self, url: &Url, has_chosen_http2: bool) -> Result<Version> {
        match (self.http1, url.scheme()) {
            _ if has_chosen_http2 => Ok(Version::Http2),
            (true, _) => Ok(Version::Http1),
            (false, "http") => Ok(Version::Http2),
            (false, _) => {
                let message =
                    "The server did not choose HTTP/2 (ALPN), and http1 is off: leave it on to speak HTTP/1.1";
                Err(Error::new(ErrorKind::Connect, message))
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Http1,
    Http2,
}
