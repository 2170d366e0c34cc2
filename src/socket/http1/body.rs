//! Response bodies: where they end, and what is in between (RFC 9112 6 and 7).

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderName, HeaderValue};

use super::head::Framing;
use super::remote;
use crate::body::received_trailers;
use crate::error::{Error, ErrorKind, Result};
use crate::headers::Headers;

/// The longest line of a chunk's size with its extensions.
const MAX_CHUNK_LINE: usize = 16 * 1024;
const MAX_TRAILERS: usize = 16 * 1024;
const MAX_TRAILER_FIELDS: usize = 64;
/// Pieces smaller than this are gathered, so that a million one-byte chunks cost a million copies and not as many polls.
const GATHER: usize = 4 * 1024;

/// Takes a body off a buffer.
#[derive(Debug)]
pub(in crate::socket) struct BodyDecoder {
    state: State,
    expected: Option<u64>,
    received: u64,
    /// Boxed, for hardly a body has any.
    trailers: Option<Box<Headers>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Length(u64),
    UntilClose,
    ChunkSize,
    ChunkData(u64),
    ChunkEnd,
    Trailers,
    End,
}

/// What the buffer held.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decoded {
    Data(Bytes),
    NeedMore,
    End,
}

impl BodyDecoder {
    pub(super) fn new(framing: Framing) -> Self {
        let (state, expected) = match framing {
            Framing::Length(0) => (State::End, Some(0)),
            Framing::Length(length) => (State::Length(length), Some(length)),
            Framing::Chunked => (State::ChunkSize, None),
            Framing::UntilClose => (State::UntilClose, None),
        };
        Self { state, expected, received: 0, trailers: None }
    }

    /// Whether the whole body was taken.
    pub(super) fn is_end(&self) -> bool {
        self.state == State::End
    }

    /// What came behind it.
    pub(super) fn trailers(&self) -> Option<&Headers> {
        self.trailers.as_deref()
    }

    /// Whether it ends before its connection does.
    pub(super) fn is_bounded(&self) -> bool {
        self.state != State::UntilClose
    }

    /// How many bytes are still announced, as far as that is known: what to make room for.
    pub(super) fn remaining(&self) -> u64 {
        match self.state {
            State::Length(remaining) | State::ChunkData(remaining) => remaining,
            State::UntilClose => u64::MAX,
            _ => 0,
        }
    }

    /// The next piece of the body in the buffer.
    pub(super) fn decode(&mut self, buffer: &mut BytesMut) -> Result<Decoded> {
        let mut gathered = Vec::new();
        loop {
            let piece = match self.state {
                State::End => break,
                State::Length(_) | State::UntilClose | State::ChunkData(_) => self.data(buffer, &mut gathered),
                State::ChunkSize => self.chunk_size(buffer)?,
                State::ChunkEnd => self.chunk_end(buffer)?,
                State::Trailers => self.end(buffer)?,
            };
            match piece {
                Piece::Taken => {}
                Piece::Whole(bytes) => return Ok(Decoded::Data(bytes)),
                Piece::Missing => break,
            }
        }
        match (gathered.is_empty(), self.state) {
            (false, _) => Ok(Decoded::Data(gathered.into())),
            (true, State::End) => Ok(Decoded::End),
            (true, _) => Ok(Decoded::NeedMore),
        }
    }

    /// The connection ended: fine only where its end is the body's (RFC 9112 8).
    pub(super) fn end_of_stream(&mut self) -> Result<()> {
        match (self.state, self.expected) {
            (State::UntilClose | State::End, _) => {
                self.state = State::End;
                Ok(())
            }
            (_, Some(expected)) => Err(remote(format!(
                "The server closed the connection before the end of the body (received {} bytes, expected {expected})",
                self.received
            ))),
            (_, None) => Err(remote(format!(
                "The server closed the connection before the end of the chunked body (received {} bytes)",
                self.received
            ))),
        }
    }

    fn data(&mut self, buffer: &mut BytesMut, gathered: &mut Vec<u8>) -> Piece {
        let remaining = self.remaining();
        let length = usize::try_from(remaining).unwrap_or(usize::MAX).min(buffer.len());
        if length == 0 {
            return Piece::Missing;
        }
        self.received += length as u64;
        self.state = match self.state {
            State::UntilClose => State::UntilClose,
            State::ChunkData(_) if remaining == length as u64 => State::ChunkEnd,
            State::ChunkData(_) => State::ChunkData(remaining - length as u64),
            _ if remaining == length as u64 => State::End,
            _ => State::Length(remaining - length as u64),
        };
        if gathered.is_empty() && (length >= GATHER || self.expected.is_some()) {
            return Piece::Whole(buffer.split_to(length).freeze());
        }
        gathered.extend_from_slice(&buffer[..length]);
        buffer.advance(length);
        Piece::Taken
    }

