//! How a message is cut into reads must not matter, and no bytes make the codec panic: every message below, with every byte
//! changed in eight ways, cut at every place.

use bytes::{Bytes, BytesMut};
use http::Method;

use super::body::{BodyDecoder, Decoded};
use super::head::{Framing, HeadReader};
use crate::config::Limits;
use crate::error::{ErrorKind, Result};

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

// A3
#[test]
fn heads_are_read_alike_however_they_arrive() {
    for bytes in HEADS.iter().flat_map(|message| variants(message)) {
        let whole = head(&[&bytes]);
        for pieces in cuts(&bytes) {
            assert_eq!(head(&pieces), whole, "{} as {} pieces", bytes.escape_ascii(), pieces.len());
        }
    }
}

// A16
#[test]
fn chunks_are_read_alike_however_they_arrive() {
    for bytes in CHUNKED.iter().flat_map(|message| variants(message)) {
        let whole = body(&[&bytes]);
        for pieces in cuts(&bytes) {
            assert_eq!(body(&pieces), whole, "{} as {} pieces", bytes.escape_ascii(), pieces.len());
        }
    }
}

/// How many bytes of an endless head are held before it is refused, `step` at a time.
fn held_before_refusal(limits: Limits, start: &str, repeated: &str, step: usize) -> usize {
    let (mut reader, mut buffer) = (HeadReader::new(limits.into()), BytesMut::new());
    let mut coming = start.as_bytes().to_vec();
    loop {
        while coming.len() < step {
            coming.extend_from_slice(repeated.as_bytes());
        }
        buffer.extend_from_slice(&coming[..step]);
        coming.drain(..step);
        match reader.read(&mut buffer, &Method::GET) {
            Ok(parsed) => assert!(parsed.is_none()),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error}");
                return buffer.len();
            }
        }
    }
}

// A1, A3: a head without end is refused where it passes its limit, however little comes at once; no more than the limit is held.
#[test]
fn endless_heads_are_refused_at_the_limit() {
    const KIB: usize = 1024;
    let long = format!("X: {}\r\n", "y".repeat(4 * KIB));
    for (start, repeated, most) in [
        ("HTTP/1.1 200 OK\r\nX: ", "y", 64 * KIB + 21),
        ("HTTP/1.1 200 OK\r\n", "X: y\r\n", 17 + 257 * 6),
        // Long fields, so that it is the bytes that are too many.
        ("HTTP/1.1 200 OK\r\n", &long, 128 * KIB),
        ("HTTP/1.1 200 ", "y", 8 * KIB + 2),
    ] {
        for step in [1, 7, 1000] {
            let held = held_before_refusal(Limits::default(), start, repeated, step);
            assert!(held <= most + step, "{start}{repeated}: {held} bytes, {step} at once");
        }
    }
}

// A2: the limits are the user's, and more names than `http::HeaderMap` survives are a head or an error.
#[test]
fn forty_thousand_names_are_a_head_or_an_error() {
    let limits = |fields| Limits::default().max_head_size(16 << 20).max_head_fields(fields);
    for count in [24_577, 40_000] {
        let fields: String = (0..count).map(|number| format!("X-{number}: y\r\n")).collect();
        let message = format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
        let read =
            |limits: Limits| HeadReader::new(limits.into()).read(&mut BytesMut::from(message.as_bytes()), &Method::GET);
        let parsed = read(limits(count)).unwrap().unwrap();
        assert_eq!(parsed.head.headers.iter().count(), count);
        assert_eq!(parsed.head.headers.get(format!("X-{}", count - 1)).unwrap(), "y");
        assert_eq!(read(limits(count - 1)).unwrap_err().kind(), ErrorKind::LimitExceeded);
        assert_eq!(read(Limits::default()).unwrap_err().kind(), ErrorKind::LimitExceeded);
    }
    for limits in [limits(0), Limits::default().max_head_size(0), Limits::default().max_head_size(usize::MAX)] {
        let one = |buffer: &[u8]| HeadReader::new(limits.into()).read(&mut BytesMut::from(buffer), &Method::GET);
        assert_eq!(
            one(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n").is_ok(),
            limits.max_head_size == usize::MAX && limits.max_head_fields > 0
        );
    }
}
