//! Rounds of all peers of a scenario, one process each.

use std::env::{current_exe, var_os};
use std::process::Command;

use crate::measure::{BoxError, Sample};
use crate::peers::PYTHON;
use crate::scenarios::{Columns, Count, SCENARIOS, Scenario};

/// What the peers may know of the environment: proxies are not among it.
const ENVIRONMENT: &[&str] = &["PEERS_ROOT", "PEERS_WASMTIME", "PEERS_WASI"];
/// A client is made in no time, and each time in another.
const COLD_ROUNDS: u32 = 7;
/// Interpreters are slow enough to be measured by fewer requests.
const PYTHON_SHARE: u32 = 10;

pub(crate) fn compare(port: u16, requests: u32, rounds: u32, names: &[&str]) -> Result<(), BoxError> {
    if let Some(name) = names.iter().find(|name| !SCENARIOS.iter().any(|scenario| scenario.name == **name)) {
        return Err(format!("there is no scenario '{name}'").into());
    }
    for scenario in SCENARIOS.iter().filter(|scenario| names.is_empty() || names.contains(&scenario.name)) {
        Comparison { scenario, port, requests }.run(rounds);
    }
    Ok(())
}

struct Comparison {
    scenario: &'static Scenario,
    port: u16,
    requests: u32,
}

impl Comparison {
    fn run(&self, rounds: u32) {
        let Scenario { name, columns, .. } = self.scenario;
        let rounds = if *columns == Columns::Time { rounds * COLD_ROUNDS } else { rounds };
        let mut samples = vec![Ok(Vec::new()); self.peers().count()];
        for round in 1..=rounds {
            eprintln!("{name}: round {round} of {rounds}");
            // Round by round, so that whatever else the machine does meanwhile meets all of them.
            for (peer, samples) in self.peers().zip(&mut samples) {
                self.add(peer, samples);
            }
        }
        for (peer, samples) in self.peers().zip(samples) {
            match samples {
                Ok(samples) => println!("sample {name} {peer} {}", Sample::median(&samples)),
                Err(why) => println!("failed {name} {peer} {why}"),
            }
        }
    }

    /// Without those that are not to be had on this machine: scripts/bench says why.
    fn peers(&self) -> impl Iterator<Item = &'static str> {
        let (python, wasi) = (var_os("PEERS_PYTHON").is_some(), var_os("PEERS_WASI").is_some());
        let missing = move |peer: &str| (PYTHON.contains(&peer) && !python) || (peer.starts_with("wasi-") && !wasi);
        self.scenario.peers.iter().copied().filter(move |peer| !missing(peer))
    }

    /// Who failed once is not asked again.
    fn add(&self, peer: &str, samples: &mut Result<Vec<Sample>, String>) {
        let Ok(others) = samples else { return };
        match self.measure(peer) {
            Ok(sample) => {
                let Sample { cpu, wall, memory } = sample;
                eprintln!("  {peer:<18} {cpu:10.2} µs CPU {wall:10.2} µs {memory:8} KiB");
                others.push(sample);
            }
            Err(error) => {
                let error = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
                eprintln!("  {peer:<18} failed: {error}");
                *samples = Err(error);
            }
        }
    }

    fn measure(&self, peer: &str) -> Result<Sample, BoxError> {
        let Scenario { kind, server, path, length, at_once, .. } = self.scenario;
        let environment = ENVIRONMENT.iter().filter_map(|name| Some((name, var_os(name)?)));
        let output = command(peer)?
            .args(["run", kind, peer, &server.url(self.port, path)])
            .args([self.count(peer).to_string(), length.to_string(), at_once.to_string()])
            .env_clear()
            .envs(environment)
            .output()?;
        match output.status.success() {
            true => String::from_utf8(output.stdout)?.parse(),
            false => Err(String::from_utf8_lossy(&output.stderr).into()),
        }
    }

    fn count(&self, peer: &str) -> u32 {
        match self.scenario.count {
            Count::Just(count) => count,
            Count::OneOf(share) if PYTHON.contains(&peer) => (self.requests / share / PYTHON_SHARE).max(1),
            Count::OneOf(share) => (self.requests / share).max(1),
        }
    }
}

fn command(peer: &str) -> Result<Command, BoxError> {
    match var_os("PEERS_PYTHON") {
        Some(python) if PYTHON.contains(&peer) => {
            let mut command = Command::new(python);
            command.arg(var_os("PEERS_PYTHON_SCRIPT").ok_or("PEERS_PYTHON_SCRIPT names no script")?);
            Ok(command)
        }
        _ => Ok(Command::new(current_exe()?)),
    }
}
