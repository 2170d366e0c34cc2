//! The words of a netrc file. There is no standard; this is what Python's `netrc` reads, HTTPX's parser.

use super::not_understood;
use crate::error::{Error, Result};

/// What a file has for a host.
#[derive(Default)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: String,
}

/// A machine, `None` for `default`, and its login.
type Entry = (Option<String>, Login);

/// All entries, in the file's order.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>> {
    let mut words = Words { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 };
    let mut entries: Vec<Entry> = Vec::new();
    while let Some(word) = words.next_word()? {
        match (word.as_str(), entries.last_mut()) {
            ("machine", _) => entries.push((Some(words.value()?), Login::default())),
            ("default", _) => entries.push((None, Login::default())),
            ("macdef", _) => words.skip_macro()?,
            ("login" | "user", Some((_, login))) => login.user = words.value()?,
            ("password", Some((_, login))) => login.password = words.value()?,
            ("account", Some(_)) => drop(words.value()?),
            _ => return Err(words.error("machine, default, login, password, account or macdef expected")),
        }
    }
    Ok(entries)
}

struct Words<'a> {
    rest: &'a str,
    line: usize,
}

impl Words<'_> {
    /// The next word that is in no comment.
    fn next_word(&mut self) -> Result<Option<String>> {
        loop {
            self.skip_space();
            match self.rest.starts_with('#') {
                true => self.skip_line(),
                false => return self.word(),
            }
        }
    }

    /// The word that a keyword calls for. It may begin with `#`, as a password does.
    fn value(&mut self) -> Result<String> {
        self.skip_space();
        self.word()?.ok_or_else(|| self.error("the file ends in the middle of an entry"))
    }

    /// A word, in quotes or up to the next white space. A backslash takes the next character as it is.
    fn word(&mut self) -> Result<Option<String>> {
        let quoted = self.rest.starts_with('"');
        let mut word = String::new();
        if quoted {
            self.next_char();
        } else if self.rest.is_empty() {
            return Ok(None);
        }
        loop {
            match self.next_char() {
                Some('"') if quoted => return Ok(Some(word)),
                Some(space) if !quoted && is_space(space) => return Ok(Some(word)),
                Some('\\') => word.extend(self.next_char()),
                Some(letter) => word.push(letter),
                None if quoted => return Err(self.error("a quote is not closed")),
                None => return Ok(Some(word)),
            }
        }
    }

    /// A macro ends at an empty line, or with the file.
    fn skip_macro(&mut self) -> Result<()> {
        self.value()?;
        self.skip_line();
        while !self.rest.is_empty() && !matches!(self.rest.as_bytes(), [b'\n', ..] | [b'\r', b'\n', ..]) {
            self.skip_line();
        }
        Ok(())
    }

    fn skip_line(&mut self) {
        while self.next_char().is_some_and(|letter| letter != '\n') {}
    }

    fn skip_space(&mut self) {
        while self.rest.starts_with(is_space) {
            self.next_char();
        }
    }

    fn next_char(&mut self) -> Option<char> {
        let mut letters = self.rest.chars();
        let letter = letters.next()?;
        self.rest = letters.as_str();
        self.line += usize::from(letter == '\n');
        Some(letter)
    }

    /// Names the line and nothing of it: any word may be a password.
    fn error(&self, reason: &str) -> Error {
        not_understood(&format!("line {}: {reason}", self.line))
    }
}

fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\r' | '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `machine login password` of each entry, or the error.
    fn read(text: &str) -> Result<Vec<String>, String> {
        let show = |(machine, login): &Entry| {
            format!("{} {} {}", machine.as_deref().unwrap_or("(default)"), login.user, login.password)
        };
        entries(text).map(|found| found.iter().map(show).collect()).map_err(|error| error.to_string())
    }

    // M4.
    #[test]
    fn files_are_read_as_python_reads_them() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            ("machine h login u password p", &["h u p"]),
            ("machine h\n\tlogin u\r\n\tpassword p\n", &["h u p"]),
            ("machine h user u account a password p", &["h u p"]),
            ("machine h password p", &["h  p"]),
            ("machine h login u", &["h u "]),
            ("machine h default", &["h  ", "(default)  "]),
            (
                "machine a login b password c machine d login e password f default login g password h",
                &["a b c", "d e f", "(default) g h"],
            ),
            ("machine h login \"u v\" password \"p\\\"q\\\\r\"", &["h u v p\"q\\r"]),
            ("machine h login u\\ v password a\\\"b", &["h u v a\"b"]),
            ("machine h login u password a\"b", &["h u a\"b"]),
            ("machine h login \"\" password \"\"", &["h  "]),
            ("# a comment\nmachine h # another login x\nlogin u password #p", &["h u #p"]),
            ("#machine x\n#\nmachine h login u password p#q", &["h u p#q"]),
            ("macdef m\nmachine x login y password z\n\nmachine h login u password p", &["h u p"]),
            ("macdef m\r\nmachine x\r\n\r\nmachine h", &["h  "]),
            ("macdef m\nmachine x", &[]),
            ("machine h login u\nmacdef m\ncd /\n\npassword p", &["h u p"]),
            ("machine machine login login password password", &["machine login password"]),
            ("machine h login \u{e4} password \u{1f426}", &["h \u{e4} \u{1f426}"]),
            ("\u{feff}machine h", &["h  "]),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).unwrap(), *expected, "{text}");
        }
    }

    // M4: typed, and without what stands in the file.
    #[test]
    fn errors_name_the_line_alone() {
        let cases = [
            ("S3CR3T", 1),
            ("machine", 1),
            ("machine h login u password", 1),
            ("login S3CR3T", 1),
            ("machine h\nlogin u S3CR3T", 2),
            ("machine h\npassword \"S3CR3T", 2),
            ("machine h\n\npassword S3CR3T S3CR3T\n", 4),
            ("macdef", 1),
        ];
        for (text, line) in cases {
            let error = read(text).unwrap_err();
            assert!(error.contains(&format!("line {line}: ")) && !error.contains("S3CR3T"), "{text}: {error}");
        }
    }

    // M4. Every character changed in eight ways, and cut at every place: read as something, and without a panic.
    #[test]
    fn no_garbage_panics() {
        let text =
            "machine h login \"u\\\"v\" password p\\ q # c\nmacdef m\nx\n\ndefault login a account b password c\n";
        for at in 0..text.len() {
            let _ = read(&text[..at]);
            for byte in ["\0", "\"", "\\", "#", "\n", " ", "x", "\u{e9}"] {
                let _ = read(&format!("{}{byte}{}", &text[..at], &text[at + 1..]));
            }
        }
    }

    // M4.
    #[test]
    fn long_lines_take_time_in_proportion() {
        for part in ["x", "\"", "\\", "#\n", "machine h ", "macdef m\n\n", " \n"] {
            let _ = read(&part.repeat(100_000));
        }
    }
}
