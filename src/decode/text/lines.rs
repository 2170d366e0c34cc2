//! Text as lines.

use std::mem::take;

use crate::error::{Error, ErrorKind};

/// L5: a line without end would be all of memory.
const LONGEST: usize = 64 << 20;

/// Splits text that comes piece by piece into lines at `\n`, `\r\n` and `\r`, without them (universal newlines).
#[derive(Default)]
pub(crate) struct Lines {
    text: String,
    /// Where the next line starts.
    start: usize,
    /// How far there is no line end: a long line is not searched again with every piece of it.
    searched: usize,
    after_cr: bool,
}

impl Lines {
    /// Where the next piece of text goes, behind what is no line yet.
    pub(crate) fn pending(&mut self) -> &mut String {
        self.text.drain(..take(&mut self.start));
        self.searched = self.text.len();
        &mut self.text
    }

    /// The next line that has ended.
    pub(crate) fn next_line(&mut self) -> Option<String> {
        // The line ended at the carriage return already.
        if self.after_cr && self.start < self.text.len() {
            self.start += usize::from(self.text.as_bytes()[self.start] == b'\n');
            self.after_cr = false;
        }
        let from = self.searched.max(self.start);
        let found = self.text.as_bytes()[from..].iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let end = from + found?;
        let line = self.text[self.start..end].to_owned();
        self.after_cr = self.text.as_bytes()[end] == b'\r';
        self.start = end + 1;
        Some(line)
    }

    /// An error once what is no line yet is longer than a line may be.
    pub(crate) fn check_length(&self) -> Result<(), Error> {
        match self.text.len() - self.start <= LONGEST {
            true => Ok(()),
            false => Err(Error::new(
                ErrorKind::LimitExceeded,
                "The response has a line of more than 64 MiB; text_stream reads text of any length",
            )),
        }
    }

    /// The last line, when nothing ended it.
    pub(crate) fn last_line(&mut self) -> Option<String> {
        let Self { text, start, .. } = take(self);
        (start < text.len()).then(|| text[start..].to_owned())
    }
}
