//! Response heads (RFC 9112 2 to 4 and 6).

use std::mem::MaybeUninit;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderName, HeaderValue, Method, StatusCode, Version, header};
use httparse::Status;

use super::limits::HeadLimits;
use super::remote;
use crate::error::{Error, Result};
use crate::headers::Headers;
use crate::response::Head;

/// How the end of the response's body is found (RFC 9112 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::socket) enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

/// A complete head.
#[derive(Debug)]
pub(in crate::socket) struct Parsed {
    pub(in crate::socket) head: Box<Head>,
    pub(super) framing: Framing,
    /// Whether the connection may serve another request.
    pub(super) keep_alive: bool,
    /// For how long, where the server says so.
    pub(super) keep_for: Option<Duration>,
}

/// Finds the end of a head in bytes that arrive in pieces, looking at each byte once.
pub(in crate::socket) struct HeadReader {
    limits: HeadLimits,
    seen: Seen,
}

/// What of the head was looked at.
#[derive(Default)]
struct Seen {
    bytes: usize,
    lines: usize,
    line_start: usize,
    bare_lf: Option<bool>,
}

impl HeadReader {
    pub(in crate::socket) fn new(limits: HeadLimits) -> Self {
        Self { limits, seen: Seen::default() }
    }

    /// Takes a head off the buffer once it is whole.
    pub(in crate::socket) fn read(&mut self, buffer: &mut BytesMut, method: &Method) -> Result<Option<Parsed>> {
        check_start(buffer)?;
        if self.seen.bytes == 0
            && let Some(parsed) = self.read_usual(buffer, method)?
        {
            return Ok(Some(parsed));
        }
        match self.find_end(buffer)? {
            Some(end) => {
                let bytes = Bytes::copy_from_slice(&buffer[..end]);
                buffer.advance(end);
                let fields = std::mem::take(&mut self.seen).lines.saturating_sub(1);
                parse(&bytes, fields, method).map(Some)
            }
            None if buffer.len() > self.limits.size => Err(self.limits.exceeded()),
            None => Ok(None),
        }
    }

    /// A head that came in one piece, as most do, and with which nothing is out of the ordinary: it is looked at once. All others are
    /// left to who looks closer.
    fn read_usual(&self, buffer: &mut BytesMut, method: &Method) -> Result<Option<Parsed>> {
        let mut fields = [const { MaybeUninit::uninit() }; USUAL_FIELDS];
        let mut response = httparse::Response::new(&mut []);
        let parser = httparse::ParserConfig::default();
        let parsed = parser.parse_response_with_uninit_headers(&mut response, buffer, &mut fields);
        let Ok(Status::Complete(length)) = parsed else { return Ok(None) };
        let is_small = length <= self.limits.line(true).min(self.limits.line(false));
        if !is_small
            || response.headers.len() > self.limits.fields
            || !ends_lines_with_crlf(&response, &buffer[..length])
        {
            return Ok(None);
        }
        let bytes = Bytes::copy_from_slice(&buffer[..length]);
        let parsed = convert(&response, &buffer[..length], &bytes, method)?;
        buffer.advance(length);
        Ok(Some(parsed))
    }

    /// The index behind the empty line. Lines end with CRLF, or all of them with LF (RFC 9112 2.2 allows it); a mixture
    /// is how a response is smuggled past one of two parsers.
    fn find_end(&mut self, buffer: &[u8]) -> Result<Option<usize>> {
        let (limits, seen) = (self.limits, &mut self.seen);
        while let Some(found) = memchr::memchr(b'\n', &buffer[seen.bytes..]) {
            let at = seen.bytes + found;
            let bare = at == 0 || buffer[at - 1] != b'\r';
            if *seen.bare_lf.get_or_insert(bare) != bare {
                return Err(remote("The response's head mixes line endings"));
            }
            let length = at + usize::from(bare) - 1 - seen.line_start;
            seen.bytes = at + 1;
            if length == 0 && seen.lines > 0 {
                return if at < limits.size { Ok(Some(at + 1)) } else { Err(limits.exceeded()) };
            }
            if length > limits.line(seen.lines == 0) || seen.lines > limits.fields {
                return Err(limits.exceeded());
            }
            seen.lines += 1;
            seen.line_start = at + 1;
        }
        seen.bytes = buffer.len();
        let is_too_long = buffer.len() - seen.line_start > limits.line(seen.lines == 0).saturating_add(1);
        if is_too_long { Err(limits.exceeded()) } else { Ok(None) }
    }
}

