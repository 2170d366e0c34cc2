//! Bytes without end that a test can make again.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use hyper::body::{Body, Bytes, Frame, SizeHint};

/// The first `length` bytes of `/bytes/{n}?seed=`: the top bytes of the 32-bit linear congruential
/// generator x ← 1664525·x + 1013904223, which begins with x = `seed` and steps before each byte.
#[must_use]
pub fn pattern(seed: u32, length: usize) -> Vec<u8> {
    Generator(seed).take(length).collect()
}

struct Generator(u32);

impl Iterator for Generator {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some(self.0.to_be_bytes()[0])
    }
}

/// A body of the pattern, made as it is sent, so that a gigabyte costs no memory.
pub(crate) struct PatternBody {
    generator: Generator,
    remaining: u64,
    chunk: usize,
    framing: Framing,
}

/// Whether the length is declared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Chunked,
    Length,
}

impl PatternBody {
    pub(crate) fn new(seed: u32, length: u64, chunk: usize, framing: Framing) -> Self {
        // A chunk of zero bytes would never come to an end.
        Self { generator: Generator(seed), remaining: length, chunk: chunk.max(1), framing }
    }
}

impl Body for PatternBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.remaining == 0 {
            return Poll::Ready(None);
        }
        let length = usize::try_from(self.remaining).map_or(self.chunk, |left| left.min(self.chunk));
        let data: Bytes = self.generator.by_ref().take(length).collect();
        self.remaining -= length as u64;
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        match self.framing {
            Framing::Chunked => SizeHint::default(),
            Framing::Length => SizeHint::with_exact(self.remaining),
        }
    }
}
