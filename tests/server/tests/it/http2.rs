//! HTTP/2 frame by frame (RFC 9113 §4.1), with HPACK's simplest forms (RFC 7541 §6).

use std::io::{Read, Write};

use crate::wire::{connect, server};

const DATA: u8 = 0;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

/// A GET on stream 1, by prior knowledge. Returns the frames, as type and payload, up to the first of type `last`.
fn frames(path: &str, last: u8) -> Vec<(u8, Vec<u8>)> {
    let mut stream = connect(&server().h2c);
    // :method GET, :scheme http, :path as a literal, :authority as a literal.
    let mut fields = vec![0x82, 0x86, 0x04, u8::try_from(path.len()).expect("short")];
    fields.extend(path.as_bytes());
    fields.extend(b"\x01\x01h");
    let mut request = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    // HEADERS with END_STREAM and END_HEADERS.
    request.extend([0, 0, u8::try_from(fields.len()).expect("short"), 1, 5, 0, 0, 0, 1]);
    request.extend(fields);
    stream.write_all(&request).expect("the server reads");
    let mut frames: Vec<(u8, Vec<u8>)> = Vec::new();
    while frames.last().is_none_or(|(kind, _)| *kind != last) {
        let mut head = [0; 9];
        stream.read_exact(&mut head).expect("another frame");
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        stream.read_exact(&mut payload).expect("its payload");
        frames.push((head[3], payload));
    }
    frames
}

#[test]
fn the_echo_speaks_http_2() {
    let frames = frames("/anything?x", DATA);
    assert_eq!(frames[0].0, SETTINGS);
    let (_, body) = frames.last().expect("ends with DATA");
    let echo: serde_json::Value = serde_json::from_slice(body).expect("JSON in one frame");
    assert_eq!(echo["version"], "HTTP/2.0");
    assert_eq!(echo["target"], "/anything?x");
    assert_eq!(echo["url"], "http://h/anything?x");
}

#[test]
fn aborting_resets_the_stream() {
    let frames = frames("/abort", RST_STREAM);
    assert_eq!(frames.last().expect("ends with it").1, [0, 0, 0, 2], "INTERNAL_ERROR");
}

#[test]
fn going_away_is_announced() {
    frames("/goaway", GOAWAY);
}
