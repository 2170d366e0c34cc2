//! Content as text: which charset it is in, its bytes as characters, characters as lines.

mod charset;
mod choice;
mod decoder;
#[cfg(feature = "charset")]
mod detect;
mod lines;
mod wide;

use std::borrow::Cow;

pub(crate) use self::charset::{Charset, charset};
pub(crate) use self::choice::{DefaultEncoding, TextEncoding};
pub(crate) use self::decoder::Decoder;
#[cfg(feature = "charset")]
pub use self::detect::detect_encoding;
pub(crate) use self::lines::Lines;
pub(crate) use self::wide::json_as_utf8;

/// All of the content as text. What is malformed becomes U+FFFD, as it does piece by piece.
pub(crate) fn decode(bytes: &[u8], charset: Charset) -> Cow<'_, str> {
    if charset == Charset::Utf8 {
        return String::from_utf8_lossy(bytes);
    }
    let mut decoder = Decoder::new(charset);
    let text = decoder.push(bytes);
    match decoder.finish() {
        rest if rest.is_empty() => text,
        rest => text + Cow::Owned(rest),
    }
}
