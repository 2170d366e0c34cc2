//! The command line program: `whimbrel URL`, HTTPX's in whimbrel's colours.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
