//! Response heads (RFC 9112 2 to 4 and 6).

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use http::header::CONNECTION;
use http::{HeaderName, HeaderValue, Method, StatusCode, Version};
use httparse::Status;

use super::remote;
use crate::config::Limits;
use crate::error::{Error, ErrorKind, Result};
use crate::headers::Headers;
use crate::response::Head;

const MAX_STATUS_LINE: usize = 8 * 1024;

/// How large a head may be.
#[derive(Clone, Copy, Debug)]
pub(in crate::socket) struct HeadLimits {
    size: usize,
    fields: usize,
}

impl From<Limits> for HeadLimits {
    fn from(limits: Limits) -> Self {
        Self { size: limits.max_head_size, fields: limits.max_head_fields }
    }
}

impl HeadLimits {
    /// A line's limit: the first is the status, the others are fields.
    fn line(self, is_first: bool) -> usize {
        if is_first { MAX_STATUS_LINE } else { self.size / 2 }
    }

    /// What a head comes to that arrived in one piece: the sizes of its fields.
    #[cfg(feature = "http2")]
    pub(in crate::socket) fn check(self, fields: impl IntoIterator<Item = usize>) -> Result<()> {
        let (mut size, mut count) = (0_usize, 0);
        for field in fields {
            size = size.saturating_add(field);
            count += 1;
            if size > self.size || count > self.fields || field > self.line(false) {
                return Err(self.exceeded());
            }
        }
        Ok(())
    }

    fn exceeded(self) -> Error {
        let Self { size, fields } = self;
        let message = format!(
            "The response's head is too large (limits: {size} bytes, {fields} fields, {} bytes a field, 8 KiB the status line); \
             Limits::max_head_size and max_head_fields allow more",
            size / 2
        );
        Error::new(ErrorKind::LimitExceeded, message)
    }
}

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
        Ok(Status::Complete(length)) => convert(&response, bytes, length, method),
        Ok(Status::Partial) => Err(remote("The response's head ends too early")),
        Err(error) => Err(malformed(error)),
    }
}

fn malformed(error: httparse::Error) -> Error {
    remote(format!("The response's head is malformed: {error}")).with_source(error)
}

fn convert(response: &httparse::Response<'_, '_>, bytes: &Bytes, length: usize, method: &Method) -> Result<Parsed> {
    if length != bytes.len() {
        return Err(remote("The response's head is malformed: it ends before its empty line"));
    }
    let code = response.code.unwrap_or_default();
    let status = StatusCode::from_u16(code).map_err(|_| remote(format!("The response's status is {code}")))?;
    let version = if response.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
    let mut headers = Headers::with_capacity(response.headers.len());
    for field in response.headers.iter() {
        headers.push(name(field.name)?, value(field, bytes)?);
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

fn name(name: &str) -> Result<HeaderName> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| remote("The response has a malformed header name"))
}

/// Shares the head's bytes.
fn value(field: &httparse::Header<'_>, bytes: &Bytes) -> Result<HeaderValue> {
    let shared = if field.value.is_empty() { Bytes::new() } else { bytes.slice_ref(field.value) };
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
    headers.find_all(&CONNECTION).any(|value| value.as_bytes().split(|&byte| byte == b',').any(is_named))
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
    let mut codings = headers.find_all(&http::header::TRANSFER_ENCODING);
    match (codings.next(), codings.next()) {
        (None, _) => Ok(false),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(true),
        _ => Err(remote("The response has a Transfer-Encoding other than 'chunked'")),
    }
}

/// Repeated, but equal, lengths are one (RFC 9110 8.6).
fn content_length(headers: &Headers) -> Result<Option<u64>> {
    let mut length = None;
    for value in headers.find_all(&http::header::CONTENT_LENGTH) {
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
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    text.and_then(|text| text.parse().ok()).ok_or_else(|| remote("The response's Content-Length is not a number"))
}
