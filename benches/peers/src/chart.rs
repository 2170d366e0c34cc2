//! The results as bars: an SVG that is readable on light and on dark.

use std::fmt::Write as _;

use crate::measure::Sample;
use crate::peers::{PYTHON, label};
use crate::results::Results;
use crate::scenarios::SCENARIOS;

/// A scenario, what its bars show, and of what.
struct Panel(&'static str, &'static str, fn(Sample) -> f64);

const PANELS: &[Panel] = &[
    Panel("sequential", "CPU µs per request", |sample| sample.cpu),
    Panel("64", "CPU µs per request", |sample| sample.cpu),
    Panel("1000", "CPU µs per request", |sample| sample.cpu),
    Panel("h2c", "CPU µs per request", |sample| sample.cpu),
    Panel("h2", "CPU µs per request", |sample| sample.cpu),
    Panel("tls", "CPU µs per request", |sample| sample.cpu),
    Panel("tls-fresh", "CPU µs per request", |sample| sample.cpu),
    Panel("1GiB-down", "CPU ms", |sample| sample.cpu / 1e3),
    Panel("1GiB-up", "CPU ms", |sample| sample.cpu / 1e3),
    Panel("1GiB-down", "peak memory, MiB", |sample| sample.memory / 1024.0),
    Panel("cold", "µs", |sample| sample.wall),
];

const WIDTH: usize = 760;
const ROW: usize = 20;
const NAMES: usize = 240;
const BARS: usize = 420;

const STYLE: &str = "text { font: 13px system-ui, sans-serif; fill: #24292f } .title { font-weight: 600 } \
    .value { font-size: 12px; fill: #57606a } .bar { fill: #9aa7b4 } .own { fill: #0a7d62 } .ground { fill: #ffffff } \
    @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .value { fill: #9da7b3 } .bar { fill: #5b6773 } \
    .own { fill: #3fb950 } .ground { fill: #0d1117 } }";

pub(crate) fn chart(results: &Results) -> String {
    let (mut body, mut top) = (String::new(), 12);
    for panel in PANELS {
        top = write_panel(&mut body, panel, results, top);
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {top}\" width=\"{WIDTH}\" height=\"{top}\" \
         role=\"img\" aria-label=\"Benchmarks: the numbers are in benchmarks.md\">\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{top}\"/>\n{body}</svg>\n"
    )
}

/// Where the next one begins.
fn write_panel(out: &mut String, Panel(name, unit, value): &Panel, results: &Results, top: usize) -> usize {
    let Some(scenario) = SCENARIOS.iter().find(|scenario| scenario.name == *name) else { return top };
    let mut rows: Vec<_> =
        scenario.peers.iter().filter_map(|peer| Some((*peer, value(results.sample(name, peer)?)))).collect();
    if rows.is_empty() {
        return top;
    }
    rows.sort_by(|one, other| one.1.total_cmp(&other.1));
    // An interpreter's bars would leave the others too short to compare: they are cut off, and the number tells.
    let longest = rows.iter().filter(|row| !PYTHON.contains(&row.0)).map(|row| row.1).fold(0.0, f64::max);
    let _ = writeln!(out, r#"<text class="title" x="12" y="{}">{}: {unit}</text>"#, top + 14, scenario.title);
    for (index, (peer, value)) in rows.iter().enumerate() {
        write_bar(out, peer, *value, longest, top + (index + 1) * ROW + 4);
    }
    top + (rows.len() + 2) * ROW
}

fn write_bar(out: &mut String, peer: &str, value: f64, longest: f64, y: usize) {
    let length = (value / longest).min(1.0) * BARS as f64;
    let (class, name) = (if peer.starts_with("whimbrel") { "own" } else { "bar" }, label(peer).replace('`', ""));
    let text = if value < 100.0 { format!("{value:.1}") } else { format!("{value:.0}") };
    let cut = if value > longest { "» " } else { "" };
    let _ = writeln!(out, r#"<text x="{}" y="{}" text-anchor="end">{name}</text>"#, NAMES - 8, y + 13);
    let _ =
        writeln!(out, r#"<rect class="{class}" x="{NAMES}" y="{}" width="{length:.1}" height="{}"/>"#, y + 2, ROW - 5);
    let _ = writeln!(
        out,
        r#"<text class="value" x="{:.1}" y="{}">{cut}{text}</text>"#,
        NAMES as f64 + length + 6.0,
        y + 13
    );
}
