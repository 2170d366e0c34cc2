//! What programs that use `tracing` are told (feature `tracing`).

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use whimbrel::{Client, MockTransport, Response};

/// Writes events and spans down, a line each.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Lines {
    fn add(&self, metadata: &Metadata<'_>, kind: &str, fields: impl FnOnce(&mut Line)) {
        let mut line = Line(format!("{} {} {kind}", metadata.level(), metadata.target()));
        fields(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("whimbrel")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.add(span.metadata(), "span", |line| span.record(line));
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        self.add(event.metadata(), "event", |line| event.record(line));
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// What is told while this client asks for the URL.
fn told(client: whimbrel::ClientBuilder, url: &str) -> Vec<String> {
    let lines = Lines::default();
    tracing::subscriber::with_default(lines.clone(), || {
        let client = client.follow_redirects(true).build().expect("it is valid");
        // What comes of it is not the matter here.
        drop(whimbrel::block_on(async move { client.get(url).send().await.map(drop) }));
    });
    lines.0.lock().unwrap().clone()
}

fn mock() -> whimbrel::ClientBuilder {
    Client::builder().transport(MockTransport::new(|request| match request.url().path() {
        "/from" => Response::new(302).with_header("location", "/to?q"),
        _ => Response::new(404),
    }))
}

// HTTPX's form, threat G10: and no credentials in it.
#[test]
fn each_response_is_a_line() {
    let lines = told(mock(), "https://user:S3CR3T@example.org/from");
    assert_eq!(
        lines,
        [
            "DEBUG whimbrel span method=GET url=https://example.org/from",
            "INFO whimbrel event message=HTTP Request: GET https://example.org/from \"HTTP 302 Found\"",
            "INFO whimbrel event message=HTTP Request: GET https://example.org/to?q \"HTTP 404 Not Found\"",
        ]
    );
    assert_eq!(Level::INFO.to_string(), "INFO");
}

#[test]
fn what_happens_on_the_wire_is_told() {
    let server =
        whimbrel_server::start_in_thread(whimbrel_server::Options::default()).expect("loopback ports are free");
    let lines = told(Client::builder(), &format!("{}/anything", server.addresses().http));
    for part in ["connection.connect_tcp.started", "http11.receive_response_headers.complete", "\"HTTP/1.1 200 OK\""] {
        assert!(lines.iter().any(|line| line.contains(part)), "{part} is not in {lines:#?}");
    }
    // Q1: what a server sends does not reach a terminal raw.
    let raw = format!(
        "{}/raw?data={}",
        server.addresses().raw,
        "HTTP/1.1%20200%20A%1B%5B31mB%0D%0AContent-Length:%200%0D%0A%0D%0A"
    );
    let lines = told(Client::builder(), &raw);
    assert!(!lines.concat().contains('\u{1b}'), "{lines:#?}");
}
