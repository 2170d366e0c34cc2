//! What goes out is one request with one end, whatever it was made from (threats, group I).

use serde_json::Value;
use whimbrel::{Body, Client, ErrorKind, RequestBuilder};

use crate::support::{self, SOCKETS, latin1, pieces, server};

/// Fields that contradict the body "abc", or each other.
const CONTRADICTIONS: &[&[(&str, &str)]] = &[
    &[("content-length", "2")],
    &[("content-length", "4")],
    &[("content-length", "0")],
    &[("content-length", "18446744073709551616")],
    &[("content-length", "+3")],
    &[("content-length", "-3")],
    &[("content-length", "0x3")],
    &[("content-length", "3, 3")],
    &[("content-length", "3;")],
    &[("content-length", "")],
    &[("content-length", "٣")],
    &[("content-length", "3"), ("content-length", "3")],
    &[("content-length", "3"), ("content-length", "4")],
    &[("content-length", "3"), ("transfer-encoding", "chunked")],
    &[("transfer-encoding", "chunked"), ("content-length", "3")],
    &[("transfer-encoding", "gzip")],
    &[("transfer-encoding", "identity")],
    &[("transfer-encoding", "")],
    &[("transfer-encoding", "xchunked")],
    &[("transfer-encoding", "chunked, gzip")],
    &[("transfer-encoding", "gzip, chunked")],
    &[("transfer-encoding", "chunked, chunked")],
    &[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
    &[("transfer-encoding", "chunked"), ("transfer-encoding", "identity")],
    &[("transfer-encoding", "\u{b}chunked")],
];

fn with(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    fields.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

support::test! {
    // I2: on every target, for bytes, for a body produced anew and for none.
    async fn contradictory_framing_is_refused() {
        let (client, url) = (Client::new(), format!("{}/anything", server().http));
        for fields in CONTRADICTIONS {
            let again = || Body::from_fn(|| pieces(&["a", "bc"]), Some(3));
            for body in [Body::from("abc"), again()] {
                let error = with(client.post(&url).content(body), fields).send().await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::LocalProtocol, "{fields:?}: {error}");
            }
        }
        for method in ["GET", "HEAD", "POST", "DELETE"] {
            let error = client.request(method, &url).header("content-length", "5").send().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LocalProtocol, "{method}");
        }
    }

    // I4: text goes out as UTF-8, bytes as they are, and nothing is left out or replaced on the way there and back.
    async fn header_values_are_bytes() {
        let (client, url) = (Client::new(), format!("{}/anything", server().http));
        let every: Vec<u8> = (0x21..=0xff).filter(|byte| *byte != 0x7f).collect();
        for value in [&b"\xe9"[..], "é".as_bytes(), "名前 😀".as_bytes(), b"a\xff\x80b", b"a\tb", &every] {
            let mut request = client.get(&url).build().unwrap();
            request.headers_mut().append("x-value", value).unwrap();
            let seen: Value = client.send(request).await.unwrap().json().unwrap();
            let seen = seen["headers"].as_array().unwrap().iter().find(|field| field[0] == "x-value").unwrap()[1].clone();
            assert_eq!(seen.as_str().unwrap(), latin1(value));
            let back = client.get(format!("{}/response-headers?x-value={}", server().http, support::percent(value))).send().await.unwrap();
            assert_eq!(back.headers().get("x-value").unwrap().as_bytes(), value);
        }
        let text = client.get(&url).header("x-value", "é").build().unwrap();
        assert_eq!(text.headers().get("x-value").unwrap().as_bytes(), "é".as_bytes());
        for value in [&b"a\x7f"[..], b"\x1b[2J", b"a\r\nb", b"a\0"] {
            let mut request = client.get(&url).build().unwrap();
            assert_eq!(request.headers_mut().append("x-value", value).unwrap_err().kind(), ErrorKind::LocalProtocol);
        }
    }

    // I3: whatever the method, a body is there for whoever reads it.
    async fn a_body_of_any_method_arrives() {
        let (client, url) = (Client::new(), format!("{}/anything", server().http));
        for method in ["GET", "DELETE", "OPTIONS", "PUT", "QUERY"] {
            if method == "GET" && !SOCKETS { continue }
            let seen: Value = client.request(method, &url).content("abc").send().await.unwrap().json().unwrap();
            assert_eq!((&seen["method"], &seen["body"]), (&method.into(), &"abc".into()));
        }
    }
}

