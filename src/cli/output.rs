//! What is shown, as text. A response never gets to drive the terminal.

use std::fmt::Write;

use serde::de::IgnoredAny;
use whimbrel::{Headers, Request, Response, StreamingResponse, Version};

/// Plain for pipes and files; for terminals with control characters escaped, and in colour.
#[derive(Clone, Copy)]
pub(super) struct Style {
    terminal: bool,
    colour: bool,
}

const BOLD: &str = "1";
const CYAN: &str = "36";

const SECRET: &[&str] = &["authorization", "proxy-authorization"];

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
        let mut head = self.paint(BOLD, &self.clean(line));
        for (name, value) in headers.iter() {
            let text: String = value.as_bytes().iter().map(|&byte| byte as char).collect();
            // What is shown gets copied into reports: credentials are not.
            let text = if SECRET.contains(&name.as_str()) || value.is_sensitive() {
                "[secure]".into()
            } else {
                self.clean(&text)
            };
            // Writing to a String cannot fail.
            let _ = write!(head, "\n{}: {text}", self.paint(CYAN, &title_case(name.as_str())));
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
        match kind.is_some_and(|kind| kind.ends_with("json")) && serde_json::from_str::<IgnoredAny>(&text).is_ok() {
            true => self.clean(&indented(&text)),
            false => self.clean(&text),
        }
    }

    /// Control characters move the cursor, retitle the window or worse: on a terminal they are spelled out.
    pub(super) fn clean(self, text: &str) -> String {
        if !self.terminal {
            return text.to_owned();
        }
        text.replace("\r\n", "\n").chars().fold(String::with_capacity(text.len()), |mut clean, letter| {
            match drives_terminal(letter) {
                true => clean.extend(letter.escape_unicode()),
                false => clean.push(letter),
            }
            clean
        })
    }

    fn paint(self, colour: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Control characters, and those that reverse the order in which the others are shown.
fn drives_terminal(letter: char) -> bool {
    match letter {
        '\n' | '\t' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => letter.is_control(),
    }
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

/// Valid JSON with an indentation of four. Order, numbers and escapes stay as they came.
fn indented(json: &str) -> String {
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
    out
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
            assert_eq!(indented(json), shown);
        }
    }

    const PLAIN: Style = Style { terminal: false, colour: false };
    const TERMINAL: Style = Style { terminal: true, colour: false };

    #[test]
    fn a_response_cannot_drive_the_terminal() {
        let evil = "a\x1b]0;title\x07\u{9b}2J\tb\r\nc\rd";
        assert_eq!(TERMINAL.clean(evil), "a\\u{1b}]0;title\\u{7}\\u{9b}2J\tb\nc\\u{d}d");
        assert_eq!(PLAIN.clean(evil), evil);
        assert_eq!(TERMINAL.clean("\u{202e}evil\u{2069} é ש"), "\\u{202e}evil\\u{2069} é ש");
    }

    #[test]
    fn content_that_is_no_text_is_counted() {
        let binary = Response::new(200).with_header("content-type", "image/png").with_body(vec![1, 2]);
        assert_eq!(PLAIN.body(&binary), "<2 bytes of binary data>");
        assert_eq!(PLAIN.body(&Response::new(200).with_body(vec![0])), "<1 bytes of binary data>");
        assert_eq!(PLAIN.body(&Response::new(200).with_body("plain")), "plain");
    }

    #[test]
    fn heads_are_shown_as_on_the_wire() {
        let response = Response::new(404).with_header("x-request-id", "1");
        assert_eq!(PLAIN.response_head(&response), "HTTP/1.1 404 Not Found\nX-Request-Id: 1");
    }

    #[test]
    fn a_response_cannot_hide_in_its_head() {
        let response = Response::new(200).with_header("x-a", "\u{9b}2J");
        assert!(TERMINAL.response_head(&response).ends_with("X-A: \u{c2}\\u{9b}2J"));
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

    #[test]
    fn credentials_are_not_shown() {
        let request = whimbrel::Client::new().get("http://a/").header("authorization", "Basic dTpw").build();
        let shown = PLAIN.request_head(&request.expect("the request is valid"));
        assert!(shown.ends_with("Authorization: [secure]"), "{shown}");
    }
}
