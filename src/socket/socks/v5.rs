//! Version 5 (RFC 1928), with user and password (RFC 1929).

use url::Host;

use super::{Handshake, Turn, refused};
use crate::credentials::Credentials;
use crate::error::Result;

const VERSION: u8 = 5;
/// Of the exchange of user and password, which has a version of its own.
const AUTH_VERSION: u8 = 1;
const CONNECT: u8 = 1;
const SUCCEEDED: u8 = 0;

const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;

const IPV4: u8 = 1;
const DOMAIN: u8 = 3;
const IPV6: u8 = 4;

pub(super) struct Socks5<'a> {
    credentials: Option<&'a Credentials>,
    request: Vec<u8>,
    awaited: Awaited,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    Nothing,
    /// Version, method.
    Method,
    /// Version, status.
    Verdict,
    /// Version, reply. On their own, for a proxy that refuses may say no more.
    Reply,
    /// Reserved, kind of address, and the address's first byte, which says how long a name is.
    Address,
    /// The rest of the address, and the port.
    Rest,
}

impl<'a> Socks5<'a> {
    pub(super) fn new(host: &Host<&str>, port: u16, credentials: Option<&'a Credentials>) -> Result<Self> {
        let mut request = vec![VERSION, CONNECT, 0];
        match host {
            Host::Ipv4(address) => {
                request.push(IPV4);
                request.extend(address.octets());
            }
            Host::Ipv6(address) => {
                request.push(IPV6);
                request.extend(address.octets());
            }
            Host::Domain(name) => {
                request.push(DOMAIN);
                prefixed(name, &mut request)?;
            }
        }
        request.extend(port.to_be_bytes());
        Ok(Self { credentials, request, awaited: Awaited::Nothing })
    }

    /// One method is offered, as by HTTPX.
    fn method(&self) -> u8 {
        if self.credentials.is_some() { USER_AND_PASSWORD } else { NO_AUTHENTICATION }
    }

    fn await_answer(&mut self, awaited: Awaited, send: Vec<u8>, expect: usize) -> Result<Turn> {
        self.awaited = awaited;
        Ok(Turn { send, expect })
    }

    fn ask(&mut self) -> Result<Turn> {
        let request = std::mem::take(&mut self.request);
        self.await_answer(Awaited::Reply, request, 2)
    }

    /// Any method but the one that was offered is a refusal, one without authentication too: whoever has a password wants it asked.
    fn chosen(&mut self, method: u8) -> Result<Turn> {
        match self.credentials {
            _ if method != self.method() => Err(self.refused_method(method)),
            None => self.ask(),
            Some(credentials) => {
                let mut login = vec![AUTH_VERSION];
                prefixed(&credentials.user, &mut login)?;
                prefixed(&credentials.password, &mut login)?;
                self.await_answer(Awaited::Verdict, login, 2)
            }
        }
    }

    fn refused_method(&self, method: u8) -> crate::error::Error {
        let hint =
            if self.credentials.is_none() { " Proxy::auth or the proxy's URL take user and password." } else { "" };
        let (requested, responded) = (name_of(self.method()), name_of(method));
        refused(format!("Requested {requested} from proxy server, but got {responded}.{hint}"))
    }

    /// The address from which the proxy connects: read, for it stands before the tunnel, and of no use.
    fn address(&mut self, kind: u8, first: u8) -> Result<Turn> {
        let rest = match kind {
            IPV4 => 3,
            IPV6 => 15,
            DOMAIN => usize::from(first),
            _ => return Err(refused(format!("The proxy opened no tunnel: it sent an address of unknown kind {kind}"))),
        };
        self.await_answer(Awaited::Rest, Vec::new(), rest + 2)
    }
}

impl Handshake for Socks5<'_> {
    fn next(&mut self, received: &[u8]) -> Result<Turn> {
        match (self.awaited, received) {
            (Awaited::Nothing, _) => self.await_answer(Awaited::Method, vec![VERSION, 1, self.method()], 2),
            (Awaited::Method, &[VERSION, method]) => self.chosen(method),
            (Awaited::Verdict, [AUTH_VERSION, SUCCEEDED]) => self.ask(),
            (Awaited::Verdict, [AUTH_VERSION, _]) => Err(refused("Invalid username/password")),
            (Awaited::Reply, [VERSION, SUCCEEDED]) => self.await_answer(Awaited::Address, Vec::new(), 3),
            (Awaited::Reply, [VERSION, reply]) => {
                Err(refused(format!("Proxy Server could not connect: {}.", reason(*reply))))
            }
            (Awaited::Address, &[_, kind, first]) => self.address(kind, first),
            (Awaited::Rest, _) => Ok(Turn { send: Vec::new(), expect: 0 }),
            _ => Err(refused("The proxy opened no tunnel: it does not speak SOCKS5; is it an http:// proxy?")),
        }
    }
}

/// A byte for the length, then the text. (H8, curl CVE-2023-38545: what is longer is never cut, nor resolved here instead.)
fn prefixed(text: &str, out: &mut Vec<u8>) -> Result<()> {
    let length = u8::try_from(text.len())
        .map_err(|_| refused("A SOCKS5 proxy cannot be asked for a name or told a password of more than 255 bytes"))?;
    out.push(length);
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

fn name_of(method: u8) -> &'static str {
    match method {
        NO_AUTHENTICATION => "NO AUTHENTICATION REQUIRED",
        1 => "GSSAPI",
        USER_AND_PASSWORD => "USERNAME/PASSWORD",
        0xFF => "NO ACCEPTABLE METHODS",
        _ => "UNKNOWN",
    }
}

/// RFC 1928 6, in HTTPX's words.
fn reason(reply: u8) -> String {
    let known = match reply {
        1 => "General SOCKS server failure",
        2 => "Connection not allowed by ruleset",
        3 => "Network unreachable",
        4 => "Host unreachable",
        5 => "Connection refused",
        6 => "TTL expired",
        7 => "Command not supported",
        8 => "Address type not supported",
        _ => return format!("Unknown reply {reply}"),
    };
    known.to_owned()
}
