//! The charset of content that does not tell.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

/// Finds out which charset the content is in, as browsers do where a page does not say: for
/// [`ClientBuilder::detect_encoding`](crate::ClientBuilder::detect_encoding).
///
/// Byte order marks count, valid UTF-8 is UTF-8, and all else is told from what letters stand together, which is right more often
/// the longer the text is. Reads all of the content. Needs the feature `charset`.
///
/// ```
/// assert_eq!(whimbrel::detect_encoding("naïve".as_bytes()), "UTF-8");
/// assert_eq!(whimbrel::detect_encoding(b"\xff\xfea\0"), "UTF-16");
/// assert_eq!(whimbrel::detect_encoding(b"\x83v\x83\x8d\x83O\x83\x89\x83~\x83\x93\x83O\x8c\xbe\x8c\xea"), "Shift_JIS");
/// ```
pub fn detect_encoding(content: &[u8]) -> &'static str {
    match content {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => "UTF-32",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "UTF-16",
        content => {
            // Nobody runs what they fetch here, as a browser does, so every guess is allowed.
            let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
            detector.feed(content, true);
            detector.guess(None, Utf8Detection::Allow).name()
        }
    }
}
