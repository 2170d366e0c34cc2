//! What a request's trace tells.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use whimbrel::Client;

use crate::support::{self, OWN_TLS, SOCKETS, server};

const SENT: [&str; 10] = [
    "http11.send_request_headers.started",
    "http11.send_request_headers.complete",
    "http11.send_request_body.started",
    "http11.send_request_body.complete",
    "http11.receive_response_headers.started",
    "http11.receive_response_headers.complete",
    "http11.receive_response_body.started",
    "http11.receive_response_body.complete",
    "http11.response_closed.started",
    "http11.response_closed.complete",
];
const HOST: [&str; 4] = [
    "host.request.started",
    "host.request.complete",
    "host.receive_response_body.started",
    "host.receive_response_body.complete",
];

/// The events of a POST.
async fn traced(client: &Client, url: &str) -> Vec<String> {
    let (log, told) = support::log();
    let request = client.post(url).content("x").trace(move |event| log(event.to_string()));
    request.send().await.unwrap();
    told()
}

support::test! {
    async fn each_point_of_the_way_is_told_by_httpxs_name() {
        let (client, url) = (Client::new(), format!("{}/anything", server().http));
        let connect = ["connection.connect_tcp.started", "connection.connect_tcp.complete"];
        let (first, again) = (traced(&client, &url).await, traced(&client, &url).await);
        match SOCKETS {
            true => assert_eq!((first, again), ([&connect[..], &SENT].concat().into_iter().map(String::from).collect(), SENT.map(String::from).to_vec())),
            false => assert_eq!((first, again), (HOST.map(String::from).to_vec(), HOST.map(String::from).to_vec())),
        }
    }

    async fn a_body_that_ends_with_its_connection_ends_in_the_trace() {
        let raw = format!("{}/raw?data={}", server().raw, support::percent(b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n\r\nall"));
        let told = traced(&Client::new(), &raw).await;
        assert_eq!(told.last().unwrap(), if SOCKETS { SENT[9] } else { HOST[3] });
    }

    // The server answers before it has the body, which goes on.
    async fn an_early_answer_is_told_when_it_comes() {
        if !SOCKETS { return }
        let (body, finish) = gate();
        let (log, told) = support::log();
        let url = format!("{}/raw?read=late&data={}&tail=abc", server().raw, support::percent(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"));
        let request = Client::new().post(url).content(whimbrel::Body::stream(body, Some(1))).trace(move |event| log(event.to_string()));
        let response = request.stream().await.unwrap();
        finish();
        assert_eq!(response.read().await.unwrap().text(), "abc");
        let told: Vec<_> = told().into_iter().filter(|event| !event.starts_with("connection.")).collect();
        assert_eq!(told, [0, 1, 2, 4, 5, 6, 3, 7, 8, 9].map(|at| SENT[at]));
    }

    async fn tls_and_tunnels_are_points_too() {
        if !OWN_TLS { return }
        let server = server();
        let tls = whimbrel::Tls::new().add_root_pem(server.ca_pem.as_deref().unwrap());
        let client = Client::builder().tls(tls).proxy(&server.http).build().unwrap();
        let told = traced(&client, &format!("{}/anything", server.https)).await;
        let points: Vec<_> = told.iter().filter(|event| event.ends_with(".complete")).map(String::as_str).take(3).collect();
        assert_eq!(points, ["connection.connect_tcp.complete", "proxy.connect.complete", "connection.start_tls.complete"]);
    }

    async fn failures_are_told_without_credentials() {
        let (log, told) = support::log();
        let url = server().refused.replace("http://", "http://user:S3CR3T@");
        let traced = Client::new().get(url).trace(move |event| log(format!("{event} {:?} {} {event:?}", event.stage(), event.info())));
        assert!(traced.send().await.is_err());
        let point = if SOCKETS { "connection.connect_tcp.failed Failed" } else { "host.request.failed Failed" };
        assert!(told()[1].starts_with(point), "{:?}", told());
        assert!(!told().concat().contains("S3CR3T"));
    }

    async fn redirects_and_mocks() {
        let (log, told) = support::log();
        let client = Client::builder().follow_redirects(true).build().unwrap();
        client.get(format!("{}/redirect/1", server().http)).trace(move |event| log(event.point().into())).send().await.unwrap();
        let point = if SOCKETS { "http11.send_request_headers" } else { "host.request" };
        let hops = if client.capabilities().redirects { 2 } else { 1 };
        assert_eq!(told().iter().filter(|told| *told == point).count(), 2 * hops);
        let (log, told) = support::log();
        support::echo().build().unwrap().get("http://h/").trace(move |event| log(event.to_string())).send().await.unwrap();
        assert!(told().is_empty());
    }
}

/// A body of one byte that waits until the function is called.
fn gate() -> (impl futures_core::Stream<Item = Result<whimbrel::Bytes, whimbrel::BoxError>>, impl FnOnce()) {
    struct Gate(Arc<AtomicU8>);
    impl futures_core::Stream for Gate {
        type Item = Result<whimbrel::Bytes, whimbrel::BoxError>;
        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            // Whoever awaits the response polls again when the gate is open.
            match self.0.load(Ordering::SeqCst) {
                0 => Poll::Pending,
                1 => {
                    self.0.store(2, Ordering::SeqCst);
                    Poll::Ready(Some(Ok("x".into())))
                }
                _ => Poll::Ready(None),
            }
        }
    }
    let state = Arc::new(AtomicU8::new(0));
    (Gate(state.clone()), move || state.store(1, Ordering::SeqCst))
}
