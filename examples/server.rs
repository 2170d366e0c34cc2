//! The server that the tests, the tour and the page in `www` talk to: loopback only, as `tests/server/README.md` tells.
//!
//! `cargo run --example server -- --port 18600 --www www --pkg pkg` prints its addresses and its certificate authority as
//! one line of JSON and serves until it is killed.

#[cfg(not(target_family = "wasm"))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = whimbrel_server::Options::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--port" => options.port = Some(value.parse()?),
            "--www" => options.www = Some(value.into()),
            "--pkg" => options.pkg = Some(value.into()),
            _ => return Err(format!("{name} is unknown; there are --port, --www and --pkg").into()),
        }
    }
    let server = whimbrel_server::start_in_thread(options)?;
    println!("{}", server.addresses().to_json());
    loop {
        std::thread::park();
    }
}

/// Cargo builds all examples for every target that it tests; a server is native.
#[cfg(target_family = "wasm")]
fn main() {}
