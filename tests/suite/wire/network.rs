//! Connections of the program's own making.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use whimbrel::{BoxFuture, Client, ClientBuilder, ErrorKind, NetworkBackend, NetworkStream};

use crate::support;

/// Answers each request, as soon as its head is there, with this; and ends after so many.
struct Canned {
    answer: &'static [u8],
    left: usize,
    unsent: Vec<u8>,
    request: Vec<u8>,
}

impl AsyncRead for Canned {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, out: &mut [u8]) -> Poll<io::Result<usize>> {
        let piece = self.unsent.len().min(out.len());
        if piece == 0 {
            // Nothing ever comes by itself.
            return if self.left == 0 { Poll::Ready(Ok(0)) } else { Poll::Pending };
        }
        out[..piece].copy_from_slice(&self.unsent[..piece]);
        self.unsent.drain(..piece);
        Poll::Ready(Ok(piece))
    }
}

impl AsyncWrite for Canned {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.request.extend_from_slice(bytes);
        if self.request.ends_with(b"\r\n\r\n") {
            self.request.clear();
            self.left -= 1;
            self.unsent = self.answer.to_vec();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Opens such connections, and writes down to where.
struct Cans<L>(L, usize);

impl<L: Fn(String) + Send + Sync + 'static> NetworkBackend for Cans<L> {
    fn connect_tcp<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Box<dyn NetworkStream>>> {
        (self.0)(format!("{host} {port}"));
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
        let stream = Canned { answer, left: self.1, unsent: Vec::new(), request: Vec::new() };
        Box::pin(async move { if port == 1 { Err(io::Error::other("no")) } else { Ok(Box::new(stream) as _) } })
    }
}

/// A client over such connections, which serve so many requests each, and where they led.
fn canned(builder: ClientBuilder, served: usize) -> (Client, impl Fn() -> Vec<String>) {
    let (log, opened) = support::log();
    (builder.network_backend(Cans(log, served)).build().unwrap(), opened)
}

async fn get(client: &Client, url: &str) -> whimbrel::Result<String> {
    Ok(client.get(url).send().await?.text().into_owned())
}

support::test! {
    async fn requests_go_over_what_the_program_opens() {
        let (client, opened) = canned(Client::builder(), 2);
        for _ in 0..4 {
            assert_eq!(get(&client, "http://user:pass@Example.org/").await.unwrap(), "hi");
        }
        assert_eq!(get(&client, "http://[::1]:8080/").await.unwrap(), "hi");
        // What has ended is noticed before it is used again.
        assert_eq!(opened(), ["example.org 80", "example.org 80", "::1 8080"]);
        assert_eq!(client.pool_stats().unwrap().reused, 2);
    }

    async fn proxies_are_reached_over_it() {
        let (client, opened) = canned(Client::builder().proxy("http://proxy.example:3128"), 2);
        assert_eq!(get(&client, "http://example.org/").await.unwrap(), "hi");
        assert_eq!(opened(), ["proxy.example 3128"]);
    }

    async fn its_errors_are_errors_of_connecting() {
        let (client, _) = canned(Client::builder(), 1);
        let error = get(&client, "http://user:secret@example.org:1/").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(error.to_string().starts_with("Could not connect to example.org:1: no"), "{error}");
    }

    async fn it_replaces_what_decides_on_connections() {
        let here = [127, 0, 0, 1].into();
        type Setting = fn(ClientBuilder) -> ClientBuilder;
        let cases: [(&str, Setting); 3] = [
            ("tcp_keepalive", |builder| builder.tcp_keepalive(std::time::Duration::from_secs(1))),
            ("resolve", |builder| builder.resolve("a", [[127, 0, 0, 1].into()])),
            ("connect_guard", |builder| builder.connect_guard(|_| Ok(()))),
        ];
        for (name, setting) in cases {
            let error = setting(Client::builder().network_backend(Cans(|_| (), 1))).build().err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().contains(name), "{error}");
        }
        let error = Client::builder().network_backend(Cans(|_| (), 1)).local_address(here).build().err().unwrap();
        assert!(error.to_string().contains("local_address"), "{error}");
    }
}
