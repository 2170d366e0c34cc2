//! Which port does what, and that stopping stops.

use std::{io::ErrorKind, net::TcpStream, time::Duration};

use tokio::{runtime::Builder, task::spawn_blocking};
use whimbrel_server::{Options, start, start_in_thread};

use crate::wire::{Wire, server, socket_address};

const SHORT: Duration = Duration::from_millis(300);

#[test]
fn refused_refuses_and_stalled_stalls() {
    let connect = |base| TcpStream::connect_timeout(&socket_address(base), SHORT).map_err(|error| error.kind());
    assert_eq!(connect(&server().refused).err(), Some(ErrorKind::ConnectionRefused));
    assert_eq!(connect(&server().stalled).err(), Some(ErrorKind::TimedOut));
}

#[test]
fn the_addresses_are_one_line_of_json() {
    let line = server().to_json();
    assert!(!line.contains('\n'));
    let json: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(json["http"], server().http);
    assert_eq!(json["ca_pem"], server().ca_pem);
}

#[test]
fn ipv6_answers_where_there_is_any() {
    if let Some(base) = &server().http_v6 {
        assert_eq!(Wire::open(base).get("/json", "").status(), 200);
    }
}

#[test]
fn dropping_the_server_closes_its_ports() {
    let server = start_in_thread(Options::default()).expect("ports are free");
    let base = server.addresses().http.clone();
    let mut idle = Wire::open(&base);
    assert_eq!(idle.get("/json", "").status(), 200);
    drop(server);
    assert_eq!(idle.rest().expect("no reset"), b"");
    assert!(TcpStream::connect(socket_address(&base)).is_err());
}

#[test]
fn a_base_port_places_all_ports_and_can_be_used_again() {
    // Below the ports that Linux hands out, and not the same for two runs at a time.
    let base = u16::try_from(18_000 + std::process::id() % 1300 * 9).expect("below 30,000");
    for _ in 0..2 {
        let options = Options { port: Some(base), ..Options::default() };
        let server = start_in_thread(options.clone()).expect("nothing else is there");
        assert_eq!(server.addresses().http, format!("http://127.0.0.1:{base}"));
        assert_eq!(server.addresses().raw_tls, format!("https://127.0.0.1:{}", base + 7));
        let second = start_in_thread(options).map_err(|error| error.kind());
        assert_eq!(second.err(), Some(ErrorKind::AddrInUse));
        Wire::open(&server.addresses().http).get("/json", "");
    }
}

#[test]
fn it_runs_on_the_callers_runtime_too() {
    let ask = async {
        let server = start(Options::default()).await.expect("ports are free");
        let base = server.addresses().http.clone();
        let asking = spawn_blocking(move || Wire::open(&base).get("/json", "").status());
        asking.await.expect("no panic")
    };
    let runtime = Builder::new_current_thread().enable_all().build();
    assert_eq!(runtime.expect("a runtime").block_on(ask), 200);
}
