//! What is shown, as text. A response never gets to drive the terminal: its head never, for heads are copied into reports and logs,
//! and its body not where it is a terminal that shows it (threat Q1).

use std::fmt::Write;

use http::HeaderValue;
use serde::de::IgnoredAny;
use whimbrel::{Headers, Request, Response, StreamingResponse, Version};

use crate::printable::{printable, printable_lines};

/// Plain for pipes and files; for terminals with the body's control characters escaped, and in colour.
#[derive(Clone, Copy)]
pub(super) struct Style {
    terminal: bool,
    colour: bool,
}

const BOLD: &str = "1";
const CYAN: &str = "36";

/// Q4: what is shown gets copied into reports. These are credentials, and so is what is marked as sensitive.
const SECRET: &[&str] = &["authorization", "cookie", "proxy-authorization", "set-cookie"];

/// Deeper JSON is shown as it came: the indentation grows with the square of the depth.
const DEEPEST: usize = 100;

impl Style {
    pub(super) fn of(terminal: bool) -> Self {
        // NO_COLOR asks for none, whatever its value (no-color.org).
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { terminal, colour: terminal && !unwanted }
    }

    pub(super) fn request_head(self, request: &Request) -> String {
        let url = request.url();
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        self.head(&format!("{} {target} HTTP/1.1", request.method()), request.headers())
    }

    pub(super) fn response_head(self, response: &Response) -> String {
        let line = status_line(response.version(), response.status().as_u16(), &response.reason_phrase());
        self.head(&line, response.headers())
    }

    /// Its reason is the standard one.
    pub(super) fn streaming_head(self, response: &StreamingResponse) -> String {
        let status = response.status();
        let line = status_line(response.version(), status.as_u16(), status.canonical_reason().unwrap_or_default());
        self.head(&line, response.headers())
    }

    fn head(self, line: &str, headers: &Headers) -> String {
        let mut head = self.paint(BOLD, &printable(line));
        for (name, value) in headers.iter() {
            let secret = SECRET.contains(&name.as_str()) || value.is_sensitive();
            let text = if secret { "[secure]".to_owned() } else { text(value) };
            // Writing to a String cannot fail.
            let _ = write!(head, "\n{}: {}", self.paint(CYAN, &title_case(name.as_str())), printable(&text));
        }
        head
    }

    /// Text is shown, JSON with indentation; other content is only counted.
    pub(super) fn body(self, response: &Response) -> String {
        let kind = response.headers().get("content-type").map(|value| essence(value.as_bytes()));
        if !is_text(kind.as_deref(), response.bytes()) {
            return format!("<{} bytes of binary data>", response.bytes().len());
        }
        let text = response.text();
        let json = kind.is_some_and(|kind| kind.ends_with("json")) && serde_json::from_str::<IgnoredAny>(&text).is_ok();
        let text = match json.then(|| indented(&text)).flatten() {
            Some(indented) => indented,
            None => text.into_owned(),
        };
        match self.terminal {
            // Control characters move the cursor, retitle the window or worse.
            true => printable_lines(&text.replace("\r\n", "\n")).into_owned(),
            false => text,
        }
    }

