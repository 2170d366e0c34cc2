//! Servers that misbehave politely, by HTTP/1.1.

use std::{
    io::ErrorKind,
    thread::sleep,
    time::{Duration, Instant},
};

use crate::wire::{Wire, get, server};

#[test]
fn an_early_answer_does_not_wait_for_the_body() {
    let mut wire = Wire::open(&server().http);
    wire.send("POST /early?status=403 HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    assert_eq!(wire.answer().status(), 403);
    // The connection is as good as before once the body has come.
    wire.send("hello");
    assert_eq!(wire.get("/json", "").status(), 200);
}

#[test]
fn a_body_may_break_off() {
    let mut wire = Wire::open(&server().http);
    wire.send("GET /close-mid-body?send=6&length=9 HTTP/1.1\r\nHost: h\r\n\r\n");
    let sent = wire.rest().expect("no reset");
    let text = String::from_utf8_lossy(&sent);
    let (head, _) = text.split_once("\r\n\r\n").expect("a head");
    assert!(head.contains("content-length: 9"));
    assert_eq!(sent.len(), head.len() + 4 + 6);
}

#[test]
fn resets_and_ends_come_without_an_answer() {
    let mut wire = Wire::open(&server().http);
    wire.send("GET /reset HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(wire.rest().map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset));
    let mut wire = Wire::open(&server().http);
    wire.send("GET /abort HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(wire.rest().expect("no reset"), b"");
}

#[test]
fn hanging_is_silent() {
    let mut wire = Wire::open(&server().http);
    wire.0.get_ref().set_read_timeout(Some(Duration::from_millis(100))).expect("not zero");
    wire.send("GET /hang HTTP/1.1\r\nHost: h\r\n\r\n");
    let error = wire.rest().expect_err("nothing comes");
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
}

#[test]
fn delays_are_kept() {
    let start = Instant::now();
    assert_eq!(get("/delay/120").status(), 200);
    assert!(start.elapsed() >= Duration::from_millis(120));
    assert_eq!(get("/goaway").field("connection"), Some("close"));
}

#[test]
fn open_connections_are_counted_until_they_close() {
    let server = whimbrel_server::start_in_thread(whimbrel_server::Options::default()).expect("ports are free");
    let base = &server.addresses().http;
    let mut watcher = Wire::open(base);
    let mut stats = move || watcher.get("/stats", "").json()["http"].clone();
    let mut other = Wire::open(base);
    other.get("/json", "");
    assert_eq!((&stats()["connections_open"], &stats()["connections_total"]), (&2.into(), &2.into()));
    drop(other);
    let start = Instant::now();
    while stats()["connections_open"] != 1 {
        assert!(start.elapsed() < Duration::from_secs(5), "the end of a connection is noticed");
        sleep(Duration::from_millis(5));
    }
    assert_eq!(stats()["connections_total"], 2);
}
