//! HTTPX's URL patterns.

use url::{Host, Url};

use crate::error::{Error, ErrorKind, Result};

/// `scheme://host:port`, each of which may be left open: `all://`, `https://`, `all://*.example.org`, `http://[::1]:8080`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UrlPattern {
    /// `None` is `all`.
    scheme: Option<String>,
    host: HostPattern,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HostPattern {
    Any,
    Exact(String),
    /// `*.example.org`
    Subdomains(String),
    /// `*example.org`: the domain too, but not `myexample.org`.
    DomainAndSubdomains(String),
}

/// What orders patterns. The smaller one is asked first.
pub(crate) type Priority = (bool, std::cmp::Reverse<usize>, std::cmp::Reverse<usize>);

impl UrlPattern {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| not_a_pattern(text))?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (host, port) = split_port(authority).ok_or_else(|| not_a_pattern(text))?;
        let scheme = Some(scheme.to_ascii_lowercase()).filter(|scheme| scheme != "all");
        let host = HostPattern::parse(host).ok_or_else(|| not_a_pattern(text))?;
        // URLs do not show their scheme's own port, so that no pattern may ask for it.
        let port = port.filter(|port| default_port(scheme.as_deref()) != Some(*port));
        Ok(Self { scheme, host, port })
    }

    pub(crate) fn matches(&self, url: &Url) -> bool {
        let scheme = self.scheme.as_deref().is_none_or(|scheme| scheme == url.scheme());
        let port = self.port.is_none_or(|port| url.port() == Some(port));
        scheme && port && self.host.matches(url.host_str().unwrap_or_default())
    }

    /// Patterns with a port first, then those with a longer host, then those with a longer scheme.
    pub(crate) fn priority(&self) -> Priority {
        let scheme = self.scheme.as_ref().map_or(0, String::len);
        (self.port.is_none(), std::cmp::Reverse(self.host.length()), std::cmp::Reverse(scheme))
    }
}

impl HostPattern {
    pub(super) fn parse(host: &str) -> Option<Self> {
        let name = |host: &str| Host::parse(host).ok().map(|host| host.to_string());
        match host {
            "" | "*" => Some(Self::Any),
            _ => match (host.strip_prefix("*."), host.strip_prefix('*')) {
                (Some(domain), _) => name(domain).map(Self::Subdomains),
                (None, Some(domain)) => name(domain).map(Self::DomainAndSubdomains),
                (None, None) => name(host).map(Self::Exact),
            },
        }
    }

    pub(super) fn matches(&self, host: &str) -> bool {
        let below = |domain: &str| host.strip_suffix(domain).is_some_and(|front| front.ends_with('.'));
        match self {
            Self::Any => true,
            Self::Exact(name) => name == host,
            Self::Subdomains(domain) => below(domain),
            Self::DomainAndSubdomains(domain) => domain == host || below(domain),
        }
    }

    /// As it is written.
    fn length(&self) -> usize {
        match self {
            Self::Any => 0,
            Self::Exact(name) => name.len(),
            Self::DomainAndSubdomains(name) => name.len() + 1,
            Self::Subdomains(name) => name.len() + 2,
        }
    }
}

/// The colon of a port stands behind an IPv6 address's bracket.
pub(super) fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let behind = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    match authority[behind..].rfind(':') {
        Some(colon) => {
            let (host, port) = authority.split_at(behind + colon);
            Some((host, Some(port[1..].parse().ok()?)))
        }
        None => Some((authority, None)),
    }
}

fn default_port(scheme: Option<&str>) -> Option<u16> {
    match scheme {
        Some("http" | "ws") => Some(80),
        Some("https" | "wss") => Some(443),
        _ => None,
    }
}

fn not_a_pattern(text: &str) -> Error {
    // Like a URL it may hold a password.
    let shown = if text.contains('@') { "this one" } else { text };
    let message = format!(
        "A mount is for a URL pattern such as 'all://', 'https://' or 'all://*.example.org:8080', not for '{shown}'"
    );
    Error::new(ErrorKind::InvalidUrl, message)
}

#[cfg(test)]
mod tests {
    use super::UrlPattern;

    #[test]
    fn patterns_match_as_in_httpx() {
        for (pattern, url, matched) in [
            ("all://", "http://example.com", true),
            ("all://", "file:///x", true),
            ("http://", "http://example.com", true),
            ("http://", "https://example.com", false),
            ("HTTP://Example.COM", "http://example.com", true),
            ("http://example.com", "http://example.com", true),
            ("http://example.com", "http://example.com:8080", true),
            ("http://example.com", "http://www.example.com", false),
            ("http://example.com:80", "http://example.com", true),
            ("https://example.com:443", "https://example.com", true),
            ("all://example.com:80", "http://example.com", false),
            ("http://example.com:8080", "http://example.com:8080", true),
            ("http://example.com:8080", "http://example.com", false),
            ("all://*:8080", "https://anything:8080", true),
            ("all://*.example.com", "http://www.example.com", true),
            ("all://*.example.com", "http://example.com", false),
            ("all://*example.com", "http://example.com", true),
            ("all://*example.com", "http://www.example.com", true),
            ("all://*example.com", "http://wwwexample.com", false),
            ("http://[::1]:8080", "http://[::1]:8080/x", true),
            ("http://[::1]", "http://[0:0::1]:1/", true),
            ("all://münchen.example", "http://xn--mnchen-3ya.example/", true),
            ("file://", "file:///etc/hosts", true),
        ] {
            let url = url.parse().unwrap();
            assert_eq!(UrlPattern::parse(pattern).unwrap().matches(&url), matched, "{pattern} for {url}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_an_error() {
        for text in [
            "http",
            "",
            "example.com",
            "http://a b",
            "http://a:x",
            "http://a:99999",
            "http://[::1",
            "http://user:secret@h",
        ] {
            let error = UrlPattern::parse(text).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{text}");
        }
    }

    #[test]
    fn the_narrower_pattern_comes_first() {
        let order = [
            "http://example.com:8080",
            "all://example.com:8080",
            "all://*:8080",
            "https://*.example.com",
            "all://*.example.com",
            "all://*example.com",
            "http://example.com",
            "all://example.com",
            "https://",
            "http://",
            "all://",
        ];
        let mut sorted = order;
        sorted.reverse();
        sorted.sort_by_key(|pattern| UrlPattern::parse(pattern).unwrap().priority());
        assert_eq!(sorted, order);
    }
}
