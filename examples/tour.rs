//! A tour of whimbrel, to run and to read: the shortest manual there is.
//!
//! `cargo run --example tour` needs no internet; the server that it talks to starts with it. With URLs as arguments it
//! requests those instead: `cargo run --example tour -- https://www.example.org`.
#![cfg_attr(
    target_family = "wasm",
    allow(
        dead_code,
        unused_imports,
        reason = "the server is native; that the rest compiles for every target is seen here"
    )
)]

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use whimbrel::auth::{Bearer, Digest};
use whimbrel::{Client, Response, Result, Tls, blocking};

#[cfg(not(target_family = "wasm"))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let urls: Vec<String> = std::env::args().skip(1).collect();
    if !urls.is_empty() {
        whimbrel::run(visit(urls));
        return Ok(());
    }
    let server = whimbrel_server::start_in_thread(whimbrel_server::Options::default())?;
    let whimbrel_server::Addresses { http, https, ca_pem, .. } = server.addresses().clone();
    println!("{}", dim(format!("whimbrel's tour; the server is {http}")));
    whimbrel::run(tour(http.clone(), https, ca_pem));
    without_async(&http)?;
    Ok(())
}

/// Cargo builds all examples for every target that it tests.
#[cfg(target_family = "wasm")]
fn main() {}

async fn tour(http: String, https: String, ca_pem: String) -> Result<()> {
    // One client for everything: it shares configuration, cookies and connections between its requests.
    let client = Client::builder().base_url(http).header("x-app", "tour").build()?;
    parameters(&client).await?;
    json_both_ways(&client).await?;
    redirects(&client).await?;
    authentication(&client).await?;
    streaming(&client).await?;
    https_of_our_own(https, ca_pem).await?;
    errors(&client).await
}

async fn parameters(client: &Client) -> Result<()> {
    heading("GET with parameters");
    let response = client.get("get").param("bird", "curlew & co").param("page", 2).await?;
    show(&response);
    let seen: Value = response.raise_for_status()?.json()?;
    note("received", &seen["args"]);
    Ok(())
}

async fn json_both_ways(client: &Client) -> Result<()> {
    heading("POST of JSON");
    // Anything that serde serializes goes out, anything that it deserializes comes back.
    let response = client.post("post").json(&json!({ "bird": "whimbrel", "grams": 430 })).await?;
    show(&response);
    let seen: Value = response.json()?;
    note("received", &seen["json"]);
    Ok(())
}

async fn redirects(client: &Client) -> Result<()> {
    heading("Redirects, with history");
    // Off by default. Without it `response.next_request()` is the request that would follow.
    let response = client.get("redirect/3").follow_redirects(true).await?;
    for hop in response.history().iter().chain([&response]) {
        show(hop);
    }
    Ok(())
}

async fn authentication(client: &Client) -> Result<()> {
    heading("Authentication");
    show(&client.get("basic-auth/ada/engine").await?);
    // A pair is Basic; there are Bearer, and closures, and whatever implements `Auth`. A client can have one for all.
    show(&client.get("basic-auth/ada/engine").auth(("ada", "engine")).await?);
    show(&client.get("bearer").auth(Bearer::new("token")).await?);
    show(&client.get("digest-auth/auth/ada/engine/SHA-256").auth(Digest::new("ada", "engine")).await?);
    Ok(())
}

async fn streaming(client: &Client) -> Result<()> {
    heading("Streaming, with progress");
    let started = now();
    let mut response = client.get("bytes/100000000").stream().await?;
    let length = response.content_length().unwrap_or_default();
    // `stream()` returns with the head; the body comes piece by piece, and memory stays flat.
    while response.chunk().await?.is_some() {
        progress(response.bytes_downloaded(), length);
    }
    println!("  {}", dim(format!("{:.1?}", started.elapsed())));
    // Text comes by the line as well.
    let mut response = client.get("slow").stream().await?;
    let mut lines = response.lines();
    while let Some(line) = lines.next().await {
        note("line", line?);
    }
    Ok(())
}

