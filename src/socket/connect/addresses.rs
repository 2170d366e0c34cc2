//! The addresses of a URL's host, in the order in which they are tried.

use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

use crate::backend::resolve;
use crate::connect::{ConnectConfig, Own, Resolver};
use crate::error::{Error, ErrorKind, Result};
use crate::url_merge::{check_origin, parse};

/// More addresses than this are not tried.
const MAX_ADDRESSES: usize = 16;

/// Who knows the addresses of names: what the user said, the user's resolver, the system.
pub(super) struct Addresses {
    known: Vec<Known>,
    resolver: Option<Own<dyn Resolver>>,
    local: Option<IpAddr>,
}

/// A name, perhaps at one port alone, and its addresses.
struct Known {
    name: String,
    port: Option<u16>,
    addresses: Vec<IpAddr>,
}

impl Addresses {
    pub(super) fn new(config: &ConnectConfig, local: Option<IpAddr>) -> Result<Self> {
        let known = config.resolved.iter().map(|(host, addresses)| Known::new(host, addresses));
        Ok(Self { known: known.collect::<Result<_>>()?, resolver: config.resolver.clone(), local })
    }

    /// One at least, of the family that `local_address` allows.
    pub(super) async fn of(&self, url: &Url) -> Result<Vec<SocketAddr>> {
        let found = self.find(url).await?;
        if found.is_empty() {
            return Err(dns_error(url, "the name has no addresses"));
        }
        let ordered = ordered(found, self.local);
        if ordered.is_empty() {
            let message = "The host has no address of the family of local_address";
            return Err(Error::new(ErrorKind::Connect, message).with_url(url));
        }
        Ok(ordered)
    }

    /// In the order in which they are found.
    pub(super) async fn find(&self, url: &Url) -> Result<Vec<SocketAddr>> {
        let port = url.port_or_known_default().unwrap_or(80);
        match url.host() {
            Some(Host::Ipv4(address)) => Ok(vec![SocketAddr::new(address.into(), port)]),
            Some(Host::Ipv6(address)) => Ok(vec![SocketAddr::new(address.into(), port)]),
            Some(Host::Domain(name)) => self.look_up(url, name, port).await,
            None => Err(Error::new(ErrorKind::InvalidUrl, "The URL has no host").with_url(url)),
        }
    }

    /// P3: no resolver sees a name that cannot be one. `Url` allows neither spaces nor control characters.
    async fn look_up(&self, url: &Url, name: &str, port: u16) -> Result<Vec<SocketAddr>> {
        check_origin(url).map_err(|reason| Error::new(ErrorKind::InvalidUrl, reason).with_url(url))?;
        let at_port = |addresses: &[IpAddr]| addresses.iter().map(|&address| SocketAddr::new(address, port)).collect();
        match (self.known(name, port), &self.resolver) {
            (Some(addresses), _) => Ok(at_port(addresses)),
            (None, Some(resolver)) => match resolver.0.resolve(name).await {
                Ok(addresses) => Ok(at_port(&addresses)),
                Err(error) => Err(dns_error(url, error.message()).with_source(error)),
            },
            (None, None) => {
                resolve(name, port).await.map_err(|error| dns_error(url, &error.to_string()).with_source(error))
            }
        }
    }

    /// What is said about the port counts before what is said about the name; what is said later, before the earlier.
    fn known(&self, name: &str, port: u16) -> Option<&[IpAddr]> {
        let name = name.strip_suffix('.').unwrap_or(name);
        let find = |port| self.known.iter().rfind(|known| known.name == name && known.port == port);
        find(Some(port)).or_else(|| find(None)).map(|known| &known.addresses[..])
    }
}

impl Known {
    /// Names are read as those of URLs are.
    fn new(host: &str, addresses: &[IpAddr]) -> Result<Self> {
        let invalid = || Error::new(ErrorKind::InvalidUrl, format!("resolve takes a name, or name:port, not '{host}'"));
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) => (name, Some(port.parse().map_err(|_| invalid())?)),
            None => (host, None),
        };
        let url = parse(&format!("http://{name}/")).map_err(|_| invalid())?;
        let name = url.domain().filter(|name| url.as_str() == format!("http://{name}/")).ok_or_else(invalid)?;
        let name = name.strip_suffix('.').unwrap_or(name).to_owned();
        Ok(Self { name, port, addresses: addresses.to_vec() })
    }
}

