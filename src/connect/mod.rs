//! What a program can say about how connections are made: from where, by which names and addresses, and which to refuse.

mod network;
mod target;

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use network::{NetworkBackend, NetworkStream};
pub use target::ConnectTarget;

use crate::backend::{BoxFuture, MaybeSend, MaybeSync};
use crate::error::Result;

/// Finds the addresses of host names, in place of the system: see [`ClientBuilder::resolver`](crate::ClientBuilder::resolver).
///
/// ```
/// # whimbrel_server::guide(async |server| {
/// use std::net::IpAddr;
/// use whimbrel::{BoxFuture, Resolver, Result};
///
/// /// Every name is this machine.
/// struct Here;
///
/// impl Resolver for Here {
///     fn resolve<'a>(&'a self, _host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>>> {
///         Box::pin(async { Ok(vec![[127, 0, 0, 1].into()]) })
///     }
/// }
///
/// let client = whimbrel::Client::builder().resolver(Here).build()?;
/// let url = server.http.replace("127.0.0.1", "api.example.org");
/// assert_eq!(client.get(format!("{url}/get")).await?.status(), 200);
/// # Ok(()) });
/// ```
pub trait Resolver: MaybeSend + MaybeSync + 'static {
    /// The name's addresses, the best one first. The name is a valid one, in ASCII and lower case, perhaps with a dot at its
    /// end, and no address. An error becomes the request's, of the kind `Dns`, as does an empty list. More than 16 addresses
    /// are not tried.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>>>;
}

/// A resolver that several clients share.
impl<R: Resolver + ?Sized> Resolver for Arc<R> {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>>> {
        (**self).resolve(host)
    }
}

/// `dyn` allows one trait and the auto traits; this stands for the sum that the target needs.
pub(crate) trait Guard: Fn(&ConnectTarget<'_>) -> Result<()> + MaybeSend + MaybeSync {}
impl<F: Fn(&ConnectTarget<'_>) -> Result<()> + MaybeSend + MaybeSync> Guard for F {}

/// Something of the user's, equal to itself alone.
pub(crate) struct Own<T: ?Sized>(pub(crate) Arc<T>);

impl<T: ?Sized> Clone for Own<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: ?Sized> PartialEq for Own<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T: ?Sized> fmt::Debug for Own<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// How connections are made.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ConnectConfig {
    pub(crate) uds: Option<PathBuf>,
    pub(crate) tcp_keepalive: Option<Duration>,
    pub(crate) retries: u32,
    pub(crate) resolver: Option<Own<dyn Resolver>>,
    /// By host, or host and port.
    pub(crate) resolved: Vec<(String, Vec<IpAddr>)>,
    pub(crate) guard: Option<Own<dyn Guard>>,
    pub(crate) network: Option<Own<dyn NetworkBackend>>,
}

impl ConnectConfig {
    /// The first setting that was given, for whoever can honour none.
    #[allow(dead_code, reason = "natively all of them are honoured")]
    pub(crate) fn first_given(&self) -> Option<&'static str> {
        let given = [
            (self.uds.is_some(), "uds"),
            (self.tcp_keepalive.is_some(), "tcp_keepalive"),
            (self.retries > 0, "retries"),
            (self.resolver.is_some(), "resolver"),
            (!self.resolved.is_empty(), "resolve"),
            (self.guard.is_some(), "connect_guard"),
            (self.network.is_some(), "network_backend"),
        ];
        given.iter().find(|(given, _)| *given).map(|(_, name)| *name)
    }
}