async fn https_of_our_own(https: String, ca_pem: String) -> Result<()> {
    heading("HTTPS, with an authority of our own");
    // The authorities that browsers trust need no word: `whimbrel::get("https://www.example.org/")`.
    let client = Client::builder().base_url(https).tls(Tls::new().add_root_pem(ca_pem)).build()?;
    show(&client.get("get").await?);
    // The second request finds the connection open.
    show(&client.get("get").await?);
    Ok(())
}

async fn errors(client: &Client) -> Result<()> {
    heading("Errors that say what happened");
    // Connecting, reading, writing and waiting for a connection time out after five seconds each, if not told otherwise.
    let started = now();
    if let Err(error) = client.get("delay/10000").timeout(Duration::from_millis(300)).await {
        failure(&error);
        println!("  {}", dim(format!("is_timeout() is {}, after {:.1?}", error.is_timeout(), started.elapsed())));
    }
    // A response is a response whatever its status, until it is asked to be a success.
    if let Err(error) = client.get("status/404").await?.raise_for_status() {
        failure(&error);
    }
    Ok(())
}

/// The same client for programs without async.
fn without_async(http: &str) -> Result<()> {
    heading("Without async");
    let client = blocking::Client::new();
    show(&client.get(format!("{http}/json")).send()?);
    Ok(())
}

/// What `tour URL…` does.
async fn visit(urls: Vec<String>) -> Result<()> {
    let client = Client::builder().follow_redirects(true).build()?;
    for url in urls {
        heading(&url);
        match client.get(url).await {
            Ok(response) => response.history().iter().chain([&response]).for_each(show),
            Err(error) => failure(&error),
        }
    }
    Ok(())
}

// From here on: how it looks.

fn heading(text: &str) {
    println!("\n{}", paint("1", text));
}

/// The status in its colour, then where, how fast and how much. Nothing of it is the server's own text, which could
/// drive the terminal.
fn show(response: &Response) {
    let colour = match response.status().as_u16() {
        200..300 => "32",
        300..400 => "36",
        _ => "31",
    };
    let url = response.url().map(|url| &url[url::Position::BeforePath..]).unwrap_or_default();
    let version = response.version().map(|version| format!("{version:?}, ")).unwrap_or_default();
    let details = format!("{version}{:.1?}, {} bytes", response.elapsed(), response.bytes().len());
    println!("  {} {url} {}", paint(colour, response.status()), dim(details));
}

fn note(name: &str, value: impl Display) {
    println!("  {} {value}", dim(name));
}

fn failure(error: &whimbrel::Error) {
    let text = error.to_string().replace('\n', "\n  ");
    println!("  {} {text}", paint("31", format!("{:?}", error.kind())));
}

/// A bar that is drawn over itself, or once at the end where there is no terminal.
fn progress(done: u64, length: u64) {
    const WIDTH: u64 = 40;
    let full = (done * WIDTH).checked_div(length).unwrap_or(WIDTH) as usize;
    let bar = paint("32", "━".repeat(full)) + &dim("━".repeat(WIDTH as usize - full));
    let terminal = io::stdout().is_terminal();
    if terminal || done == length {
        print!("{}  {bar} {} MB", if terminal { "\r" } else { "" }, done / 1_000_000);
        // A bar that stays unseen harms nobody.
        let _ = io::stdout().flush();
    }
}

fn dim(text: impl Display) -> String {
    paint("2", text)
}

/// In colour on a terminal, unless NO_COLOR asks for none (no-color.org).
fn paint(colour: &str, text: impl Display) -> String {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if wanted && io::stdout().is_terminal() { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_string() }
}

#[expect(clippy::disallowed_methods, reason = "this is a native program; it panics in JavaScript hosts alone")]
fn now() -> Instant {
    Instant::now()
}
