//! The command line program: `whimbrel URL`, HTTPX's in whimbrel's colours.

mod cli;
mod printable;

fn main() -> std::process::ExitCode {
    cli::run()
}
