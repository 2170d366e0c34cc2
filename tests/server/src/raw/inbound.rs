//! Finding where a request ends, and remembering how it came.

use std::mem;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::query::Query;

use super::{End, record::Request};

/// The room offered to each read of the socket.
const READ: usize = 64 * 1024;
/// No test sends more in one request; beyond it a client is out of control.
const LARGEST: usize = 1 << 28;

/// The receiving half of a connection: bytes not yet taken, and the sizes of the reads that brought them.
pub(super) struct Inbound<R> {
    reader: R,
    buffer: Vec<u8>,
    reads: Vec<usize>,
    ended: bool,
}

impl<R: AsyncRead + Unpin> Inbound<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), reads: Vec::new(), ended: false }
    }

    /// The head of the next request. `None` when the client has closed, or speaks something else than HTTP.
    pub(super) async fn head(&mut self) -> Option<Head> {
        let mut scanned: usize = 0;
        loop {
            let from = scanned.saturating_sub(3);
            if let Some(end) = find(&self.buffer, from, b"\r\n\r\n") {
                return Head::parse(&self.buffer[..end]);
            }
            scanned = self.buffer.len();
            // Waiting for a blank line in a TLS hello or a preface would take for ever.
            if !self.buffer.first().is_none_or(u8::is_ascii_uppercase) {
                return None;
            }
            self.fill().await?;
        }
    }

    /// Where the request of `head` ends in the buffer; `None` when it broke off or its framing is broken.
    pub(super) async fn end_of_body(&mut self, head: &Head) -> Option<usize> {
        if head.is_chunked() {
            return self.end_of_chunks(head.length).await;
        }
        let end = head.length.checked_add(head.content_length()?)?;
        self.until(end).await?;
        Some(end)
    }

    /// RFC 9112 §7.1, up to the empty line behind the trailers.
    async fn end_of_chunks(&mut self, start: usize) -> Option<usize> {
        let mut at = start;
        loop {
            let next = self.line(at).await?;
            let size = chunk_size(&self.buffer[at..next])?;
            at = next;
            if size == 0 {
                break;
            }
            at = at.checked_add(size)?.checked_add(2)?;
            self.until(at).await?;
        }
        loop {
            let next = self.line(at).await?;
            if next == at + 2 {
                return Some(next);
            }
            at = next;
        }
    }

    /// Takes a request of that length out of the buffer, or what there is of one.
    pub(super) fn take(&mut self, end: Option<usize>) -> Request {
        let rest = self.buffer.split_off(end.unwrap_or(self.buffer.len()));
        let raw = mem::replace(&mut self.buffer, rest);
        let (reads, rest) = split_reads(mem::take(&mut self.reads), raw.len());
        self.reads = rest;
        Request { raw, reads, complete: end.is_some() }
    }

    /// Who ended the connection when there is nothing more to read.
    pub(super) fn end(&self) -> End {
        if self.ended { End::Client } else { End::Server }
    }

    /// Waits for the first byte of a next request, or the end.
    pub(super) async fn begin(&mut self) {
        if self.buffer.is_empty() {
            // Whoever reads next sees the end again.
            let _ = self.fill().await;
        }
    }

    /// What has come, be it HTTP or not. `None` at the end.
    pub(super) async fn some(&mut self) -> Option<Vec<u8>> {
        if self.buffer.is_empty() {
            self.fill().await?;
        }
        self.reads.clear();
        Some(mem::take(&mut self.buffer))
    }

    /// Reads until the client closes.
    pub(super) async fn discard(&mut self) {
        while self.fill().await.is_some() {
            self.buffer.clear();
            self.reads.clear();
        }
    }

    /// The position behind the CRLF that ends the line at `start`.
    async fn line(&mut self, start: usize) -> Option<usize> {
        loop {
            if let Some(end) = find(&self.buffer, start, b"\r\n") {
                return Some(end);
            }
            self.fill().await?;
        }
    }

    async fn until(&mut self, length: usize) -> Option<()> {
        while self.buffer.len() < length {
            self.fill().await?;
        }
        Some(())
    }

    /// One read. `None` at the end, however it came about.
    async fn fill(&mut self) -> Option<()> {
        if self.buffer.len() > LARGEST {
            return None;
        }
        self.buffer.reserve(READ);
        let count = self.reader.read_buf(&mut self.buffer).await.unwrap_or(0);
        self.ended = count == 0;
        self.reads.extend((count > 0).then_some(count));
        (count > 0).then_some(())
    }
}