    fn paint(self, colour: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// UTF-8 if it is, else Latin-1.
fn text(value: &HeaderValue) -> String {
    let latin_1 = |bytes: &[u8]| bytes.iter().map(|&byte| byte as char).collect();
    std::str::from_utf8(value.as_bytes()).map_or_else(|_| latin_1(value.as_bytes()), str::to_owned)
}

fn status_line(version: Option<Version>, status: u16, reason: &str) -> String {
    // A host that does not tell the version speaks at least HTTP/1.1. From HTTP/2 on there are no minor versions.
    let version = match version.unwrap_or(Version::HTTP_11) {
        Version::HTTP_2 => "HTTP/2".to_owned(),
        version => format!("{version:?}"),
    };
    format!("{version} {status} {reason}").trim_end().to_owned()
}

/// `text/HTML; charset=utf-8` is `text/html`.
fn essence(content_type: &[u8]) -> String {
    let kind = content_type.split(|&byte| byte == b';').next().unwrap_or_default();
    String::from_utf8_lossy(kind).trim().to_ascii_lowercase()
}

fn is_text(kind: Option<&str>, bytes: &[u8]) -> bool {
    const ENDS: &[&str] = &["json", "xml", "javascript", "/x-www-form-urlencoded"];
    match kind {
        Some(kind) => kind.starts_with("text/") || ENDS.iter().any(|end| kind.ends_with(end)),
        None => std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0')),
    }
}

/// As names go out over HTTP/1.1.
fn title_case(name: &str) -> String {
    let word = |word: &str| match word.split_at_checked(1) {
        Some((first, rest)) => first.to_ascii_uppercase() + rest,
        None => String::new(),
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}

/// Valid JSON with an indentation of four, if it is not too deep. Order, numbers and escapes stay as they came.
fn indented(json: &str) -> Option<String> {
    let (mut out, mut depth, mut in_string, mut escaped) = (String::with_capacity(json.len() * 2), 0, false, false);
    let mut letters = json.chars().peekable();
    while let Some(letter) = letters.next() {
        if in_string {
            in_string = letter != '"' || escaped;
            escaped = letter == '\\' && !escaped;
            out.push(letter);
            continue;
        }
        match letter {
            ' ' | '\t' | '\r' | '\n' => {}
            '{' | '[' => {
                out.push(letter);
                while letters.next_if(|letter| letter.is_ascii_whitespace()).is_some() {}
                // An empty one stays on its line.
                match letters.next_if(|next| matches!(next, '}' | ']')) {
                    Some(close) => out.push(close),
                    None if depth == DEEPEST => return None,
                    None => {
                        depth += 1;
                        new_line(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth -= 1;
                new_line(&mut out, depth);
                out.push(letter);
            }
            ',' => {
                out.push(letter);
                new_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            _ => {
                in_string = letter == '"';
                out.push(letter);
            }
        }
    }
    Some(out)
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("    ", depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented_and_otherwise_left_alone() {
        let cases = [
            (r#"{"b":1,"a":[true, null]}"#, "{\n    \"b\": 1,\n    \"a\": [\n        true,\n        null\n    ]\n}"),
            (r#"{ "a" : { } , "b" : [ ] }"#, "{\n    \"a\": {},\n    \"b\": []\n}"),
            (r#""a\"{,:\\""#, r#""a\"{,:\\""#),
            ("1e400", "1e400"),
        ];
        for (json, shown) in cases {
            assert_eq!(indented(json).as_deref(), Some(shown));
        }
    }

    // L7: a megabyte of brackets is not a terabyte of spaces.
    #[test]
    fn deep_json_is_shown_as_it_came() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let shown = |depth| {
            PLAIN.body(&Response::new(200).with_header("content-type", "application/json").with_body(nested(depth)))
        };
        assert_eq!(shown(100).lines().count(), 201);
        assert!(shown(101) == nested(101) && shown(1_000_000) == nested(1_000_000));
    }

    const PLAIN: Style = Style { terminal: false, colour: false };
    const TERMINAL: Style = Style { terminal: true, colour: false };

    // Q1: a terminal gets no body raw; a pipe may want it.
    #[test]
    fn a_body_cannot_drive_the_terminal() {
        let evil = "a\x1b]0;title\x07\x1b]8;;http://evil\x1b\\\u{9b}2J\x08\tb\r\nc\rd\u{202e}é ש";
        let response = Response::new(200).with_text(evil);
        let shown = "a\\u{1b}]0;title\\u{7}\\u{1b}]8;;http://evil\\u{1b}\\\\u{9b}2J\\u{8}\tb\nc\\u{d}d\\u{202e}é ש";
        assert_eq!(TERMINAL.body(&response), shown);
        assert_eq!(PLAIN.body(&response), evil);
        let json = Response::new(200).with_header("content-type", "application/json").with_body("[\"\u{9b}2J\"]");
        assert_eq!(TERMINAL.body(&json), "[\n    \"\\u{9b}2J\"\n]");
    }

    // Q2: binary content is never shown, whatever it says it is of.
    #[test]
    fn content_that_is_no_text_is_counted() {
        let binary = Response::new(200).with_header("content-type", "image/png").with_body(vec![1, 2]);
        assert_eq!(PLAIN.body(&binary), "<2 bytes of binary data>");
        assert_eq!(PLAIN.body(&Response::new(200).with_body(vec![0])), "<1 bytes of binary data>");
        assert_eq!(PLAIN.body(&Response::new(200).with_body("plain")), "plain");
        let disguised = Response::new(200).with_header("content-type", "text/plain").with_body(&b"\x1b[2J\0\xff"[..]);
        assert_eq!(TERMINAL.body(&disguised), "\\u{1b}[2J\\u{0}\u{fffd}");
    }

    #[test]
    fn heads_are_shown_as_on_the_wire() {
        let response = Response::new(404).with_header("x-request-id", "1");
        assert_eq!(PLAIN.response_head(&response), "HTTP/1.1 404 Not Found\nX-Request-Id: 1");
    }

    // Q1: heads are the same everywhere.
    #[test]
    fn a_response_cannot_hide_in_its_head() {
        let response = Response::new(200).with_header("x-a", "\u{9b}2J").with_header("x-b", "\u{202e}é");
        for style in [TERMINAL, PLAIN] {
            assert!(style.response_head(&response).ends_with("\nX-A: \\u{9b}2J\nX-B: \\u{202e}é"));
        }
        let mut latin_1 = Headers::new();
        latin_1.append("x-a", &b"\xe9\x9b2J"[..]).expect("it is legal");
        assert_eq!(PLAIN.head("A\u{9b}", &latin_1), "A\\u{9b}\nX-A: é\\u{9b}2J");
    }

    #[test]
    fn text_is_known_by_its_type() {
        for (kind, text) in [
            ("text/html", true),
            ("application/problem+json", true),
            ("image/svg+xml", true),
            ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", false),
            ("application/octet-stream", false),
        ] {
            assert_eq!(is_text(Some(kind), b"a"), text, "{kind}");
        }
        assert_eq!(essence(b"Text/HTML ; charset=x"), "text/html");
    }

    #[test]
    fn versions_are_written_as_the_rfcs_do() {
        assert_eq!(status_line(Some(Version::HTTP_2), 200, ""), "HTTP/2 200");
        assert_eq!(status_line(None, 404, "Not Found"), "HTTP/1.1 404 Not Found");
    }

    // Q4
    #[test]
    fn credentials_are_not_shown() {
        let request = whimbrel::Client::new()
            .get("http://u:S3CR3T@a/")
            .header("authorization", "S3CR3T")
            .header("proxy-authorization", "S3CR3T")
            .header("cookie", "a=S3CR3T");
        let mut marked = HeaderValue::from_static("S3CR3T");
        marked.set_sensitive(true);
        let mut request = request.build().expect("the request is valid");
        request.headers_mut().append("x-key", marked).expect("it is legal");
        let response = Response::new(200).with_header("set-cookie", "a=S3CR3T").with_header("x-a", "b");
        let shown = PLAIN.request_head(&request) + "\n" + &PLAIN.response_head(&response);
        for field in ["Authorization", "Proxy-Authorization", "Cookie", "X-Key", "Set-Cookie"] {
            assert!(shown.contains(&format!("\n{field}: [secure]\n")), "{shown}");
        }
        assert!(!shown.contains("S3CR3T") && shown.ends_with("X-A: b"), "{shown}");
    }
}
