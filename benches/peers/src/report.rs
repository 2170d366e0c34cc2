//! The results as Markdown: the budgets first, then a table for each scenario.

use std::fmt::Write as _;

use crate::measure::Sample;
use crate::peers::{label, peer};
use crate::results::Results;
use crate::scenarios::{Columns, SCENARIOS, Scenario};

mod budgets;

pub(crate) fn report(results: &Results) -> String {
    let mut out = String::new();
    budgets::write(&mut out, results);
    for scenario in SCENARIOS {
        write_scenario(&mut out, scenario, results);
    }
    write_builds(&mut out, results);
    write_failures(&mut out, results);
    out
}

fn write_scenario(out: &mut String, scenario: &Scenario, results: &Results) {
    let rows: Vec<_> =
        scenario.peers.iter().filter_map(|peer| Some((*peer, results.sample(scenario.name, peer)?))).collect();
    if rows.is_empty() {
        return;
    }
    let (cost, others) = columns(scenario.columns);
    let mut head = vec!["client".to_owned(), "version".to_owned(), cost.to_owned()];
    head.extend(scenario.against.iter().map(|other| format!("CPU ÷ {}", short(other))));
    head.extend(others.iter().map(|column| column.to_string()));
    let _ = write!(out, "\n### {}\n\n{}\n\n", scenario.title, scenario.about);
    write_head(out, &head);
    for (name, sample) in rows {
        let package = peer(name).map_or(name, |peer| peer.package);
        let (cost, others) = values(scenario, sample);
        let mut row = vec![label(name).to_owned(), results.version(package).to_owned(), cost];
        row.extend(scenario.against.iter().map(|other| ratio(sample, results.sample(scenario.name, other))));
        row.extend(others);
        write_row(out, &row);
    }
}

/// What it costs, and after the ratios the rest.
fn columns(columns: Columns) -> (&'static str, &'static [&'static str]) {
    match columns {
        Columns::Requests => ("CPU µs per request", &["requests/s", "peak memory MiB"]),
        Columns::Transfer => ("CPU ms per body", &["MiB/s", "peak memory MiB"]),
        Columns::Time => ("CPU µs", &["µs"]),
    }
}

fn values(scenario: &Scenario, sample: Sample) -> (String, Vec<String>) {
    let Sample { cpu, wall, memory } = sample;
    let memory = if memory > 0.0 { format!("{:.1}", memory / 1024.0) } else { "–".to_owned() };
    match scenario.columns {
        Columns::Requests => (format!("{cpu:.1}"), vec![format!("{:.0}", 1e6 / wall), memory]),
        Columns::Transfer => {
            let rate = scenario.length as f64 / 1024.0 / 1024.0 / (wall / 1e6);
            (format!("{:.2}", cpu / 1e3), vec![format!("{rate:.0}"), memory])
        }
        Columns::Time => (format!("{cpu:.0}"), vec![format!("{wall:.0}")]),
    }
}

/// The names of columns are shorter than those of rows.
fn short(name: &str) -> &str {
    match name {
        "wasi-bare" => "hand-written",
        name => name,
    }
}

fn ratio(sample: Sample, other: Option<Sample>) -> String {
    other.map_or("–".to_owned(), |other| format!("{:.2}", sample.cpu / other.cpu))
}

fn write_builds(out: &mut String, results: &Results) {
    if results.builds.is_empty() {
        return;
    }
    out.push_str("\n### Building it\n\n");
    out.push_str(
        "A program that makes one GET and prints the body's length (benches/minimal): `cargo build --release` into an ",
    );
    out.push_str("empty folder, stripped. Crates are those of normal dependencies (`cargo tree`), the client's own included.\n\n");
    write_head(out, &["client", "version", "build s", "crates", "program MiB"].map(str::to_owned));
    for build in &results.builds {
        let package = peer(&build.peer).map_or("?", |peer| peer.package);
        let (seconds, mebibytes) = (format!("{:.1}", build.seconds), format!("{:.2}", build.bytes / 1024.0 / 1024.0));
        let version = results.version(package).to_owned();
        write_row(out, &[label(&build.peer).to_owned(), version, seconds, build.crates.to_string(), mebibytes]);
    }
}

fn write_failures(out: &mut String, results: &Results) {
    if !results.notes.is_empty() || !results.failed.is_empty() {
        out.push_str("\n### Not measured\n\n");
    }
    for note in &results.notes {
        let _ = writeln!(out, "- {note}");
    }
    for [scenario, name, why] in &results.failed {
        let _ = writeln!(out, "- {} failed in the scenario `{scenario}`: {why}", label(name));
    }
}

fn write_head(out: &mut String, head: &[String]) {
    let words = head.iter().take_while(|column| ["client", "version", "budget"].contains(&column.as_str())).count();
    write_row(out, head);
    let _ = writeln!(out, "|{}{}", "---|".repeat(words), "---:|".repeat(head.len() - words));
}

fn write_row(out: &mut String, row: &[String]) {
    let _ = writeln!(out, "| {} |", row.join(" | "));
}
