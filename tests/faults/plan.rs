//! Which faults there are, for which exchanges: each at every place where it can strike.

use std::io::ErrorKind;
use std::sync::Arc;

use crate::case::{Case, Measure};
use crate::exchange::{Exchange, http2, plain, tls};
use crate::fault::{Dropped, End, Fault, Manner, Side};

/// An exchange where nothing goes wrong.
pub(crate) fn measure(exchange: &Arc<Exchange>, manner: Manner) -> Measure {
    let case = Case::new(exchange, Fault::None, manner);
    case.run().unwrap_or_else(|complaint| panic!("{}: {complaint}", case.name()))
}

fn all() -> impl Iterator<Item = Arc<Exchange>> {
    plain().into_iter().chain(http2()).chain(tls())
}

/// Faults 1 to 6: at every byte. Over TLS, where a case takes a hundred times as long, of what comes to the same only one.
fn bytes(side: Side, ends: &[(End, bool)], over_tls: &[(End, bool)]) -> Vec<Case> {
    let mut cases = Vec::new();
    let fast = plain().into_iter().chain(http2()).map(|exchange| (exchange, ends));
    for (exchange, ends) in fast.chain(tls().into_iter().map(|exchange| (exchange, over_tls))) {
        let measure = measure(&exchange, Manner::FAST);
        let length = if side == Side::Response { measure.given } else { measure.taken };
        for &(end, early) in ends {
            let at = |at| Case::new(&exchange, Fault::Byte { side, at, end, early }, Manner::FAST);
            cases.extend((0..=length).map(at));
        }
    }
    cases
}

/// Noticed when there is more to come, and before that.
const LATE: bool = false;
const EARLY: bool = true;

pub(crate) fn cut_responses() -> Vec<Case> {
    bytes(Side::Response, &[(End::Cut, LATE), (End::Cut, EARLY)], &[(End::Cut, LATE)])
}

pub(crate) fn half_closed() -> Vec<Case> {
    bytes(Side::Response, &[(End::HalfClose, EARLY)], &[])
}

pub(crate) fn reset_responses() -> Vec<Case> {
    bytes(Side::Response, &[(End::Reset, LATE), (End::Reset, EARLY)], &[(End::Reset, LATE)])
}

pub(crate) fn stalled_responses() -> Vec<Case> {
    bytes(Side::Response, &[(End::Stall, LATE)], &[(End::Stall, LATE)])
}

pub(crate) fn broken_requests() -> Vec<Case> {
    bytes(Side::Request, &[(End::Cut, LATE), (End::Reset, LATE), (End::HalfClose, LATE)], &[(End::Cut, LATE)])
}

pub(crate) fn stalled_requests() -> Vec<Case> {
    bytes(Side::Request, &[(End::Stall, LATE), (End::Deaf, LATE)], &[(End::Stall, LATE)])
}

/// Faults 7 and 8: however the bytes come and go, the result is the same, and so is what the servers are told.
pub(crate) fn slow() -> Vec<Case> {
    let mut cases = Vec::new();
    for exchange in all() {
        let fast = measure(&exchange, Manner::FAST);
        for manner in manners() {
            let mut case = Case::new(&exchange, Fault::None, manner);
            // The answer to a challenge has something random in it, and waiting changes turns.
            if !matches!(exchange.name.as_str(), "Digest" | "three for one connection") {
                let told = fast.heard.clone();
                case.verdict = Arc::new(move |_, measure| {
                    (measure.heard != told).then(|| format!("the servers were told {:?}", measure.heard))
                });
            }
            cases.push(case);
        }
    }
    cases
}

pub(crate) fn manners() -> Vec<Manner> {
    let sizes = [1, 2, 3, 7, usize::MAX];
    let pairs = sizes.iter().flat_map(|&read| sizes.iter().map(move |&write| (read, write)));
    let sized = pairs.flat_map(|(read, write)| [0, 100].map(|blocks| Manner { read, write, blocks, ..Manner::FAST }));
    let random = (1..50).map(|seed| Manner {
        read: 1 + seed as usize % 7,
        write: 1 + seed as usize % 5,
        blocks: 50,
        seed,
        ..Manner::FAST
    });
    sized.chain(random).collect()
}

/// Fault 9.
pub(crate) fn operations() -> Vec<Case> {
    use ErrorKind::{BrokenPipe, ConnectionReset, Interrupted, Other, TimedOut, UnexpectedEof, WriteZero};
    let mut cases = Vec::new();
    for (exchange, manner) in all()
        .flat_map(|exchange| [(exchange.clone(), Manner::FAST), (exchange, Manner { blocks: 0, ..Manner::small(32) })])
    {
        let operations = measure(&exchange, manner).operations;
        for kind in [ConnectionReset, BrokenPipe, TimedOut, UnexpectedEof, WriteZero, Interrupted, Other] {
            cases.extend((0..operations).map(|at| Case::new(&exchange, Fault::Operation { at, kind }, manner)));
        }
    }
    cases
}

/// Fault 10: so many bytes at a time, more over TLS.
pub(crate) fn drops(what: Dropped, bytes: usize) -> Vec<Case> {
    let plain = plain().into_iter().chain(http2()).map(|exchange| (exchange, Manner::small(bytes)));
    let mut cases = Vec::new();
    for (exchange, manner) in plain.chain(tls().into_iter().map(|exchange| (exchange, Manner::small(64)))) {
        let measure = measure(&exchange, manner);
        let polls = if exchange.is_shared { measure.operations } else { measure.polls };
        cases.extend((0..polls).map(|at| Case::new(&exchange, Fault::Drop { at, what }, manner)));
    }
    cases
}
