//! The SOCKS port, version 5 and 4.

use std::io::{Read, Write};

use crate::wire::{connect, server, socket_address};

/// What the port says to these bytes, up to this many of its own.
fn said(bytes: &[u8], length: usize) -> Vec<u8> {
    let mut stream = connect(&server().socks);
    stream.write_all(bytes).expect("the port reads");
    let mut said = Vec::new();
    stream.take(length as u64).read_to_end(&mut said).expect("no reset");
    said
}

/// Where `http` is, as SOCKS wants to hear it.
fn port() -> [u8; 2] {
    socket_address(&server().http).port().to_be_bytes()
}

#[test]
fn tunnels_lead_to_loopback() {
    const GET: &[u8] = b"GET /json HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    let name = b"\x05\x01\0\x05\x01\0\x03\x09a.invalid";
    let (five, four) = (b"\x05\0\x05\0\0\x01\x7f\0\0\x01\0\0HTTP/1.1 200 OK", b"\0\x5a\0\0\0\0\0\0HTTP/1.1 200 OK");
    assert_eq!(said(&[name, &port()[..], GET].concat(), five.len()), five);
    let address = [b"\x04\x01", &port()[..], b"\x7f\0\0\x01me\0", GET].concat();
    let name = [b"\x04\x01", &port()[..], b"\0\0\0\x01\0localhost\0", GET].concat();
    assert_eq!((said(&address, four.len()), said(&name, four.len())), (four.to_vec(), four.to_vec()));
}

#[test]
fn refusals_say_why() {
    let known = |credentials: &[u8]| said(&[b"\x05\x02\0\x02", credentials].concat(), 4);
    assert_eq!(known(b"\x01\x04user\x04pass"), b"\x05\x02\x01\0");
    assert_eq!(known(b"\x01\x04user\x04word"), b"\x05\x02\x01\x01");
    assert_eq!(said(b"\x05\x01\x01", 9), b"\x05\xff");
    assert_eq!(said(b"\x05\x01\0\x05\x01\0\x03\x09a.example\0\x50", 4), b"\x05\0\x05\x02");
    assert_eq!(said(b"\x05\x01\0\x05\x01\0\x01\x01\x01\x01\x01\0\x50", 4), b"\x05\0\x05\x02");
    assert_eq!(said(b"\x05\x01\0\x05\x02\0\x01\x7f\0\0\x01\0\x50", 4), b"\x05\0\x05\x07");
    let refused = socket_address(&server().refused).port().to_be_bytes();
    assert_eq!(said(&[b"\x05\x01\0\x05\x01\0\x01\x7f\0\0\x01", &refused[..]].concat(), 4), b"\x05\0\x05\x05");
}
