//! The fuzzer's bytes, read as what a peer does.
//!
//! They begin with a line that a person can write, too: a letter for what is asked, one for how a connection ends, then the
//! sizes in which bytes are handed over, again and again. `Hc13.\n` is HEAD, closed behind each answer, and reads of one byte,
//! three bytes and a pause in turn. Behind the line stand the answers, between lines of `%%`.

use bytes::Bytes;

/// What a peer does.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    /// What is asked: each target's own.
    pub(crate) letter: u8,
    pub(crate) ending: Ending,
    /// How much is read at once, in turn; everything where there is none.
    pub(crate) steps: Vec<Step>,
    pub(crate) answers: Vec<Bytes>,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Behind each answer.
    Close,
    /// Behind each answer, with an error.
    Reset,
    /// Never: behind the last answer there is silence.
    Silence,
    /// Behind the last answer.
    CloseLast,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Bytes(usize),
    /// Nothing, for a moment.
    Pause,
}

const MAX_STEPS: usize = 64;

impl Script {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let (line, rest) = end.map_or((&b""[..], bytes), |end| (&bytes[..end], &bytes[end + 1..]));
        let mut steps: Vec<_> = line.iter().skip(2).take(MAX_STEPS).map(|&byte| step(byte)).collect();
        // Who only pauses never comes to an end.
        steps.dedup_by(|one, other| (*one, *other) == (Step::Pause, Step::Pause));
        if steps == [Step::Pause] {
            steps.clear();
        }
        Self {
            letter: line.first().copied().unwrap_or_default(),
            ending: ending(line.get(1).copied().unwrap_or_default()),
            steps,
            answers: answers(rest),
        }
    }

    /// The same, handed over as fast as it is read.
    pub(crate) fn whole(&self) -> Self {
        Self { steps: Vec::new(), ..self.clone() }
    }

    /// The same without pauses.
    pub(crate) fn without_pauses(mut self) -> Self {
        self.steps.retain(|&step| step != Step::Pause);
        self
    }

    /// The same with this answer alone, and what is behind it there.
    pub(crate) fn only(&self, answer: usize) -> Self {
        let is_last = answer + 1 == self.answers.len();
        let ending = if self.ending == Ending::CloseLast && !is_last { Ending::Silence } else { self.ending };
        Self { ending, answers: vec![self.answers[answer].clone()], ..self.clone() }
    }

    /// The same with these bytes for the only answer.
    pub(crate) fn answering(&self, answer: Bytes) -> Self {
        Self { answers: vec![answer], ..self.clone() }
    }

    /// Everything behind the line.
    pub(crate) fn joined(&self) -> Bytes {
        self.answers.concat().into()
    }
}

fn ending(letter: u8) -> Ending {
    match letter {
        b's' => Ending::Silence,
        b'r' => Ending::Reset,
        b'l' => Ending::CloseLast,
        _ => Ending::Close,
    }
}

/// Digits are sizes, letters powers of two from 16 on.
fn step(byte: u8) -> Step {
    match byte {
        b'.' => Step::Pause,
        b'1'..=b'9' => Step::Bytes((byte - b'0').into()),
        b'a'..=b'k' => Step::Bytes(16 << (byte - b'a')),
        _ => Step::Bytes(usize::from(byte) + 1),
    }
}

fn answers(mut bytes: &[u8]) -> Vec<Bytes> {
    const BETWEEN: &[u8] = b"\n%%\n";
    let mut answers = Vec::new();
    while let Some(at) = bytes.windows(BETWEEN.len()).position(|window| window == BETWEEN) {
        answers.push(Bytes::copy_from_slice(&bytes[..at]));
        bytes = &bytes[at + BETWEEN.len()..];
    }
    answers.push(Bytes::copy_from_slice(bytes));
    answers
}
