//! What a request's trace tells.

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
