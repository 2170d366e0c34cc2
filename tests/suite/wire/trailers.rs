//! Fields behind bodies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use whimbrel::{Body, Client, ErrorKind};

use super::raw;
use crate::support::{self, SOCKETS, pieces, server};

support::test! {
    async fn trailers_come_behind_the_body_and_stay_there() {
        let url = format!("{}/trailers", server().raw);
        let response = whimbrel::get(&url).send().await.unwrap();
        assert_eq!(response.text(), "body with trailers\n");
        assert!(!response.headers().contains("x-checksum"));
        assert_eq!(response.trailers().is_some(), SOCKETS);
        if let Some(trailers) = response.trailers() {
            assert_eq!((trailers.get("x-checksum").unwrap(), trailers.len()), (&"abc123".parse().unwrap(), 2));
        }
        let mut response = whimbrel::get(url).stream().await.unwrap();
        assert!(response.trailers().is_none());
        while response.chunk().await.unwrap().is_some() {}
        assert_eq!(response.trailers().is_some(), SOCKETS);
    }

    async fn a_request_has_trailers_where_it_can() {
        let request = whimbrel::post(format!("{}/anything", server().http)).content("hello").header("trailer", "x-sum");
        match request.trailers(|| [("x-sum", "5d41")]).send().await {
            Ok(response) => {
                let seen: Value = response.json().unwrap();
                assert_eq!((&seen["body"], &seen["trailers"]), (&json!("hello"), &json!([["x-sum", "5d41"]])));
            }
            Err(error) => assert!(!SOCKETS && error.kind() == ErrorKind::Unsupported, "{error}"),
        }
    }

    // B8, in the other direction.
    async fn what_must_come_first_is_no_trailer() {
        for name in ["content-length", "Transfer-Encoding", "host", "authorization", "cookie", "te", "bad name", "x\r\ny"] {
            let request = whimbrel::post(format!("{}/anything", server().http)).content("x").trailers(move || [(name, "1")]);
            let expected = if SOCKETS { ErrorKind::LocalProtocol } else { ErrorKind::Unsupported };
            assert_eq!(request.send().await.unwrap_err().kind(), expected, "{name}");
        }
        let request = whimbrel::post(format!("{}/anything", server().http)).content("x").header("content-length", "1");
        let error = request.trailers(|| [("x", "1")]).send().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::LocalProtocol | ErrorKind::Unsupported), "{error}");
    }
}

support::test! {
    // Of what was sent, they can tell; and they do so again when it is sent again.
    async fn trailers_are_made_when_the_body_has_ended() {
        if !SOCKETS { return }
        let sent = Arc::new(AtomicUsize::new(0));
        let (counter, told) = (sent.clone(), sent.clone());
        let body = Body::pieces(["he", "llo"].map(String::from).into_iter().inspect(move |piece| {
            counter.fetch_add(piece.len(), Ordering::SeqCst);
        }));
        let client = Client::builder().follow_redirects(true).build().unwrap();
        // This one reads the body before it redirects.
        let location = format!("{}/anything", server().http);
        let url = raw(&server(), format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"), "");
        let request = client.post(url).content(body).trailers(move || [("x-sent", told.load(Ordering::SeqCst).to_string())]);
        let seen: Value = request.send().await.unwrap().json().unwrap();
        assert_eq!((&seen["body"], &seen["trailers"]), (&json!("hello"), &json!([["x-sent", "10"]])));
    }

    async fn streams_and_nothing_have_trailers_too() {
        if !SOCKETS { return }
        for (body, text) in [(Body::stream(pieces(&["a", "b"]), Some(2)), "ab"), (Body::empty(), "")] {
            let request = whimbrel::post(format!("{}/anything", server().http)).content(body).header("trailer", "x");
            let seen: Value = request.trailers(|| [("x", "1")]).send().await.unwrap().json().unwrap();
            assert_eq!((&seen["body"], &seen["trailers"]), (&json!(text), &json!([["x", "1"]])));
        }
    }

    // B8: what is for the head, for the router or for nobody but the jar is dropped.
    async fn trailers_that_would_be_believed_elsewhere_are_dropped() {
        if !SOCKETS { return }
        let start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n";
        let forbidden = "Content-Length: 9\r\nTransfer-Encoding: gzip\r\nSet-Cookie: a=b\r\nAuthorization: x\r\nHost: h\r\nLocation: /\r\n";
        let client = Client::new();
        let url = raw(&server(), format!("{start}X-A: 1\r\n{forbidden}X-A: 2\r\n\r\n"), "");
        let response = client.get(&url).send().await.unwrap();
        let trailers: Vec<_> = response.trailers().unwrap().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(trailers, [("x-a", "1"), ("x-a", "2")]);
        assert!(client.cookies().is_empty() && response.headers().len() == 1);
        let none = client.get(raw(&server(), format!("{start}{forbidden}\r\n"), "")).send().await.unwrap();
        assert!(none.trailers().is_none());
    }

    async fn compressed_bodies_have_trailers() {
        if !SOCKETS { return }
        let content = crate::bombs::gzip(b"hello");
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", content.len());
        let answer = [head.as_bytes(), &content, b"\r\n0\r\nX-A: 1\r\n\r\n"].concat();
        let response = whimbrel::get(raw(&server(), answer, "")).send().await.unwrap();
        assert_eq!((response.text().as_ref(), response.trailers().unwrap().len()), ("hello", 1));
    }
}
