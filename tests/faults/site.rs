//! What the servers answer, by the first word of the path. The body of each answer names its path, so that no other passes for it.

use std::io::Write as _;
use std::sync::OnceLock;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::fault::End;
use crate::peer::{Http1, Http2, HttpProxy, Log, PLAYS, Peer, Reply, Request, Socks5, Tls, plain};

/// Who is at a port.
pub(crate) fn reach(host: &str, port: u16, log: &Log) -> Box<dyn Peer> {
    match port {
        443 => Box::new(Tls::new(Http1::new(host, answer, log))),
        3128 => Box::new(HttpProxy::new(host, answer, reach, log)),
        1080 => Box::new(Socks5::new(host, reach, log)),
        HTTP2 => Box::new(plain(host, log)),
        PLAY.. => Box::new(Http2::new(host, PLAYS[usize::from(port - PLAY)].script, log)),
        _ => Box::new(Http1::new(host, answer, log)),
    }
}

/// Where HTTP/2 is spoken, and the first of those where it is in a manner of its own.
const HTTP2: u16 = 2000;
pub(crate) const PLAY: u16 = 20_000;

/// The body at a path, for a request with this one.
pub(crate) fn body(path: &str, sent: &[u8]) -> Vec<u8> {
    [format!("all of {path}<").as_bytes(), sent, b">"].concat()
}

pub(crate) fn answer(request: &Request) -> Reply {
    let (path, content) = (request.path(), body(request.path(), &request.body));
    let words: Vec<&str> = path.split('/').skip(1).collect();
    match words[0] {
        "chunked" => reply(&chunked("HTTP/1.1 200 OK\r\n", &content, "")),
        "trailers" => reply(&chunked("HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\n", &content, "X-Sum: 1\r\n")),
        "close" => Reply { end: Some(End::Cut), ..reply(&[b"HTTP/1.1 200 OK\r\n\r\n", &content[..]].concat()) },
        "bye" => Reply { end: Some(End::Cut), ..reply(&length("200 OK", "Connection: close\r\n", &content)) },
        "old" => reply(&length("200 OK", "Keep-Alive: timeout=9\r\n", &content)),
        "gzip" => reply(&length("200 OK", "Content-Encoding: gzip\r\n", &gzip(&content))),
        "zipped" => reply(&chunked("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n", &gzip(&content), "")),
        "none" => reply(b"HTTP/1.1 204 No Content\r\n\r\n"),
        "unchanged" => reply(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
        "hints" => Reply { interim: hints(words[1]), ..reply(&length("200 OK", "", &content)) },
        "see" => reply(&length("303 See Other", "Location: /length\r\n", b"elsewhere")),
        "hop" => reply(&length("302 Found", &format!("Location: {}\r\n", hop(words[1])), b"elsewhere")),
        "digest" if request.field("authorization").is_none() => reply(&length("401 Who", CHALLENGE, b"who?")),
        "extra" => reply(&[length("200 OK", "", &content), length("200 OK", "", b"not asked for")].concat()),
        "early" => early(&words, &content),
        "expect" => expected(words[1], &content),
        "interim" => Reply { interim: interim(words[1]).into(), ..reply(&length("200 OK", "", &content)) },
        "endless" => endless(words[1]),
        "bomb" if request.field("authorization").is_none() => reply(&bomb(words[1])),
        "continue" => Reply { interim: CONTINUE.into(), ..reply(&length("200 OK", "", &content)) },
        _ if request.method() == "HEAD" => reply(&length("200 OK", "", &content)[..HEAD_BYTES]),
        _ => reply(&length("200 OK", "", &content)),
    }
}

/// Fault 17.
fn early(words: &[&str], content: &[u8]) -> Reply {
    let end = match words[2] {
        "cut" => Some(End::Cut),
        "reset" => Some(End::Reset),
        _ => None,
    };
    let response = length(&format!("{} Early", words[1]), "Location: /length\r\n", content);
    Reply { early: words[3].parse().ok(), end, ..reply(&response) }
}

/// Fault 20.
fn expected(how: &str, content: &[u8]) -> Reply {
    let ok = length("200 OK", "", content);
    match how {
        "100" => Reply { interim: CONTINUE.into(), ..reply(&ok) },
        "twice" => Reply { interim: CONTINUE.repeat(2), ..reply(&ok) },
        "late" => reply(&[CONTINUE, &ok].concat()),
        "417" => Reply { early: Some(0), ..reply(&length("417 Expectation Failed", "", content)) },
        "200" => Reply { early: Some(0), ..reply(&ok) },
        "fin" => Reply { early: Some(0), end: Some(End::Cut), ..Reply::default() },
        _ => reply(&ok),
    }
}

/// Fault 21.
fn interim(which: &str) -> &'static [u8] {
    match which {
        "101" => b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        "102" => b"HTTP/1.1 102 Processing\r\n\r\n",
        _ => b"HTTP/1.1 103 Early Hints\r\nContent-Length: 4\r\n\r\nbody",
    }
}

/// Fault 22.
fn endless(what: &str) -> Reply {
    let (start, piece): (&str, &'static [u8]) = match what {
        "fields" => ("HTTP/1.1 200 OK\r\n", b"X-n: y\r\n"),
        "status" => ("HTTP/1.1 200 ", &[b'a'; 512]),
        "chunk" => ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;", &[b'a'; 512]),
        "trailers" => (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            b"X-Checksum-Of-Something: 0123456789abcdef\r\n",
        ),
        "body" => ("HTTP/1.1 200 OK\r\n\r\n", &[b'a'; 512]),
        _ => ("HTTP/1.1 200 OK\r\nX: ", &[b'a'; 512]),
    };
    Reply { endless: Some(piece), ..reply(start.as_bytes()) }
}

/// Fault 23: eight megabytes in some kilobytes.
fn bomb(status: &str) -> Vec<u8> {
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    let zeros = BOMB.get_or_init(|| gzip(&vec![0; 8 << 20]));
    let fields = format!("{CHALLENGE}Location: /length\r\nContent-Encoding: gzip\r\n");
    length(&format!("{status} Bomb"), &fields, zeros)
}

const CHALLENGE: &str = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256\r\n";
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
/// Of the head of a short answer.
const HEAD_BYTES: usize = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n".len();

fn hop(number: &str) -> &str {
    if number == "1" { "/hop/2" } else { "http://b.test/length" }
}

fn hints(many: &str) -> Vec<u8> {
    b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(many.parse().expect("the path says how many"))
}

pub(crate) fn reply(response: &[u8]) -> Reply {
    Reply { response: response.to_vec(), ..Reply::default() }
}

pub(crate) fn length(status: &str, fields: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{fields}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// In chunks of at most so many bytes.
const CHUNK: usize = 11;

fn chunked(head: &str, body: &[u8], trailers: &str) -> Vec<u8> {
    let mut out = format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    for chunk in body.chunks(CHUNK) {
        write!(out, "{:x};e=1\r\n", chunk.len()).expect("memory takes everything");
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("0\r\n{trailers}\r\n").as_bytes());
    out
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}
