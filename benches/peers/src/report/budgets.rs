//! What whimbrel allows itself.

use crate::measure::Sample;
use crate::results::Results;

use super::{write_head, write_row};

/// What is compared with what.
struct Budget(&'static str, Limit, Value);

enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

/// A peer's value divided by another's, or alone.
enum Value {
    Cpu(At, At),
    /// The inverse of wall time.
    Rate(At, At),
    Memory(At, At),
    Milliseconds(At),
    /// Nothing that is measured here; who does instead.
    Elsewhere(&'static str),
}

/// Scenario and peer.
type At = (&'static str, &'static str);

use Limit::{AtLeast, AtMost};

const BUDGETS: &[Budget] = &[
    Budget(
        "small GET, CPU ÷ bare socket",
        AtMost(1.25),
        Value::Cpu(("sequential", "whimbrel"), ("sequential", "bare")),
    ),
    Budget("small GET, CPU ÷ reqwest", AtMost(0.70), Value::Cpu(("sequential", "whimbrel"), ("sequential", "reqwest"))),
    Budget(
        "small GET, CPU ÷ hyper `conn::http1`",
        AtMost(1.0),
        Value::Cpu(("sequential", "whimbrel"), ("sequential", "hyper")),
    ),
    Budget(
        "small GET, `blocking`, CPU ÷ ureq",
        AtMost(0.75),
        Value::Cpu(("sequential", "whimbrel-blocking"), ("sequential", "ureq")),
    ),
    Budget(
        "small GET, `blocking`, CPU ÷ reqwest `blocking`",
        AtMost(0.35),
        Value::Cpu(("sequential", "whimbrel-blocking"), ("sequential", "reqwest-blocking")),
    ),
    Budget("64 in flight, requests/s ÷ reqwest", AtLeast(1.4), Value::Rate(("64", "whimbrel"), ("64", "reqwest"))),
    Budget(
        "HTTP/2, 64 streams, requests/s ÷ reqwest",
        AtLeast(1.2),
        Value::Rate(("h2c", "whimbrel"), ("h2c", "reqwest")),
    ),
    Budget(
        "HTTP/2 over TLS, 64 streams, requests/s ÷ reqwest",
        AtLeast(1.2),
        Value::Rate(("h2", "whimbrel"), ("h2", "reqwest")),
    ),
    Budget(
        "1 GiB down, bytes/s ÷ bare read loop",
        AtLeast(0.95),
        Value::Rate(("1GiB-down", "whimbrel"), ("1GiB-down", "bare")),
    ),
    Budget(
        "1 GiB down, peak memory ÷ that of small GETs",
        AtMost(1.5),
        Value::Memory(("1GiB-down", "whimbrel"), ("sequential", "whimbrel")),
    ),
    Budget("`Client::new()` in ms", AtMost(1.0), Value::Milliseconds(("cold", "whimbrel"))),
    Budget(
        "WASI sockets, CPU ÷ hand-written loop",
        AtMost(1.5),
        Value::Cpu(("wasi", "wasi-whimbrel"), ("wasi", "wasi-bare")),
    ),
    Budget("`fetch` in Node, time ÷ bare `fetch`", AtMost(1.15), Value::Elsewhere("not measured")),
    Budget("the npm package's `.wasm`, gzipped, in kB", AtMost(80.0), Value::Elsewhere("`scripts/npm` fails above it")),
];

pub(super) fn write(out: &mut String, results: &Results) {
    out.push_str("\n### Budgets\n\n");
    write_head(out, &["budget", "limit", "measured", "met"].map(str::to_owned));
    for Budget(what, limit, value) in BUDGETS {
        let (measured, verdict) = match value {
            Value::Elsewhere(verdict) => (None, *verdict),
            value => (value.of(results), limit.verdict(value.of(results))),
        };
        write_row(out, &[(*what).to_owned(), limit.text(), text(measured), verdict.to_owned()]);
    }
}

fn text(measured: Option<f64>) -> String {
    measured.map_or("–".to_owned(), |measured| format!("{measured:.2}"))
}

impl Limit {
    fn text(&self) -> String {
        match self {
            AtMost(most) => format!("≤ {most:.2}"),
            AtLeast(least) => format!("≥ {least:.2}"),
        }
    }

    fn verdict(&self, measured: Option<f64>) -> &'static str {
        let met = match (self, measured) {
            (_, None) => return "not measured",
            (AtMost(most), Some(measured)) => measured <= *most,
            (AtLeast(least), Some(measured)) => measured >= *least,
        };
        if met { "yes" } else { "**no**" }
    }
}

impl Value {
    fn of(&self, results: &Results) -> Option<f64> {
        let ratio = |(scenario, peer): At, (other_scenario, other): At, value: fn(Sample) -> f64| {
            Some(value(results.sample(scenario, peer)?) / value(results.sample(other_scenario, other)?))
        };
        match *self {
            Self::Cpu(one, other) => ratio(one, other, |sample| sample.cpu),
            Self::Rate(one, other) => ratio(one, other, |sample| 1.0 / sample.wall),
            Self::Memory(one, other) => ratio(one, other, |sample| sample.memory),
            Self::Milliseconds((scenario, peer)) => Some(results.sample(scenario, peer)?.wall / 1e3),
            Self::Elsewhere(_) => None,
        }
    }
}