// A host frames the body itself.
support::where_sockets! {
    use whimbrel::{Method, Request};

    use super::recorded;
    use crate::support::record_id;

    /// The bytes of what was sent.
    async fn sent(client: &Client, build: impl Fn(String) -> Request) -> String {
        let (server, id) = (server(), record_id("framing"));
        client.send(build(format!("{}/record/{id}/", server.raw))).await.unwrap();
        recorded(&server, &id).await["connections"][0]["requests"][0]["raw"].as_str().unwrap().to_owned()
    }

    support::test! {
        // I3
        async fn every_body_is_framed_and_none_is_too() {
            let client = Client::new();
            for method in ["GET", "HEAD", "DELETE", "OPTIONS", "POST", "PUT", "PATCH", "QUERY"] {
                let bytes = sent(&client, |url| client.request(method, url).content("abc").build().unwrap()).await;
                assert!(bytes.contains("\r\nContent-Length: 3\r\n") && bytes.ends_with("\r\n\r\nabc"), "{bytes}");
                let chunks = sent(&client, |url| client.request(method, url).content(Body::stream(pieces(&["a", "bc"]), None)).build().unwrap()).await;
                assert!(chunks.contains("\r\nTransfer-Encoding: chunked\r\n") && chunks.ends_with("\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"), "{chunks}");
                let by_hand = |body: &'static str| move |url: String| {
                    let mut request = Request::new(method.parse::<Method>().unwrap(), url.parse().unwrap());
                    *request.body_mut() = body.into();
                    request
                };
                assert!(sent(&client, by_hand("abc")).await.contains("\r\nContent-Length: 3\r\n"));
                for nothing in [sent(&client, |url| client.request(method, url).build().unwrap()).await, sent(&client, by_hand("")).await] {
                    let announced = matches!(method, "POST" | "PUT" | "PATCH");
                    assert_eq!(nothing.matches("\r\nContent-Length: 0\r\n").count(), usize::from(announced), "{nothing}");
                    assert!(nothing.ends_with("\r\n\r\n") && !nothing.contains("Transfer-Encoding"), "{nothing}");
                }
            }
        }

        // I2, L3: what was announced and does not come ends the connection, for the server waits for it.
        async fn a_body_of_another_length_than_announced_ends_the_connection() {
            let (client, server) = (Client::new(), server());
            let broken = |length: Option<u64>, parts| client.post("http://h/").content(Body::stream(pieces(parts), length)).build().unwrap();
            let mut own = broken(None, &["ab"]);
            own.headers_mut().remove("transfer-encoding");
            own.headers_mut().insert("content-length", "4").unwrap();
            for mut request in [broken(Some(4), &["abcdef"]), broken(Some(4), &["ab", "cde"]), broken(Some(4), &["ab"]), broken(Some(4), &[]), own] {
                let id = record_id("broken");
                *request.url_mut() = format!("{}/record/{id}/", server.raw).parse().unwrap();
                let error = client.send(request).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::LocalProtocol, "{error}");
                let next = client.get(format!("{}/record/{id}/", server.raw)).send().await.unwrap();
                assert_eq!(next.status(), 200);
                let seen = recorded(&server, &id).await;
                // The server may see the end of the first connection after the second's request.
                for connection in seen["connections"].as_array().unwrap() {
                    let requests = connection["requests"].as_array().unwrap();
                    assert_eq!(requests.len(), 1, "{seen}");
                    assert_eq!(requests[0]["complete"] == true, requests[0]["raw"].as_str().unwrap().starts_with("GET"), "{seen}");
                }
            }
        }
    }
}
