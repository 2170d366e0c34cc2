//! What is about to be connected to, and whether it is the internet at large.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What is about to be connected to: see [`ClientBuilder::connect_guard`](crate::ClientBuilder::connect_guard).
#[derive(Clone, Copy, Debug)]
pub struct ConnectTarget<'a> {
    pub(crate) host: &'a str,
    pub(crate) address: SocketAddr,
}

impl<'a> ConnectTarget<'a> {
    /// The host as the URL, or the proxy's URL, names it: a name, or an address (of IPv6 in brackets).
    pub fn host(&self) -> &'a str {
        self.host
    }

    /// The address that the name was resolved to, and the port. An IPv4 address in the clothes of IPv6
    /// (`::ffff:10.0.0.1`) is the former.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether the address belongs to the internet at large: to no private network (`10.0.0.1`, `fd00::1`), not to this
    /// machine (`127.0.0.1`, `::1`), its link (`169.254.169.254`, where clouds keep secrets, `fe80::1`), a provider's network
    /// (`100.64.0.1`) or a purpose of its own (multicast, documentation, IPv6 that is sent on to IPv4 addresses).
    pub fn is_global(&self) -> bool {
        match self.address.ip() {
            IpAddr::V4(address) => is_global_v4(address),
            IpAddr::V6(address) => is_global_v6(address),
        }
    }
}

/// IANA's registry of special purposes (RFC 6890), the coarse way.
fn is_global_v4(address: Ipv4Addr) -> bool {
    let special = matches!(
        address.octets(),
        [0 | 10 | 127 | 224.., ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18..=19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    );
    !special
}

/// 2000::/3 is what is given out, but for Teredo and its neighbours, documentation and 6to4.
fn is_global_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // J9: what a guard against forged requests has to refuse.
    #[test]
    fn addresses_of_the_internet_at_large() {
        let is_global = |address: &str| {
            ConnectTarget { host: "h", address: SocketAddr::new(address.parse().unwrap(), 80) }.is_global()
        };
        for address in ["93.184.215.14", "1.1.1.1", "100.128.0.1", "172.32.0.1", "192.167.1.1", "2606:4700::1111"] {
            assert!(is_global(address), "{address}");
        }
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!is_global(address), "{address}");
        }
        for address in [
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "3fff::1",
        ] {
            assert!(!is_global(address), "{address}");
        }
    }
}
