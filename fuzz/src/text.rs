//! Content as text.

use whimbrel::{Client, Result, StreamingResponse};

use crate::peer::Peer;
use crate::reply::{URL, client, run};
use crate::script::{Ending, Script};

const CHARSETS: &[&str] = &[
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-32",
    "utf-16-le",
    "utf-32-be",
    "latin-1",
    "ascii",
    "shift_jis",
    "gb18030",
    "iso-2022-jp",
    "utf-7",
];

/// Text is read alike whole, in pieces and in lines. The letter chooses the charset.
pub fn text(bytes: &[u8]) {
    let script = Script::read(bytes);
    let content = script.joined();
    whimbrel::detect_encoding(&content);
    let charset = CHARSETS[usize::from(script.letter) % CHARSETS.len()];
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset={charset}\r\n\r\n");
    let script = Script { ending: Ending::Close, ..script.answering([head.as_bytes(), &content].concat().into()) };
    let response = run(get(&script).get(URL).send()).expect("it ends well");
    let whole = response.text().into_owned();
    // What is no JSON is an error, whatever it is.
    let _ = response.json::<String>();
    assert_eq!(run(pieces(&script)).expect("as whole"), whole);
    assert_eq!(run(lines(&script)).expect("as whole"), split(&whole));
}

fn get(script: &Script) -> Client {
    client(&Peer::new(script.clone())).build().expect("the settings agree")
}

async fn stream(script: &Script) -> Result<StreamingResponse> {
    get(script).get(URL).stream().await
}

async fn pieces(script: &Script) -> Result<String> {
    let (mut response, mut all) = (stream(script).await?, String::new());
    let mut pieces = response.text_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        assert!(!piece.is_empty(), "no piece is empty");
        all.push_str(&piece);
    }
    Ok(all)
}

async fn lines(script: &Script) -> Result<Vec<String>> {
    let (mut response, mut all) = (stream(script).await?, Vec::new());
    let mut lines = response.lines();
    while let Some(line) = lines.next().await {
        all.push(line?);
    }
    Ok(all)
}

/// What ends with a line end has no line behind it.
fn split(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<_> = text.split('\n').map(str::to_owned).collect();
    lines.pop_if(|last| last.is_empty());
    lines
}
