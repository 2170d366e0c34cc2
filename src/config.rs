//! What a client can be told once: timeouts, limits, and what its transport needs.

use std::net::IpAddr;
use std::time::Duration;

use crate::connect::ConnectConfig;
use crate::proxy::Proxy;
use crate::tls::Tls;

/// How long each phase of a request may take. Five seconds each by default, with no total deadline (HTTPX).
///
/// `connect` covers resolving, TCP, what a proxy is asked and TLS; `read` and `write` each wait for the next piece, not for the whole;
/// `pool` waits for a free connection; `total` covers everything from `send` to the end of the body, redirects
/// and auth rounds included. `None` means no limit. A server that sends a byte now and then passes `read` for ever: `total` and
/// `min_rate`, both off by default, are against it. Where the host makes the connections (fetch), `read` also covers
/// connecting, and `connect` counts only if `read` is `None`; `write` and `pool` have no meaning there.
///
/// ```
/// use std::time::Duration;
/// use whimbrel::Timeout;
/// let timeout = Timeout::all(Duration::from_secs(5)).connect(Duration::from_secs(60)).total(Duration::from_secs(90));
/// assert_eq!(timeout.read, Some(Duration::from_secs(5)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeout {
    /// Resolving the name, TCP and TLS.
    pub connect: Option<Duration>,
    /// Waiting for the next bytes of the response.
    pub read: Option<Duration>,
    /// Waiting until more of the request can be written.
    pub write: Option<Duration>,
    /// Waiting for a free connection of the pool.
    pub pool: Option<Duration>,
    /// The whole request, the response's body included.
    pub total: Option<Duration>,
    /// How fast the response must come.
    pub min_rate: Option<MinRate>,
}

/// So many bytes in each so long of waiting for a response, see [`Timeout::min_rate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MinRate {
    /// As they come over the wire, not decoded.
    pub bytes: u64,
    /// Over which they are counted.
    pub per: Duration,
}

impl Default for Timeout {
    fn default() -> Self {
        Self::all(Duration::from_secs(5))
    }
}

impl Timeout {
    /// The same limit for connect, read, write and pool; no total deadline.
    pub const fn all(limit: Duration) -> Self {
        Self {
            connect: Some(limit),
            read: Some(limit),
            write: Some(limit),
            pool: Some(limit),
            total: None,
            min_rate: None,
        }
    }

    /// No limit at all.
    pub const fn none() -> Self {
        Self { connect: None, read: None, write: None, pool: None, total: None, min_rate: None }
    }

    /// Limits resolving, TCP and TLS together.
    pub fn connect(self, limit: impl Into<Option<Duration>>) -> Self {
        Self { connect: limit.into(), ..self }
    }

    /// Limits each wait for bytes of the response.
    pub fn read(self, limit: impl Into<Option<Duration>>) -> Self {
        Self { read: limit.into(), ..self }
    }

    /// Limits each wait until more of the request can be written.
    pub fn write(self, limit: impl Into<Option<Duration>>) -> Self {
        Self { write: limit.into(), ..self }
    }

    /// Limits the wait for a free connection.
    pub fn pool(self, limit: impl Into<Option<Duration>>) -> Self {
        Self { pool: limit.into(), ..self }
    }

    /// Limits the whole request.
    pub fn total(self, limit: impl Into<Option<Duration>>) -> Self {
        Self { total: limit.into(), ..self }
    }

    /// Asks that of a response so many bytes come at least in each so long of waiting for them (libcurl's
    /// `CURLOPT_LOW_SPEED_LIMIT` and `_TIME`); one that comes more slowly is a `ReadTimeout`. The time until its first byte is
    /// `read`'s, and the time between two reads of the program does not count. Where the host speaks HTTP (fetch, `https://` on WASI)
    /// it holds for the body alone.
    ///
    /// ```
    /// use std::time::Duration;
    /// use whimbrel::Timeout;
    /// let timeout = Timeout::default().min_rate(1_000, Duration::from_secs(30));
    /// assert_eq!(timeout.min_rate.map(|rate| rate.bytes), Some(1_000));
    /// ```
    pub fn min_rate(self, bytes: u64, per: Duration) -> Self {
        Self { min_rate: Some(MinRate { bytes, per }), ..self }
    }
}

