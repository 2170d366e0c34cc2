//! What whimbrel costs beside other clients. `scripts/bench` starts the servers, runs this and writes docs/benchmarks.md.
//!
//! `peers run KIND PEER URL COUNT LENGTH AT_ONCE` measures one peer in this process, and prints a line. `peers compare PORT
//! REQUESTS ROUNDS [SCENARIO…]` runs each peer of each scenario in a process of its own, so that CPU time and memory do not
//! mix, and prints the medians. `peers report FILE` makes Markdown of these lines, `peers chart FILE` an SVG.
//! `peers sink PORT` is the server that swallows uploads.

mod bare;
mod bodies;
mod chart;
mod clients;
mod cold;
mod compare;
mod get;
mod get_blocking;
mod measure;
mod multi;
mod peers;
mod report;
mod results;
mod scenarios;
mod sink;
mod wasi;
mod zeros;

use measure::{BoxError, Plan, Sample};

fn main() -> Result<(), BoxError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["run", kind, peer, ref plan @ ..] => println!("{}", run(kind, peer, &Plan::parse(kind, plan)?)?),
        ["compare", port, requests, rounds, ref scenarios @ ..] => {
            compare::compare(port.parse()?, requests.parse()?, rounds.parse()?, scenarios)?;
        }
        ["report", file] => print!("{}", report::report(&results::Results::read(file)?)),
        ["chart", file] => print!("{}", chart::chart(&results::Results::read(file)?)),
        ["sink", port] => sink::serve(port.parse()?)?,
        _ => return Err("usage: peers run | compare | report | chart | sink (see src/main.rs)".into()),
    }
    Ok(())
}

fn run(kind: &str, peer: &str, plan: &Plan) -> Result<Sample, BoxError> {
    // reqwest is built without a provider of its own. In all the others it is named where TLS is set up.
    rustls::crypto::ring::default_provider().install_default().map_err(|_| "a provider is installed already")?;
    match kind {
        "get" | "fresh" | "http2" => get::run(peer, plan),
        "download" => bodies::download(peer, plan),
        "upload" => bodies::upload(peer, plan),
        "cold" => cold::run(peer),
        "wasi" => wasi::run(peer, plan),
        other => Err(format!("there is no kind '{other}'").into()),
    }
}
