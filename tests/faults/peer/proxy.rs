//! Proxies: HTTP's, which passes requests on and tunnels, and SOCKS 5 with a password (RFC 1928, RFC 1929).

use super::{Http1, Log, Peer, Sent, Site};
use crate::wire::Reach;

/// An HTTP proxy. It answers what it is to pass on by itself.
pub(crate) struct HttpProxy {
    host: String,
    site: Site,
    log: Log,
    beyond: Reach,
    unread: Vec<u8>,
    inner: Option<Box<dyn Peer>>,
}

impl HttpProxy {
    pub(crate) fn new(host: &str, site: Site, beyond: Reach, log: &Log) -> Self {
        Self { host: host.to_owned(), site, log: log.clone(), beyond, unread: Vec::new(), inner: None }
    }

    /// Who answers, once that is known, and which of the bytes so far are theirs.
    fn choose(&mut self, sent: &mut Sent) -> Option<(Box<dyn Peer>, Vec<u8>)> {
        if !self.unread.starts_with(b"CONNECT ") {
            let inner = Box::new(Http1::new(&self.host, self.site, &self.log));
            return (self.unread.len() >= 8).then(|| (inner as _, std::mem::take(&mut self.unread)));
        }
        let end = self.unread.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
        let head = self.unread.drain(..end).collect::<Vec<_>>();
        self.log.hear(self.log.begin(&self.host), &head);
        let head = String::from_utf8(head).expect("whimbrel sends ASCII");
        let (host, port) = head.split(' ').nth(1)?.rsplit_once(':')?;
        sent.bytes.extend(b"HTTP/1.1 200 Connection established\r\n\r\n");
        Some(((self.beyond)(host, port.parse().ok()?, &self.log), std::mem::take(&mut self.unread)))
    }
}

impl Peer for HttpProxy {
    fn receive(&mut self, bytes: &[u8], sent: &mut Sent) {
        if let Some(inner) = &mut self.inner {
            return inner.receive(bytes, sent);
        }
        self.unread.extend_from_slice(bytes);
        if let Some((mut inner, rest)) = self.choose(sent) {
            inner.receive(&rest, sent);
            self.inner = Some(inner);
        }
    }
}

/// A SOCKS proxy that wants a user and a password.
pub(crate) struct Socks5 {
    host: String,
    log: Log,
    beyond: Reach,
    unread: Vec<u8>,
    step: Step,
}

enum Step {
    Greeting,
    Password,
    Connect,
    Through(Box<dyn Peer>),
}

impl Socks5 {
    pub(crate) fn new(host: &str, beyond: Reach, log: &Log) -> Self {
        Self { host: host.to_owned(), log: log.clone(), beyond, unread: Vec::new(), step: Step::Greeting }
    }

    /// The next message off the bytes, whose length its own bytes tell.
    fn take(&mut self, length: impl Fn(&[u8]) -> Option<usize>) -> Option<Vec<u8>> {
        let length = length(&self.unread).filter(|&length| self.unread.len() >= length)?;
        let message = self.unread.drain(..length).collect::<Vec<_>>();
        self.log.hear(self.log.begin(&self.host), &message);
        Some(message)
    }

    fn step(&mut self, sent: &mut Sent) -> Option<Step> {
        match self.step {
            Step::Greeting => {
                self.take(|bytes| Some(2 + usize::from(*bytes.get(1)?)))?;
                sent.bytes.extend([5, 2]);
                Some(Step::Password)
            }
            Step::Password => {
                let user = |bytes: &[u8]| Some(2 + usize::from(*bytes.get(1)?));
                self.take(|bytes| Some(user(bytes)? + 1 + usize::from(*bytes.get(user(bytes)?)?)))?;
                sent.bytes.extend([1, 0]);
                Some(Step::Connect)
            }
            Step::Connect => {
                let message = self.take(|bytes| Some(7 + usize::from(*bytes.get(4)?)))?;
                assert_eq!(message[..4], [5, 1, 0, 3], "it is a name that is asked for");
                let (host, port) = message[5..].split_at(message.len() - 7);
                let host = std::str::from_utf8(host).expect("names are ASCII");
                sent.bytes.extend([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
                Some(Step::Through((self.beyond)(host, u16::from_be_bytes([port[0], port[1]]), &self.log)))
            }
            Step::Through(_) => None,
        }
    }
}

impl Peer for Socks5 {
    fn receive(&mut self, bytes: &[u8], sent: &mut Sent) {
        self.unread.extend_from_slice(bytes);
        while let Some(step) = self.step(sent) {
            self.step = step;
        }
        if let Step::Through(inner) = &mut self.step {
            inner.receive(&std::mem::take(&mut self.unread), sent);
        }
    }
}
