//! Content as text: charsets and lines.

use std::borrow::Cow;

use crate::headers::{Headers, text};

/// The charset parameter of the Content-Type, in lower case.
pub(crate) fn charset(headers: &Headers) -> Option<String> {
    let content_type = headers.get("content-type").map(text)?;
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"').to_ascii_lowercase();
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then_some(value)
    })
}

/// The text in this charset. UTF-8, ASCII and Latin-1 are built in; anything else is read as UTF-8 with replacements.
pub(crate) fn decode<'a>(bytes: &'a [u8], encoding: &str) -> Cow<'a, str> {
    match encoding {
        "iso-8859-1" | "latin-1" | "latin1" | "iso8859-1" | "l1" => bytes.iter().map(|&byte| byte as char).collect(),
        _ => String::from_utf8_lossy(bytes),
    }
}

/// JSON as UTF-8. A byte order mark, or where the zeros of its first, ASCII, letters are, tell how it is encoded (RFC 4627 3).
pub(crate) fn json_as_utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    let (text, wide) = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => return Cow::Borrowed(rest),
        [0, 0, 0xfe, 0xff, rest @ ..] => (rest, Wide::Four(u32::from_be_bytes)),
        [0xff, 0xfe, 0, 0, rest @ ..] => (rest, Wide::Four(u32::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => (rest, Wide::Two(u16::from_be_bytes)),
        [0xff, 0xfe, rest @ ..] => (rest, Wide::Two(u16::from_le_bytes)),
        [0, 0, 0, _, ..] => (bytes, Wide::Four(u32::from_be_bytes)),
        [_, 0, 0, 0, ..] => (bytes, Wide::Four(u32::from_le_bytes)),
        [0, _, ..] => (bytes, Wide::Two(u16::from_be_bytes)),
        [_, 0, ..] => (bytes, Wide::Two(u16::from_le_bytes)),
        _ => return Cow::Borrowed(bytes),
    };
    Cow::Owned(wide.decode(text).into_bytes())
}

/// Code units of two or four bytes, and the order of these.
enum Wide {
    Two(fn([u8; 2]) -> u16),
    Four(fn([u8; 4]) -> u32),
}

impl Wide {
    /// What is no character becomes U+FFFD, half a unit at the end too.
    fn decode(&self, bytes: &[u8]) -> String {
        match self {
            Self::Two(unit) => {
                let (units, rest) = bytes.as_chunks::<2>();
                let text = char::decode_utf16(units.iter().map(|bytes| unit(*bytes)));
                text.map(|letter| letter.unwrap_or('\u{fffd}')).chain(rest.first().map(|_| '\u{fffd}')).collect()
            }
            Self::Four(unit) => {
                let (units, rest) = bytes.as_chunks::<4>();
                let text = units.iter().map(|bytes| char::from_u32(unit(*bytes)).unwrap_or('\u{fffd}'));
                text.chain(rest.first().map(|_| '\u{fffd}')).collect()
            }
        }
    }
}

/// Splits a stream of text into lines at `\n`, `\r\n` and `\r`, without them (universal newlines).
#[derive(Default)]
pub(crate) struct Lines {
    partial: Vec<u8>,
    after_cr: bool,
}

impl Lines {
    /// The lines that these bytes complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        for &byte in bytes {
            let joined = std::mem::replace(&mut self.after_cr, byte == b'\r') && byte == b'\n';
            match byte {
                // The line ended at the carriage return already.
                b'\n' if joined => {}
                b'\n' | b'\r' => lines.push(std::mem::take(&mut self.partial)),
                byte => self.partial.push(byte),
            }
        }
        lines
    }

    /// The last line, when nothing ended it.
    pub(crate) fn finish(&mut self) -> Option<Vec<u8>> {
        (!self.partial.is_empty()).then(|| std::mem::take(&mut self.partial))
    }
}