/// Tells early that something else than HTTP/1 answers, instead of waiting for the end of a head that never comes.
fn check_start(buffer: &[u8]) -> Result<()> {
    const START: &[u8] = b"HTTP/1.";
    let length = buffer.len().min(START.len());
    if buffer[..length] == START[..length] {
        return Ok(());
    }
    let hint = match buffer {
        // A TLS record: alert (21) or handshake (22), version 3.x.
        [0x15 | 0x16, 3, ..] => "; it looks like TLS, try https://",
        _ => "",
    };
    let shown = buffer[..buffer.len().min(32)].escape_ascii();
    Err(remote(format!("The server does not speak HTTP/1.1: it sent '{shown}'{hint}")))
}

fn parse(bytes: &Bytes, fields: usize, method: &Method) -> Result<Parsed> {
    if fields <= USUAL_FIELDS {
        return parse_into(&mut [httparse::EMPTY_HEADER; USUAL_FIELDS], bytes, method);
    }
    parse_into(&mut vec![httparse::EMPTY_HEADER; fields], bytes, method)
}

/// Fields for which room is made without asking for memory.
const USUAL_FIELDS: usize = 64;

fn parse_into<'a>(fields: &mut [httparse::Header<'a>], bytes: &'a Bytes, method: &Method) -> Result<Parsed> {
    let mut response = httparse::Response::new(fields);
    match response.parse(bytes) {
        Ok(Status::Complete(length)) if length == bytes.len() => convert(&response, bytes, bytes, method),
        Ok(Status::Complete(_)) => Err(remote("The response's head is malformed: it ends before its empty line")),
        Ok(Status::Partial) => Err(remote("The response's head ends too early")),
        Err(error) => Err(malformed(error)),
    }
}

fn malformed(error: httparse::Error) -> Error {
    remote(format!("The response's head is malformed: {error}")).with_source(error)
}

/// `head` is where it was parsed, `bytes` the same for its values to share.
fn convert(response: &httparse::Response<'_, '_>, head: &[u8], bytes: &Bytes, method: &Method) -> Result<Parsed> {
    let code = response.code.unwrap_or_default();
    let status = StatusCode::from_u16(code).map_err(|_| remote(format!("The response's status is {code}")))?;
    let version = if response.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
    let mut headers = Headers::with_capacity(response.headers.len());
    for field in response.headers.iter() {
        headers.push(name(field.name)?, value(field, head, bytes)?);
    }
    let (framing, trusted) = framing(&headers, status, version, method)?;
    let keep_for = keep_for(&headers);
    // RFC 9112 9.3: what was the exception before HTTP/1.1 has to be said.
    let persists = version == Version::HTTP_11 || has_option(&headers, "keep-alive");
    let keep_alive = trusted && persists && !closes(&headers) && keep_for != Some(Duration::ZERO);
    let mut head = Box::new(Head::new(status, headers));
    head.version = Some(version);
    // The standard reason needs no copy.
    head.reason = response
        .reason
        .filter(|reason| status.canonical_reason() != Some(*reason))
        .map(|reason| Bytes::copy_from_slice(reason.as_bytes()));
    Ok(Parsed { head, framing, keep_alive, keep_for })
}

/// Whether CR stands before each LF, as far as lines are fields: they begin where another ended.
fn ends_lines_with_crlf(response: &httparse::Response<'_, '_>, head: &[u8]) -> bool {
    let begins_line = |field: &httparse::Header<'_>| head[..offset(field.name.as_bytes(), head)].ends_with(b"\r\n");
    response.headers.iter().all(begins_line) && head.ends_with(b"\r\n\r\n")
}

/// Where a part of the head begins in it.
fn offset(part: &[u8], head: &[u8]) -> usize {
    part.as_ptr().addr() - head.as_ptr().addr()
}

fn name(name: &str) -> Result<HeaderName> {
    let parsed = usual(name).map_or_else(|| HeaderName::from_bytes(name.as_bytes()), Ok);
    parsed.map_err(|_| remote("The response has a malformed header name"))
}

/// The names that are in most responses, as most servers write them: nothing of them has to be checked.
fn usual(name: &str) -> Option<HeaderName> {
    Some(match name {
        "Cache-Control" => header::CACHE_CONTROL,
        "Connection" => header::CONNECTION,
        "Content-Encoding" => header::CONTENT_ENCODING,
        "Content-Length" => header::CONTENT_LENGTH,
        "Content-Type" => header::CONTENT_TYPE,
        "Date" => header::DATE,
        "ETag" => header::ETAG,
        "Last-Modified" => header::LAST_MODIFIED,
        "Server" => header::SERVER,
        "Set-Cookie" => header::SET_COOKIE,
        "Transfer-Encoding" => header::TRANSFER_ENCODING,
        "Vary" => header::VARY,
        _ => return None,
    })
}

