//! What whimbrel and hyper make different things of, and why. Whatever is not listed here fails the fuzz target.

use whimbrel::{ErrorKind, Method};

use crate::reply::{Outcome, Reply};

/// The list. Each is recognized by what stands in the message, not by what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// whimbrel bounds a head (128 KiB, 256 fields, 64 KiB a field, 8 KiB the status line), each line of a chunk's size and the
    /// trailers (16 KiB, 64 fields); hyper's limits are others.
    Limits,
    /// whimbrel takes heads whose lines all end with CRLF, or all with LF, and refuses a mixture: two parsers on the way may see
    /// the head's end in different places. hyper takes each line as it comes.
    MixedLineEndings,
    /// hyper passes over empty lines before a status line. RFC 9112 2.2 allows that to servers alone.
    EmptyLineBeforeStatus,
    /// A Transfer-Encoding that is not one `chunked` is an error of whimbrel's: it cannot undo it, or two parsers read it in two
    /// ways. hyper looks whether the last coding is `chunked`, and reads until the end of the connection where it is not; where
    /// there is no body it does not look at all.
    OtherTransferEncoding,
    /// A Content-Length that is no number, or several that differ, are an error of whimbrel's wherever they stand. hyper does
    /// not look at them where there is no body, or Transfer-Encoding says where it ends.
    ContentLengthOfNoUse,
    /// hyper refuses Transfer-Encoding in HTTP/1.0. whimbrel reads the body and uses the connection for nothing else, as RFC 9112
    /// 6.1 says.
    ChunkedInHttp10,
    /// whimbrel has not asked for another protocol and refuses a 101; hyper shows it.
    SwitchedUnasked,
    /// whimbrel takes 16 interim responses; hyper any number.
    ManyInterimResponses,
    /// White space behind a chunk's size, or more than 16 digits: hyper reads on, whimbrel refuses what smuggles requests past
    /// others (threats B5, B6).
    ChunkSizeOddlyWritten,
    /// A line of trailers that ends without CR: hyper reads what stands before an empty one, whimbrel refuses what stands behind.
    TrailersMixLineEndings,
}

/// The difference that explains it.
pub(crate) fn explain(message: &[u8], method: &Method, ours: &Outcome, theirs: &Option<Reply>) -> Option<Difference> {
    let heads = Heads::read(message);
    match (ours, theirs) {
        (Err(ErrorKind::LimitExceeded), Some(_)) => Some(Difference::Limits),
        (Err(_), Some(theirs)) => refused(&heads, theirs, method),
        (Ok(_), None) => (heads.is_http10() && heads.has(b"transfer-encoding")).then_some(Difference::ChunkedInHttp10),
        _ => None,
    }
}

/// Why whimbrel refuses what hyper takes.
fn refused(heads: &Heads<'_>, theirs: &Reply, method: &Method) -> Option<Difference> {
    let has_body = *method != Method::HEAD && !matches!(theirs.status, 204 | 304);
    let is_chunked = has_body && heads.has(b"transfer-encoding");
    let reasons = [
        (heads.is_preceded_by_empty_line, Difference::EmptyLineBeforeStatus),
        (heads.mix_line_endings(), Difference::MixedLineEndings),
        (heads.has_other_coding(), Difference::OtherTransferEncoding),
        ((!has_body || is_chunked || heads.interim > 0) && heads.has_odd_length(), Difference::ContentLengthOfNoUse),
        (theirs.status == 101, Difference::SwitchedUnasked),
        (heads.interim > 16, Difference::ManyInterimResponses),
        (is_chunked && has_odd_size(heads.rest), Difference::ChunkSizeOddlyWritten),
        (is_chunked && has_bare_lf_behind_last_chunk(heads.rest), Difference::TrailersMixLineEndings),
    ];
    reasons.into_iter().find(|(holds, _)| *holds).map(|(_, difference)| difference)
}