/// The position behind the first `needle` at or after `from`.
fn find(buffer: &[u8], from: usize, needle: &[u8]) -> Option<usize> {
    let tail = buffer.get(from..)?;
    let at = tail.windows(needle.len()).position(|window| window == needle)?;
    Some(from + at + needle.len())
}

/// The size in a chunk's first line, before any extension.
fn chunk_size(line: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(line).ok()?;
    let digits = text.split([';', '\r']).next()?;
    usize::from_str_radix(digits.trim(), 16).ok()
}

/// The reads that brought the first `length` bytes, and those that brought what follows. One may have brought both.
fn split_reads(reads: Vec<usize>, length: usize) -> (Vec<usize>, Vec<usize>) {
    let (mut first, mut second, mut left) = (Vec::new(), Vec::new(), length);
    for read in reads {
        let part = read.min(left);
        left -= part;
        first.extend((part > 0).then_some(part));
        second.extend((part < read).then_some(read - part));
    }
    (first, second)
}

/// When a request's body is read: before the answer, between its beginning and its tail, or not at all.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    First,
    Late,
    Never,
}

/// What matters of a request's head.
pub(super) struct Head {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Query,
    /// Of the head, with the empty line.
    pub(super) length: usize,
    fields: Vec<(String, String)>,
}

impl Head {
    /// Field lines without a colon are the test's concern, not ours.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        if !version.starts_with("HTTP/") {
            return None;
        }
        let (path, query) = origin_form(target);
        Some(Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: Query::literal(query),
            length: bytes.len(),
            fields: lines.filter_map(field_line).collect(),
        })
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The id of a `/record/{id}/…` request.
    pub(super) fn record_id(&self) -> Option<&str> {
        self.path.strip_prefix("/record/")?.split('/').next()
    }

    pub(super) fn reading(&self) -> Reading {
        match self.query.bytes("read") {
            Some(b"late") => Reading::Late,
            Some(b"never") => Reading::Never,
            _ => Reading::First,
        }
    }

    fn is_chunked(&self) -> bool {
        self.field("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
    }

    /// `None` for a length that is no number.
    fn content_length(&self) -> Option<usize> {
        self.field("content-length").map_or(Some(0), |length| length.parse().ok())
    }
}

/// Path and query. A client that takes this port for a proxy sends the whole URL (RFC 9112 §3.2.2).
fn origin_form(target: &str) -> (&str, &str) {
    let after_scheme = target.strip_prefix("http://").or(target.strip_prefix("https://"));
    let path = match after_scheme {
        Some(rest) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => target,
    };
    path.split_once('?').unwrap_or((path, ""))
}

fn field_line(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    Some((name.to_ascii_lowercase(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_that_brought_two_requests_is_shared_out() {
        assert_eq!(split_reads(vec![10, 20, 5], 25), (vec![10, 15], vec![5, 5]));
        assert_eq!(split_reads(vec![10], 10), (vec![10], vec![]));
    }

    #[test]
    fn a_head_may_be_anything() {
        assert!(Head::parse(b"EHLO there\r\n\r\n").is_none());
        let head = Head::parse(b"GET http://h:1/raw?data=a+b HTTP/1.1\r\njunk\r\nA: b\r\n\r\n");
        let head = head.expect("it has three words");
        assert_eq!((head.path.as_str(), head.query.text("data")), ("/raw", Some("a+b".into())));
        assert_eq!(head.field("a"), Some("b"));
    }
}
