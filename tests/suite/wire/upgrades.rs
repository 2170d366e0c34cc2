//! Connections that are the program's: after 101, and through CONNECT.

use std::future::poll_fn;
use std::pin::Pin;

use futures_io::{AsyncRead, AsyncWrite};
use whimbrel::{Client, ErrorKind, RequestBuilder, RequestTarget, StreamingResponse, Upgraded};

use super::raw;
use crate::support::{self, OWN_TLS, SOCKETS, Server, server};

const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";

/// A URL of another scheme that switches protocols, says hello, and then echoes.
fn echo(server: &Server, scheme: &str) -> String {
    let base = if scheme == "wss" || scheme == "https" { &server.raw_tls } else { &server.raw };
    let rest = base.split_once(':').unwrap().1;
    let url = raw(server, format!("{SWITCH}hello"), "after=echo");
    url.replace(&server.raw, &format!("{scheme}:{rest}"))
}

fn asking(client: &Client, url: &str) -> RequestBuilder {
    client.get(url).header("connection", "upgrade").header("upgrade", "echo")
}

async fn write(stream: &mut Upgraded, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let written = poll_fn(|cx| Pin::new(&mut *stream).poll_write(cx, bytes)).await.unwrap();
        bytes = &bytes[written..];
    }
    poll_fn(|cx| Pin::new(&mut *stream).poll_flush(cx)).await.unwrap();
}

/// So many bytes, a few at a time.
async fn read(stream: &mut Upgraded, length: usize) -> String {
    let (mut read, mut some) = (Vec::new(), [0; 7]);
    while read.len() < length {
        let room = some.len().min(length - read.len());
        match poll_fn(|cx| Pin::new(&mut *stream).poll_read(cx, &mut some[..room])).await.unwrap() {
            0 => break,
            count => read.extend_from_slice(&some[..count]),
        }
    }
    String::from_utf8(read).unwrap()
}

async fn talk(response: StreamingResponse) {
    assert_eq!(response.status(), 101);
    let mut stream = response.upgrade().unwrap();
    assert_eq!(read(&mut stream, 5).await, "hello");
    for _ in 0..3 {
        write(&mut stream, b"what is said comes back").await;
        assert_eq!(read(&mut stream, 23).await, "what is said comes back");
    }
    poll_fn(|cx| Pin::new(&mut stream).poll_close(cx)).await.unwrap();
}

support::test! {
    // HTTPX's way with WebSockets: the handshake is a GET, and the connection is the program's.
    async fn what_was_asked_for_is_handed_over() {
        let (server, client) = (server(), server().client());
        for scheme in ["http", "ws", "https", "wss"] {
            let answer = asking(&client, &echo(&server, scheme)).stream().await;
            let is_ours = if scheme.ends_with('s') && scheme != "ws" { OWN_TLS } else { SOCKETS };
            match is_ours {
                true => talk(answer.unwrap()).await,
                false => assert_eq!(answer.unwrap_err().kind(), ErrorKind::Unsupported, "{scheme}"),
            }
        }
    }

    async fn who_is_not_switched_is_told_the_status() {
        let response = whimbrel::get(format!("{}/get", server().http)).stream().await.unwrap();
        let error = response.upgrade().unwrap_err();
        assert_eq!((error.kind(), error.status().unwrap().as_u16()), (ErrorKind::Unsupported, 200));
    }
}

