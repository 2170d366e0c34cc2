//! Text from elsewhere, fit to be shown: it never drives the terminal or the log that it ends up on (threat Q1).

use std::borrow::Cow;

/// The text with control characters, line ends among them, and those that reverse the order of others spelled out: `\u{1b}`.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    spelled_out(text, is_unprintable)
}

/// The same for text of several lines: line feeds and tabs stay.
pub(crate) fn printable_lines(text: &str) -> Cow<'_, str> {
    spelled_out(text, |letter| !matches!(letter, '\n' | '\t') && is_unprintable(letter))
}

fn spelled_out(text: &str, unprintable: fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(unprintable) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match unprintable(letter) {
            true => shown.extend(letter.escape_unicode()),
            false => shown.push(letter),
        }
    }
    Cow::Owned(shown)
}

/// C0, DEL and C1, Unicode's Bidi_Control, and its line and paragraph separators.
fn is_unprintable(letter: char) -> bool {
    let bidi =
        matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    bidi || matches!(letter, '\u{2028}' | '\u{2029}') || letter.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Q1: colours, titles (OSC 0), links (OSC 8), the clipboard (OSC 52), the bell, backspaces, C1's CSI, bidi controls.
    #[test]
    fn nothing_drives_a_terminal() {
        for (text, shown) in [
            ("\x1b[31m\x1b]0;t\x07", r"\u{1b}[31m\u{1b}]0;t\u{7}"),
            ("\x1b]8;;http://evil\x1b\\a", r"\u{1b}]8;;http://evil\u{1b}\a"),
            ("\x1b]52;c;ZXZpbA==\x07", r"\u{1b}]52;c;ZXZpbA==\u{7}"),
            ("a\x08\x7f\0", r"a\u{8}\u{7f}\u{0}"),
            ("\u{9b}2J\u{9d}0;t\u{9c}", r"\u{9b}2J\u{9d}0;t\u{9c}"),
            ("\u{202e}fdp\u{2069}\u{200f}\u{61c}", r"\u{202e}fdp\u{2069}\u{200f}\u{61c}"),
            ("a\r\nb\u{2028}\tc", r"a\u{d}\u{a}b\u{2028}\u{9}c"),
            ("é ש 😀 \\u", "é ש 😀 \\u"),
        ] {
            assert_eq!(printable(text), shown);
        }
        assert_eq!(printable_lines("a\tb\n\x1bc\r\n"), "a\tb\n\\u{1b}c\\u{d}\n");
    }
}
