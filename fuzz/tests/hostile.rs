//! The hostile heads and bodies of whimbrel's own suite (threats A and B), to whimbrel and to hyper.

use whimbrel_fuzz::{against_hyper, response_head};

const HEADS: &[&[u8]] = &[
    b"HTTP/1.1 0 No\r\n\r\n",
    b"HTTP/1.1 99 No\r\n\r\n",
    b"HTTP/1.1 1000 No\r\n\r\n",
    b"HTTP/1.1 -1 No\r\n\r\n",
    b"HTTP/1.1  \r\n\r\n",
    b"HTTP/01.1 200 OK\r\n\r\n",
    b"HTTP/2.0 200 OK\r\n\r\n",
    b"HTTP/1.1 099 No\r\n\r\n",
    b"\r\nHTTP/1.1 200 OK\r\n\r\n",
    b"\nHTTP/1.1 200 OK\n\n",
    b"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
    b"HTTP/1.1 200 O\rK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nA: \x7f\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n: b\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nA b\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nA: b\n\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\nA: b\r\n\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"ICY 200 OK\r\n\r\n",
    b"\x15\x03\x01\0\x02\x02\x46",
    b"",
    b"HTTP/1.1",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    b"HTTP/1.1 200 OK\r\nX: \xff\xe9\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 \xff\xe9\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 103 E\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    b"HTTP/1.1 103 E\r\nLink: <x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 304 No\r\nContent-Length: 100\r\n\r\n",
];

const FRAMINGS: &[&str] = &[
    "Content-Length: +5",
    "Content-Length: 1_0",
    "Content-Length: -1",
    "Content-Length: 0x5",
    "Content-Length: 5 5",
    "Content-Length:",
    "Content-Length: 18446744073709551615",
    "Content-Length: 18446744073709551616",
    "Content-Length: 5, 6",
    "Content-Length: 05",
    "Content-Length: 5, 5",
    "Content-Length: 5\r\nContent-Length: 5",
    "Content-Length: 5\r\nContent-Length: 6",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: Chunked",
    "Content-Length: 1\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: x",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, gzip",
    "Transfer-Encoding: \"chunked\"",
    "Transfer-Encoding: identity",
    "Transfer-Encoding:",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Connection: close",
    "Keep-Alive: timeout=0",
];

const BODIES: &[&str] = &[
    "",
    "12345",
    "123456",
    "5\r\n12345\r\n0\r\n\r\n",
    "00000000000000005\r\n12345\r\n0\r\n\r\n",
    "0000000000000005\r\n12345\r\n0\r\n\r\n",
    "FFFFFFFFFFFFFFFFF\r\n",
    "0x5\r\n12345\r\n0\r\n\r\n",
    "+5\r\n12345\r\n0\r\n\r\n",
    "5 \r\n12345\r\n0\r\n\r\n",
    " 5\r\n12345\r\n0\r\n\r\n",
    "\r\n",
    "5\n12345\r\n0\r\n\r\n",
    "5;a\rb\r\n12345\r\n0\r\n\r\n",
    "5;a\n12345\r\n0\r\n\r\n",
    "5\r\n123456\r\n0\r\n\r\n",
    "5\r\n12345\n0\r\n\r\n",
    "5\r\n123450\r\n\r\n",
    "g\r\n",
    "5;name=value\r\n12345\r\n0\r\n\r\n",
    "a\r\n1234512345\r\n0;x\r\n\r\n",
    "0005\r\n12345\r\n000\r\nX-Sum: 1\r\nSet-Cookie: a=b\r\n\r\n",
    "2\r\nok\r\n0\r\nX: \0\r\n\r\n",
    "2\r\nok\r\n0\r\nX y\r\n\r\n",
    "2\r\nok\r\n0\r\nX: y\r\n folded\r\n\r\n",
    "2\r\nok\r\n0\r\nX: y\nZ: z\r\n\r\n",
    "2\r\nok\r\n0\r\nX: y\n\nZ: z\r\n\r\n",
    "5\r\n12345\r\n",
    "5\r\n12345\r\n0\r\n",
    "5\r\n12345\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
];

/// Whole, and byte by byte, to GET and to HEAD.
fn tried(message: &[u8]) {
    for line in ["Gc\n", "Gc1\n", "Hc\n"] {
        let bytes = [line.as_bytes(), message].concat();
        against_hyper(&bytes);
        response_head(&bytes);
    }
}

#[test]
fn heads_are_read_as_by_hyper_or_a_listed_difference_says_why_not() {
    HEADS.iter().for_each(|head| tried(head));
    for (part, times) in [("X: y\r\n", 300), ("X: y\r\n", 200), ("yyyyyyyy", 20_000)] {
        tried(format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", part.repeat(times)).as_bytes());
    }
    tried(format!("{}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 103 E\r\n\r\n".repeat(17)).as_bytes());
}

#[test]
fn bodies_are_read_as_by_hyper_or_a_listed_difference_says_why_not() {
    for (start, framing) in ["HTTP/1.1 200 OK", "HTTP/1.0 200 OK", "HTTP/1.1 204 No"]
        .iter()
        .flat_map(|start| FRAMINGS.iter().map(move |framing| (start, framing)))
    {
        BODIES.iter().for_each(|body| tried(format!("{start}\r\n{framing}\r\n\r\n{body}").as_bytes()));
    }
}
