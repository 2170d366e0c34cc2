//! HTTP/2 with the example server: by prior knowledge, which every socket target can.

use std::time::Duration;

use serde_json::Value;
use whimbrel::{Body, Client, ClientBuilder, ErrorKind, Limits, Timeout, Version};

use crate::support::{self, server};

/// A client that speaks nothing else.
fn http2() -> ClientBuilder {
    Client::builder().http1(false).http2(true)
}

/// The number of the connection that a request came by.
async fn connection(client: &Client) -> u64 {
    let response = client.get(format!("{}/anything", server().http)).send().await.unwrap();
    assert_eq!(response.version(), Some(Version::HTTP_2));
    response.json::<Value>().unwrap()["connection"].as_u64().unwrap()
}

support::test! {
    async fn requests_share_a_connection() {
        let client = http2().build().unwrap();
        let first = connection(&client).await;
        assert_eq!(connection(&client).await, first);
        let stats = client.pool_stats().unwrap();
        assert_eq!((stats.open, stats.idle, stats.waiting, stats.reused), (1, 1, 0, 1));
    }

    async fn requests_at_once_share_a_connection_that_is_not_there_yet() {
        let client = http2().build().unwrap();
        let all = (0..50).map(|_| connection(&client));
        let connections = support::join_all(all).await;
        assert!(connections.iter().all(|&one| one == connections[0]), "{connections:?}");
        let stats = client.pool_stats().unwrap();
        assert_eq!((stats.open, stats.idle, stats.waiting), (1, 1, 0));
    }

    async fn bodies_go_up_and_down() {
        let client = http2().build().unwrap();
        let large = vec![b'x'; 3 << 20];
        for body in [Body::from("small"), Body::from(large.clone()), Body::pieces(large.chunks(70_000).map(<[u8]>::to_vec).collect::<Vec<_>>())] {
            let length = body.length();
            let response = client.post(format!("{}/upload", server().http)).content(body).send().await.unwrap();
            assert_eq!(response.json::<Value>().unwrap()["length"].as_u64(), length.or(Some(large.len() as u64)));
        }
        let response = client.get(format!("{}/bytes/20000000", server().http)).send().await.unwrap();
        assert_eq!(response.bytes().len(), 20_000_000);
    }

    // I6
    async fn nothing_of_the_connection_is_sent() {
        let client = http2().build().unwrap();
        let request = client.get(format!("{}/anything", server().http)).header("connection", "keep-alive, x-hop").header("x-hop", "1");
        let seen: Value = request.header("te", "gzip").header("x-kept", "2").send().await.unwrap().json().unwrap();
        let names: Vec<&str> = seen["headers"].as_array().unwrap().iter().filter_map(|field| field[0].as_str()).collect();
        assert!(names.contains(&"x-kept"), "{names:?}");
        for name in ["connection", "x-hop", "te", "transfer-encoding"] {
            assert!(!names.contains(&name), "{names:?}");
        }
    }

    // C19: who drops a response resets its stream, and the connection serves on.
    async fn a_dropped_response_leaves_the_connection_alone() {
        let client = http2().build().unwrap();
        let first = connection(&client).await;
        let response = client.get(format!("{}/slow?chunks=50&interval=50", server().http)).stream().await.unwrap();
        drop(response);
        assert_eq!(connection(&client).await, first);
        assert_eq!(client.pool_stats().unwrap().idle, 1);
    }

    // C17: the connection serves on as long as it is heard of: here, by answers to pings.
    async fn a_timeout_is_one_requests_alone() {
        let often = Duration::from_millis(100);
        let client = http2().http2_keep_alive(often, Duration::from_secs(5)).timeout(Timeout::default().read(Duration::from_millis(500))).build().unwrap();
        let first = connection(&client).await;
        let error = client.get(format!("{}/delay/5000", server().http)).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReadTimeout);
        assert_eq!(connection(&client).await, first);
    }

    // C16
    async fn a_server_that_speaks_http_1_alone_is_told_apart() {
        let client = http2().build().unwrap();
        let error = client.get(format!("{}/raw?data=HTTP/1.1%20400%20No%0d%0a%0d%0a", server().raw)).send().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::RemoteProtocol | ErrorKind::Read), "{error}");
    }

    // C13: a server that is about to go away answers what it took; the rest goes over another connection.
    async fn a_connection_that_goes_away_is_replaced() {
        let client = http2().build().unwrap();
        for _ in 0..3 {
            assert_eq!(client.get(format!("{}/goaway", server().http)).send().await.unwrap().text(), "ok");
            connection(&client).await;
        }
        let urls = (0..20).map(|turn| format!("{}/{}", server().http, if turn % 5 == 0 { "goaway" } else { "get" }));
        let all = support::join_all(urls.map(|url| async { client.post(url).send().await.map(|_| ()) })).await;
        assert!(all.iter().all(Result::is_ok), "{all:?}");
    }

    async fn what_the_server_breaks_off_is_an_error() {
        let client = http2().build().unwrap();
        for path in ["abort", "close-mid-body?send=10&length=100", "reset"] {
            let error = client.get(format!("{}/{path}", server().http)).send().await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::RemoteProtocol | ErrorKind::Read), "{path}: {error}");
            connection(&client).await;
        }
    }

    async fn an_answer_before_the_end_of_the_upload_counts() {
        let client = http2().build().unwrap();
        let body = Body::from(vec![b'x'; 5 << 20]);
        let response = client.post(format!("{}/early?status=413", server().http)).content(body).send().await.unwrap();
        assert_eq!(response.status(), 413);
        connection(&client).await;
    }

    async fn an_idle_connection_expires() {
        let limits = Limits::default().keepalive_expiry(Duration::ZERO);
        let client = http2().limits(limits).build().unwrap();
        let first = connection(&client).await;
        assert_ne!(connection(&client).await, first);
    }

    // N16
    async fn a_connection_does_not_live_for_ever() {
        let limits = Limits::default().max_connection_lifetime(Duration::from_millis(200));
        let client = http2().limits(limits).build().unwrap();
        let first = connection(&client).await;
        // It is over before the response is there: that one is read all the same.
        assert!(client.get(format!("{}/delay/300", server().http)).send().await.unwrap().is_success());
        assert_ne!(connection(&client).await, first);
    }

    async fn versions_are_asked_for_with_sense() {
        let refused = |builder: ClientBuilder| builder.build().err().map(|error| error.kind());
        assert_eq!(refused(Client::builder().http1(false).http2(false)), Some(ErrorKind::Unsupported));
        let pings = |builder: ClientBuilder| builder.http2_keep_alive(Duration::from_secs(1), Duration::from_secs(1));
        assert_eq!(refused(pings(Client::builder().http2(false))), Some(ErrorKind::Unsupported));
        assert_eq!(refused(pings(Client::builder())), None);
    }
}
