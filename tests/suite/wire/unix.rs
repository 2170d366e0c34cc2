//! Unix sockets: a relay that leads to the example server.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::thread::spawn;

use whimbrel::{Client, ErrorKind, HttpTransport};

use crate::support::{self, percent, record_id, server};

/// A socket whose connections end at this URL's port, there until it is dropped.
struct Relay(PathBuf);

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn relay(url: &str) -> Relay {
    let path = std::env::temp_dir().join(format!("{}.sock", record_id("whimbrel")));
    let listener = UnixListener::bind(&path).unwrap();
    let authority = url.split_once("://").unwrap().1.to_owned();
    spawn(move || {
        for here in listener.incoming() {
            let (here, there) = (here.unwrap(), TcpStream::connect(&authority).unwrap());
            let (to, from) = (there.try_clone().unwrap(), here.try_clone().unwrap());
            spawn(move || pass_on(from, to, |to| to.shutdown(Shutdown::Write)));
            spawn(move || pass_on(there, here, |here: &UnixStream| here.shutdown(Shutdown::Write)));
        }
    });
    Relay(path)
}

fn pass_on<W: Write>(mut from: impl Read, mut to: W, close: impl Fn(&W) -> std::io::Result<()>) {
    // Whichever side ends, the other one is told.
    let _ = std::io::copy(&mut from, &mut to);
    let _ = close(&to);
}

async fn get(client: &Client, url: &str) -> String {
    client.get(url).send().await.unwrap().text().into_owned()
}

support::test! {
    async fn a_request_goes_to_the_socket_and_names_its_host() {
        let relay = relay(&server().http);
        let client = Client::builder().uds(&relay.0).build().unwrap();
        let (first, second) = (get(&client, "http://docker/anything").await, get(&client, "http://docker/anything").await);
        assert!(first.contains(r#"["host","docker"]"#), "{first}");
        let connection = |seen: &str| serde_json::from_str::<serde_json::Value>(seen).unwrap()["connection"].clone();
        assert_eq!(connection(&first), connection(&second));
        let transport = HttpTransport::builder().uds(&relay.0).build().unwrap();
        let client = Client::builder().mount("http://docker", transport).build().unwrap();
        assert!(get(&client, "http://docker/anything").await.contains("docker"));
    }

    async fn a_connection_that_was_closed_meanwhile_is_replaced() {
        let relay = relay(&server().raw);
        let client = Client::builder().uds(&relay.0).build().unwrap();
        let evil = percent(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL");
        for path in ["/idle-close?after=20".to_owned(), format!("/unsolicited?after=10&data={evil}")] {
            for _ in 0..2 {
                assert_ne!(get(&client, &format!("http://h{path}")).await, "EVIL");
                whimbrel::get(format!("{}/delay/60", server().http)).send().await.unwrap();
            }
        }
    }

    async fn tls_is_with_the_urls_host() {
        if !support::OWN_TLS { return }
        let server = server();
        let tls = whimbrel::Tls::new().add_root_pem(server.ca_pem.as_deref().unwrap());
        let relay = relay(&server.https);
        let client = Client::builder().uds(&relay.0).tls(tls).build().unwrap();
        assert!(get(&client, "https://localhost/anything").await.contains(r#""url":"https://localhost/anything""#));
        let error = client.get("https://other.invalid/").send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    }

    async fn a_socket_that_is_not_there_is_no_connection() {
        let (log, told) = support::log();
        let client = Client::builder().uds("/nowhere/at/all.sock").retries(1).build().unwrap();
        let error = client.get("http://h/").trace(move |event| log(event.to_string())).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(error.to_string().contains("the Unix socket '/nowhere/at/all.sock'"), "{error}");
        assert_eq!(told()[..2], ["connection.connect_unix_socket.started", "connection.connect_unix_socket.failed"]);
        assert_eq!(told().len(), 6);
    }
}
