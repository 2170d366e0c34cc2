//! How a message is cut into reads must not matter, and no bytes make the codec panic: every message below, with every byte
//! changed in eight ways, cut at every place.

use bytes::{Bytes, BytesMut};
use http::Method;

use super::body::{BodyDecoder, Decoded};
use super::head::{Framing, HeadReader};
use crate::config::Limits;
use crate::error::Result;

const HEADS: &[&str] = &[
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
    "HTTP/1.0 404 Not Found\r\nConnection: keep-alive\r\nX: a,b\r\n\r\n",
    "HTTP/1.1 204\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\nContent-Length: 1, 1\nA:\n\n",
    "HTTP/1.1 103 E\r\nLink: <x>\r\n\r\n",
];

const CHUNKED: &[&str] = &[
    "5\r\nhello\r\n0\r\n\r\n",
    "1;a=b\r\nx\r\nA\r\n0123456789\r\n000\r\nX: y\r\n\r\n",
    "2\r\nok\r\n0\r\nA: b\r\nC: d\r\n\r\nHTTP/1.1",
];

const BYTES: &[u8] = b"\0\r\n :9f\xff";

/// The message itself, then with one byte changed.
fn variants(message: &str) -> impl Iterator<Item = Vec<u8>> {
    let changed = (0..message.len()).flat_map(move |at| {
        BYTES.iter().map(move |&byte| {
            let mut bytes = message.as_bytes().to_vec();
            bytes[at] = byte;
            bytes
        })
    });
    std::iter::once(message.as_bytes().to_vec()).chain(changed)
}

/// In one piece, in two pieces cut at every place, and byte by byte.
fn cuts(bytes: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let two = (1..bytes.len()).map(|at| vec![&bytes[..at], &bytes[at..]]);
    two.chain([bytes.chunks(1).collect()])
}

/// What a head is read as; `None` where it is not complete. Errors are alike, for a cut may show another one first.
fn head(pieces: &[&[u8]]) -> Result<Option<String>, ()> {
    let (mut reader, mut buffer) = (HeadReader::new(Limits::default().into()), BytesMut::new());
    let mut parsed = None;
    for piece in pieces {
        buffer.extend_from_slice(piece);
        if parsed.is_none() {
            parsed = reader.read(&mut buffer, &Method::GET).map_err(|_| ())?;
        }
    }
    Ok(parsed.map(|parsed| format!("{parsed:?} then {buffer:?}")))
}

/// The body and what follows it; the second is whether it has ended.
fn body(pieces: &[&[u8]]) -> Result<(Vec<u8>, bool, Bytes), ()> {
    let (mut decoder, mut buffer) = (BodyDecoder::new(Framing::Chunked), BytesMut::new());
    let mut body = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        while let Decoded::Data(bytes) = decoder.decode(&mut buffer).map_err(|_| ())? {
            body.extend_from_slice(&bytes);
        }
    }
    let rest = if decoder.is_end() { buffer.freeze() } else { Bytes::new() };
    Ok((body, decoder.is_end(), rest))
}

#[test]
fn heads_are_read_alike_however_they_arrive() {
    for bytes in HEADS.iter().flat_map(|message| variants(message)) {
        let whole = head(&[&bytes]);
        for pieces in cuts(&bytes) {
            assert_eq!(head(&pieces), whole, "{} as {} pieces", bytes.escape_ascii(), pieces.len());
        }
    }
}

#[test]
fn chunks_are_read_alike_however_they_arrive() {
    for bytes in CHUNKED.iter().flat_map(|message| variants(message)) {
        let whole = body(&[&bytes]);
        for pieces in cuts(&bytes) {
            assert_eq!(body(&pieces), whole, "{} as {} pieces", bytes.escape_ascii(), pieces.len());
        }
    }
}
