//! What a GET costs whimbrel and its peers: sequential requests over one kept-alive connection.
//!
//! `peers run PEER URL REQUESTS` measures one peer in this process. `peers compare URL REQUESTS ROUNDS` measures each of
//! them in a process of its own, so that their CPU times do not mix, and prints the tables.

mod clients;
mod compare;
mod measure;

use measure::{BoxError, Plan};

fn main() -> Result<(), BoxError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["run", peer, url, requests] => {
            println!("{}", clients::run(peer, &Plan::new(url, requests.parse()?))?);
            Ok(())
        }
        ["compare", url, requests, rounds] => compare::compare(url, requests, rounds.parse()?),
        _ => Err("usage: peers run PEER URL REQUESTS | peers compare URL REQUESTS ROUNDS".into()),
    }
}
