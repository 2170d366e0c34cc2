//! The names of charsets.

use super::wide::{Order, Width};
use crate::headers::{Headers, text};

/// Longer names are no charset's. A server's are not copied to be compared (L6).
const LONGEST_NAME: usize = 64;

/// A charset that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Charset {
    /// ASCII too, of which it is more.
    Utf8,
    /// Without the byte order mark before it.
    Utf8Sig,
    Latin1,
    /// UTF-16 and UTF-32; without an order, its byte order mark tells.
    Wide(Width, Option<Order>),
    #[cfg(feature = "charset")]
    Other(&'static encoding_rs::Encoding),
}

impl Charset {
    /// By a name that WHATWG's Encoding Standard or Python has for it. UTF-7 and what WHATWG calls "replacement" (as
    /// ISO-2022-KR and HZ), which hide ASCII behind other ASCII, are unknown.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let name = name.trim();
        if name.len() > LONGEST_NAME {
            return None;
        }
        let plain = plain(name);
        Self::built_in(&plain).or_else(|| Self::of_the_web(name, &plain))
    }

    /// Latin-1 is Latin-1 (HTTPX, Python), with C1 controls where WHATWG reads windows-1252; and ASCII, which WHATWG reads so
    /// too, is the half of UTF-8 that it is.
    fn built_in(plain: &str) -> Option<Self> {
        Some(match plain {
            "utf8" | "u8" | "utf" | "cp65001" | "ascii" | "csascii" | "usascii" | "cp367" | "ibm367" | "isoir6"
            | "ansix3.41968" | "iso646us" | "646" => Self::Utf8,
            "utf8sig" => Self::Utf8Sig,
            "iso88591" | "iso88591:1987" | "iso8859" | "8859" | "isoir100" | "csisolatin1" | "latin1" | "latin"
            | "l1" | "cp819" | "ibm819" => Self::Latin1,
            "utf16" | "u16" => Self::Wide(Width::Two, None),
            "utf16le" => Self::Wide(Width::Two, Some(Order::Little)),
            "utf16be" => Self::Wide(Width::Two, Some(Order::Big)),
            "utf32" | "u32" => Self::Wide(Width::Four, None),
            "utf32le" => Self::Wide(Width::Four, Some(Order::Little)),
            "utf32be" => Self::Wide(Width::Four, Some(Order::Big)),
            _ => return None,
        })
    }

    #[cfg(not(feature = "charset"))]
    fn of_the_web(_name: &str, _plain: &str) -> Option<Self> {
        None
    }

    /// WHATWG's labels, also with other hyphens, and Python's names for the same encodings.
    #[cfg(feature = "charset")]
    fn of_the_web(name: &str, plain: &str) -> Option<Self> {
        let labelled = |label: &str| encoding_rs::Encoding::for_label_no_replacement(label.as_bytes());
        let encoding = labelled(name).or_else(|| labelled(plain)).or_else(|| labelled(&python_alias(plain)))?;
        Some(match encoding {
            // WHATWG's old names for them, as "unicode11utf8" and "ucs-2".
            _ if encoding == encoding_rs::UTF_8 => Self::Utf8,
            _ if encoding == encoding_rs::UTF_16LE => Self::Wide(Width::Two, None),
            _ if encoding == encoding_rs::UTF_16BE => Self::Wide(Width::Two, Some(Order::Big)),
            _ => Self::Other(encoding),
        })
    }
}

/// The name without what its spellings differ in. Single quotes are no quotes in HTTP, but servers take them for such.
fn plain(name: &str) -> String {
    name.chars().filter(|letter| !"-_ '".contains(*letter)).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// WHATWG's label for what Python calls so. Where WHATWG has one encoding for a family, that one: it knows the most characters.
#[cfg(feature = "charset")]
fn python_alias(plain: &str) -> std::borrow::Cow<'static, str> {
    let label = match plain {
        "big5hkscs" | "hkscs" | "big5tw" | "cp950" | "ms950" | "950" => "big5",
        "cp932" | "932" | "shiftjis" | "mskanji" | "windows31j" => "shift_jis",
        "cp949" | "949" | "ms949" | "uhc" | "euckr" | "ksc56011987" | "ksx1001" => "euc-kr",
        "eucjp" | "ujis" => "euc-jp",
        "euccn" | "gb231280" | "gb23121980" | "eucgb2312cn" | "cp936" | "ms936" | "936" => "gbk",
        "gb180302000" => "gb18030",
        "iso2022jp" => "iso-2022-jp",
        "koi8r" => "koi8-r",
        "koi8u" => "koi8-u",
        "latin7" | "l7" => "iso-8859-13",
        "latin8" | "l8" => "iso-8859-14",
        "latin9" => "iso-8859-15",
        "latin10" | "l10" => "iso-8859-16",
        "maccyrillic" => "x-mac-cyrillic",
        "macroman" => "macintosh",
        "thai" | "tis620" => "windows-874",
        _ => return numbered(plain).into(),
    };
    label.into()
}

/// `iso88592`, `cp1252`, `windows1252` with WHATWG's hyphens.
#[cfg(feature = "charset")]
fn numbered(plain: &str) -> String {
    let family = |start, label: &str| plain.strip_prefix(start).map(|number| format!("{label}{number}"));
    family("iso8859", "iso-8859-")
        .or_else(|| family("cp", "windows-"))
        .or_else(|| family("windows", "windows-"))
        .or_else(|| family("isoir", "iso-ir-"))
        .unwrap_or_default()
}

/// The charset parameter of the Content-Type, in lower case.
pub(crate) fn charset(headers: &Headers) -> Option<String> {
    let content_type = headers.get("content-type").map(text)?;
    let mut quoted = false;
    let mut parameters = content_type
        .split(|letter| {
            quoted ^= letter == '"';
            letter == ';' && !quoted
        })
        .skip(1);
    parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"').to_ascii_lowercase();
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then_some(value)
    })
}
