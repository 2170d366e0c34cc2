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