/// The lines of all heads, each with its line end, as loosely read as can be.
struct Heads<'a> {
    lines: Vec<Vec<&'a [u8]>>,
    interim: usize,
    is_preceded_by_empty_line: bool,
    rest: &'a [u8],
}

impl<'a> Heads<'a> {
    fn read(message: &'a [u8]) -> Self {
        let mut heads = Self { lines: Vec::new(), interim: 0, is_preceded_by_empty_line: false, rest: message };
        loop {
            let head = heads.head();
            let is_interim =
                head.first().is_some_and(|line| line.get(9) == Some(&b'1') && line.get(9..12) != Some(b"101"));
            heads.lines.push(head);
            if !is_interim {
                return heads;
            }
            heads.interim += 1;
        }
    }

    fn head(&mut self) -> Vec<&'a [u8]> {
        let mut lines = Vec::new();
        while let Some(end) = self.rest.iter().position(|&byte| byte == b'\n') {
            let (line, rest) = self.rest.split_at(end + 1);
            self.rest = rest;
            let is_empty = line.trim_ascii().is_empty();
            match (is_empty, lines.is_empty()) {
                (true, true) => self.is_preceded_by_empty_line = true,
                _ => lines.push(line),
            }
            if is_empty && lines.len() > 1 {
                break;
            }
        }
        lines
    }

    fn mix_line_endings(&self) -> bool {
        self.lines.iter().any(|head| {
            let bare = head.iter().filter(|line| !line.ends_with(b"\r\n")).count();
            bare > 0 && bare < head.len()
        })
    }

    fn is_http10(&self) -> bool {
        self.lines.iter().any(|head| head.first().is_some_and(|line| line.starts_with(b"HTTP/1.0")))
    }

    fn values(&self, name: &[u8]) -> Vec<&'a [u8]> {
        let fields = self.lines.iter().flatten().filter_map(|line| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            Some((&line[..colon], line[colon + 1..].trim_ascii()))
        });
        fields.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    fn has(&self, name: &[u8]) -> bool {
        !self.values(name).is_empty()
    }

    fn has_other_coding(&self) -> bool {
        let codings = self.values(b"transfer-encoding");
        codings.len() > self.lines.len() || codings.iter().any(|coding| !coding.eq_ignore_ascii_case(b"chunked"))
    }

    fn has_odd_length(&self) -> bool {
        let mut lengths =
            self.values(b"content-length").into_iter().flat_map(|value| value.split(|&byte| byte == b','));
        let number = |text: &[u8]| {
            let digits = std::str::from_utf8(text.trim_ascii()).ok()?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u64>().ok())?
        };
        let Some(first) = lengths.next() else { return false };
        number(first).is_none() || lengths.any(|other| number(other) != number(first))
    }
}

/// The sizes of a chunked body, each with what stands behind it in its line, and what follows the last chunk.
fn sizes(mut rest: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let mut lines = Vec::new();
    while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
        let line = &rest[..end];
        lines.push(line);
        rest = &rest[end + 2..];
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let text = std::str::from_utf8(&line[..digits]).unwrap_or_default();
        match usize::from_str_radix(text, 16) {
            Ok(size) if size > 0 && size < rest.len() => rest = rest[size..].strip_prefix(b"\r\n").unwrap_or_default(),
            _ => break,
        }
    }
    (lines, rest)
}

fn has_odd_size(rest: &[u8]) -> bool {
    sizes(rest).0.iter().any(|line| {
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        digits > 16 || line.get(digits).is_some_and(|byte| b" \t".contains(byte))
    })
}

fn has_bare_lf_behind_last_chunk(rest: &[u8]) -> bool {
    let trailers = sizes(rest).1;
    trailers
        .iter()
        .enumerate()
        .any(|(at, &byte)| byte == b'\n' && at.checked_sub(1).is_none_or(|at| trailers[at] != b'\r'))
}
