//! Content codings.

use whimbrel::{ErrorKind, Result};

use crate::peer::Peer;
use crate::reply::{URL, client, run};
use crate::script::{Ending, Script};

/// So that a bomb goes off early.
const MOST: u64 = 1 << 20;

/// Content decodes alike whichever way it arrives, and to no more than is allowed. The letter is the coding's.
pub fn content_coding(bytes: &[u8]) {
    let script = Script::read(bytes);
    let coding = match script.letter {
        b'b' => "br",
        b'd' => "deflate",
        b'z' => "zstd",
        b'2' => "br, gzip",
        _ => "gzip",
    };
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n");
    let answer = [head.as_bytes(), &script.joined()].concat();
    let script = Script { ending: Ending::Close, ..script.answering(answer.into()) };
    let whole = decoded(script.whole());
    assert_eq!(decoded(script), whole, "decoded alike in any pieces");
    match whole {
        Ok(content) => assert!(content.len() as u64 <= MOST, "{} bytes", content.len()),
        Err(kind) => assert!(matches!(kind, ErrorKind::Decoding | ErrorKind::LimitExceeded), "{kind:?}"),
    }
}

fn decoded(script: Script) -> Result<Vec<u8>, ErrorKind> {
    let client = client(&Peer::new(script)).max_decoded_size(MOST).build().expect("the settings agree");
    let response = run(client.get(URL).send()).map_err(|error| error.kind())?;
    Ok(response.bytes().to_vec())
}
