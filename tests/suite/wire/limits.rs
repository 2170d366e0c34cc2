//! What `Limits` sets beyond the number of connections.

use std::time::Duration;

use whimbrel::{Client, ErrorKind, Limits, Timeout};

use super::{raw, recorded, text};
use crate::support::{self, join_all, percent, record_id, server};

fn limited(limits: Limits) -> Client {
    Client::builder().limits(limits).build().unwrap()
}

support::test! {
    // N12: each origin has as many connections as it may have, and none waits for another's.
    async fn hosts_have_limits_of_their_own() {
        let (server, id) = (server(), record_id("host"));
        let client = limited(Limits::default().max_connections_per_host(2).max_connections(10));
        let answer = percent(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        let url = format!("{}/record/{id}/?answer={answer}&delay=40", server.raw);
        let crowd = join_all((0..20).map(|_| client.get(&url).send()));
        let elsewhere = async {
            let response = client.get(format!("{}/get", server.http)).timeout(Timeout::default().pool(Duration::ZERO)).send().await;
            (response.is_ok(), client.pool_stats().unwrap().waiting)
        };
        let (mut crowd, mut elsewhere) = (std::pin::pin!(crowd), std::pin::pin!(elsewhere));
        let (mut served, mut passed) = (None, None);
        std::future::poll_fn(|cx| {
            if served.is_none() && let std::task::Poll::Ready(responses) = crowd.as_mut().poll(cx) { served = Some(responses) }
            if passed.is_none() && let std::task::Poll::Ready(result) = elsewhere.as_mut().poll(cx) { passed = Some(result) }
            if served.is_some() && passed.is_some() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        }).await;
        let (is_ok, waiting) = passed.unwrap();
        assert!(is_ok && waiting >= 10, "{waiting} waited meanwhile");
        assert!(served.unwrap().iter().all(Result::is_ok));
        assert_eq!(recorded(&server, &id).await["connections"].as_array().unwrap().len(), 2);
        assert_eq!(client.pool_stats().unwrap().waiting, 0);
    }

    // N10: who gives up waiting takes nobody's turn along.
    async fn who_gives_up_leaves_its_turn_to_the_next() {
        let client = limited(Limits::default().max_connections(1));
        let url = format!("{}/get", server().http);
        let held = client.get(format!("{}/slow?chunks=2&interval=1000", server().http)).stream().await.unwrap();
        let mut next = std::pin::pin!(client.get(&url).send());
        {
            let mut gives_up = std::pin::pin!(client.get(&url).send());
            std::future::poll_fn(|cx| {
                assert!(gives_up.as_mut().poll(cx).is_pending() && next.as_mut().poll(cx).is_pending());
                std::task::Poll::Ready(())
            }).await;
            assert_eq!(client.pool_stats().unwrap().waiting, 2);
            // The turn comes, and is not taken.
            drop(held);
        }
        assert_eq!(next.await.unwrap().status(), 200);
        assert_eq!(client.pool_stats().unwrap().waiting, 0);
    }

    // N16, O4: a connection serves for so long, be it idle or in use when the time is over.
    async fn a_connection_does_not_live_for_ever() {
        let server = server();
        let connections = async |lifetime: Duration, between: u32, pause: u32| {
            let (client, id) = (limited(Limits::default().max_connection_lifetime(lifetime)), record_id("lifetime"));
            let answer = percent(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            for _ in 0..2 {
                client.get(format!("{}/record/{id}/?answer={answer}&delay={pause}", server.raw)).send().await.unwrap();
                text(&format!("{}/delay/{between}", server.http)).await.unwrap();
            }
            recorded(&server, &id).await["connections"].as_array().unwrap().len()
        };
        assert_eq!(connections(Duration::from_millis(50), 60, 0).await, 2);
        // It is over before the response is there: that one is read all the same.
        assert_eq!(connections(Duration::from_millis(50), 0, 60).await, 2);
        assert_eq!(connections(Duration::ZERO, 0, 0).await, 2);
        for long in [Duration::from_secs(60), Duration::MAX] {
            assert_eq!(connections(long, 60, 0).await, 1);
        }
    }

    // A1: the limits of heads are the user's.
    async fn heads_may_be_as_large_as_the_user_says() {
        let server = server();
        let field = |length: usize| raw(&server, format!("HTTP/1.1 204 No\r\nX: {}\r\n\r\n", "y".repeat(length)), "");
        let fields = |count: usize| raw(&server, "HTTP/1.1 204 No\r\n", &format!("flood=X:%20y%0D%0A&times={count}&tail=%0D%0A"));
        for (limits, url, is_ok) in [
            (Limits::default(), field(10_000), true),
            (Limits::default().max_head_size(10_000), field(10_000), false),
            (Limits::default().max_head_size(10_000), field(4_000), true),
            (Limits::default(), fields(256), true),
            (Limits::default(), fields(257), false),
            (Limits::default().max_head_fields(2_000), fields(2_000), true),
            (Limits::default().max_head_fields(2_000), fields(2_001), false),
            (Limits::default().max_head_fields(10), fields(11), false),
            (Limits::default().max_head_size(1 << 20), raw(&server, "HTTP/1.1 204 No\r\nX: ", "flood=yyyyyyyyyy&times=50000&tail=%0D%0A%0D%0A"), true),
        ] {
            match limited(limits).get(&url).send().await {
                Ok(response) => assert!(is_ok && response.headers().contains("x"), "{limits:?} {}", &url[..60]),
                Err(error) => assert!(!is_ok && error.kind() == ErrorKind::LimitExceeded, "{limits:?} {error}"),
            }
        }
        let error = text(&fields(257)).await.unwrap_err().to_string();
        assert!(error.contains("131072 bytes, 256 fields") && error.contains("max_head_fields"), "{error}");
    }

    // A2: more names than `http::HeaderMap` has room for.
    async fn forty_thousand_names_arrive() {
        let server = server();
        let client = limited(Limits::default().max_head_size(4 << 20).max_head_fields(40_000));
        for count in [24_577, 40_000, 40_001] {
            let url = raw(&server, "HTTP/1.1 204 No\r\n", &format!("flood=X-%23:%20y%0D%0A&times={count}&numbered=1&tail=%0D%0A"));
            match client.get(&url).send().await {
                Ok(response) => {
                    assert_eq!((response.headers().iter().count(), count <= 40_000), (count, true));
                    assert_eq!(response.headers().get(format!("x-{}", count - 1)).unwrap(), "y");
                    assert!(!format!("{response:?} {:?}", response.headers()).is_empty());
                }
                Err(error) => assert_eq!((error.kind(), count), (ErrorKind::LimitExceeded, 40_001), "{error}"),
            }
        }
    }
}