/// Methods of a builder with a `config`, for `transport_settings!`.
macro_rules! connect_settings {
    () => {
        /// Connects from this address. `0.0.0.0` and `::` are every one of their family: connections are then made over IPv4, or
        /// IPv6, alone (HTTPX). `Unsupported` where the host makes the connections.
        pub fn local_address(mut self, address: std::net::IpAddr) -> Self {
            self.config.local_address = Some(address);
            self
        }

        /// Connects to this Unix domain socket, whatever the URL's host, which still is what `Host` and TLS name (HTTPX's `uds`).
        /// No name is resolved and no [`connect_guard`](Self::connect_guard) asked; proxies of the environment play no part.
        /// `Unsupported` beside `proxy` and where there are none: on Windows, WASI and in JavaScript hosts.
        ///
        /// ```
        /// # if cfg!(unix) {
        /// let docker = whimbrel::Client::builder().uds("/var/run/docker.sock").base_url("http://docker/").build()?;
        /// # }
        /// # Ok::<(), whimbrel::Error>(())
        /// ```
        pub fn uds(mut self, path: impl Into<std::path::PathBuf>) -> Self {
            self.config.connect.uds = Some(path.into());
            self
        }

        /// Asks the peer of a connection that has been silent for so long whether it is still there (SO_KEEPALIVE), so that
        /// routers on the way do not forget it; off by default. Counted in whole seconds, from 1 to 32,767. (Nagle's algorithm
        /// is always off: TCP_NODELAY.) `Unsupported` where the host makes the connections.
        pub fn tcp_keepalive(mut self, silence: std::time::Duration) -> Self {
            self.config.connect.tcp_keepalive = Some(silence);
            self
        }

        /// Connects so many times more when no connection could be made, 0 by default (HTTPX): at once, then after half a second,
        /// one, two, four seconds and so on. Each attempt has the `connect` timeout to itself. That is for names that do not
        /// resolve, connections and TLS; once the request is on its way, nothing is tried again, nor after a refusal of
        /// [`connect_guard`](Self::connect_guard). `Unsupported` where the host makes the connections.
        ///
        /// ```
        /// # if whimbrel::Client::new().capabilities().host_header {
        /// let client = whimbrel::Client::builder().retries(2).build()?;
        /// # }
        /// # Ok::<(), whimbrel::Error>(())
        /// ```
        pub fn retries(mut self, times: u32) -> Self {
            self.config.connect.retries = times;
            self
        }

        /// Resolves names by this [`Resolver`](crate::Resolver) in place of the system, the proxy's name too. `Unsupported` where the
        /// host makes the connections.
        pub fn resolver(mut self, resolver: impl crate::connect::Resolver) -> Self {
            self.config.connect.resolver = Some(crate::connect::Own(std::sync::Arc::new(resolver)));
            self
        }

        /// Says which addresses a name has, so that nobody is asked (curl's `--resolve`). With a port, `example.org:8080`, it is for
        /// that port alone, and counts before the name without. `Unsupported` where the host makes the connections.
        ///
        /// ```
        /// # whimbrel_server::guide(async |server| {
        /// let client = whimbrel::Client::builder().resolve("example.org", [[127, 0, 0, 1].into()]).build()?;
        /// let url = server.http.replace("127.0.0.1", "example.org");
        /// assert_eq!(client.get(format!("{url}/get")).await?.status(), 200);
        /// # Ok(()) });
        /// ```
        pub fn resolve(
            mut self,
            host: impl Into<String>,
            addresses: impl IntoIterator<Item = std::net::IpAddr>,
        ) -> Self {
            self.config.connect.resolved.push((host.into(), addresses.into_iter().collect()));
            self
        }

        /// Asks this function before each connection whether it may be made: a guard against requests that are forged to reach
        /// inner servers (SSRF), where URLs, or the redirects of servers, are not to be trusted.
        ///
        /// It sees the address that the name was *resolved* to, so that no name can lead it astray, and it sees it for every
        /// attempt: each of a name's addresses, each hop of a redirect, each retry. A connection that is used again was allowed when
        /// it was made. An address that is refused is left out; if no other one can be connected to, the error is the guard's, its
        /// kind `Connect`. Through a proxy only the proxy's own address is seen: where the proxy goes is its own decision.
        /// `Unsupported` where the host makes the connections; on WASI that is `https://`.
        ///
        /// ```
        /// # whimbrel_server::guide(async |server| {
        /// use whimbrel::{Client, Error, ErrorKind};
        /// let public = Client::builder()
        ///     .follow_redirects(true)
        ///     .connect_guard(|target| match target.is_global() {
        ///         true => Ok(()),
        ///         false => Err(Error::new(ErrorKind::Connect, "private networks are not for visitors")),
        ///     })
        ///     .build()?;
        /// let error = public.get(format!("{server}/get")).await.unwrap_err();
        /// assert!(error.to_string().starts_with("private networks are not for visitors"));
        /// # Ok(()) });
        /// ```
        pub fn connect_guard(
            mut self,
            guard: impl Fn(&crate::connect::ConnectTarget<'_>) -> crate::error::Result<()>
            + crate::backend::MaybeSend
            + crate::backend::MaybeSync
            + 'static,
        ) -> Self {
            self.config.connect.guard = Some(crate::connect::Own(std::sync::Arc::new(guard)));
            self
        }

        /// Opens connections by this [`NetworkBackend`](crate::NetworkBackend) in place of the system: through a tunnel of one's own,
        /// to a server in the same program, or over what a test scripts. TLS, proxies and HTTP are spoken over them as over any
        /// other. `Unsupported` beside the settings of what it replaces (`uds`, `local_address`, `tcp_keepalive`, `resolver`, `resolve`
        /// and `connect_guard`) and where the host makes the connections; on WASI `https://` does not go over them.
        pub fn network_backend(mut self, backend: impl crate::connect::NetworkBackend) -> Self {
            self.config.connect.network = Some(crate::connect::Own(std::sync::Arc::new(backend)));
            self
        }
    };
}
pub(crate) use connect_settings;
