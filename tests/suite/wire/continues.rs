//! `Expect: 100-continue`, and answers that come before the request has gone out.

use std::time::Duration;

use serde_json::Value;
use whimbrel::{Body, Client, ErrorKind};

use super::recorded;
use crate::support::{self, percent, pieces, record_id, server};

const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const FAILED: &str = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno";

/// The status, what the server got of the body, and on how many connections this request and a next one came.
async fn expecting(body: Body, answer: &str, more: &str) -> (u16, String, usize) {
    let (status, body, connections, _) = timed(body, answer, more).await;
    (status, body, connections)
}

/// The same, and how long it took.
async fn timed(body: Body, answer: &str, more: &str) -> (u16, String, usize, Duration) {
    let (client, server, id) = (Client::new(), server(), record_id("expect"));
    let url = format!("{}/record/{id}/?answer={}&{more}", server.raw, percent(answer.as_bytes()));
    let response = client.post(url).header("expect", "100-continue").content(body).send().await.unwrap();
    client.get(format!("{}/record/{id}/", server.raw)).send().await.unwrap();
    let seen = recorded(&server, &id).await;
    let connections = seen["connections"].as_array().unwrap();
    let first = connections[0]["requests"][0]["raw"].as_str().unwrap_or_default();
    let body = first.split_once("\r\n\r\n").unwrap().1.to_owned();
    (response.status().as_u16(), body, connections.len(), response.elapsed())
}

support::test! {
    // N5: the body goes out when it is asked for, once; and else not at all.
    async fn a_body_is_sent_or_not_exactly_once() {
        let tail = format!("read=late&tail={}", percent(OK.as_bytes()));
        let chunked = || Body::stream(pieces(&["he", "llo"]), None);
        for (body, answer, more, expected) in [
            ("hello".into(), CONTINUE, tail.as_str(), (200, "hello", 1)),
            (chunked(), CONTINUE, &tail, (200, "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", 1)),
            ("hello".into(), &CONTINUE.repeat(2), &tail, (200, "hello", 1)),
            ("hello".into(), &format!("HTTP/1.1 102 Wait\r\n\r\n{CONTINUE}"), &tail, (200, "hello", 1)),
            // The server does not want it: half a request is nothing to go on with.
            ("hello".into(), FAILED, "read=late", (417, "", 2)),
            (chunked(), FAILED, "read=late", (417, "", 2)),
            ("hello".into(), OK, "read=late", (200, "", 2)),
            ("hello".into(), FAILED, "read=never&after=close", (417, "", 2)),
            // There is nothing to wait for.
            (Body::empty(), OK, "", (200, "", 1)),
        ] {
            let (status, body, connections) = expecting(body, answer, more).await;
            assert_eq!((status, body.as_str(), connections), expected, "{answer} {more}");
        }
    }

    // N5: servers that know nothing of it are waited for no longer than a second, whatever comes later.
    async fn a_body_that_nobody_asks_for_goes_out_after_a_second() {
        for answer in [OK, &format!("{CONTINUE}{OK}")] {
            let (status, body, connections, took) = timed("hello".into(), answer, "").await;
            assert_eq!((status, body.as_str(), connections), (200, "hello", 1));
            assert!((900..3_000).contains(&took.as_millis()), "{took:?}");
        }
    }

    // Nor does a shorter timeout end it: the server is not late before it has all of the request.
    async fn the_wait_is_none_for_the_server() {
        let url = format!("{}/anything", server().http);
        let request = whimbrel::post(url).header("expect", "100-Continue").content("x");
        let response = request.timeout(whimbrel::Timeout::default().read(Duration::from_millis(700)).write(Duration::from_millis(100)));
        assert_eq!(response.send().await.unwrap().json::<Value>().unwrap()["body"], "x");
    }

    // N5: a connection that ends is an error, and what cannot be repeated is not.
    async fn a_server_that_goes_away_is_asked_once() {
        let (server, id) = (server(), record_id("gone"));
        let url = format!("{}/record/{id}/?answer=&read=never&after=close", server.raw);
        let error = whimbrel::post(url).header("expect", "100-continue").content("hello").send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RemoteProtocol);
        let seen = recorded(&server, &id).await;
        assert_eq!(seen["connections"].as_array().unwrap().len(), 1);
        assert!(seen["connections"][0]["requests"][0]["raw"].as_str().unwrap().ends_with("\r\n\r\n"));
    }

    // N4: it is delivered at once, and the rest of the upload is no part of a next request.
    async fn an_early_answer_ends_the_upload_and_its_connection() {
        let (server, id) = (server(), record_id("early"));
        for read in ["&read=never&after=hold", "&read=late"] {
            let client = Client::new();
            let answer = percent(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
            let url = format!("{}/record/{id}/?answer={answer}{read}", server.raw);
            let body = Body::stream(support::Endless, None);
            let response = client.post(url).content(body).send().await.unwrap();
            assert_eq!((response.status().as_u16(), response.text().as_ref()), (413, "no"));
            assert!(response.elapsed() < Duration::from_secs(1), "{:?}", response.elapsed());
            assert_eq!(client.pool_stats().unwrap().open, 0);
            assert_eq!(client.get(format!("{}/banner", server.raw)).send().await.unwrap().text(), "ok");
        }
    }
}
