//! Rounds of all peers, one process each, and what came out of them as Markdown.

use std::env::current_exe;
use std::process::Command;

use crate::clients::{PEERS, Peer};
use crate::measure::{BoxError, Sample};

/// The versions that were built.
const LOCK: &str = include_str!("../Cargo.lock");

/// A peer may cost at most so many times another's CPU time.
struct Budget(&'static str, f64, &'static str);

const BUDGETS: &[Budget] = &[
    Budget("whimbrel", 1.15, "hyper"),
    Budget("whimbrel", 0.75, "reqwest"),
    Budget("whimbrel-blocking", 0.85, "ureq"),
];

/// A peer's medians.
struct Row(&'static Peer, Sample);

pub(crate) fn compare(url: &str, requests: &str, rounds: usize) -> Result<(), BoxError> {
    let mut samples = vec![Vec::new(); PEERS.len()];
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        // Round by round, so that whatever else the machine does meanwhile meets all of them.
        for (peer, samples) in PEERS.iter().zip(&mut samples) {
            samples.push(measure(peer, url, requests)?);
        }
    }
    let rows: Vec<_> = PEERS.iter().zip(samples).map(|(peer, samples)| Row(peer, median(&samples))).collect();
    print_table(&rows);
    print_budgets(&rows);
    Ok(())
}

/// In a process of its own and without the environment: peers read proxies from it.
fn measure(peer: &Peer, url: &str, requests: &str) -> Result<Sample, BoxError> {
    let output = Command::new(current_exe()?).args(["run", peer.name, url, requests]).env_clear().output()?;
    if !output.status.success() {
        return Err(format!("{}: {}", peer.name, String::from_utf8_lossy(&output.stderr)).into());
    }
    let sample: Sample = String::from_utf8(output.stdout)?.parse()?;
    eprintln!("  {:<18} {:6.2} µs CPU {:6.2} µs", peer.name, sample.cpu, sample.wall);
    Ok(sample)
}

fn median(samples: &[Sample]) -> Sample {
    let middle = |value: fn(&Sample) -> f64| {
        let mut values: Vec<_> = samples.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Sample { cpu: middle(|sample| sample.cpu), wall: middle(|sample| sample.wall) }
}

fn print_table(rows: &[Row]) {
    println!("| client | version | CPU µs per request | requests/s | CPU ÷ hyper | CPU ÷ reqwest | CPU ÷ ureq |");
    println!("|---|---|---:|---:|---:|---:|---:|");
    for Row(peer, sample) in rows {
        let ratio = |other| sample.cpu / cpu(rows, other);
        println!(
            "| {} | {} | {:.1} | {:.0} | {:.2} | {:.2} | {:.2} |",
            peer.label,
            version(peer.package),
            sample.cpu,
            1e6 / sample.wall,
            ratio("hyper"),
            ratio("reqwest"),
            ratio("ureq")
        );
    }
}

fn print_budgets(rows: &[Row]) {
    println!("\n| budget for CPU time | measured | met |\n|---|---:|---|");
    for Budget(peer, most, other) in BUDGETS {
        let ratio = cpu(rows, peer) / cpu(rows, other);
        let met = if ratio <= *most { "yes" } else { "no" };
        println!("| {} ≤ {most:.2} × {} | {ratio:.2} | {met} |", label(peer), label(other));
    }
}

fn cpu(rows: &[Row], name: &str) -> f64 {
    rows.iter().find(|row| row.0.name == name).map_or(f64::NAN, |row| row.1.cpu)
}

fn label(name: &str) -> &str {
    PEERS.iter().find(|peer| peer.name == name).map_or(name, |peer| peer.label)
}

fn version(package: &str) -> &str {
    let entry =
        LOCK.split("[[package]]").find_map(|entry| entry.trim().strip_prefix(&format!("name = \"{package}\"\n")));
    entry.and_then(|entry| entry.split('"').nth(1)).unwrap_or("?")
}
