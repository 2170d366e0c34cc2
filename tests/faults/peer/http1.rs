//! A server of HTTP/1.1 that knows just enough to see where a request ends.

use super::{Log, Peer, Sent};
use crate::fault::End;

/// What it answers. It is asked as soon as a request's head is there, and again when all of it is.
pub(crate) type Site = fn(&Request) -> Reply;

/// A request, as far as it came.
#[derive(Default)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn method(&self) -> &str {
        self.head.split(' ').next().unwrap_or_default()
    }

    /// Without what an absolute target has before it.
    pub(crate) fn path(&self) -> &str {
        let target = self.head.split(' ').nth(1).unwrap_or_default();
        let behind = target.find("://").map_or(0, |at| at + 3);
        &target[behind + target[behind..].find('/').unwrap_or(0)..]
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// What a server does with a request.
#[derive(Default)]
pub(crate) struct Reply {
    /// Sent as soon as the head is there.
    pub(crate) interim: Vec<u8>,
    /// The response does not wait for the whole request, but for so many bytes behind the head.
    pub(crate) early: Option<usize>,
    pub(crate) response: Vec<u8>,
    pub(crate) endless: Option<&'static [u8]>,
    pub(crate) end: Option<End>,
}

pub(crate) struct Http1 {
    host: String,
    site: Site,
    log: Log,
    /// Where what comes is written down.
    heard: Option<usize>,
    unread: Vec<u8>,
    request: Option<Request>,
    is_answered: bool,
}

impl Http1 {
    pub(crate) fn new(host: &str, site: Site, log: &Log) -> Self {
        let (host, log) = (host.to_owned(), log.clone());
        Self { host, site, log, heard: None, unread: Vec::new(), request: None, is_answered: false }
    }

    fn take_head(&mut self, sent: &mut Sent) -> bool {
        let Some(end) = self.unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return false };
        let head = self.unread.drain(..end + 4).collect::<Vec<_>>();
        let head = String::from_utf8(head).expect("whimbrel sends ASCII");
        let request = Request { head, body: Vec::new() };
        sent.bytes.extend((self.site)(&request).interim);
        self.request = Some(request);
        true
    }

    fn answer(&mut self, sent: &mut Sent) {
        let Some(request) = &self.request else { return };
        if std::mem::replace(&mut self.is_answered, true) {
            return;
        }
        let reply = (self.site)(request);
        sent.bytes.extend(reply.response);
        (sent.endless, sent.end) = (reply.endless, sent.end.or(reply.end));
    }

    /// Whether the body is whole.
    fn take_body(&mut self) -> bool {
        let Some(request) = &mut self.request else { return false };
        let length = request.field("content-length").and_then(|length| length.parse::<usize>().ok());
        let taken = match request.field("transfer-encoding") {
            Some(_) => dechunk(&self.unread),
            None => (self.unread.len() >= length.unwrap_or(0))
                .then(|| (length.unwrap_or(0), self.unread[..length.unwrap_or(0)].to_vec())),
        };
        let Some((length, body)) = taken else { return false };
        self.unread.drain(..length);
        request.body = body;
        true
    }
}

impl Peer for Http1 {
    fn receive(&mut self, bytes: &[u8], sent: &mut Sent) {
        if bytes.is_empty() {
            return;
        }
        let heard = *self.heard.get_or_insert_with(|| self.log.begin(&self.host));
        self.log.hear(heard, bytes);
        self.unread.extend_from_slice(bytes);
        while self.request.is_some() || self.take_head(sent) {
            let is_early = self.request.as_ref().and_then(|request| (self.site)(request).early);
            if is_early.is_some_and(|bytes| self.unread.len() >= bytes) {
                self.answer(sent);
            }
            if !self.take_body() {
                return;
            }
            self.answer(sent);
            (self.request, self.heard, self.is_answered) = (None, None, false);
        }
    }
}

/// A whole chunked body at the start of these bytes, and where it ends.
fn dechunk(bytes: &[u8]) -> Option<(usize, Vec<u8>)> {
    let (mut at, mut body) = (0, Vec::new());
    loop {
        let line = bytes[at..].windows(2).position(|bytes| bytes == b"\r\n")?;
        let size =
            std::str::from_utf8(&bytes[at..at + line]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let size = size.expect("whimbrel's chunks have a size");
        at += line + 2;
        let chunk = bytes.get(at..at + size)?;
        body.extend_from_slice(chunk);
        at += size;
        if bytes.get(at..at + 2)? != b"\r\n" {
            panic!("whimbrel's chunks are as long as they say");
        }
        at += 2;
        if size == 0 {
            return Some((at, body));
        }
    }
}
