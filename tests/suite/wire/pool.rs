//! Connections: reused when that is safe, and never otherwise (threats N).

use std::time::Duration;

use serde_json::Value;
use whimbrel::{Client, ErrorKind, Limits};

use super::{raw, recorded, text};
use crate::support::{self, percent, record_id, server};

/// The number of the connection that this request came by.
async fn connection(client: &Client) -> u64 {
    let response = client.get(format!("{}/anything", server().http)).send().await.unwrap();
    response.json::<Value>().unwrap()["connection"].as_u64().unwrap()
}

support::test! {
    async fn two_requests_share_a_connection() {
        let (client, server, id) = (Client::new(), server(), record_id("two"));
        for _ in 0..2 {
            client.get(format!("{}/record/{id}/", server.raw)).send().await.unwrap();
        }
        let connections = recorded(&server, &id).await["connections"].clone();
        assert_eq!((connections.as_array().unwrap().len(), connections[0]["requests"].as_array().unwrap().len()), (1, 2));
    }

    // N2: an idle connection that the server closed is noticed before use.
    async fn a_connection_closed_while_idle_is_replaced() {
        let client = Client::new();
        let url = format!("{}/idle-close?after=20", server().raw);
        for _ in 0..3 {
            assert!(client.get(&url).send().await.is_ok());
            text(&format!("{}/delay/60", server().http)).await.unwrap();
        }
    }

    // B10, N1: bytes behind the end of a message must not become the next response.
    async fn bytes_behind_a_response_close_its_connection() {
        let client = Client::new();
        let evil = percent(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL");
        for _ in 0..2 {
            let response = client.get(format!("{}/glued?extra={evil}", server().raw)).send().await.unwrap();
            assert_eq!(response.text(), "ok");
        }
    }

    async fn bytes_that_nobody_asked_for_close_an_idle_connection() {
        let client = Client::new();
        let evil = percent(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL");
        let url = format!("{}/unsolicited?after=10&data={evil}", server().raw);
        for _ in 0..2 {
            assert_eq!(client.get(&url).send().await.unwrap().text(), "ok");
            text(&format!("{}/delay/60", server().http)).await.unwrap();
        }
    }

    // N3: a request dropped in the middle takes its connection with it.
    async fn a_broken_exchange_never_returns_its_connection() {
        let client = Client::new();
        let first = connection(&client).await;
        let response = client.get(format!("{}/slow?chunks=3&interval=50", server().http)).stream().await.unwrap();
        drop(response);
        assert_ne!(connection(&client).await, first);
    }

    async fn connection_close_is_honoured_on_both_sides() {
        let (client, server, id) = (Client::new(), server(), record_id("close"));
        client.get(format!("{}/record/{id}/?close=1", server.raw)).send().await.unwrap();
        text(&format!("{}/delay/60", server.http)).await.unwrap();
        client.get(format!("{}/record/{id}/", server.raw)).header("connection", "close").send().await.unwrap();
        client.get(format!("{}/record/{id}/", server.raw)).send().await.unwrap();
        assert_eq!(recorded(&server, &id).await["connections"].as_array().unwrap().len(), 3);
    }

    // A17: who may be kept alive.
    async fn reuse_follows_version_and_connection_header() {
        let server = server();
        let cases = [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 1),
            ("HTTP/1.1 200 OK\r\nConnection: keep-alive, Close\r\nContent-Length: 2\r\n\r\nok", 2),
            ("HTTP/1.1 200 OK\r\nConnection: \u{e9}\r\nContent-Length: 2\r\n\r\nok", 1),
            ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", 2),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 2),
            ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 2),
            ("HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nok", 2),
            // Its body may come later.
            ("HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\n", 2),
            ("HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n", 1),
            ("HTTP/1.1 304 No\r\nContent-Length: 2\r\n\r\n", 1),
        ];
        for (answer, connections) in cases {
            let (client, id) = (Client::new(), record_id("reuse"));
            for _ in 0..2 {
                client.get(format!("{}/record/{id}/?answer={}", server.raw, percent(answer.as_bytes()))).send().await.unwrap();
            }
            let seen = recorded(&server, &id).await["connections"].as_array().unwrap().len();
            assert_eq!(seen, connections, "{answer:?}");
        }
    }

    async fn limits_hold_and_waiting_requests_are_served_in_turn() {
        let client = Client::builder().limits(Limits::default().max_connections(1)).build().unwrap();
        let url = format!("{}/delay/20", server().http);
        let (mut one, mut two) = (std::pin::pin!(client.get(&url).send()), std::pin::pin!(client.get(&url).send()));
        let (mut first, mut second) = (None, None);
        std::future::poll_fn(|cx| {
            for (future, done) in [(&mut one, &mut first), (&mut two, &mut second)] {
                if done.is_none() && let std::task::Poll::Ready(result) = future.as_mut().poll(cx) {
                    *done = Some(result.unwrap().json::<Value>().unwrap()["connection"].clone());
                }
            }
            if first.is_some() && second.is_some() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        }).await;
        assert_eq!(first, second);
    }

    // N12: the limit is exact, however many ask at once, and all are served.
    async fn many_requests_at_once_keep_the_limit() {
        let client = Client::builder().limits(Limits::default().max_connections(5)).timeout(None).build().unwrap();
        let seen = support::join_all((0..200).map(|_| connection(&client))).await;
        let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), distinct.len()), (200, 5));
    }

    // N4: an answer that came before the request was sent whole is delivered; the connection is not used again.
    async fn an_answer_to_half_a_request_takes_its_connection_along() {
        let (client, server, id) = (Client::new(), server(), record_id("half"));
        let answer = percent(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
        let url = format!("{}/record/{id}/?answer={answer}&read=never&after=hold", server.raw);
        let response = client.post(url).content(vec![0; 50_000_000]).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.text().as_ref()), (413, "no"));
        client.get(format!("{}/record/{id}/", server.raw)).send().await.unwrap();
        assert_eq!(recorded(&server, &id).await["connections"].as_array().unwrap().len(), 2);
    }

    // N15: the timeout of one request does not end the connection under the next.
    async fn a_read_timeout_does_not_outlive_its_request() {
        let client = Client::builder().timeout(whimbrel::Timeout::default().read(Duration::from_millis(50))).build().unwrap();
        let first = connection(&client).await;
        text(&format!("{}/delay/100", server().http)).await.unwrap();
        assert_eq!(connection(&client).await, first);
    }

    // N9: another port is another origin, whatever the host.
    async fn origins_share_no_connection() {
        let (client, server) = (Client::new(), server());
        let first = connection(&client).await;
        assert_eq!(client.get(format!("{}/banner", server.raw)).send().await.unwrap().text(), "ok");
        assert_eq!(connection(&client).await, first);
    }

    async fn idle_connections_expire_and_are_counted() {
        for limits in [Limits::default().keepalive_expiry(Duration::ZERO), Limits::default().max_keepalive_connections(0)] {
            let client = Client::builder().limits(limits).build().unwrap();
            assert_ne!(connection(&client).await, connection(&client).await);
        }
    }

    // N17, N8: a fresh connection that dies is an error, not a loop.
    async fn a_fresh_connection_that_dies_is_not_retried() {
        let error = text(&raw(&server(), "", "after=close")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RemoteProtocol);
        assert!(error.to_string().contains("without sending a response"), "{error}");
    }
}
