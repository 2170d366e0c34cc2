//! Where requests go: to the mount that the URL matches, else to the client's own transport.

use http::header::HOST;
use url::Url;

use super::{builder, log};
use crate::backend::HAS_ENVIRONMENT;
use crate::config::TransportConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::http_transport::HttpTransport;
use crate::mounts::{EnvironmentProxies, UrlPattern};
use crate::proxy::Proxy;
use crate::request::Request;
use crate::streaming::StreamingResponse;
use crate::transport::{Capabilities, PoolStats, Transport};
use crate::url_merge::host_value;

/// A transport and what it can do, which is asked once.
pub(super) struct Route {
    kind: Kind,
    pub(super) capabilities: Capabilities,
}

/// The target's own transport is called without a box.
enum Kind {
    Http(HttpTransport),
    Custom(Box<dyn Transport>),
    /// The environment names a proxy that cannot be used. Who sends past it would show what the proxy should hide.
    Unusable(ErrorKind, String),
}

impl Route {
    pub(super) fn http(transport: HttpTransport) -> Self {
        Self { capabilities: transport.capabilities(), kind: Kind::Http(transport) }
    }

    pub(super) fn custom(transport: Box<dyn Transport>) -> Self {
        Self { capabilities: transport.capabilities(), kind: Kind::Custom(transport) }
    }

    /// A variable's mistake shows when it matters: nobody wrote it into the program.
    fn of_environment(variable: &str, proxy: Proxy, config: &TransportConfig) -> Self {
        let config = TransportConfig { proxy: Some(proxy), ..config.clone() };
        HttpTransport::new(&config).map(Self::http).unwrap_or_else(|error| {
            let message = format!("{variable}: {error}; trust_env(false) leaves the environment alone");
            Self { kind: Kind::Unusable(error.kind(), message), capabilities: Capabilities::default() }
        })
    }

    /// Whether the user wrote it, and so knows what it is for.
    pub(super) fn is_custom(&self) -> bool {
        matches!(self.kind, Kind::Custom(_))
    }

    fn close(&self) {
        match &self.kind {
            Kind::Http(transport) => transport.close(),
            Kind::Custom(transport) => transport.close(),
            Kind::Unusable(..) => {}
        }
    }

    /// Of the target's own transport.
    pub(super) fn pool_stats(&self) -> Option<PoolStats> {
        match &self.kind {
            Kind::Http(transport) => transport.pool_stats(),
            _ => None,
        }
    }

    /// Takes out what the client, whose own transport can do more, set by itself. What the user set on purpose stays: it is
    /// the transport that refuses it.
    pub(super) fn leave_to_host(&self, request: &mut Request) -> Result<()> {
        let kept = builder::default_headers(&self.capabilities)?;
        let mut left = builder::default_headers(&Capabilities::default())?;
        for (name, _) in kept.iter() {
            left.remove(name);
        }
        if !self.capabilities.host_header && request.url().has_host() {
            left.push(HOST, host_value(request.url())?);
        }
        let headers = request.headers_mut();
        for (name, value) in left.iter() {
            if headers.get(name) == Some(value) {
                headers.remove(name);
            }
        }
        Ok(())
    }

    pub(super) async fn send(&self, request: Request) -> Result<StreamingResponse> {
        match &self.kind {
            Kind::Http(transport) => transport.send_unboxed(request).await,
            Kind::Custom(transport) => transport.send(request).await,
            Kind::Unusable(kind, message) => Err(Error::new(*kind, message.clone()).with_url(request.url())),
        }
    }
}

/// The client's transport and its mounts, in the order in which they are asked.
pub(super) struct Routes {
    pub(super) main: Route,
    mounts: Vec<Mount>,
    environment: EnvironmentProxies,
}

struct Mount {
    pattern: UrlPattern,
    /// `None` leads back to the client's own transport.
    route: Option<Route>,
    /// From the environment, so that `NO_PROXY` counts.
    is_environment: bool,
}

