//! Handshakes, by rustls.

use std::{io::BufReader, net::TcpStream, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};

use crate::wire::{Wire, connect, escape, server};

type Tls = StreamOwned<ClientConnection, TcpStream>;

/// A finished handshake with a server that has to be `name`, or the reason against it.
fn shake(base: &str, name: &'static str, protocols: &[&str]) -> Result<Tls, String> {
    let mut roots = RootCertStore::empty();
    roots.add(authority()).expect("a certificate");
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the defaults are sound")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().into()).collect();
    let name = ServerName::try_from(name).expect("a name");
    let mut client = ClientConnection::new(Arc::new(config), name).expect("sound");
    let mut stream = connect(base);
    client.complete_io(&mut stream).map_err(|error| error.to_string())?;
    Ok(StreamOwned::new(client, stream))
}

fn authority() -> CertificateDer<'static> {
    let lines = server().ca_pem.lines().filter(|line| !line.starts_with("---"));
    let der = BASE64_STANDARD.decode(lines.collect::<String>()).expect("PEM");
    der.into()
}

#[test]
fn alpn_chooses_the_version() {
    for name in ["localhost", "127.0.0.1", "::1"] {
        let tls = shake(&server().https, name, &["h2", "http/1.1"]).expect("trusted");
        assert_eq!(tls.conn.alpn_protocol(), Some(b"h2".as_slice()));
    }
    let tls = shake(&server().https, "localhost", &["http/1.1"]).expect("trusted");
    assert_eq!(tls.conn.alpn_protocol(), Some(b"http/1.1".as_slice()));
    let echo = Wire(BufReader::new(tls)).get("/anything", "").json();
    assert_eq!((&echo["version"], &echo["url"]), (&"HTTP/1.1".into(), &"https://test/anything".into()));
}

#[test]
fn bad_certificates_are_bad_in_one_way() {
    let refusal = |base, name| shake(base, name, &[]).err().unwrap_or_default();
    let wrong = refusal(&server().wrong_host, "localhost");
    assert!(wrong.contains("not valid for name"), "{wrong}");
    assert!(shake(&server().wrong_host, "wrong.example", &[]).is_ok());
    let expired = refusal(&server().expired, "localhost");
    assert!(expired.contains("expired"), "{expired}");
}

#[test]
fn the_raw_port_can_forget_close_notify() {
    let ask = |after| {
        let tls = shake(&server().raw_tls, "localhost", &[]).expect("trusted");
        let mut wire = Wire(BufReader::new(tls));
        let data = escape("HTTP/1.1 200 OK\r\n\r\nto the end");
        wire.send(format!("GET /raw?data={data}&after={after} HTTP/1.1\r\n\r\n"));
        wire.rest()
    };
    assert!(ask("close").expect("close_notify").ends_with(b"to the end"));
    assert!(ask("drop").is_err());
}
