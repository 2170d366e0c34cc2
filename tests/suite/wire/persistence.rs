//! Which connections stay open (RFC 9112 9.3).

use whimbrel::Client;

use super::recorded;
use crate::support::{self, percent, record_id, server};

/// On how many connections two requests came that were answered so.
async fn connections(client: &Client, answer: &str) -> usize {
    let (server, id) = (server(), record_id("persists"));
    for _ in 0..2 {
        let url = format!("{}/record/{id}/?answer={}", server.raw, percent(answer.as_bytes()));
        assert_eq!(client.get(url).send().await.unwrap().text(), "ok", "{answer}");
    }
    recorded(&server, &id).await["connections"].as_array().unwrap().len()
}

support::test! {
    // B4: Transfer-Encoding is none of HTTP/1.0's, whatever else is said.
    async fn http_1_0_has_to_ask_for_it() {
        let chunked = "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 1),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", 2),
            ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 2),
            ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok", 1),
            ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: x, Keep-Alive\r\n\r\nok", 1),
            ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive, close\r\n\r\nok", 2),
            ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=5\r\n\r\nok", 2),
            (&format!("HTTP/1.1 200 OK\r\n{chunked}"), 1),
            (&format!("HTTP/1.0 200 OK\r\n{chunked}"), 2),
            (&format!("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n{chunked}"), 2),
        ] {
            assert_eq!(connections(&Client::new(), answer).await, expected, "{answer}");
        }
    }

    // RFC 9112 C.2.2: a proxy of HTTP/1.0 may pass on what was not for it.
    async fn a_proxy_of_http_1_0_is_not_believed() {
        let client = Client::builder().proxy(server().raw).build().unwrap();
        let answer = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok";
        assert_eq!(connections(&client, answer).await, 2);
        assert_eq!(connections(&client, &answer.replace("1.0", "1.1")).await, 1);
    }
}
