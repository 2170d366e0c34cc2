//! Text out of bytes that come piece by piece.

use std::borrow::Cow;
use std::mem::take;

use super::charset::Charset;
use super::wide::Wide;

/// Undoes a charset. Characters that are cut come out whole with the piece that completes them; what is malformed becomes U+FFFD,
/// the same in every cut.
pub(crate) enum Decoder {
    Utf8(Utf8),
    Latin1,
    Wide(Wide),
    #[cfg(feature = "charset")]
    Other(Box<encoding_rs::Decoder>),
}

impl Decoder {
    /// Byte order marks stay in the text as U+FEFF (HTTPX), but in UTF-16 and UTF-32 of no named order and in `utf-8-sig`, where
    /// they are no part of it.
    pub(crate) fn new(charset: Charset) -> Self {
        match charset {
            Charset::Utf8 => Self::Utf8(Utf8::default()),
            Charset::Utf8Sig => Self::Utf8(Utf8 { at_mark: true, ..Utf8::default() }),
            Charset::Latin1 => Self::Latin1,
            Charset::Wide(width, order) => Self::Wide(Wide::new(width, order)),
            #[cfg(feature = "charset")]
            Charset::Other(encoding) => Self::Other(Box::new(encoding.new_decoder_without_bom_handling())),
        }
    }

    /// The text that these bytes complete.
    pub(crate) fn push<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, str> {
        match self {
            Self::Utf8(utf_8) => utf_8.push(bytes),
            Self::Latin1 => latin_1(bytes),
            Self::Wide(wide) => wide.push(bytes).into(),
            #[cfg(feature = "charset")]
            Self::Other(decoder) => decode(decoder, bytes, false).into(),
        }
    }

    /// What is left of a character that nothing completed.
    pub(crate) fn finish(self) -> String {
        match self {
            Self::Utf8(utf_8) => String::from_utf8_lossy(&utf_8.rest).into_owned(),
            Self::Latin1 => String::new(),
            Self::Wide(wide) => wide.finish(),
            #[cfg(feature = "charset")]
            Self::Other(mut decoder) => decode(&mut decoder, &[], true),
        }
    }
}

/// UTF-8, and the start of a character whose end is still to come: three bytes at most.
#[derive(Default)]
pub(crate) struct Utf8 {
    rest: Vec<u8>,
    /// Nothing has come yet, and a byte order mark may.
    at_mark: bool,
}

impl Utf8 {
    fn push<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, str> {
        let text = match take(&mut self.rest) {
            rest if rest.is_empty() => self.whole(bytes),
            rest => self.whole(&[&rest, bytes].concat()).into_owned().into(),
        };
        if text.is_empty() || !take(&mut self.at_mark) { text } else { without_mark(text) }
    }

    fn whole<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, str> {
        let (whole, cut) = bytes.split_at(bytes.len() - cut_character(bytes));
        self.rest = cut.to_vec();
        String::from_utf8_lossy(whole)
    }
}

/// How many bytes at the end are the start of a character.
fn cut_character(bytes: &[u8]) -> usize {
    let is_start = |length: &usize| {
        let error = std::str::from_utf8(&bytes[bytes.len() - length..]).err();
        error.is_some_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    };
    (1..=bytes.len().min(3)).find(is_start).unwrap_or(0)
}

fn without_mark(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => text.strip_prefix('\u{feff}').unwrap_or(text).into(),
        Cow::Owned(text) => text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned().into(),
    }
}

fn latin_1(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => text.into(),
        _ => bytes.iter().map(|&byte| byte as char).collect(),
    }
}

/// More than any encoding writes at once, so that each round gets on.
#[cfg(feature = "charset")]
const SPARE: usize = 64;

#[cfg(feature = "charset")]
fn decode(decoder: &mut encoding_rs::Decoder, mut bytes: &[u8], last: bool) -> String {
    let mut text = String::with_capacity(bytes.len() + SPARE);
    loop {
        let (result, read, _) = decoder.decode_to_string(bytes, &mut text, last);
        bytes = &bytes[read..];
        if result == encoding_rs::CoderResult::InputEmpty {
            return text;
        }
        text.reserve(bytes.len() + SPARE);
    }
}
