//! Proxies of the environment: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, by HTTPX's rules where these are sound.

use std::net::IpAddr;

use url::{Host, Url};

use super::pattern::{HostPattern, UrlPattern, split_port};
use crate::proxy::Proxy;

/// What the environment says about proxies.
#[derive(Default)]
pub(crate) struct EnvironmentProxies {
    /// The variable, what it is for, and the proxy.
    pub(crate) proxies: Vec<(&'static str, UrlPattern, Proxy)>,
    pub(crate) no_proxy: NoProxy,
}

const VARIABLES: [(&str, &str, &str); 3] = [
    ("http_proxy", "HTTP_PROXY", "http://"),
    ("https_proxy", "HTTPS_PROXY", "https://"),
    ("all_proxy", "ALL_PROXY", "all://"),
];

/// Reads the variables. Lower case wins, even if it is empty and thereby says "none" (Python).
pub(crate) fn proxies(variable: impl Fn(&str) -> Option<String>) -> EnvironmentProxies {
    let either = |lower: &str, upper: &str| variable(lower).or_else(|| variable(upper)).unwrap_or_default();
    let no_proxy = NoProxy::parse(&either("no_proxy", "NO_PROXY"));
    if no_proxy.everything {
        return EnvironmentProxies { proxies: Vec::new(), no_proxy };
    }
    let mut found = Vec::new();
    for (lower, upper, pattern) in VARIABLES {
        // H2: a CGI server makes HTTP_PROXY from a request's Proxy header (httpoxy, CVE-2016-5386). Where names have no case, the
        // two are one.
        let forged = upper == "HTTP_PROXY" && variable("REQUEST_METHOD").is_some();
        let value = match forged {
            true => variable(lower).filter(|value| variable(upper).as_ref() != Some(value)).unwrap_or_default(),
            false => either(lower, upper),
        };
        let value = value.trim();
        if let (false, Ok(pattern)) = (value.is_empty(), UrlPattern::parse(pattern)) {
            let url = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
            found.push((upper, pattern, Proxy::new(url)));
        }
    }
    EnvironmentProxies { proxies: found, no_proxy }
}

/// The hosts that are reached without a proxy.
#[derive(Default)]
pub(crate) struct NoProxy {
    everything: bool,
    entries: Vec<Entry>,
    /// What could not be read as anything.
    pub(crate) ignored: Vec<String>,
}

enum Entry {
    /// Written as a URL pattern.
    Pattern(UrlPattern),
    Network {
        address: IpAddr,
        prefix: u8,
        port: Option<u16>,
    },
    Name {
        name: HostPattern,
        port: Option<u16>,
    },
}

impl NoProxy {
    /// Entries between commas. What is none is left out, and told: a proxy too many hurts less than a program that fails.
    pub(crate) fn parse(text: &str) -> Self {
        let mut rules = Self::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            match Entry::parse(entry) {
                _ if entry == "*" => rules.everything = true,
                Some(entry) => rules.entries.push(entry),
                None => rules.ignored.push(entry.to_owned()),
            }
        }
        rules
    }

    /// Whether this URL is reached directly.
    pub(crate) fn covers(&self, url: &Url) -> bool {
        self.everything || self.entries.iter().any(|entry| entry.covers(url))
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        if text.contains("://") {
            return UrlPattern::parse(text).ok().map(Self::Pattern);
        }
        network(text, None).or_else(|| {
            let (host, port) = split_port(text)?;
            let host = host.trim_end_matches('.');
            network(host.trim_start_matches('[').trim_end_matches(']'), port).or_else(|| name(host, port))
        })
    }

    fn covers(&self, url: &Url) -> bool {
        let on_port = |port: &Option<u16>| port.is_none_or(|port| url.port_or_known_default() == Some(port));
        match self {
            Self::Pattern(pattern) => pattern.matches(url),
            Self::Network { address, prefix, port } => {
                on_port(port) && host_address(url).is_some_and(|host| shares_prefix(host, *address, *prefix))
            }
            Self::Name { name, port } => {
                on_port(port) && name.matches(url.host_str().unwrap_or_default().trim_end_matches('.'))
            }
        }
    }
}

/// An address, or a network such as `10.0.0.0/8`.
fn network(text: &str, port: Option<u16>) -> Option<Entry> {
    let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let address: IpAddr = address.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.map_or(Ok(longest), str::parse).ok().filter(|prefix| *prefix <= longest)?;
    Some(Entry::Network { address, prefix, port })
}

