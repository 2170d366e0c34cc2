//! Version 4, and 4a, which lets the proxy resolve names. (Ying-Da Lee's notes of 1992 and after; there is no RFC.)

use std::net::Ipv4Addr;

use url::Host;

use super::{Handshake, Turn, refused};
use crate::error::Result;

const VERSION: u8 = 4;
const CONNECT: u8 = 1;
const GRANTED: u8 = 90;
/// An address that there is none of says that a name follows (4a).
const NAME_FOLLOWS: Ipv4Addr = Ipv4Addr::new(0, 0, 0, 1);
/// Version, reply, port and address.
const REPLY: usize = 8;

pub(super) struct Socks4 {
    /// Empty once it is sent.
    request: Vec<u8>,
}

impl Socks4 {
    pub(super) fn new(host: &Host<&str>, port: u16, user: &str) -> Result<Self> {
        let (address, name) = match *host {
            Host::Ipv4(address) => (address, None),
            Host::Ipv6(_) => return Err(refused("A SOCKS4 proxy cannot be asked for an IPv6 address; socks5:// can")),
            Host::Domain(name) if name.len() > 255 || name.contains('\0') => {
                return Err(refused("A SOCKS4 proxy cannot be asked for a name of more than 255 bytes, or with NUL"));
            }
            Host::Domain(name) => (NAME_FOLLOWS, Some(name)),
        };
        let mut request = vec![VERSION, CONNECT];
        request.extend(port.to_be_bytes());
        request.extend(address.octets());
        for text in [user].into_iter().chain(name) {
            request.extend_from_slice(text.as_bytes());
            request.push(0);
        }
        Ok(Self { request })
    }
}

impl Handshake for Socks4 {
    fn next(&mut self, received: &[u8]) -> Result<Turn> {
        match received {
            [] if !self.request.is_empty() => Ok(Turn { send: std::mem::take(&mut self.request), expect: REPLY }),
            // The reply has a version of its own.
            [0, GRANTED, ..] => Ok(Turn { send: Vec::new(), expect: 0 }),
            [0, reply, ..] => Err(refused(format!("Proxy Server could not connect: {}.", reason(*reply)))),
            _ => Err(refused(
                "The proxy opened no tunnel: it does not speak SOCKS4; is it an http:// or socks5:// proxy?",
            )),
        }
    }
}

fn reason(reply: u8) -> String {
    let known = match reply {
        91 => "Request rejected or failed",
        92 => "It could not reach identd here",
        93 => "identd names another user",
        _ => return format!("Unknown reply {reply}"),
    };
    known.to_owned()
}
