//! Bodies: codings, lengths, streams, uploads.

use std::io::Read;

use brotli::Decompressor;
use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;
use whimbrel_server::pattern;

use crate::wire::{Answer, Wire, get, server};

#[track_caller]
fn check_coding(coding: &str, decode: impl Fn(&[u8]) -> Vec<u8>) {
    let name = coding.replace("-raw", "");
    for (target, expected) in [
        (format!("/encoded/{coding}?size=100000"), b"whimbrel ".repeat(11112)[..100_000].to_vec()),
        (format!("/encoded/{coding}?size=70000&seed=3"), pattern(3, 70_000)),
    ] {
        let answer = get(&target);
        assert_eq!(answer.field("content-encoding"), Some(name.as_str()));
        assert!(decode(&answer.body) == expected, "{target}");
    }
    let echo = decode(&get(&format!("/{coding}")).body);
    assert!(String::from_utf8_lossy(&echo).contains(&format!("\"target\":\"/{coding}\"")));
}

fn all(mut reader: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).expect("well encoded");
    bytes
}

#[test]
fn codings_are_what_they_say() {
    check_coding("gzip", |body| all(GzDecoder::new(body)));
    check_coding("deflate", |body| all(ZlibDecoder::new(body)));
    check_coding("deflate-raw", |body| all(DeflateDecoder::new(body)));
    check_coding("br", |body| all(Decompressor::new(body, 4096)));
    check_coding("zstd", |body| all(StreamingDecoder::new(body).expect("a frame")));
}

#[test]
fn codings_are_applied_in_order() {
    let answer = get("/encoded/gzip,br?size=9");
    assert_eq!(answer.field("content-encoding"), Some("gzip, br"));
    let once = all(Decompressor::new(&answer.body[..], 4096));
    assert_eq!(all(GzDecoder::new(&once[..])), b"whimbrel ");
    assert_eq!(get("/encoded/unknown?size=3").body, b"whi");
}

#[test]
fn bytes_are_the_pattern() {
    let answer = get("/bytes/50000?seed=7");
    assert_eq!(answer.field("content-length"), Some("50000"));
    assert!(answer.body == pattern(7, 50_000));
    let answer = get("/stream-bytes/50000?seed=7&chunk=777");
    assert_eq!(answer.field("transfer-encoding"), Some("chunked"));
    assert!(answer.body == pattern(7, 50_000));
    assert_eq!(pattern(0, 4), [60, 71, 209, 170]);
}

#[test]
fn streams_come_to_an_end() {
    assert_eq!(get("/slow?chunks=2&interval=1").text(), "chunk 0\nchunk 1\n");
    assert_eq!(get("/drip?numbytes=4&duration=8").text(), "****");
    assert_eq!(get("/stream/3").text().lines().count(), 3);
    assert!(get("/sse?count=1").text().starts_with("id: 0\nevent: tick\ndata: {\"n\":0}\n\n"));
    let with_trailers = Wire::open(&server().http).get("/trailers", "TE: trailers\r\n");
    assert!(with_trailers.text().ends_with("\nx-checksum: abc123\r\nx-rows: 7\r\n"));
}

#[test]
fn uploads_are_measured() {
    let mut wire = Wire::open(&server().http);
    wire.send("PUT /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    let answer: Answer = wire.answer();
    assert_eq!(answer.json()["length"], 3);
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(answer.json()["sha256"], sha256);
}

#[test]
fn texts_are_labelled() {
    assert!(get("/encoding/latin1").body.starts_with(b"caf\xE9 "));
    assert!(get("/utf8").text().contains('é'));
    assert_eq!(get("/json").json()["bird"], "whimbrel");
}
