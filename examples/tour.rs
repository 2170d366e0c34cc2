//! A tour of whimbrel: `cargo run --example tour`. It needs no internet, for it brings its own server.
//!
//! `cargo run --example tour -- URL...` requests those instead.

#[cfg(not(target_family = "wasm"))]
fn main() {
    whimbrel::run(native::tour());
}

/// Cargo builds all examples for every target that it tests; the server of the tour is native.
#[cfg(target_family = "wasm")]
fn main() {}

#[cfg(not(target_family = "wasm"))]
mod native {
    use std::io::{IsTerminal, Write};
    use std::time::Duration;

    use serde_json::{Value, json};
    use whimbrel::{Client, Response, Result, Timeout, Tls};

    pub(crate) async fn tour() -> Result<()> {
        let urls: Vec<String> = std::env::args().skip(1).collect();
        if !urls.is_empty() {
            return visit(&urls).await;
        }
        let server = whimbrel_server::start_in_thread(Default::default()).expect("loopback ports are free");
        let server = server.addresses();

        title("A client: one base URL, default headers, one connection for all that follows");
        let client = Client::builder().base_url(&server.http).header("x-tour", "whimbrel").build()?;

        title("GET with parameters");
        let response = client.get("/anything").param("q", "bar-tailed godwit").param("page", 2).send().await?;
        show(&response);
        note(&format!("the server saw {}", response.json::<Value>()?["url"]));

        title("POST of JSON");
        let bird = json!({ "name": "whimbrel", "migrates": true });
        let response = client.post("/anything").json(&bird).send().await?;
        show(&response);
        note(&format!("the server read {}", response.json::<Value>()?["json"]));

        title("Redirects, with their history");
        let response = client.get("/redirect/2").follow_redirects(true).send().await?;
        response.history().iter().for_each(show);
        show(&response);

        title("Authentication");
        let url = "/basic-auth/curlew/secret";
        show(&client.get(url).send().await?);
        show(&client.get(url).auth(("curlew", "secret")).send().await?);

        title("Streaming");
        download(&client, "/drip?numbytes=40&duration=800").await?;

        title("HTTPS, with an authority of our own");
        let tls = Client::builder().tls(Tls::new().add_root_pem(&server.ca_pem)).build()?;
        show(&tls.get(format!("{}/get", server.https)).send().await?);

        title("Errors say what happened: a timeout, a refused connection, a certificate that nobody trusts, a status");
        let short = Timeout::default().read(Duration::from_millis(200));
        explain(client.get("/hang").timeout(short).send().await);
        explain(client.get(&server.refused).send().await);
        explain(client.get(&server.https).send().await);
        explain(client.get("/status/404").send().await?.raise_for_status());
        Ok(())
    }

    /// Each URL once, redirects followed.
    async fn visit(urls: &[String]) -> Result<()> {
        let client = Client::builder().follow_redirects(true).build()?;
        for url in urls {
            title(url);
            match client.get(url).send().await {
                Ok(response) => {
                    response.history().iter().for_each(show);
                    show(&response);
                }
                error => explain(error),
            }
        }
        Ok(())
    }

    /// A body as it comes, and how far it is.
    async fn download(client: &Client, url: &str) -> Result<()> {
        let mut response = client.get(url).stream().await?;
        let total = response.content_length().unwrap_or_default().max(1);
        while response.chunk().await?.is_some() {
            let done = (response.bytes_downloaded() * 40 / total) as usize;
            print!("\r    {}{} {:3}%", colour(GREEN, &"━".repeat(done)), "─".repeat(40 - done), done * 100 / 40);
            // A terminal that went away is no reason to stop reading.
            let _ = std::io::stdout().flush();
        }
        let response = response.read().await?;
        println!("\n    {} bytes in {:.0?}", response.bytes_downloaded(), response.elapsed());
        Ok(())
    }

    const GREEN: &str = "32";
    const YELLOW: &str = "33";
    const RED: &str = "31";
    const BOLD: &str = "1";
    const DIM: &str = "2";

    fn show(response: &Response) {
        let status = format!("{} {}", response.status().as_u16(), response.reason_phrase());
        let status = colour(if response.is_success() { GREEN } else { YELLOW }, &status);
        let path = response.url().map(|url| url.path()).unwrap_or_default();
        let time = colour(DIM, &format!("{:.1?}", response.elapsed()));
        println!("    {status} {path}, {} bytes, {time}", response.bytes().len());
    }

    fn explain<T>(result: Result<T>) {
        if let Err(error) = result {
            println!("    {} {error}", colour(RED, &format!("{:?}", error.kind())));
        }
    }

    fn title(words: &str) {
        println!("\n{}", colour(BOLD, words));
    }

    fn note(words: &str) {
        println!("    {}", colour(DIM, words));
    }

    fn colour(code: &str, words: &str) -> String {
        let wanted = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        if wanted { format!("\x1b[{code}m{words}\x1b[0m") } else { words.to_owned() }
    }
}
