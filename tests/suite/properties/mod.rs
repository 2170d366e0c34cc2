//! What holds for any input: proptest makes it up, and it is the same on every target and in every run.

mod challenges;
mod codings;
mod cookies;
mod headers;
mod multipart;
mod netrc;
mod query_params;

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use whimbrel::{BoxError, Bytes};

/// How much is tried: little enough for a debug build.
const CASES: u32 = 256;

/// Tries the property with values that are made up; of those that break it, one is shown that is as small as can be.
#[track_caller]
fn check<S: Strategy>(values: S, property: impl Fn(S::Value)) {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let seeded = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let outcome = TestRunner::new_with_rng(config, seeded).run(&values, |value| {
        property(value);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

/// The outcome of what waits for nothing, as everything on a mock does. (A property cannot await, and a page cannot block.)
#[track_caller]
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nobody waits for a mock"),
    }
}

/// A stream of these bytes, cut at these places.
struct Pieces(std::vec::IntoIter<Bytes>);

impl Pieces {
    fn of(bytes: &[u8], sizes: &[usize]) -> Self {
        let mut pieces = Vec::new();
        let mut rest = bytes;
        for &size in sizes {
            let (piece, after) = rest.split_at(size.min(rest.len()));
            pieces.push(Bytes::copy_from_slice(piece));
            rest = after;
        }
        pieces.push(Bytes::copy_from_slice(rest));
        Self(pieces.into_iter())
    }
}

impl futures_core::Stream for Pieces {
    type Item = Result<Bytes, BoxError>;
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}

fn bytes(length: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..length)
}

/// Text of any characters.
fn any_text(length: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..length).prop_map(String::from_iter)
}

/// Text of these characters.
fn text_of(alphabet: &'static str, length: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = String> {
    let alphabet: Vec<char> = alphabet.chars().collect();
    prop::collection::vec(select(alphabet), length).prop_map(String::from_iter)
}

/// These fragments, and any text between them, in any order: what a parser trips over is more often found among its own words.
fn fragments(fragments: &'static [&'static str], length: usize) -> impl Strategy<Value = String> {
    let fragment = prop_oneof![6 => select(fragments).prop_map(str::to_owned), 1 => any_text(4)];
    prop::collection::vec(fragment, 0..length).prop_map(|all| all.concat())
}
