//! Which hosts a domain covers (RFC 6265 5.1.3), and which domains have one owner.

use std::net::Ipv4Addr;

/// What no host of a URL has in it (WHATWG URL, "forbidden domain code point"), but for IPv6's.
const NO_HOST: &str = " #%/<>?@\\^|";

/// As hosts are written in URLs: lower case, Punycode; a leading dot says nothing (RFC 6265 5.2.3). `None` if it is no
/// host. Nothing is percent-decoded.
pub(super) fn canonical(domain: &str) -> Option<String> {
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    if domain.starts_with('.') || domain.contains(|letter: char| letter.is_ascii_control() || NO_HOST.contains(letter))
    {
        return None;
    }
    match domain.is_ascii() {
        true => Some(domain.to_ascii_lowercase()),
        false => url::Host::parse(domain).ok().map(|host| host.to_string()),
    }
}

/// RFC 6265 5.1.3: the domain itself, or a name below it. An address is below nothing.
pub(super) fn matches(host: &str, domain: &str) -> bool {
    let below = || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    host == domain || (!domain.is_empty() && below() && !is_address(host))
}

/// Whether all hosts of this domain have one owner, so that they may share cookies: not in `com`, not in `co.uk`.
/// `None` where the list that knows is not built in (feature `psl`).
pub(super) fn has_one_owner(domain: &str) -> Option<bool> {
    match is_address(domain) {
        true => Some(false),
        false => is_below_a_public_suffix(domain.strip_suffix('.').unwrap_or(domain)),
    }
}

#[cfg(feature = "psl")]
fn is_below_a_public_suffix(domain: &str) -> Option<bool> {
    Some(psl::domain_str(domain).is_some())
}

#[cfg(not(feature = "psl"))]
fn is_below_a_public_suffix(_: &str) -> Option<bool> {
    None
}

/// Hosts as URLs write them: four numbers, or brackets around IPv6.
fn is_address(host: &str) -> bool {
    host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok()
}