impl Routes {
    /// Of two mounts for the same pattern the later one counts, as in a Python dict; the user's after the environment's.
    pub(super) fn new(
        main: Route,
        given: Vec<(UrlPattern, Option<Box<dyn Transport>>)>,
        mut environment: EnvironmentProxies,
        config: &TransportConfig,
    ) -> Self {
        let mut routes = Self { main, mounts: Vec::new(), environment: EnvironmentProxies::default() };
        if HAS_ENVIRONMENT {
            log::ignored_no_proxy(&environment.no_proxy.ignored);
            for (variable, pattern, proxy) in environment.proxies.drain(..) {
                let route = Some(Route::of_environment(variable, proxy, config));
                routes.add(Mount { pattern, route, is_environment: true });
            }
            routes.environment = environment;
        }
        for (pattern, transport) in given {
            routes.add(Mount { pattern, route: transport.map(Route::custom), is_environment: false });
        }
        routes
    }

    /// Where its turn is.
    fn add(&mut self, mount: Mount) {
        self.mounts.retain(|known| known.pattern != mount.pattern);
        let priority = mount.pattern.priority();
        let at = self.mounts.partition_point(|known| known.pattern.priority() <= priority);
        self.mounts.insert(at, mount);
    }

    /// HTTPX closes the mounts, too.
    pub(super) fn close(&self) {
        self.main.close();
        self.mounts.iter().filter_map(|mount| mount.route.as_ref()).for_each(Route::close);
    }

    /// The first mount that matches; one without a transport leads back to the client's own.
    pub(super) fn of(&self, url: &Url) -> &Route {
        let covered = |mount: &Mount| HAS_ENVIRONMENT && mount.is_environment && self.environment.no_proxy.covers(url);
        let mount = self.mounts.iter().find(|mount| mount.pattern.matches(url) && !covered(mount));
        mount.and_then(|mount| mount.route.as_ref()).unwrap_or(&self.main)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mounts::proxies;
    use crate::response::Response;
    use crate::transport::MockTransport;

    /// What the URL leads to: a mount, a proxy or the client's own transport.
    fn way(environment: &[(&str, &str)], mounts: &[&str], url: &str) -> &'static str {
        let variable =
            |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let mock = || Some(Box::new(MockTransport::new(|_| Response::new(200))) as Box<dyn Transport>);
        let mounts = mounts.iter().map(|pattern| (UrlPattern::parse(pattern).unwrap(), mock())).collect();
        let config = TransportConfig::default();
        let main = Route::http(HttpTransport::new(&config).unwrap());
        let routes = Routes::new(main, mounts, proxies(variable), &config);
        let route = routes.of(&url.parse().unwrap());
        match &route.kind {
            Kind::Custom(_) => "mount",
            Kind::Http(_) if std::ptr::eq(route, &routes.main) => "main",
            Kind::Http(_) => "proxy",
            Kind::Unusable(..) => "unusable",
        }
    }

    // docs/guide/advanced/environment.md
    #[test]
    fn proxies_of_the_environment_are_mounts_among_others() {
        let (http, all) = (("HTTP_PROXY", "http://p:1"), ("ALL_PROXY", "http://p:1"));
        let no_proxy = ("NO_PROXY", "h");
        for (environment, mounts, url, expected) in [
            (&[][..], &[][..], "http://h", "main"),
            (&[http], &[], "http://h", "proxy"),
            (&[http], &[], "https://h", "main"),
            (&[http], &["http://"], "http://h", "mount"),
            (&[http], &["all://h"], "http://h", "mount"),
            (&[http], &["all://"], "http://h", "proxy"),
            (&[all], &["all://"], "http://h", "mount"),
            (&[http, no_proxy], &[], "http://h", "main"),
            (&[http, no_proxy], &["all://"], "http://h", "mount"),
            (&[("HTTP_PROXY", "socks://p:1")], &[], "http://h", "unusable"),
        ] {
            assert_eq!(way(environment, mounts, url), expected, "{environment:?} {mounts:?} {url}");
        }
    }
}