support::test! {
    // A15: and nothing behind it is read as HTTP.
    async fn a_protocol_that_nobody_asked_for_is_an_error() {
        if !SOCKETS { return }
        let error = Client::new().get(echo(&server(), "http")).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RemoteProtocol);
        let url = raw(&server(), format!("HTTP/1.1 103 E\r\n\r\n{SWITCH}HTTP/1.1 200 OK\r\n\r\n"), "");
        assert_eq!(Client::new().get(&url).send().await.unwrap_err().kind(), ErrorKind::RemoteProtocol);
        // After an interim response it is as good as without.
        let client = Client::new();
        let mut stream = asking(&client, &url).stream().await.unwrap().upgrade().unwrap();
        assert_eq!(read(&mut stream, 17).await, "HTTP/1.1 200 OK\r\n");
    }

    async fn a_protocol_is_not_switched_in_the_middle_of_a_request() {
        if !SOCKETS { return }
        let url = raw(&server(), SWITCH, "read=late&after=echo");
        let client = Client::new();
        let request = client.post(url).header("upgrade", "echo").header("expect", "100-continue").content("abc");
        assert_eq!(request.send().await.unwrap_err().kind(), ErrorKind::RemoteProtocol);
    }

    async fn its_place_in_the_pool_is_free_when_it_is_dropped() {
        if !SOCKETS { return }
        let server = server();
        let limits = whimbrel::Limits::default().max_connections(1);
        let client = Client::builder().limits(limits).build().unwrap();
        for _ in 0..3 {
            let stream = asking(&client, &echo(&server, "ws")).stream().await.unwrap().upgrade().unwrap();
            assert_eq!((client.pool_stats().unwrap().open, client.pool_stats().unwrap().idle), (1, 0));
            drop(stream);
            assert_eq!(client.pool_stats().unwrap().open, 0);
        }
        // Nor is it kept where nobody takes it.
        let response = asking(&client, &echo(&server, "ws")).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.bytes().len()), (101, 0));
        assert_eq!(client.pool_stats().unwrap().open, 0);
    }

    async fn a_proxy_tunnels_websockets() {
        if !SOCKETS { return }
        let server = server();
        for proxy in [&server.http, &server.socks] {
            let client = Client::builder().proxy(proxy).build().unwrap();
            talk(asking(&client, &echo(&server, "ws")).stream().await.unwrap()).await;
            if let (true, Some(pem)) = (OWN_TLS, &server.ca_pem) {
                let tls = whimbrel::Tls::new().add_root_pem(pem);
                let client = Client::builder().proxy(proxy).tls(tls).build().unwrap();
                let response = asking(&client, &echo(&server, "wss")).stream().await.unwrap();
                assert!(response.connection().unwrap().tls().is_some());
                talk(response).await;
            }
        }
    }

    // The example server is a proxy.
    async fn connect_opens_a_tunnel() {
        if !SOCKETS { return }
        let server = server();
        let end = server.raw.trim_start_matches("http://").to_owned();
        let client = Client::new();
        let open = |target: &str| client.request("CONNECT", &server.http).extension(RequestTarget(target.into())).stream();
        let response = open(&end).await.unwrap();
        assert!(response.is_success());
        let mut stream = response.upgrade().unwrap();
        write(&mut stream, format!("GET /banner HTTP/1.1\r\nHost: {end}\r\n\r\n").as_bytes()).await;
        assert_eq!(read(&mut stream, 15).await, "HTTP/1.1 200 OK");
        drop(stream);
        // Who is refused has a response like any other.
        let refused = open("elsewhere.invalid:80").await.unwrap();
        assert_eq!(refused.status(), 403);
        refused.read().await.unwrap();
        assert_eq!(client.pool_stats().unwrap().idle, 1);
    }

    // Fields of a tunnel's answer say nothing about it (RFC 9110 9.3.6).
    async fn a_tunnel_has_no_framing() {
        if !SOCKETS { return }
        let server = server();
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: nonsense\r\n\r\nhello";
        let target = raw(&server, answer, "after=echo").replace(&server.raw, "");
        let request = Client::new().request("CONNECT", &server.raw).extension(RequestTarget(target));
        let mut stream = request.stream().await.unwrap().upgrade().unwrap();
        assert_eq!(read(&mut stream, 5).await, "hello");
    }

    async fn the_secure_alone_allow_no_websockets_in_the_clear() {
        if !SOCKETS { return }
        let client = Client::builder().https_only(true).build().unwrap();
        let error = client.get("ws://127.0.0.1/").send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsupportedProtocol);
    }
}

support::where_blocking! {
    #[test]
    fn blocking_reads_and_writes() {
        use std::io::{Read, Write};
        let server = server();
        let client = whimbrel::blocking::Client::new();
        let request = client.get(echo(&server, "ws")).header("connection", "upgrade").header("upgrade", "echo");
        let mut stream = request.stream().unwrap().upgrade().unwrap();
        stream.write_all(b" there").unwrap();
        stream.flush().unwrap();
        let mut said = [0; 11];
        stream.read_exact(&mut said).unwrap();
        assert_eq!(&said, b"hello there");
    }
}
