//! What the raw port says, and what it does then. No IO here.

use std::time::Duration;

use crate::{cors, query::Query};

use super::{Records, inbound::Head};

/// Bytes to write, and how.
pub(super) struct Answer {
    pub(super) delay: Duration,
    pub(super) data: Vec<u8>,
    /// So many bytes of `data` at once, with `pause` behind each piece.
    pub(super) step: usize,
    pub(super) pause: Duration,
    flood: Vec<u8>,
    times: usize,
    /// Each `#` of the flood is its number.
    numbered: bool,
    pub(super) tail: Vec<u8>,
    pub(super) afterwards: Afterwards,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Afterwards {
    /// FIN.
    Close,
    /// FIN, unless another request comes within that time.
    CloseIdle(Duration),
    /// The socket is dropped as it is: over TLS without close_notify.
    Drop,
    /// No HTTP any more: what comes goes back.
    Echo,
    Hold,
    Keep,
    /// RST.
    Reset,
    /// These bytes, unless another request comes within that time.
    Speak(Duration, Vec<u8>),
}

impl Answer {
    pub(super) fn to(head: &Head, records: &Records) -> Self {
        if head.method == "OPTIONS" && head.field("access-control-request-method").is_some() {
            return Self::kept(message(head, "204 No Content", "", ""), head);
        }
        let segments: Vec<&str> = head.path.trim_start_matches('/').split('/').collect();
        match *segments.as_slice() {
            ["raw"] => Self::raw(&head.query),
            ["record", ..] => Self::record(head),
            ["recorded", id] => Self::json(head, &records.json(id).to_string()),
            ["idle-close"] => Self::ok(head).then(Afterwards::CloseIdle(after(&head.query))),
            ["unsolicited"] => {
                let data = head.query.bytes("data").unwrap_or_default().to_vec();
                Self::ok(head).then(Afterwards::Speak(after(&head.query), data))
            }
            ["glued"] => Self::glued(head),
            ["banner"] => Self::ok(head),
            ["trailers"] => Self::trailers(head),
            _ => Self::kept(message(head, "404 Not Found", "", "no such endpoint\n"), head),
        }
    }

    /// `/raw`: the query says it all.
    fn raw(query: &Query) -> Self {
        let data = query.bytes("data").unwrap_or_default().to_vec();
        Self::new(data).paced(query).then(afterwards(query).unwrap_or(Afterwards::Close))
    }

    fn record(head: &Head) -> Self {
        let answer = match head.query.bytes("answer") {
            Some(data) => Self::new(data.to_vec()).paced(&head.query),
            None => Self::ok(head),
        };
        match (afterwards(&head.query), head.query.bytes("close")) {
            (Some(chosen), _) => answer.then(chosen),
            (None, Some(b"1")) => answer.then(Afterwards::Close),
            (None, _) => answer,
        }
    }

    fn glued(head: &Head) -> Self {
        let mut answer = Self::ok(head);
        answer.data.extend(head.query.bytes("extra").unwrap_or_default());
        // One write, or the client could be done before the rest arrives.
        answer.step = answer.data.len();
        answer
    }

    fn ok(head: &Head) -> Self {
        Self::kept(message(head, "200 OK", "Content-Type: text/plain\r\n", "ok"), head)
    }

    fn json(head: &Head, text: &str) -> Self {
        Self::kept(message(head, "200 OK", "Content-Type: application/json\r\n", text), head)
    }

    /// Sent whether the client wants trailers or not, which hyper does not.
    fn trailers(head: &Head) -> Self {
        let cors = cors_lines(head);
        let data = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\
             Trailer: x-checksum, x-rows\r\n{cors}\r\n\
             13\r\nbody with trailers\n\r\n0\r\nX-Checksum: abc123\r\nX-Rows: 7\r\n\r\n"
        );
        Self::kept(data, head)
    }

    /// An answer of ours, after which the connection stays if the client wants that.
    fn kept(data: String, head: &Head) -> Self {
        let last = head.field("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        Self::new(data.into_bytes()).then(if last { Afterwards::Close } else { Afterwards::Keep })
    }

    fn new(data: Vec<u8>) -> Self {
        Self {
            delay: Duration::ZERO,
            step: data.len().max(1),
            data,
            pause: Duration::ZERO,
            flood: Vec::new(),
            times: 0,
            numbered: false,
            tail: Vec::new(),
            afterwards: Afterwards::Keep,
        }
    }

    fn then(self, afterwards: Afterwards) -> Self {
        Self { afterwards, ..self }
    }

    fn paced(self, query: &Query) -> Self {
        Self {
            delay: milliseconds(query, "delay", 0),
            step: query.number("step").unwrap_or(self.step).max(1),
            pause: milliseconds(query, "pause", 0),
            flood: query.bytes("flood").unwrap_or_default().to_vec(),
            times: query.number("times").unwrap_or(1),
            numbered: query.bytes("numbered") == Some(b"1"),
            tail: query.bytes("tail").unwrap_or_default().to_vec(),
            ..self
        }
    }

    /// The flood, `times` times, in blocks that are not too small.
    pub(super) fn flood(&self) -> impl Iterator<Item = Vec<u8>> {
        const BLOCK: usize = 16 * 1024;
        let per_block = (BLOCK / self.flood.len().max(1)).max(1);
        let times = if self.flood.is_empty() { 0 } else { self.times };
        let blocks = (0..times).step_by(per_block);
        blocks.map(move |done| match (per_block.min(times - done), self.numbered) {
            (count, false) => self.flood.repeat(count),
            (count, true) => (done..done + count).flat_map(|number| self.numbered(number)).collect(),
        })
    }

    fn numbered(&self, number: usize) -> Vec<u8> {
        let number = number.to_string();
        let digits = |byte: &u8| if *byte == b'#' { number.as_bytes().to_vec() } else { vec![*byte] };
        self.flood.iter().flat_map(digits).collect()
    }
}

fn afterwards(query: &Query) -> Option<Afterwards> {
    Some(match query.bytes("after")? {
        b"drop" => Afterwards::Drop,
        b"echo" => Afterwards::Echo,
        b"hold" => Afterwards::Hold,
        b"keep" => Afterwards::Keep,
        b"reset" => Afterwards::Reset,
        _ => Afterwards::Close,
    })
}

fn after(query: &Query) -> Duration {
    milliseconds(query, "after", 100)
}

fn milliseconds(query: &Query, name: &str, default: u64) -> Duration {
    Duration::from_millis(query.number(name).unwrap_or(default))
}

fn cors_lines(head: &Head) -> String {
    cors::lines(|name| head.field(name).map(str::to_owned))
}

/// A well-formed answer; to HEAD without its body (RFC 9110 §9.3.2), 204 without a length (RFC 9112 §6.2).
fn message(head: &Head, status: &str, fields: &str, body: &str) -> String {
    let cors = cors_lines(head);
    let length = match status.starts_with("204") {
        true => String::new(),
        false => format!("Content-Length: {}\r\n", body.len()),
    };
    let body = if head.method == "HEAD" { "" } else { body };
    format!("HTTP/1.1 {status}\r\n{length}{fields}{cors}\r\n{body}")
}
