//! A server of HTTP/2 that does with each frame of a request what its script says.

use super::frame::*;
use super::{Log, Peer, Sent};
use crate::fault::End;
use crate::site::body;

/// What a server does.
#[derive(Clone, Copy)]
pub(crate) struct Script {
    /// Its settings.
    pub(super) hello: &'static [(u16, u32)],
    pub(super) answers_pings: bool,
    /// What it sends at a request's head, and at each piece of its content.
    pub(super) says: fn(&mut Turn<'_>) -> Vec<u8>,
}

/// Where a request has come to.
pub(crate) struct Turn<'a> {
    /// Of the connection; the first is number 0.
    pub(super) connection: usize,
    /// Of the request on its connection.
    pub(super) number: usize,
    /// What stands in the host's name.
    pub(super) which: usize,
    pub(super) stream: u32,
    pub(super) path: &'a str,
    pub(super) content: &'a [u8],
    pub(super) is_whole: bool,
    /// What becomes of the connection then.
    pub(super) end: Option<End>,
}

impl Turn<'_> {
    /// The body of the answer.
    pub(super) fn text(&self) -> Vec<u8> {
        body(self.path, &echo(self.content))
    }

    /// The frames of the answer, one by one.
    pub(super) fn frames(&self) -> Vec<Vec<u8>> {
        self.frames_of(self.stream)
    }

    /// The same to another request for the same.
    pub(super) fn frames_of(&self, it: u32) -> Vec<Vec<u8>> {
        let text = self.text();
        let (start, rest) = text.split_at(text.len() / 2);
        match self.path {
            "cost" => {
                let trailers = headers(it, WHOLE, &[("x-sum", "1")]);
                vec![head(it), data(it, 0, start), data(it, 0, rest), trailers]
            }
            _ => vec![head(it), data(it, 0, start), data(it, END_STREAM, rest)],
        }
    }

    /// The answer, once the request is whole.
    pub(super) fn answer(&self) -> Vec<u8> {
        if self.is_whole { self.frames().concat() } else { Vec::new() }
    }

    /// The answer to the request of that number on this connection.
    pub(super) fn answer_to(&self, number: usize) -> Vec<u8> {
        self.frames_of(stream(number)).concat()
    }
}

/// A client's streams are odd (RFC 9113 5.1.1).
pub(super) fn stream(number: usize) -> u32 {
    2 * number as u32 + 1
}

/// What of an upload stands in the answer: if it is long, how long.
fn echo(content: &[u8]) -> Vec<u8> {
    if content.len() < 1_000 { content.to_vec() } else { content.len().to_string().into() }
}

/// Answers whatever comes.
pub(crate) fn plain(host: &str, log: &Log) -> Http2 {
    Http2::new(host, Script { hello: MANY, answers_pings: true, says: |turn| turn.answer() }, log)
}

pub(super) const MANY: &[(u16, u32)] = &[(MAX_STREAMS, 100)];

/// Whether the script is for this: one path is answered in any case.
fn is_played(path: &str) -> bool {
    path != "its"
}

pub(crate) struct Http2 {
    host: String,
    script: Script,
    log: Log,
    connection: usize,
    unread: Vec<u8>,
    requests: Vec<Asked>,
}

struct Asked {
    /// Where it is written down.
    heard: usize,
    stream: u32,
    path: String,
    content: Vec<u8>,
}

impl Http2 {
    pub(crate) fn new(host: &str, script: Script, log: &Log) -> Self {
        let (connection, log, host) = (log.connect(), log.clone(), host.to_owned());
        Self { host, script, log, connection, unread: Vec::new(), requests: Vec::new() }
    }

    fn hear(&mut self, seen: Seen, sent: &mut Sent) {
        match seen {
            Seen::Opened => sent.bytes.extend(settings(self.script.hello)),
            Seen::Settings { is_ack: false } => sent.bytes.extend(frame(SETTINGS, ACK, 0, b"")),
            Seen::Ping { payload } if self.script.answers_pings => sent.bytes.extend(frame(PING, ACK, 0, &payload)),
            Seen::Head { stream, is_post, path, is_end } => {
                let heard = self.log.begin(&self.host);
                self.log.hear(heard, format!("{} /{path}\n", if is_post { "POST" } else { "GET" }).as_bytes());
                self.requests.push(Asked { heard, stream, path, content: Vec::new() });
                self.say(self.requests.len() - 1, is_end, sent);
            }
            Seen::Data { stream, content, is_end, .. } => {
                let number = self.requests.iter().position(|asked| asked.stream == stream).expect("it has a head");
                self.log.hear(self.requests[number].heard, &content);
                self.requests[number].content.extend(content);
                self.say(number, is_end, sent);
            }
            _ => {}
        }
    }

    fn say(&self, number: usize, is_whole: bool, sent: &mut Sent) {
        let digits: String = self.host.chars().filter(char::is_ascii_digit).collect();
        let Asked { stream, path, content, .. } = &self.requests[number];
        let mut turn = Turn {
            connection: self.connection,
            which: digits.parse().unwrap_or(0),
            number,
            stream: *stream,
            path,
            content,
            is_whole,
            end: None,
        };
        let said = if is_played(path) { (self.script.says)(&mut turn) } else { turn.answer() };
        sent.bytes.extend(said);
        sent.end = sent.end.or(turn.end);
    }
}

impl Peer for Http2 {
    fn receive(&mut self, bytes: &[u8], sent: &mut Sent) {
        self.unread.extend_from_slice(bytes);
        while let Some(seen) = take(&mut self.unread) {
            if sent.end.is_none() {
                self.hear(seen, sent);
            }
        }
    }
}