/// A `Duration` limits every phase, as [`Timeout::all`].
impl From<Duration> for Timeout {
    fn from(limit: Duration) -> Self {
        Self::all(limit)
    }
}

/// `None` switches every limit off, as HTTPX's `timeout=None`.
impl From<Option<Duration>> for Timeout {
    fn from(limit: Option<Duration>) -> Self {
        limit.map_or_else(Self::none, Self::all)
    }
}

/// How many connections the pool may hold: 100, 20 of them idle, idle ones for 5 seconds (HTTPX). And how large the head of a
/// response over one of them may be.
///
/// ```
/// let limits = whimbrel::Limits::default().max_connections(10).max_connections_per_host(2);
/// assert_eq!(limits.max_keepalive_connections, Some(20));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Connections in all; requests beyond wait their turn, first come, first served.
    pub max_connections: Option<usize>,
    /// Idle connections kept for reuse.
    pub max_keepalive_connections: Option<usize>,
    /// How long an idle connection is kept.
    pub keepalive_expiry: Option<Duration>,
    /// Connections to one origin (scheme, host and port), or to a proxy that hands requests on; requests beyond wait, and are in
    /// nobody's way who asks others. No limit by default.
    pub max_connections_per_host: Option<usize>,
    /// How long a connection serves, however often it is used: afterwards names are resolved and certificates verified anew. A
    /// request that is under way is not cut off. No limit by default.
    pub max_connection_lifetime: Option<Duration>,
    /// The most bytes that a response's head may have, 128 KiB by default. One field may take half of it, the status line 8 KiB.
    pub max_head_size: usize,
    /// The most fields that a response's head may have, 256 by default.
    pub max_head_fields: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: Some(100),
            max_keepalive_connections: Some(20),
            keepalive_expiry: Some(Duration::from_secs(5)),
            max_connections_per_host: None,
            max_connection_lifetime: None,
            max_head_size: 128 * 1024,
            max_head_fields: 256,
        }
    }
}

impl Limits {
    /// Limits the connections in all. `None` means no limit.
    pub fn max_connections(self, limit: impl Into<Option<usize>>) -> Self {
        Self { max_connections: limit.into(), ..self }
    }

    /// Limits the idle connections. `None` means no limit.
    pub fn max_keepalive_connections(self, limit: impl Into<Option<usize>>) -> Self {
        Self { max_keepalive_connections: limit.into(), ..self }
    }

    /// Limits how long an idle connection is kept. `None` means for ever.
    pub fn keepalive_expiry(self, limit: impl Into<Option<Duration>>) -> Self {
        Self { keepalive_expiry: limit.into(), ..self }
    }

    /// Limits the connections to one origin. `None` means no limit of its own.
    ///
    /// ```
    /// // Polite to each server, whatever the others have to do.
    /// let limits = whimbrel::Limits::default().max_connections_per_host(6);
    /// ```
    pub fn max_connections_per_host(self, limit: impl Into<Option<usize>>) -> Self {
        Self { max_connections_per_host: limit.into(), ..self }
    }

    /// Limits how long a connection serves, counted from when it was made (libcurl's `CURLOPT_MAXLIFETIME_CONN`). `None` means for
    /// ever.
    ///
    /// ```
    /// // A service that moved to another address is found there within five minutes.
    /// let limits = whimbrel::Limits::default().max_connection_lifetime(std::time::Duration::from_secs(300));
    /// ```
    pub fn max_connection_lifetime(self, limit: impl Into<Option<Duration>>) -> Self {
        Self { max_connection_lifetime: limit.into(), ..self }
    }

    /// Limits the bytes of a response's head; a larger one is `LimitExceeded`. One field may take half of them, the status line 8
    /// KiB at most.
    ///
    /// ```
    /// // For a server with a very long Content-Security-Policy.
    /// let limits = whimbrel::Limits::default().max_head_size(1024 * 1024);
    /// ```
    pub fn max_head_size(self, bytes: usize) -> Self {
        Self { max_head_size: bytes, ..self }
    }

    /// Limits the fields of a response's head; one with more is `LimitExceeded`.
    ///
    /// ```
    /// let limits = whimbrel::Limits::default().max_head_fields(1_000);
    /// ```
    pub fn max_head_fields(self, fields: usize) -> Self {
        Self { max_head_fields: fields, ..self }
    }
}

