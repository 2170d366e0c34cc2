//! What is shown, as text. A response never gets to drive the terminal.

use std::fmt::Write;

use serde::de::IgnoredAny;
use whimbrel::{Headers, Request, Response, Version};

/// Plain for pipes and files; in colour, and with control characters escaped, for terminals.
#[derive(Clone, Copy)]
pub(super) struct Style {
    terminal: bool,
}

const BOLD: &str = "1";
const CYAN: &str = "36";

impl Style {
    pub(super) fn of(terminal: bool) -> Self {
        Self { terminal }
    }

    pub(super) fn request_head(self, request: &Request) -> String {
        let url = request.url();
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        self.head(&format!("{} {target} HTTP/1.1", request.method()), request.headers())
    }

    pub(super) fn response_head(self, response: &Response) -> String {
        // A host that does not tell the version speaks at least this one.
        let version = response.version().unwrap_or(Version::HTTP_11);
        let line = format!("{version:?} {} {}", response.status().as_u16(), response.reason_phrase());
        self.head(line.trim_end(), response.headers())
    }

    fn head(self, line: &str, headers: &Headers) -> String {
        let mut head = self.paint(BOLD, &self.clean(line));
        for (name, value) in headers.iter() {
            let value: String = value.as_bytes().iter().map(|&byte| byte as char).collect();
            // Writing to a String cannot fail.
            let _ = write!(head, "\n{}: {}", self.paint(CYAN, &title_case(name.as_str())), self.clean(&value));
        }
        head
    }

    /// Text is shown, JSON with indentation; other content is only counted.
    pub(super) fn body(self, response: &Response) -> String {
        let kind =
            response.headers().get("content-type").map(|value| value.to_str().unwrap_or_default().to_ascii_lowercase());
        if !is_text(kind.as_deref(), response.bytes()) {
            return format!("<{} bytes of binary data>", response.bytes().len());
        }
        let text = response.text();
        match kind.is_some_and(|kind| kind.contains("json")) && serde_json::from_str::<IgnoredAny>(&text).is_ok() {
            true => self.clean(&indented(&text)),
            false => self.clean(&text),
        }
    }

    /// Control characters move the cursor, retitle the window or worse: on a terminal they are spelled out.
    pub(super) fn clean(self, text: &str) -> String {
        if !self.terminal {
            return text.to_owned();
        }
        let harmless = |letter: &char| matches!(letter, '\n' | '\t') || !letter.is_control();
        text.replace("\r\n", "\n").chars().fold(String::with_capacity(text.len()), |mut clean, letter| {
            match harmless(&letter) {
                true => clean.push(letter),
                false => clean.extend(letter.escape_unicode()),
            }
            clean
        })
    }

    fn paint(self, colour: &str, text: &str) -> String {
        if self.terminal { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn is_text(kind: Option<&str>, bytes: &[u8]) -> bool {
    const WORDS: &[&str] = &["text/", "json", "xml", "javascript", "x-www-form-urlencoded"];
    match kind {
        Some(kind) => WORDS.iter().any(|word| kind.contains(word)),
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

    #[test]
    fn a_response_cannot_drive_the_terminal() {
        let evil = "a\x1b]0;title\x07\u{9b}2J\tb\r\nc\rd";
        assert_eq!(Style::of(true).clean(evil), "a\\u{1b}]0;title\\u{7}\\u{9b}2J\tb\nc\\u{d}d");
        assert_eq!(Style::of(false).clean(evil), evil);
    }

    #[test]
    fn content_that_is_no_text_is_counted() {
        let binary = Response::new(200).with_header("content-type", "image/png").with_body(vec![1, 2]);
        assert_eq!(Style::of(false).body(&binary), "<2 bytes of binary data>");
        assert_eq!(Style::of(false).body(&Response::new(200).with_body(vec![0])), "<1 bytes of binary data>");
        assert_eq!(Style::of(false).body(&Response::new(200).with_body("plain")), "plain");
    }

    #[test]
    fn heads_are_shown_as_on_the_wire() {
        let response = Response::new(404).with_header("x-request-id", "1");
        assert_eq!(Style::of(false).response_head(&response), "HTTP/1.1 404 Not Found\nX-Request-Id: 1");
    }
}
