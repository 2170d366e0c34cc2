//! Content as text: charsets, whole and piece by piece, and lines.

use std::pin::Pin;
use std::task::{Context, Poll};

use whimbrel::{BoxError, Bytes, Client, Response, StreamingResponse};

use crate::support;

/// A name, some text in it, the bytes.
const CHARSETS: &[(&str, &str, &[u8])] = &[
    ("utf-8", "aé€😀", b"a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
    ("iso-8859-1", "aé\u{80}", b"a\xe9\x80"),
    ("windows-1252", "€“x”", b"\x80\x93x\x94"),
    ("iso-8859-15", "a€", b"a\xa4"),
    ("koi8-r", "Привет", b"\xf0\xd2\xc9\xd7\xc5\xd4"),
    ("macintosh", "é", b"\x8e"),
    ("shift_jis", "プログラミング言語", b"\x83v\x83\x8d\x83O\x83\x89\x83~\x83\x93\x83O\x8c\xbe\x8c\xea"),
    ("iso-2022-jp", "日本語a", b"\x1b$BF|K\\8l\x1b(Ba"),
    ("euc-kr", "한국어", b"\xc7\xd1\xb1\xb9\xbe\xee"),
    ("big5", "漢字", b"\xba~\xa6r"),
    ("gb18030", "汉字😀é", b"\xba\xba\xd7\xd6\x949\xfc6\xa8\xa6"),
    ("utf-16", "aé😀", b"\xff\xfea\0\xe9\0\x3d\xd8\0\xde"),
    ("utf-16", "aé😀", b"\xfe\xff\0a\0\xe9\xd8\x3d\xde\0"),
    ("utf-16", "aé😀", b"a\0\xe9\0\x3d\xd8\0\xde"),
    ("utf-16be", "\u{feff}a", b"\xfe\xff\0a"),
    ("utf-16le", "\u{feff}a", b"\xff\xfea\0"),
    ("utf-32", "a😀", b"\xff\xfe\0\0a\0\0\0\0\xf6\x01\0"),
    ("utf-32", "a😀", b"\0\0\xfe\xff\0\0\0a\0\x01\xf6\0"),
    ("utf-32be", "\u{feff}a", b"\0\0\xfe\xff\0\0\0a"),
    ("utf-8-sig", "a\u{feff}", b"\xef\xbb\xbfa\xef\xbb\xbf"),
    ("utf-8", "\u{feff}a", b"\xef\xbb\xbfa"),
];

/// Names of one charset each, as servers and Python write them.
const ALIASES: &[&[&str]] = &[
    &["utf-8", "UTF8", "utf_8", "U8", " utf-8 ", "\"utf-8\"", "'utf-8'", "us-ascii", "unicode-1-1-utf-8"],
    &["iso-8859-1", "ISO8859-1", "iso8859_1", "iso_8859_1", "latin-1", "Latin1", "latin_1", "l1", "cp819", "'latin1'"],
    &["windows-1252", "cp1252", "CP-1252", "windows_1252", "x-cp1252"],
    &["iso-8859-15", "iso8859_15", "csisolatin9", "latin-9", "L9"],
    &["koi8-r", "koi8_r", "KOI8R", "koi"],
    &["macintosh", "mac_roman", "x-mac-roman"],
    &["shift_jis", "Shift-JIS", "shiftjis", "sjis", "s_jis", "cp932", "ms_kanji", "windows-31j"],
    &["iso-2022-jp", "iso2022_jp", "csiso2022jp"],
    &["euc-kr", "euc_kr", "iso_ir_149", "cp949", "uhc", "ks_c_5601-1987"],
    &["big5", "big5_hkscs", "cp950", "Big5-HKSCS"],
    &["gb18030", "GB18030", "gb18030_2000", "gb2312", "gbk", "cp936", "euc_cn"],
    &["utf-16", "utf_16", "UTF16", "ucs-2"],
];

/// Names that stand for nothing: UTF-7, what hides ASCII behind ASCII, Python's codecs that are no charsets, garbage.
const UNKNOWN: &[&str] = &[
    "bogus",
    "utf-7",
    "utf7",
    "replacement",
    "iso-2022-kr",
    "hz-gb-2312",
    "base64",
    "rot13",
    "idna",
    "ütf-8",
    "\"\"",
    "utf-8;",
];

fn typed(content_type: &str, body: &[u8]) -> Response {
    Response::new(200).with_body(body.to_vec()).with_header("content-type", content_type)
}

fn charset(name: &str, body: &[u8]) -> Response {
    typed(&format!("text/plain; charset={name}"), body)
}

/// The response to a client that is configured so.
async fn received(
    builder: impl Fn(whimbrel::ClientBuilder) -> whimbrel::ClientBuilder,
    name: &'static str,
    body: &'static [u8],
) -> Response {
    let mock = support::mock(move |_| if name.is_empty() { typed("text/plain", body) } else { charset(name, body) });
    builder(mock).build().unwrap().get("http://h/").send().await.unwrap()
}

/// Content that comes in these pieces.
pub(crate) fn streamed(name: &str, pieces: Vec<Vec<u8>>) -> StreamingResponse {
    struct Pieces(std::vec::IntoIter<Vec<u8>>);
    impl futures_core::Stream for Pieces {
        type Item = Result<Bytes, BoxError>;
        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.next().map(|piece| Ok(piece.into())))
        }
    }
    let request = Client::new().get("http://h/").build().unwrap();
    StreamingResponse::with_stream(request, charset(name, b""), Pieces(pieces.into_iter()))
}