/// What a compressed response may decode to.
pub(crate) const MAX_DECODED_SIZE: u64 = 1 << 30;

/// When a silent HTTP/2 connection is asked whether it is still there, and how long for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeepAlive {
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
}

/// Everything that a transport needs to know; what it cannot honour it refuses when it is built.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TransportConfig {
    pub(crate) limits: Option<Limits>,
    pub(crate) tls: Option<Tls>,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) local_address: Option<IpAddr>,
    pub(crate) connect: ConnectConfig,
    pub(crate) http1: bool,
    pub(crate) http2: Option<bool>,
    pub(crate) http2_keep_alive: Option<KeepAlive>,
    pub(crate) trust_env: bool,
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            limits: None,
            tls: None,
            proxy: None,
            local_address: None,
            connect: ConnectConfig::default(),
            http1: true,
            http2: None,
            http2_keep_alive: None,
            trust_env: true,
        }
    }
}

/// What both a client and a transport of its own can be told about connections: methods of a builder with a `config`.
macro_rules! transport_settings {
    () => {
        /// How many connections are open and kept. Where the host keeps the connections (fetch) it is `Unsupported`.
        pub fn limits(mut self, limits: crate::config::Limits) -> Self {
            self.config.limits = Some(limits);
            self
        }

        /// What TLS connections trust and show. Where the host speaks TLS (fetch, WASI) it is `Unsupported`.
        pub fn tls(mut self, tls: crate::tls::Tls) -> Self {
            self.config.tls = Some(tls);
            self
        }

        /// Sends everything through a proxy: a URL, or a [`Proxy`](crate::Proxy). The environment's proxies then play no part,
        /// nor does `NO_PROXY`. `Unsupported` where the host makes the connections (fetch; on WASI for `https://`, and proxies that
        /// are reached by it).
        pub fn proxy(mut self, proxy: impl Into<crate::proxy::Proxy>) -> Self {
            self.config.proxy = Some(proxy.into());
            self
        }

        crate::connect::connect_settings!();

        /// Speaks HTTP/1.1, on by default. Without it `http://` means HTTP/2 from the first byte (prior knowledge, RFC 9113 3.3), and a
        /// server at `https://` that does not choose HTTP/2 is an error of the kind `Connect`. `Unsupported` to switch off where the host
        /// chooses the version (on WASI for `https://`), and for requests that a proxy passes on: `Proxy::tunnel_only` tunnels them.
        pub fn http1(mut self, on: bool) -> Self {
            self.config.http1 = on;
            self
        }

        /// Speaks HTTP/2 where the server at `https://` chooses it (ALPN), on by default natively (HTTPX: off by default). One connection
        /// then takes as many requests at once as the server allows; when it is full, and `limits` allows, there is another one.
        /// `http://` is HTTP/1.1, unless [`http1(false)`](Self::http1) says otherwise. Needs the feature `http2`, which is on by default.
        /// `Unsupported` to decide on where the host chooses the version.
        ///
        /// ```
        /// # whimbrel_server::guide(async |server| {
        /// use whimbrel::{Client, Version};
        /// let client = Client::builder().http1(false).http2(true).build()?;
        /// let response = client.get(format!("{server}/get")).await?;
        /// assert_eq!(response.version(), Some(Version::HTTP_2));
        /// # Ok(()) });
        /// ```
        pub fn http2(mut self, on: bool) -> Self {
            self.config.http2 = Some(on);
            self
        }

        /// Asks the server of an HTTP/2 connection each `interval` whether it is still there (PING, RFC 9113 6.7), off by default. If no
        /// answer comes within `timeout`, the connection is given up, and its requests fail with `ReadTimeout`. On WASI it is asked
        /// while requests are under way. `Unsupported` where the host makes the connections.
        pub fn http2_keep_alive(mut self, interval: std::time::Duration, timeout: std::time::Duration) -> Self {
            self.config.http2_keep_alive = Some(crate::config::KeepAlive { interval, timeout });
            self
        }

        /// Whether the environment is read, yes by default: `SSL_CERT_FILE` and `SSL_CERT_DIR`, and by clients without a proxy
        /// or transport of their own `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`. JavaScript hosts show none.
        pub fn trust_env(mut self, trust: bool) -> Self {
            self.config.trust_env = trust;
            self
        }
    };
}
pub(crate) use transport_settings;
