//! The raw port.

use std::{
    io::ErrorKind,
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::wire::{Wire, escape, server};

fn open() -> Wire<std::net::TcpStream> {
    Wire::open(&server().raw)
}

fn ask(target: &str) -> std::io::Result<Vec<u8>> {
    let mut wire = open();
    wire.send(format!("GET {target} HTTP/1.1\r\n\r\n"));
    wire.rest()
}

fn recorded(id: &str) -> Value {
    open().get(&format!("/recorded/{id}"), "").json()
}

#[test]
fn bytes_come_out_as_they_were_ordered() {
    let all: Vec<u8> = (0..=255).collect();
    let target = format!("/raw?data={}", escape(&all));
    assert_eq!(ask(&target).expect("a clean end"), all);
    assert_eq!(ask(&format!("{target}&step=50&pause=1")).expect("a clean end"), all);
    assert_eq!(ask("/raw?data=a+b").expect("a clean end"), b"a+b");
    assert_eq!(ask("/raw?data=a&flood=xy&times=3&tail=z").expect("a clean end"), b"axyxyxyz");
    let long = ask(&format!("/raw?data={}&step=1", "a".repeat(20_000))).expect("a clean end");
    assert_eq!(long.len(), 20_000);
    assert_eq!(ask("/raw?flood=%23;&times=12&numbered=1").expect("a clean end"), b"0;1;2;3;4;5;6;7;8;9;10;11;");
    let flood = ask("/raw?flood=abc&times=100001").expect("a clean end");
    assert!(flood == b"abc".repeat(100_001));
}

#[test]
fn pauses_are_kept() {
    let start = Instant::now();
    ask("/raw?data=abcd&step=1&pause=20&delay=20").expect("a clean end");
    assert!(start.elapsed() >= Duration::from_millis(100));
}

#[test]
fn a_connection_ends_as_ordered() {
    let error = ask("/raw?data=a&after=reset").expect_err("a reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let mut wire = open();
    let data = escape("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    assert_eq!(wire.get(&format!("/raw?data={data}&after=keep"), "").text(), "x");
    assert_eq!(wire.get(&format!("/raw?data={data}&after=hold"), "").text(), "x");
    wire.0.get_ref().set_read_timeout(Some(Duration::from_millis(80))).expect("not zero");
    assert!(wire.rest().is_err(), "it is held");
}

#[test]
fn requests_are_recorded_byte_by_byte() {
    let request = "POST /record/one/a HTTP/1.1\r\nX-CaSe: \u{e9}\r\nContent-Length: 2\r\n\r\nhi";
    let mut wire = open();
    wire.send(request);
    assert_eq!(wire.answer().text(), "ok");
    let (first, second) = request.split_at(20);
    wire.send(first);
    sleep(Duration::from_millis(50));
    wire.send(second);
    wire.answer();
    let record = recorded("one");
    let requests = &record["connections"][0]["requests"];
    let latin_1: String = request.bytes().map(char::from).collect();
    assert_eq!(requests[0]["raw"], latin_1);
    assert_eq!(requests[0]["reads"], json!([request.len()]));
    assert_eq!(requests[1]["reads"], json!([20, request.len() - 20]));
    assert_eq!(record["connections"][0]["closed"], false);
    drop(wire);
    let start = Instant::now();
    while recorded("one")["connections"][0]["closed_by_client"] != true {
        assert!(start.elapsed() < Duration::from_secs(5), "the end is noticed");
    }
    assert_eq!(recorded("none"), json!({"connections": []}));
}

#[test]
fn chunked_requests_end_where_they_end() {
    let request = "PUT /record/chunks HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\
                   3;ext=1\r\nabc\r\n0\r\nTrailer: x\r\n\r\n";
    let mut wire = open();
    wire.send(format!("{request}{request}"));
    wire.answer();
    wire.answer();
    let record = recorded("chunks");
    let requests = record["connections"][0]["requests"].as_array().expect("a list");
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|recorded| recorded["raw"] == request));
}

#[test]
fn requests_that_break_off_are_recorded_too() {
    let mut wire = open();
    wire.send("PUT /record/broken HTTP/1.1\r\nContent-Length: 100\r\n\r\nonly this");
    drop(wire);
    let start = Instant::now();
    while recorded("broken")["connections"] == json!([]) {
        assert!(start.elapsed() < Duration::from_secs(5), "the end is noticed");
    }
    let request = &recorded("broken")["connections"][0]["requests"][0];
    assert_eq!(request["complete"], false);
    assert!(request["raw"].as_str().is_some_and(|raw| raw.ends_with("only this")));
}

#[test]
fn the_answer_may_come_before_the_body() {
    let (begin, end) = (escape("HTTP/1.1 100 Continue\r\n\r\n"), escape("HTTP/1.1 204 No Content\r\n\r\n"));
    let mut wire = open();
    wire.send(format!("PUT /record/late?read=late&answer={begin}&tail={end} HTTP/1.1\r\nContent-Length: 4\r\n\r\n"));
    assert_eq!(wire.answer().status(), 100);
    wire.send("body");
    assert_eq!(wire.answer().status(), 204);
    let mut wire = open();
    wire.send("PUT /raw?read=never&data=early HTTP/1.1\r\nContent-Length: 4\r\n\r\n");
    assert_eq!(wire.rest().expect("a clean end"), b"early");
}

#[test]
fn idle_connections_close_or_speak() {
    let mut wire = open();
    assert_eq!(wire.get("/idle-close?after=30", "").text(), "ok");
    assert_eq!(wire.rest().expect("a clean end"), b"");
    let mut wire = open();
    wire.get("/idle-close?after=5000", "");
    assert_eq!(wire.get("/unsolicited?after=30&data=boo", "").text(), "ok");
    wire.0.get_ref().set_read_timeout(Some(Duration::from_millis(300))).expect("not zero");
    let mut bytes = [0; 3];
    std::io::Read::read_exact(&mut wire.0, &mut bytes).expect("unasked");
    assert_eq!(&bytes, b"boo");
    assert_eq!(wire.get("/banner", "").text(), "ok");
}

#[test]
fn bytes_can_be_glued_to_an_answer() {
    let mut wire = open();
    assert_eq!(wire.get("/glued?extra=HTTP", "Connection: close\r\n").text(), "ok");
    assert_eq!(wire.rest().expect("a clean end"), b"HTTP");
}

#[test]
fn trailers_come_unasked() {
    assert!(open().get("/trailers", "").text().ends_with("\nX-Checksum: abc123\r\nX-Rows: 7\r\n"));
}

#[test]
fn what_is_not_http_is_hung_up_on() {
    for bytes in [&b"\x16\x03\x01\x02\x00"[..], b"hello\r\n\r\n", b"GET\r\n\r\n", b"GET / FTP\r\n\r\n"] {
        let mut wire = open();
        wire.send(bytes);
        // Closing with unread bytes is a reset; either end will do.
        assert_eq!(wire.rest().unwrap_or_default(), b"");
    }
    assert_eq!(open().get("/nope", "").status(), 404);
}
