//! Chunked bodies, beside a decoder that knows the grammar and nothing else.

use crate::exchange::check_kind;
use crate::reply::alone;
use crate::script::Script;

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// A chunked body is read alike whichever way it arrives, and as RFC 9112 7.1 says.
pub fn chunked_body(bytes: &[u8]) {
    let script = Script::read(bytes);
    let body = script.joined();
    let script = Script { letter: b'G', ..script.answering([HEAD, &body].concat().into()) };
    let whole = alone(&script.whole());
    assert_eq!(alone(&script), whole, "read alike in any pieces");
    match (whole, chunks(&body)) {
        (Ok(reply), Some((expected, _))) => assert_eq!(reply.body, expected),
        (Ok(reply), None) => panic!("read as {}", reply.body.escape_ascii()),
        // Trailers have rules of their own.
        (Err(kind), Some((_, trailers))) => assert!(!trailers.is_empty(), "refused: {kind:?}"),
        (Err(kind), None) => check_kind(kind),
    }
}

/// The content, and what of trailers stands behind the last chunk; `None` where the grammar is broken or the end missing.
fn chunks(mut bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut content = Vec::new();
    loop {
        let (line, rest) = split(bytes, b"\r\n")?;
        match size(line)? {
            0 => return trailers(rest).map(|trailers| (content, trailers)),
            size => {
                content.extend_from_slice(rest.get(..size)?);
                bytes = rest[size..].strip_prefix(b"\r\n")?;
            }
        }
    }
}

/// Up to the empty line.
fn trailers(rest: &[u8]) -> Option<&[u8]> {
    if rest.starts_with(b"\r\n") { Some(b"") } else { split(rest, b"\r\n\r\n").map(|(trailers, _)| trailers) }
}

/// Digits, then nothing or an extension. (16 digits are all that RFC 9112 7.1 asks a recipient to prepare for.)
fn size(line: &[u8]) -> Option<usize> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let is_clean = matches!(line.get(digits), None | Some(b';')) && !line.iter().any(|byte| b"\r\n".contains(byte));
    let digits = std::str::from_utf8(&line[..digits]).ok()?;
    usize::from_str_radix(digits, 16).ok().filter(|_| is_clean && digits.len() <= 16 && line.len() < 16 * 1024 - 1)
}

fn split<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let found = bytes.windows(at.len()).position(|window| window == at)?;
    Some((&bytes[..found], &bytes[found + at.len()..]))
}
