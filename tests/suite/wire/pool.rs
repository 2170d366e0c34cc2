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

    // N2: nor those that come later.
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

    // N3: neither does one that came to nothing in time, or whose response broke off.
    async fn a_failed_exchange_never_returns_its_connection() {
        let (client, server) = (Client::new(), server());
        let stats = || client.pool_stats().map(|stats| (stats.open, stats.idle)).unwrap();
        let cut = |answer| raw(&server, answer, "after=close");
        for url in [format!("{}/hang", server.http), cut("HTTP/1.1 200 OK\r\nContent-Le"), cut("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok")] {
            let timeout = whimbrel::Timeout::default().read(Duration::from_millis(50));
            assert!(client.get(url).timeout(timeout).send().await.unwrap_err().is_transport());
            assert_eq!(stats(), (0, 0));
        }
        // A future that is dropped in the middle, after each number of polls.
        for polls in 1..=4 {
            let mut sending = std::pin::pin!(client.get(format!("{}/delay/40", server.http)).send());
            let mut left = polls;
            std::future::poll_fn(|cx| match sending.as_mut().poll(cx) {
                std::task::Poll::Pending if left > 0 => {
                    left -= 1;
                    cx.waker().wake_by_ref();
                    std::task::Poll::Pending
                }
                _ => std::task::Poll::Ready(()),
            }).await;
        }
        assert_eq!(stats(), (0, 0));
    }

    // N14: "close" from either side.
    async fn connection_close_is_honoured_on_both_sides() {
        let (client, server, id) = (Client::new(), server(), record_id("close"));
        client.get(format!("{}/record/{id}/?close=1", server.raw)).send().await.unwrap();
        text(&format!("{}/delay/60", server.http)).await.unwrap();
        client.get(format!("{}/record/{id}/", server.raw)).header("connection", "close").send().await.unwrap();
        client.get(format!("{}/record/{id}/", server.raw)).send().await.unwrap();
        assert_eq!(recorded(&server, &id).await["connections"].as_array().unwrap().len(), 3);
    }

    // A17, A13, B2: who may be kept alive.
    async fn reuse_follows_version_and_connection_header() {
        let server = server();
        let cases = [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 1),
            ("HTTP/1.1 200 OK\r\nConnection: keep-alive, Close\r\nContent-Length: 2\r\n\r\nok", 2),
            ("HTTP/1.1 200 OK\r\nConnection: \u{e9}\r\nContent-Length: 2\r\n\r\nok", 1),
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

    // N17: a request never follows another before its answer: who comes meanwhile has a connection of its own.
    async fn requests_at_once_are_not_pipelined() {
        let (client, server, id) = (Client::new(), server(), record_id("pipeline"));
        let answer = percent(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        let url = format!("{}/record/{id}/?answer={answer}&delay=100", server.raw);
        let sent = support::join_all((0..5).map(|_| client.get(&url).send())).await;
        assert!(sent.iter().all(|response| response.as_ref().unwrap().text() == "ok"));
        let connections = recorded(&server, &id).await["connections"].clone();
        let requests: Vec<_> = connections.as_array().unwrap().iter().map(|connection| connection["requests"].as_array().unwrap().len()).collect();
        assert_eq!(requests, [1; 5]);
    }

    // N8: a fresh connection that dies is an error, not a loop.
    async fn a_fresh_connection_that_dies_is_not_retried() {
        let error = text(&raw(&server(), "", "after=close")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RemoteProtocol);
        assert!(error.to_string().contains("without sending a response"), "{error}");
    }

    // N7: what broke before a byte of an answer came is asked once more if nobody can tell; a POST never is.
    async fn a_request_lost_with_an_idle_connection_is_sent_again_when_that_is_safe() {
        let answer = "?answer=&after=close";
        for (method, body, times) in [
            ("GET", None, 2), ("PUT", Some("x".into()), 2), ("DELETE", None, 2), ("POST", Some("x".into()), 1), ("PATCH", Some("x".into()), 1),
            ("PUT", Some(whimbrel::Body::stream(support::pieces(&["x"]), None)), 1), ("PUT", Some(whimbrel::Body::pieces(["x"])), 2),
        ] {
            let (client, server, id) = (Client::new(), server(), record_id("again"));
            client.get(format!("{}/record/{id}/", server.raw)).send().await.unwrap();
            let lost = client.request(method, format!("{}/record/{id}/{answer}", server.raw)).content(body.unwrap_or_default());
            assert_eq!(lost.send().await.unwrap_err().kind(), ErrorKind::RemoteProtocol);
            let connections = recorded(&server, &id).await["connections"].clone();
            let requests = connections.as_array().unwrap().iter().map(|connection| connection["requests"].as_array().unwrap().len()).sum::<usize>();
            assert_eq!(requests, 1 + times, "{method}");
        }
    }

    // N7: an answer that makes no sense is one, and nobody is asked again for a better.
    async fn a_request_that_was_answered_is_not_sent_again() {
        for answer in ["HTTP/1.1 200 OK\r\nX y\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 101 What\r\n\r\n", "HTTP/1.1 2"] {
            let (client, server, id) = (Client::new(), server(), record_id("answered"));
            let url = format!("{}/record/{id}/", server.raw);
            client.get(&url).send().await.unwrap();
            let error = client.get(format!("{url}?answer={}&after=close", percent(answer.as_bytes()))).send().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::RemoteProtocol, "{answer}");
            assert_eq!(recorded(&server, &id).await["connections"].as_array().unwrap().len(), 1, "{answer}");
        }
    }

    // N6, N14: what is left of a short body is read before the next request; a long or endless one closes its connection.
    async fn a_body_that_nobody_reads_is_drained_if_it_is_short() {
        let server = server();
        for (path, reused) in [
            ("/bytes/10000", true), ("/stream-bytes/10000", true), ("/bytes/60000", true), ("/bytes/1000000", false), ("/stream-bytes/1000000", false),
            ("/slow?chunks=5&interval=50", false),
        ] {
            let client = Client::new();
            let first = connection(&client).await;
            drop(client.get(format!("{}{path}", server.http)).stream().await.unwrap());
            assert_eq!(connection(&client).await == first, reused, "{path}");
        }
    }

    // N14, A11: a second less than it says, where it is a number.
    async fn keep_alive_headers_are_believed() {
        let server = server();
        for (field, connections) in [("timeout=1", 2), ("timeout=0", 2), ("max=0", 2), ("timeout=30, max=1", 1), ("timeout=\"60\"", 1), ("timeout=x", 1), ("timeout=99999999999999999999", 1), ("timeout=+0", 1), ("max=-0", 1), ("timeout=٠", 1)] {
            let (client, id) = (Client::new(), record_id("keep"));
            let answer = percent(format!("HTTP/1.1 200 OK\r\nKeep-Alive: {field}\r\nContent-Length: 2\r\n\r\nok").as_bytes());
            for _ in 0..2 {
                client.get(format!("{}/record/{id}/?answer={answer}", server.raw)).send().await.unwrap();
            }
            assert_eq!(recorded(&server, &id).await["connections"].as_array().unwrap().len(), connections, "{field}");
        }
    }

    async fn the_pool_can_be_looked_at_and_closed() {
        let client = Client::new();
        let stats = || client.pool_stats().map(|stats| (stats.open, stats.idle, stats.waiting, stats.reused)).unwrap();
        assert_eq!(stats(), (0, 0, 0, 0));
        connection(&client).await;
        let url = format!("{}/slow?chunks=2&interval=10", server().http);
        let streaming = client.get(&url).stream().await.unwrap();
        assert_eq!(stats(), (1, 0, 0, 1));
        let second = client.get(&url).stream().await.unwrap();
        assert_eq!(stats(), (2, 0, 0, 1));
        second.read().await.unwrap();
        assert_eq!(stats(), (2, 1, 0, 1));
        client.close();
        assert_eq!((stats(), client.is_closed()), ((1, 0, 0, 1), true));
        streaming.read().await.unwrap();
        assert_eq!(stats(), (0, 0, 0, 1));
        let error = client.clone().get(&url).send().await.unwrap_err();
        assert!(error.kind() == ErrorKind::Unsupported && error.to_string().contains("has been closed"), "{error}");
    }
}
