//! Frames as RFC 9113 4.1 has them, written as a test says and not as one should; and what is read of a client's.

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const ACK: u8 = 1;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
pub(super) const PADDED: u8 = 8;
/// A header block that is whole, and a message that is.
pub(super) const WHOLE: u8 = END_HEADERS | END_STREAM;

pub(super) const ENABLE_PUSH: u16 = 2;
pub(super) const MAX_STREAMS: u16 = 3;
pub(super) const WINDOW: u16 = 4;
pub(super) const FRAME_SIZE: u16 = 5;

pub(super) const NO_ERROR: u32 = 0;
pub(super) const INTERNAL_ERROR: u32 = 2;
pub(super) const REFUSED_STREAM: u32 = 7;
pub(super) const CANCEL: u32 = 8;
pub(super) const ENHANCE_YOUR_CALM: u32 = 11;
pub(super) const HTTP_1_1_REQUIRED: u32 = 13;

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header block of literals without indexing (RFC 7541 6.2.2), so that none depends on another.
pub(super) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    fields
        .iter()
        .flat_map(|(name, value)| [vec![0], string(name.as_bytes()), string(value.as_bytes())].concat())
        .collect()
}

/// As it is, behind its length (RFC 7541 5.2).
pub(super) fn string(bytes: &[u8]) -> Vec<u8> {
    let mut length = bytes.len();
    let mut text = Vec::new();
    if length < 127 {
        text.push(length as u8);
    } else {
        text.push(127);
        length -= 127;
        while length >= 128 {
            text.push((length % 128) as u8 | 128);
            length /= 128;
        }
        text.push(length as u8);
    }
    text.extend_from_slice(bytes);
    text
}

pub(super) fn headers(stream: u32, flags: u8, fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, flags, stream, &block(fields))
}

/// The head of a response with content.
pub(super) fn head(stream: u32) -> Vec<u8> {
    headers(stream, END_HEADERS, &[(":status", "200")])
}

pub(super) fn data(stream: u32, flags: u8, text: impl AsRef<[u8]>) -> Vec<u8> {
    frame(DATA, flags, stream, text.as_ref())
}

/// A whole response.
pub(super) fn answer(stream: u32, text: &str) -> Vec<u8> {
    [head(stream), data(stream, END_STREAM, text)].concat()
}

pub(super) fn settings(settings: &[(u16, u32)]) -> Vec<u8> {
    let payload = settings.iter().flat_map(|(name, value)| [&name.to_be_bytes()[..], &value.to_be_bytes()].concat());
    frame(SETTINGS, 0, 0, &payload.collect::<Vec<u8>>())
}

pub(super) fn reset(stream: u32, reason: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &reason.to_be_bytes())
}

pub(super) fn goaway(last: u32, reason: u32) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[last.to_be_bytes(), reason.to_be_bytes()].concat())
}

pub(super) fn window_update(stream: u32, more: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &more.to_be_bytes())
}

pub(super) fn ping() -> Vec<u8> {
    frame(PING, 0, 0, b"12345678")
}

/// What the client sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// The connection's beginning (RFC 9113 3.4).
    Opened,
    Head {
        stream: u32,
        is_post: bool,
        path: String,
        is_end: bool,
    },
    Data {
        stream: u32,
        length: usize,
        content: Vec<u8>,
        is_end: bool,
    },
    Reset {
        stream: u32,
        reason: u32,
    },
    Ping {
        payload: Vec<u8>,
    },
    Pong,
    Settings {
        is_ack: bool,
    },
    GoAway {
        reason: u32,
    },
    WindowUpdate,
}

/// Takes a whole frame off, if there is one.
pub(super) fn take(input: &mut Vec<u8>) -> Option<Seen> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    if input.starts_with(PREFACE) {
        input.drain(..PREFACE.len());
        return Some(Seen::Opened);
    }
    let number = |bytes: &[u8]| bytes.iter().fold(0, |number: u32, &byte| number << 8 | u32::from(byte));
    let end = 9 + number(input.get(..3)?) as usize;
    if input.len() < end || input[0] == b'P' {
        return None;
    }
    let frame: Vec<u8> = input.drain(..end).collect();
    let (kind, flags, stream, payload) = (frame[3], frame[4], number(&frame[5..9]), &frame[9..]);
    let (is_end, is_ack) = (flags & END_STREAM != 0, flags & ACK != 0);
    Some(match kind {
        DATA => Seen::Data { stream, length: payload.len(), content: payload.to_vec(), is_end },
        HEADERS => Seen::Head { stream, is_post: is_post(payload), path: path(payload), is_end },
        RST_STREAM => Seen::Reset { stream, reason: number(payload) },
        SETTINGS => Seen::Settings { is_ack },
        PING if is_ack => Seen::Pong,
        PING => Seen::Ping { payload: payload.to_vec() },
        GOAWAY => Seen::GoAway { reason: number(&payload[4..8]) },
        WINDOW_UPDATE => Seen::WindowUpdate,
        _ => panic!("a client sends no frame of kind {kind}"),
    })
}

/// The method comes first, and the static table has the usual ones (RFC 7541 A).
fn is_post(block: &[u8]) -> bool {
    behind_sizes(block).first() == Some(&0x83)
}

/// What follows new sizes of the table (RFC 7541 6.3), which are numbers of five bits and more.
fn behind_sizes(mut block: &[u8]) -> &[u8] {
    while let Some((first @ 32..64, rest)) = block.split_first() {
        let more = if *first == 63 { rest.iter().position(|&byte| byte < 128).map_or(0, |last| last + 1) } else { 0 };
        block = &rest[more..];
    }
    block
}

/// The request's path. No table is kept, for it stands as a literal; and of Huffman's codes (RFC 7541 B) only the slash and those of
/// five bits are known, so that paths are words of these letters.
fn path(block: &[u8]) -> String {
    let mut block = behind_sizes(block);
    const LETTERS: &[u8; 10] = b"012aceiost";
    loop {
        let (&first, rest) = block.split_first().expect("there is a path");
        block = rest;
        match first {
            // Indexed.
            128.. => continue,
            // A literal with its own name.
            0 | 16 | 64 => block = &block[1 + usize::from(block[0] & 127)..],
            _ => {}
        }
        let (&length, rest) = block.split_first().expect("there is a value");
        let (value, rest) = rest.split_at(usize::from(length & 127));
        if first & 15 == 4 && first < 32 {
            let bits: Vec<u8> = value.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
            let codes = bits[6..].chunks_exact(5).map(|code| code.iter().fold(0, |code, bit| code << 1 | bit));
            let letters = codes.map_while(|code| LETTERS.get(usize::from(code)));
            return letters.map(|&letter| char::from(letter)).collect();
        }
        block = rest;
    }
}
