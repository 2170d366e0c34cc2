//! How a request says where its body ends (RFC 9112 6).

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};

use crate::body::Body;
use crate::error::{Error, ErrorKind, Result};
use crate::headers::Headers;

/// How the receiver finds the end of the request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
}

/// The framing, and whether the fields announce it already. What they announce must be what the body is (I2): a mismatch would
/// let the rest pass for another request.
pub(crate) fn framing(headers: &Headers, body: &Body) -> Result<(Framing, bool)> {
    let local = |message: &'static str| Err(Error::new(ErrorKind::LocalProtocol, message));
    match (announced_length(headers)?, announced_chunked(headers)) {
        (Some(_), Some(_)) => local("A request cannot have both Content-Length and Transfer-Encoding"),
        (None, Some(false)) => local("The only Transfer-Encoding that a request can have is 'chunked'"),
        (None, Some(true)) => Ok((Framing::Chunked, true)),
        (Some(_), None) if body.has_trailers() => {
            local("Trailers stand behind a body in chunks (RFC 9112 7.1.2): leave Content-Length away")
        }
        (Some(length), None) if body.length().is_some_and(|actual| actual != length) => {
            local("The Content-Length header is not the length of the request's body")
        }
        (Some(length), None) => Ok((Framing::Length(length), true)),
        (None, None) => Ok((body.length().map_or(Framing::Chunked, Framing::Length), false)),
    }
}

/// Whether Transfer-Encoding, if there is one, is "chunked" and nothing else.
fn announced_chunked(headers: &Headers) -> Option<bool> {
    let mut codings = headers.find_all(&TRANSFER_ENCODING);
    let first = codings.next()?;
    Some(first.as_bytes().eq_ignore_ascii_case(b"chunked") && codings.next().is_none())
}

fn announced_length(headers: &Headers) -> Result<Option<u64>> {
    let mut values = headers.find_all(&CONTENT_LENGTH);
    let Some(value) = values.next() else { return Ok(None) };
    let digits = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match (digits.and_then(|text| text.parse().ok()), values.next()) {
        (Some(length), None) => Ok(Some(length)),
        _ => Err(Error::new(ErrorKind::LocalProtocol, "Content-Length must be one number")),
    }
}