    fn chunk_size(&mut self, buffer: &mut BytesMut) -> Result<Piece> {
        let Some(line) = take_line(buffer, MAX_CHUNK_LINE)? else { return Ok(Piece::Missing) };
        let digits = line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
        let extension = &line[digits..];
        let text = std::str::from_utf8(&line[..digits]).unwrap_or_default();
        let size = u64::from_str_radix(text, 16).ok().filter(|_| digits <= 16);
        // A bare CR in an extension hides a line break from one parser and not from another.
        let clean = extension.first().is_none_or(|&byte| byte == b';') && !extension.contains(&b'\r');
        match size.filter(|_| clean) {
            Some(0) => self.state = State::Trailers,
            Some(size) => self.state = State::ChunkData(size),
            None => return Err(remote("The response's body has a malformed chunk size")),
        }
        Ok(Piece::Taken)
    }

    fn chunk_end(&mut self, buffer: &mut BytesMut) -> Result<Piece> {
        if !b"\r\n".starts_with(&buffer[..buffer.len().min(2)]) {
            return Err(remote("The response's body has a chunk that is longer than its size"));
        }
        if buffer.len() < 2 {
            return Ok(Piece::Missing);
        }
        buffer.advance(2);
        self.state = State::ChunkSize;
        Ok(Piece::Taken)
    }

    /// Trailers are kept apart: nothing in them may pass for a header. (Threat B8.)
    fn end(&mut self, buffer: &mut BytesMut) -> Result<Piece> {
        let end = if buffer.starts_with(b"\r\n") {
            Some(2)
        } else {
            buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n").map(|at| at + 4)
        };
        match end {
            None if buffer.len() > MAX_TRAILERS => return Err(trailers_too_large()),
            None => return Ok(Piece::Missing),
            Some(end) if end > MAX_TRAILERS => return Err(trailers_too_large()),
            // As in heads: a mixture of line endings is how something is smuggled past one of two parsers.
            Some(end) if has_bare_lf(&buffer[..end]) => return Err(remote("The response's trailers mix line endings")),
            Some(end) => {
                let mut fields = [httparse::EMPTY_HEADER; MAX_TRAILER_FIELDS];
                match httparse::parse_headers(&buffer[..end], &mut fields) {
                    Ok(httparse::Status::Complete((length, fields))) if length == end => {
                        self.trailers = received(fields)?;
                        buffer.advance(end);
                    }
                    Err(httparse::Error::TooManyHeaders) => return Err(trailers_too_large()),
                    _ => return Err(malformed_trailers()),
                }
            }
        }
        self.state = State::End;
        Ok(Piece::Taken)
    }
}

/// What one step took off the buffer.
enum Piece {
    Taken,
    Whole(Bytes),
    Missing,
}

/// A line without its CRLF. A bare LF is an error here: chunk sizes are where requests are smuggled (CVE-2025-22871).
fn take_line(buffer: &mut BytesMut, limit: usize) -> Result<Option<Bytes>> {
    match buffer.iter().take(limit).position(|&byte| byte == b'\n') {
        Some(0) => Err(remote("The response's body has a malformed chunk size")),
        Some(at) if buffer[at - 1] == b'\r' => {
            let line = buffer.split_to(at + 1).freeze();
            Ok(Some(line.slice(..at - 1)))
        }
        Some(_) => Err(remote("The response's body has a chunk size that ends without CRLF")),
        None if buffer.len() >= limit => {
            Err(Error::new(ErrorKind::LimitExceeded, "The response's body has a chunk extension over 16 KiB"))
        }
        None => Ok(None),
    }
}

fn received(fields: &[httparse::Header<'_>]) -> Result<Option<Box<Headers>>> {
    let parsed = fields.iter().map(|field| {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| malformed_trailers())?;
        Ok((name, HeaderValue::from_bytes(field.value).map_err(|_| malformed_trailers())?))
    });
    let parsed = parsed.collect::<Result<Vec<_>>>()?;
    let trailers = received_trailers(parsed.iter().map(|(name, value)| (name, value)));
    Ok((!trailers.is_empty()).then(|| Box::new(trailers)))
}

fn malformed_trailers() -> Error {
    remote("The response's trailers are malformed")
}

fn has_bare_lf(lines: &[u8]) -> bool {
    memchr::memchr_iter(b'\n', lines).any(|at| at == 0 || lines[at - 1] != b'\r')
}

fn trailers_too_large() -> Error {
    Error::new(ErrorKind::LimitExceeded, "The response's trailers are too large (limits: 16 KiB, 64 fields)")
}
