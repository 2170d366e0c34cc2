//! One program for every place where Rust runs: `scripts/everywhere` runs it natively, in Node, in Chromium and on WASI.
//!
//! It asks the example server (`cargo run --example server -- --port 18600`) and reports there what it saw, because a
//! JavaScript host has no standard output. In a JavaScript host an error is thrown.

fn main() {
    whimbrel::run(program());
}

async fn program() -> whimbrel::Result<()> {
    let client = whimbrel::Client::builder().base_url("http://127.0.0.1:18600").follow_redirects(true).build()?;
    let response = client.get("redirect/1").param("from", "everywhere").send().await?;
    let seen: serde_json::Value = response.raise_for_status()?.json()?;
    let report = format!("{} {} {}", response.status(), seen["method"], seen["args"]);
    println!("{report}");
    client.post("http://127.0.0.1:18602/record/everywhere").content(report).send().await?.raise_for_status()?;
    Ok(())
}