/// Each address once, the families in turn, the resolver's first one first (RFC 8305 4), and no more than are tried.
fn ordered(found: Vec<SocketAddr>, local: Option<IpAddr>) -> Vec<SocketAddr> {
    let mut families = [Vec::new(), Vec::new()];
    let mut first = None;
    for address in found.into_iter().map(canonical) {
        let is_v4 = address.is_ipv4();
        let family = &mut families[usize::from(*first.get_or_insert(is_v4) != is_v4)];
        let allowed = local.is_none_or(|local| local.is_ipv4() == is_v4);
        if allowed && family.len() < MAX_ADDRESSES && !family.contains(&address) {
            family.push(address);
        }
    }
    interleaved(families)
}

fn interleaved([first, second]: [Vec<SocketAddr>; 2]) -> Vec<SocketAddr> {
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let turns = std::iter::from_fn(|| match (first.next(), second.next()) {
        (None, None) => None,
        turn => Some(turn),
    });
    turns.flat_map(|(one, other)| one.into_iter().chain(other)).take(MAX_ADDRESSES).collect()
}

/// An IPv4 address in the clothes of IPv6 leads to the same place, and a guard must not take it for another.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => SocketAddr::new(ip.into(), address.port()),
        // As it is, with its scope.
        IpAddr::V6(_) => address,
    }
}

fn dns_error(url: &Url, reason: &str) -> Error {
    let host = url.host_str().unwrap_or_default();
    let shown: String = host.chars().take(80).collect();
    Error::new(ErrorKind::Dns, format!("The host name '{shown}' could not be resolved: {reason}")).with_url(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(addresses: &[&str], local: Option<&str>) -> Vec<String> {
        let found = addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 80)).collect();
        let local = local.map(|local| local.parse().unwrap());
        ordered(found, local).iter().map(|address| address.ip().to_string()).collect()
    }

    #[test]
    fn families_take_turns() {
        assert_eq!(
            order(&["::1", "::2", "::3", "1.1.1.1", "2.2.2.2"], None),
            ["::1", "1.1.1.1", "::2", "2.2.2.2", "::3"]
        );
        assert_eq!(order(&["1.1.1.1", "2.2.2.2", "::1"], None), ["1.1.1.1", "::1", "2.2.2.2"]);
    }

    // P1: no address, the same ones again, very many.
    #[test]
    fn the_tries_are_bounded() {
        assert!(order(&[], None).is_empty());
        assert_eq!(order(&["::1", "1.1.1.1", "::1", "::ffff:1.1.1.1"], None), ["::1", "1.1.1.1"]);
        let many: Vec<String> = (0..1_000).map(|number| format!("10.0.{}.{}", number / 250, number % 250)).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).chain(["::1"]).collect();
        let tried = order(&many, None);
        assert_eq!((tried.len(), tried[1].as_str()), (16, "::1"));
    }

    #[test]
    fn a_local_address_decides_on_the_family() {
        let both = ["::1", "1.1.1.1", "::2"];
        assert_eq!(order(&both, Some("0.0.0.0")), ["1.1.1.1"]);
        assert_eq!(order(&both, Some("::")), ["::1", "::2"]);
        assert!(order(&["1.1.1.1"], Some("::1")).is_empty());
    }

    #[test]
    fn what_is_known_is_found_by_name_and_port() {
        let say = |host: &str, last| (host.to_owned(), vec![[127, 0, 0, last].into()]);
        let resolved = vec![
            say("example.ORG", 1),
            say("example.org:8080", 2),
            say("bücher.example.:80", 3),
            say("example.org", 4),
        ];
        let addresses = Addresses::new(&ConnectConfig { resolved, ..Default::default() }, None).unwrap();
        let known = |name, port| addresses.known(name, port).map(|found| found[0].to_string());
        assert_eq!(known("example.org.", 80).unwrap(), "127.0.0.4");
        assert_eq!(known("example.org", 8080).unwrap(), "127.0.0.2");
        assert_eq!(known("xn--bcher-kva.example", 80).unwrap(), "127.0.0.3");
        assert_eq!((known("xn--bcher-kva.example", 81), known("www.example.org", 80)), (None, None));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for host in
            ["", ":80", "a:b", "a:65536", "127.0.0.1", "[::1]:80", "::1", "a/b", "a b", "user@a", "a?b", "http://a"]
        {
            let error = Known::new(host, &[]).err().expect(host);
            assert_eq!(error.kind(), ErrorKind::InvalidUrl);
        }
    }
}