/// Shares the head's bytes.
fn value(field: &httparse::Header<'_>, head: &[u8], bytes: &Bytes) -> Result<HeaderValue> {
    let shared = match field.value {
        // Which may be anywhere.
        [] => Bytes::new(),
        value => bytes.slice(offset(value, head)..offset(value, head) + value.len()),
    };
    HeaderValue::from_maybe_shared(shared).map_err(|_| {
        remote(format!("The response's header '{}' has a control character in it", field.name.to_lowercase()))
    })
}

/// Whether this side's Connection field says that nothing follows (RFC 9112 9.6).
pub(super) fn closes(headers: &Headers) -> bool {
    has_option(headers, "close")
}

fn has_option(headers: &Headers, name: &str) -> bool {
    let is_named = |option: &[u8]| option.trim_ascii().eq_ignore_ascii_case(name.as_bytes());
    // Most say one thing, and this.
    let says = |value: &[u8]| match value {
        b"keep-alive" => name == "keep-alive",
        list => list.split(|&byte| byte == b',').any(is_named),
    };
    headers.find_all(&header::CONNECTION).any(|value| says(value.as_bytes()))
}

/// How long the server keeps the connection, by `Keep-Alive: timeout=5, max=100` (RFC 2068 19.7.1.1); a second less, for a
/// request that is under way when the server closes is lost. No further request is no time at all.
fn keep_for(headers: &Headers) -> Option<Duration> {
    let field = headers.find(&HeaderName::from_static("keep-alive"))?.to_str().ok()?;
    let parameter = |name: &str| {
        let value = field
            .split(',')
            .filter_map(|item| item.trim().split_once('='))
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        value.and_then(|(_, value)| number(value.trim().trim_matches('"').as_bytes()).ok())
    };
    if parameter("max") == Some(0) {
        return Some(Duration::ZERO);
    }
    parameter("timeout").map(|seconds| Duration::from_secs(seconds.saturating_sub(1)))
}

/// The framing, and whether it leaves no doubt about where the message ends (RFC 9112 6.3).
fn framing(headers: &Headers, status: StatusCode, version: Version, method: &Method) -> Result<(Framing, bool)> {
    if *method == Method::CONNECT && status.is_success() {
        // A tunnel, whatever the fields say (RFC 9110 9.3.6).
        return Ok((Framing::Length(0), false));
    }
    let no_body = *method == Method::HEAD || status.is_informational() || matches!(status.as_u16(), 204 | 304);
    let chunked = is_chunked(headers)?;
    let length = content_length(headers)?;
    if no_body {
        // To HEAD and with 304 the fields tell of a body that stays away; with 204 a body may follow all the same.
        let doubtful = status == StatusCode::NO_CONTENT && (chunked || length.is_some_and(|length| length > 0));
        return Ok((Framing::Length(0), !doubtful));
    }
    match (chunked, length) {
        // Transfer-Encoding wins over Content-Length, and HTTP/1.0 does not know it: whoever disagrees on the end would
        // read the rest as another response, so the connection is not used again.
        (true, length) => Ok((Framing::Chunked, length.is_none() && version == Version::HTTP_11)),
        (false, Some(length)) => Ok((Framing::Length(length), true)),
        (false, None) => Ok((Framing::UntilClose, false)),
    }
}

fn is_chunked(headers: &Headers) -> Result<bool> {
    let mut codings = headers.find_all(&header::TRANSFER_ENCODING);
    match (codings.next(), codings.next()) {
        (None, _) => Ok(false),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(true),
        _ => Err(remote("The response has a Transfer-Encoding other than 'chunked'")),
    }
}

/// Repeated, but equal, lengths are one (RFC 9110 8.6).
fn content_length(headers: &Headers) -> Result<Option<u64>> {
    let mut length = None;
    for value in headers.find_all(&header::CONTENT_LENGTH) {
        for item in value.as_bytes().split(|&byte| byte == b',') {
            let number = number(item.trim_ascii())?;
            if length.replace(number).is_some_and(|known| known != number) {
                return Err(remote("The response has several, different Content-Lengths"));
            }
        }
    }
    Ok(length)
}

/// ASCII digits alone: no sign, no white space, no overflow.
fn number(digits: &[u8]) -> Result<u64> {
    let add = |number: u64, digit: &u8| match digit {
        b'0'..=b'9' => number.checked_mul(10)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    };
    let number = if digits.is_empty() { None } else { digits.iter().try_fold(0, add) };
    number.ok_or_else(|| remote("The response's Content-Length is not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_are_themselves() {
        let names = "Cache-Control Connection Content-Encoding Content-Length Content-Type Date ETag Last-Modified Server \
                     Set-Cookie Transfer-Encoding Vary";
        for name in names.split_whitespace() {
            assert_eq!(usual(name).unwrap(), HeaderName::from_bytes(name.as_bytes()).unwrap());
        }
    }
}