async fn all_text(mut response: StreamingResponse) -> String {
    let mut text = String::new();
    let mut pieces = response.text_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.unwrap();
        assert!(!piece.is_empty());
        text.push_str(&piece);
    }
    assert!(pieces.next().await.is_none());
    text
}

async fn all_lines(mut response: StreamingResponse) -> Vec<String> {
    let mut seen = Vec::new();
    let mut lines = response.lines();
    while let Some(line) = lines.next().await {
        seen.push(line.unwrap());
    }
    assert!(lines.next().await.is_none());
    seen
}

support::test! {
    async fn every_charset_is_read() {
        for (name, text, bytes) in CHARSETS {
            assert_eq!(charset(name, bytes).text(), *text, "{name}");
            assert_eq!(charset(name, bytes).encoding(), *name);
        }
    }

    async fn charsets_have_many_names() {
        for names in ALIASES {
            let (_, text, bytes) = CHARSETS.iter().find(|(name, ..)| *name == names[0]).unwrap();
            for name in *names {
                assert_eq!(charset(name, bytes).text(), *text, "{name}");
                assert_eq!(charset(&name.to_uppercase(), bytes).text(), *text, "{name}");
            }
        }
    }

    async fn the_charset_is_a_parameter_of_the_content_type() {
        for content_type in [
            "text/plain;charset=latin-1", "text/plain; CHARSET = \"latin-1\" ; x=y", "text/plain; x=y; charset=latin-1; charset=utf-8",
            "text/plain; x=\"; charset=utf-8\"; charset=latin-1",
        ] {
            assert_eq!(typed(content_type, b"\xe9").text(), "é", "{content_type}");
            assert_eq!(typed(content_type, b"\xe9").charset_encoding().as_deref(), Some("latin-1"), "{content_type}");
        }
        for content_type in ["text/plain", "", "charset=latin-1", "text/plain; charset", "text/plain; charset=", "text/plain; xcharset=latin-1"] {
            assert_eq!(typed(content_type, b"\xe9").text(), "\u{fffd}", "{content_type}");
            assert_eq!(typed(content_type, b"\xe9").charset_encoding(), None, "{content_type}");
        }
        assert_eq!(Response::new(200).charset_encoding(), None);
    }

    // L6
    async fn unknown_charsets_are_read_as_utf_8_with_replacements() {
        for name in UNKNOWN {
            let response = charset(name, b"+ADw-a\xff\xc3b");
            assert_eq!((response.text().as_ref(), response.encoding().as_ref()), ("+ADw-a\u{fffd}\u{fffd}b", "utf-8"), "{name}");
        }
        let response = charset("Bogus", b"");
        assert_eq!((response.charset_encoding().as_deref(), response.text().as_ref()), (Some("bogus"), ""));
    }

    // L6
    async fn a_charset_name_of_a_mebibyte_is_no_charset() {
        for letter in ["x", "-", "utf-8", " ", ";", "\"", "=", "é"] {
            let name = letter.repeat((1 << 20) / letter.len());
            let mut response = charset(&name, b"a\xff");
            assert_eq!((response.text().as_ref(), response.encoding().as_ref()), ("a\u{fffd}", "utf-8"));
            response.set_encoding(name);
            assert_eq!(response.text(), "a\u{fffd}");
        }
    }

    // L6
    async fn a_byte_order_mark_of_something_else_changes_nothing() {
        assert_eq!(charset("utf-8", b"\xff\xfea\0").text(), "\u{fffd}\u{fffd}a\0");
        assert_eq!(charset("utf-16le", b"\xef\xbb\xbfa").text(), "\u{bbef}\u{61bf}");
        assert_eq!(charset("utf-16le", b"\xfe\xff\0a").text(), "\u{fffe}\u{6100}");
        assert_eq!(charset("windows-1252", b"\xef\xbb\xbfa").text(), "ï»¿a");
        assert_eq!(charset("shift_jis", b"\xff\xfea").text(), "\u{fffd}\u{fffd}a");
        assert_eq!(charset("utf-32", b"\xff\xfea\0").text(), "\u{fffd}");
    }

    async fn what_is_malformed_is_replaced() {
        for (name, bytes, text) in [
            ("utf-8", &b"a\xe2\x82"[..], "a\u{fffd}"),
            ("shift_jis", b"a\x83", "a\u{fffd}"),
            ("utf-16le", b"a\0\x3d\xd8b\0x", "a\u{fffd}b\u{fffd}"),
            ("utf-16", b"\xff", "\u{fffd}"),
            ("utf-32le", b"\0\0\x11\0a\0\0", "\u{fffd}\u{fffd}"),
            ("gb18030", b"\x949\xfc", "\u{fffd}"),
        ] {
            assert_eq!(charset(name, bytes).text(), text, "{name}");
        }
    }

    async fn the_default_counts_where_no_known_charset_is_named() {
        let default = |builder: whimbrel::ClientBuilder| builder.default_encoding("Shift_JIS");
        for (name, text, encoding) in [("", "言", "Shift_JIS"), ("bogus", "言", "Shift_JIS"), ("latin-1", "\u{8c}¾", "latin-1")] {
            let response = received(default, name, b"\x8c\xbe").await;
            assert_eq!((response.text().as_ref(), response.encoding().as_ref()), (text, encoding), "{name}");
        }
        let response = received(|builder| builder.default_encoding("bogus"), "", b"\xff").await;
        assert_eq!((response.text().as_ref(), response.encoding().as_ref()), ("\u{fffd}", "utf-8"));
    }

    async fn detection_sees_the_content_where_no_known_charset_is_named() {
        let detect = |builder: whimbrel::ClientBuilder| builder.detect_encoding(|content| format!("cp12{:02}", content.len())).default_encoding("l1");
        for (name, body, encoding) in [("", &b"x"[..], "cp1201"), ("", &[0x80; 52][..], "cp1252"), ("bogus", &[0x80; 51], "cp1251"), ("utf-8", &[0x80; 52], "utf-8")] {
            let response = received(detect, name, body).await;
            // Windows has no code page 1201 that anybody reads.
            assert_eq!(response.encoding(), if encoding == "cp1201" { "l1" } else { encoding }, "{name}");
        }
    }

    async fn detection_runs_once_and_only_for_text() {
        let runs = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
        let counted = runs.clone();
        let client = support::mock(|_| Response::new(200).with_body("a")).detect_encoding(move |_| {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            "latin-1"
        });
        let client = client.default_encoding("koi8-r").build().unwrap();
        let response = client.get("http://h/").await.unwrap();
        assert_eq!((response.bytes().as_ref(), runs.load(std::sync::atomic::Ordering::Relaxed)), (&b"a"[..], 0));
        assert_eq!((response.text().as_ref(), response.text().as_ref(), response.encoding().as_ref()), ("a", "a", "latin-1"));
        let mut streaming = client.get("http://h/").stream().await.unwrap();
        assert_eq!(streaming.encoding(), "koi8-r");
        assert!(streaming.lines().next().await.is_some());
        assert_eq!(runs.load(std::sync::atomic::Ordering::Relaxed), 1);
    }

    async fn the_ready_made_detection_tells_charsets_apart() {
        for (text, body) in [
            ("プログラミング言語", &b"\x83v\x83\x8d\x83O\x83\x89\x83~\x83\x93\x83O\x8c\xbe\x8c\xea"[..]),
            ("Привет, как дела?", b"\xcf\xf0\xe8\xe2\xe5\xf2, \xea\xe0\xea \xe4\xe5\xeb\xe0?"),
            ("naïve", "naïve".as_bytes()),
            ("plain", b"plain"),
            ("", b""),
            ("aé", b"\xff\xfea\0\xe9\0"),
            ("aé", b"\xfe\xff\0a\0\xe9"),
            ("a", b"\xff\xfe\0\0a\0\0\0"),
        ] {
            let response = received(|builder| builder.detect_encoding(whimbrel::detect_encoding), "", body).await;
            assert_eq!(response.text(), text, "{}", response.encoding());
        }
    }

    async fn what_is_set_counts_before_all_else() {
        let mut response = received(|builder| builder.default_encoding("koi8-r"), "shift_jis", b"\x8c\xbe").await;
        for (name, text, encoding) in [("Latin-1", "\u{8c}¾", "Latin-1"), ("bogus", "言", "shift_jis"), ("utf-8", "\u{fffd}\u{fffd}", "utf-8")] {
            response.set_encoding(name);
            assert_eq!((response.text().as_ref(), response.encoding().as_ref()), (text, encoding));
            assert_eq!(response.charset_encoding().as_deref(), Some("shift_jis"));
        }
    }

    async fn what_is_set_on_a_stream_holds_when_it_is_read() {
        let mut streaming = streamed("utf-8", vec![b"\xe9".to_vec()]);
        streaming.set_encoding("latin-1");
        assert_eq!((streaming.encoding().as_ref(), streaming.charset_encoding().as_deref()), ("latin-1", Some("utf-8")));
        let response = streaming.read().await.unwrap();
        assert_eq!(response.text(), "é");
        assert_eq!(all_text(StreamingResponse::from(response)).await, "é");
        let answer = |_: &whimbrel::Request| {
            let mut response = charset("utf-8", b"\xe9");
            response.set_encoding("latin-1");
            response
        };
        assert_eq!(support::mock(answer).build().unwrap().get("http://h/").await.unwrap().text(), "é");
        let hooked = support::mock(|_| charset("utf-8", b"\xe9")).on_response(|response| response.set_encoding("latin-1"));
        assert_eq!(hooked.build().unwrap().get("http://h/").await.unwrap().text(), "é");
    }

    async fn streamed_text_is_the_same_in_every_cut() {
        for (name, _, bytes) in CHARSETS {
            // Malformed in most charsets, and a character that is cut off by the end.
            let body = [bytes, &b"\xff\xc3b\x83"[..], &bytes[..bytes.len() - 1]].concat();
            let text = charset(name, &body).text().into_owned();
            for (first, second) in (0..=body.len()).flat_map(|second| (0..=second).map(move |first| (first, second))) {
                let pieces = vec![body[..first].to_vec(), body[first..second].to_vec(), body[second..].to_vec()];
                assert_eq!(all_text(streamed(name, pieces)).await, text, "{name} cut at {first} and {second}");
            }
            let pieces = body.iter().map(|byte| vec![*byte]).collect();
            assert_eq!(all_text(streamed(name, pieces)).await, text, "{name} byte by byte");
        }
    }

    async fn a_cut_character_comes_whole_with_the_next_piece() {
        for (name, first, second, seen) in [
            ("utf-8", &b"a\xe2\x82"[..], &b"\xacb"[..], ["a", "€b"]),
            ("shift_jis", b"a\x83", b"\x76b", ["a", "プb"]),
            ("utf-16le", b"a\0\x3d\xd8\0", b"\xdeb\0", ["a", "😀b"]),
            ("gb18030", b"a\x949\xfc", b"6b", ["a", "😀b"]),
        ] {
            let mut response = streamed(name, vec![first.to_vec(), second.to_vec()]);
            let mut text = response.text_stream();
            let pieces = [text.next().await.unwrap().unwrap(), text.next().await.unwrap().unwrap()];
            assert_eq!(pieces, seen, "{name}");
        }
    }

    async fn lines_end_at_line_ends_alone() {
        let kept = "a\u{b}\u{c}\u{1c}\u{85}\u{2028}\u{2029}b";
        assert_eq!(all_lines(streamed("utf-8", vec![kept.into()])).await, [kept]);
        assert_eq!(all_lines(streamed("utf-8", vec!["a\n\n".into(), "\r".into(), "\r\n".into(), "b".into()])).await, ["a", "", "", "", "b"]);
        assert!(all_lines(streamed("utf-8", vec![])).await.is_empty());
    }

    async fn lines_are_split_after_decoding() {
        // The bytes of line ends are inside of other characters here: U+0A0D, U+0D0A.
        let text = "a\u{0a0d}\r\n\u{0d0a}😀\rb";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (name, body) in [("utf-16le", little), ("utf-16be", big)] {
            for cut in 0..=body.len() {
                let pieces = vec![body[..cut].to_vec(), body[cut..].to_vec()];
                assert_eq!(all_lines(streamed(name, pieces)).await, ["a\u{0a0d}", "\u{0d0a}😀", "b"], "{name} cut at {cut}");
            }
        }
        assert_eq!(all_lines(streamed("shift_jis", vec![b"\x83v\n\x83".to_vec(), b"O".to_vec()])).await, ["プ", "グ"]);
    }

    // L5: there is no reader of event streams yet, so that a line is all that can go on for ever.
    async fn a_line_without_end_is_an_error() {
        let piece = vec![b'x'; 1 << 20];
        let mut response = streamed("utf-8", [&b"a\0\n"[..], b"\xef\xbb\xbfb\r"].map(<[u8]>::to_vec).into_iter().chain(vec![piece; 66]).collect());
        let mut lines = response.lines();
        assert_eq!(lines.next().await.unwrap().unwrap(), "a\0");
        assert_eq!(lines.next().await.unwrap().unwrap(), "\u{feff}b");
        let error = lines.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), whimbrel::ErrorKind::LimitExceeded, "{error}");
        assert!(error.to_string().contains("text_stream") && error.url().is_some(), "{error}");
        assert!(lines.next().await.is_none());
    }
}
