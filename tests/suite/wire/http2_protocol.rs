//! What HTTP/2 shares with HTTP/1.1 beside requests and responses: trailers, targets, `Expect`, what is known of a connection.

use std::time::Duration;

use serde_json::{Value, json};
use whimbrel::{Client, ErrorKind, RequestTarget, Version};

use crate::support::{self, OWN_TLS, server};

fn http2() -> Client {
    Client::builder().http1(false).http2(true).build().unwrap()
}

support::test! {
    async fn trailers_go_both_ways() {
        let (client, server) = (http2(), server());
        let response = client.get(format!("{}/trailers", server.http)).header("te", "trailers").send().await.unwrap();
        assert_eq!((response.version(), response.text().as_ref()), (Some(Version::HTTP_2), "body with trailers\n"));
        assert_eq!(response.trailers().unwrap().get("x-checksum").unwrap(), "abc123");
        let request = client.post(format!("{}/anything", server.http)).content("hello");
        let seen: Value = request.trailers(|| [("x-sum", "5d41")]).send().await.unwrap().json().unwrap();
        assert_eq!((&seen["body"], &seen["trailers"]), (&json!("hello"), &json!([["x-sum", "5d41"]])));
    }

    async fn a_target_is_the_path() {
        let request = http2().get(server().http).extension(RequestTarget("/anything/a|b".into()));
        assert_eq!(request.send().await.unwrap().json::<Value>().unwrap()["target"], "/anything/a|b");
        let request = http2().get(server().http).extension(RequestTarget("/a b".into()));
        assert_eq!(request.send().await.unwrap_err().kind(), ErrorKind::LocalProtocol);
    }

    async fn a_connection_is_known() {
        let (client, url) = (http2(), format!("{}/delay/60", server().http));
        for is_reused in [false, true] {
            let response = client.get(&url).send().await.unwrap();
            let connection = response.connection().unwrap();
            assert_eq!(format!("http://{}", connection.remote_address().unwrap()), server().http);
            assert_eq!((connection.is_reused(), connection.timings().connect.is_some()), (is_reused, !is_reused));
            assert!(connection.timings().wait + connection.timings().send >= Duration::from_millis(50));
            assert!(connection.timings().receive.is_some());
        }
    }

    // N5: not before a second is over where nobody asks for it, and then once.
    async fn a_body_waits_to_be_asked_for() {
        let request = http2().post(format!("{}/anything", server().http)).header("expect", "100-continue").content("hello");
        let response = request.send().await.unwrap();
        assert_eq!(response.json::<Value>().unwrap()["body"], "hello");
        assert!(response.elapsed() < Duration::from_secs(3), "{:?}", response.elapsed());
        // Who answers without it does not get it, and the connection serves on.
        let client = http2();
        let url = format!("{}/early?status=413", server().http);
        let refused = client.post(url).header("expect", "100-continue").content(vec![0; 100_000]).send().await.unwrap();
        assert_eq!(refused.status(), 413);
        assert_eq!(client.get(format!("{}/get", server().http)).send().await.unwrap().status(), 200);
        assert_eq!(client.pool_stats().unwrap().open, 1);
    }

    // A connection that may be handed over is nobody else's.
    async fn upgrades_are_asked_for_in_http_1_1() {
        let server = server();
        let refused = http2().get(server.http.replace("http", "ws")).send().await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
        if OWN_TLS {
            let client = server.client();
            let version = |upgrade: &'static str| {
                let request = client.get(format!("{}/get", server.https)).header("connection", upgrade);
                let request = if upgrade == "upgrade" { request.header("upgrade", "echo") } else { request };
                async move { request.send().await.unwrap().version().unwrap() }
            };
            let expected = [("keep-alive", Version::HTTP_2), ("upgrade", Version::HTTP_11), ("keep-alive", Version::HTTP_2)];
            for (upgrade, expected) in expected {
                assert_eq!(version(upgrade).await, expected, "{upgrade}");
            }
        }
    }
}