/// `d` is the domain and what is below it, `.d` and `*.d` what is below it, `localhost` itself alone.
fn name(text: &str, port: Option<u16>) -> Option<Entry> {
    let name = match text.strip_prefix('.') {
        Some(domain) => HostPattern::parse(&format!("*.{domain}")),
        None if text.starts_with('*') || text.eq_ignore_ascii_case("localhost") => HostPattern::parse(text),
        None => HostPattern::parse(&format!("*{text}")),
    };
    name.filter(|name| *name != HostPattern::Any || text == "*").map(|name| Entry::Name { name, port })
}

/// Schemes that the URL standard does not know leave addresses as text.
fn host_address(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(name) => name.parse().ok(),
    }
}

fn shares_prefix(host: IpAddr, network: IpAddr, prefix: u8) -> bool {
    let same = |host: u128, network: u128, width: u32| {
        let free = width - u32::from(prefix);
        host.checked_shr(free).unwrap_or_default() == network.checked_shr(free).unwrap_or_default()
    };
    match (host.to_canonical(), network) {
        (IpAddr::V4(host), IpAddr::V4(network)) => same(host.to_bits().into(), network.to_bits().into(), 32),
        (_, IpAddr::V6(network)) => match host {
            IpAddr::V6(host) => same(host.to_bits(), network.to_bits(), 128),
            IpAddr::V4(_) => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn covers(no_proxy: &str, url: &str) -> bool {
        NoProxy::parse(no_proxy).covers(&url.parse().unwrap())
    }

    /// Where the environment is these variables.
    fn environment(variables: &[(&str, &str)]) -> EnvironmentProxies {
        proxies(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    // docs/differences-from-httpx.md, "NO_PROXY".
    const DIFFERENT: &[(&str, &str)] = &[
        ("http://www.example.com", "*.example.com"),
        ("http://192.168.1.1", "192.168.0.0/16"),
        ("http://[fe80::1]", "fe80::/10"),
        ("http://example.com", "example.com."),
        ("http://x.中国.com", "中国.com"),
        ("http://中国.com", "中国.com"),
    ];

    #[test]
    fn recorded_decisions_of_httpx_are_the_same() {
        let data: Value = serde_json::from_str(include_str!("../../tests/data/no_proxy.json")).unwrap();
        for case in data["cases"].as_array().unwrap() {
            let (url, no_proxy) = (case["url"].as_str().unwrap(), case["no_proxy"].as_str().unwrap_or_default());
            let same = case["proxied"] == Value::Bool(!covers(no_proxy, url));
            assert_eq!(same, !DIFFERENT.contains(&(url, no_proxy)), "{case}");
        }
    }

    // H1 and 4.1: suffixes, ports, networks, brackets, Unicode.
    #[test]
    fn no_proxy_reads_hosts_networks_and_ports() {
        for (no_proxy, url, covered) in [
            ("example.com", "http://wwwexample.com", false),
            (".example.com", "http://example.com", false),
            (".example.com", "http://www.example.com", true),
            ("*.example.com", "http://a.b.example.com", true),
            ("*.example.com", "http://example.com", false),
            ("*example.com", "http://example.com", true),
            ("example.com:8080", "http://example.com:8081", false),
            ("example.com:80", "http://example.com", true),
            ("example.com:443", "http://example.com", false),
            ("http://example.com", "https://example.com", false),
            ("http://example.com", "http://www.example.com", false),
            ("localhost", "http://foo.localhost", false),
            ("localhost", "http://localhost:3000", true),
            ("127.0.0.1", "http://2130706433", true),
            ("127.0.0.1", "http://0x7f.1", true),
            ("127.0.0.0/8", "http://[::ffff:127.1.2.3]", true),
            ("192.168.0.0/16", "http://192.169.0.1", false),
            ("0.0.0.0/0", "http://8.8.8.8", true),
            ("0.0.0.0/0", "http://[::1]", false),
            ("::/0", "http://[fe80::1]", true),
            ("[::1]", "http://[0:0:0:0:0:0:0:1]", true),
            ("[::1]:8080", "http://[::1]:8080", true),
            ("[::1]:8080", "http://[::1]", false),
            ("fe80::/10", "http://[febf::1]", true),
            ("fe80::/10", "http://[fec0::1]", false),
            ("münchen.example", "http://www.xn--mnchen-3ya.example", true),
            ("example.com", "http://example.com.", true),
            ("1.1.1.1", "http://1.1.1.10", false),
            ("example.com", "ws://example.com", true),
        ] {
            assert_eq!(covers(no_proxy, url), covered, "{no_proxy} for {url}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_left_out_and_told() {
        let rules = NoProxy::parse("a b, 10.0.0.0/33, http://, ://x, example.com:port, , [::1, 300.1.1.1, good");
        assert!(rules.covers(&"http://good".parse().unwrap()));
        assert_eq!(rules.ignored, ["a b", "10.0.0.0/33", "example.com:port", "[::1", "300.1.1.1"]);
    }

    #[test]
    fn lower_case_wins_and_star_switches_everything_off() {
        let urls = |variables: &[(&str, &str)]| -> Vec<String> {
            environment(variables).proxies.iter().map(|(name, _, proxy)| format!("{name} {proxy:?}")).collect()
        };
        let of = |name: &str, url: &str| format!("{name} Proxy {{ url: \"{url}\", .. }}");
        assert_eq!(
            urls(&[("http_proxy", "lower:1"), ("HTTP_PROXY", "upper:1")]),
            [of("HTTP_PROXY", "http://lower:1/")]
        );
        assert!(urls(&[("http_proxy", ""), ("HTTP_PROXY", "upper:1")]).is_empty());
        assert_eq!(
            urls(&[("HTTPS_PROXY", "http://u:p@a:1"), ("ALL_PROXY", "http://b:1")]),
            [of("HTTPS_PROXY", "http://a:1/"), of("ALL_PROXY", "http://b:1/")]
        );
        assert!(urls(&[("HTTP_PROXY", "a:1"), ("NO_PROXY", "x, *")]).is_empty());
    }

    // H2.
    #[test]
    fn a_cgi_programs_http_proxy_is_not_believed() {
        let cgi = ("REQUEST_METHOD", "GET");
        assert!(environment(&[cgi, ("HTTP_PROXY", "evil:1")]).proxies.is_empty());
        assert_eq!(environment(&[cgi, ("http_proxy", "good:1"), ("HTTP_PROXY", "evil:1")]).proxies.len(), 1);
        // Where names have no case.
        assert!(environment(&[cgi, ("http_proxy", "evil:1"), ("HTTP_PROXY", "evil:1")]).proxies.is_empty());
        assert_eq!(environment(&[cgi, ("HTTPS_PROXY", "good:1")]).proxies.len(), 1);
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        #[test]
        fn no_text_panics_and_no_star_is_everything(text in "\\PC{0,60}", host in "[a-z]{1,8}(\\.[a-z]{1,8}){0,3}") {
            let rules = NoProxy::parse(&text);
            let url = format!("http://{host}/").parse().unwrap();
            assert!(!rules.everything || text.split(',').any(|entry| entry.trim() == "*"));
            // What is left out covers nothing.
            let without = NoProxy::parse(&rules.ignored.join(","));
            assert!(!without.covers(&url));
        }

        #[test]
        fn a_host_covers_itself_and_what_is_below_it(host in "[a-z][a-z0-9]{0,8}(\\.[a-z][a-z0-9]{0,8}){1,3}", below in "[a-z]{1,8}", port in 1..=u16::MAX) {
            let at = |authority: String| format!("http://{authority}/").parse().unwrap();
            for noise in ["", " ", ",", "x.invalid , ", "10.0.0.0/8,"] {
                let rules = NoProxy::parse(&format!("{noise}{host}:{port}"));
                assert!(rules.covers(&at(format!("{host}:{port}"))) && rules.covers(&at(format!("{below}.{host}:{port}"))));
                let other_port = if port == 1 { 2 } else { port - 1 };
                assert!(!rules.covers(&at(format!("{below}{host}:{port}"))) && !rules.covers(&at(format!("{host}:{other_port}"))));
            }
        }

        #[test]
        fn a_network_covers_its_addresses_alone(network: std::net::Ipv4Addr, prefix in 0_u8..=32, other: std::net::Ipv4Addr) {
            let rules = NoProxy::parse(&format!("{network}/{prefix}"));
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            let inside = network.to_bits() & mask == other.to_bits() & mask;
            assert_eq!(rules.covers(&format!("http://{other}/").parse().unwrap()), inside);
            assert!(rules.covers(&format!("http://[{}]:8080/", network.to_ipv6_mapped()).parse().unwrap()));
        }
    }
}
