//! Bad servers: typed errors that name the cause, on every target where they can arise.

use whimbrel::{Client, ErrorKind};

use super::{raw, text};
use crate::support::{self, SOCKETS, server};

/// What a host's own HTTP makes of a bad response: an error it is, of a kind that the host lets us know.
fn check(case: &str, result: whimbrel::Result<String>, kind: ErrorKind) {
    match result {
        Err(error) if SOCKETS => assert_eq!(error.kind(), kind, "{case}: {error}"),
        Err(error) => assert!(error.is_transport() || error.kind() == ErrorKind::LimitExceeded, "{case}: {error:?}"),
        Ok(text) => panic!("{case} passed for a response: {text:?}"),
    }
}

support::test! {
    async fn a_refused_connection_says_so() {
        let error = text(&server().refused).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
        assert!(error.to_string().contains("127.0.0.1"), "{error}");
        if SOCKETS {
            assert!(error.to_string().to_lowercase().contains("refused"), "{error}");
        }
    }

    async fn a_name_that_does_not_resolve_says_so() {
        // No name has an empty part, so that no resolver has to be asked (RFC 1035 2.3.1).
        let error = text("http://no..name/").await.unwrap_err();
        let browser = !Client::new().capabilities().redirects;
        assert!(error.kind() == ErrorKind::Dns || browser && error.kind() == ErrorKind::Connect, "{error:?}");
    }

    // B9: short is never whole.
    async fn truncated_bodies_are_errors() {
        let server = server();
        let cors = "Access-Control-Allow-Origin: *\r\n";
        let cases = [
            format!("HTTP/1.1 200 OK\r\n{cors}Content-Length: 10\r\n\r\n12345"),
            format!("HTTP/1.1 200 OK\r\n{cors}Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n"),
            format!("HTTP/1.1 200 OK\r\n{cors}Transfer-Encoding: chunked\r\n\r\n5\r\n123"),
            format!("HTTP/1.1 200 OK\r\n{cors}Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n"),
        ];
        for case in &cases {
            check(case, text(&raw(&server, case, "")).await, ErrorKind::RemoteProtocol);
        }
    }

    async fn truncated_heads_are_errors() {
        let server = server();
        for case in ["", "HTTP/1.1", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"] {
            check(case, text(&raw(&server, case, "")).await, ErrorKind::RemoteProtocol);
        }
    }

    async fn a_connection_reset_is_an_error() {
        let error = text(&format!("{}/reset", server().http)).await.unwrap_err();
        assert!(error.is_transport(), "{error:?}");
    }

    // A9, A10: no HTTP at all.
    async fn what_is_no_http_is_an_error_at_once() {
        let server = server();
        for case in [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], b"220 mail ESMTP\r\n", b"<html>hello</html>", b"ICY 200 OK\r\n\r\n", b"RTSP/1.0 200 OK\r\n\r\n"] {
            let result = text(&raw(&server, case, "after=hold")).await;
            check(&String::from_utf8_lossy(case), result, ErrorKind::RemoteProtocol);
        }
    }
}

support::where_sockets! {
    support::test! {
        // A10: the host's words.
        async fn tls_on_a_plain_url_gets_a_hint() {
            let error = text(&raw(&server(), b"\x15\x03\x01\x00\x02\x02\x46", "after=hold")).await.unwrap_err();
            assert!(error.to_string().contains("https://"), "{error}");
        }

        // A10: what was sent is shown, as far as it helps and fit for a terminal.
        async fn the_beginning_of_what_is_no_http_is_shown() {
            let banner = [&b"\x1b[2J\xff"[..], &[b'y'; 1000]].concat();
            let error = text(&raw(&server(), banner, "after=hold")).await.unwrap_err().to_string();
            assert!(error.contains(r"\x1b[2J\xff") && error.contains(&"y".repeat(27)), "{error}");
            assert!(!error.contains(&"y".repeat(28)) && !error.contains('\x1b'), "{error}");
        }

        // The host's parser decides.
        // A4, A5, A7, A8, A9, A11: malformed heads.
        async fn malformed_heads_are_errors() {
            let server = server();
            let heads: &[&[u8]] = &[
                b"HTTP/1.1 0 No\r\n\r\n", b"HTTP/1.1 99 No\r\n\r\n", b"HTTP/1.1 1000 No\r\n\r\n", b"HTTP/1.1 65736 No\r\n\r\n",
                b"HTTP/1.1 -1 No\r\n\r\n", b"HTTP/1.1 2x0 No\r\n\r\n", b"HTTP/1.1  \r\n\r\n", b"HTTP/01.1 200 OK\r\n\r\n",
                b"HTTP/1.01 200 OK\r\n\r\n", b"HTTP/2.0 200 OK\r\n\r\n", b"HTTP/0.9 200 OK\r\n\r\n", b"HTTP/1.1 099 No\r\n\r\n",
                b"\r\nHTTP/1.1 200 OK\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", b"HTTP/1.1 200 O\rK\r\n\r\n", b"HTTP/1.1 200 OK\r\nA\r: b\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: \x01\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: \x7f\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", b"HTTP/1.1 200 OK\r\n: b\r\n\r\n", b"HTTP/1.1 200 OK\r\nA b\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: b\r\n\rX: y\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nA: b\n\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200 OK\nA: b\r\n\n",
            ];
            for head in heads {
                let result = text(&raw(&server, head, "after=hold")).await;
                check(&head.escape_ascii().to_string(), result, ErrorKind::RemoteProtocol);
            }
        }

        // A9: what is odd and still HTTP.
        async fn unusual_heads_are_fine() {
            let server = server();
            let heads: &[&[u8]] = &[
                b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok", b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
                b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
                b"HTTP/1.1 200 OK\r\nX: \xff\xe9\r\nContent-Length: 2\r\n\r\nok", b"HTTP/1.1 200 OK\r\nX:\r\nContent-Length:2\r\n\r\nok",
            ];
            for head in heads {
                assert_eq!(text(&raw(&server, head, "")).await.unwrap(), "ok", "{}", head.escape_ascii());
                // A3: the same, byte by byte.
                assert_eq!(text(&raw(&server, head, "step=1")).await.unwrap(), "ok", "{}", head.escape_ascii());
            }
            // A5: bytes beyond ASCII stay what they are.
            let response = whimbrel::get(raw(&server, b"HTTP/1.1 204 No\r\nX: \x80\xff\xe9\r\n\r\n", "")).send().await.unwrap();
            assert_eq!(response.headers().get("x").unwrap().as_bytes(), b"\x80\xff\xe9");
        }

        // The host's limits.
        // A1, A2, A3: endless heads.
        async fn endless_heads_end() {
            let server = server();
            let cases = [
                ("HTTP/1.1 200 OK\r\n", "flood=X%3A%20y%0D%0A&times=1000000"), // Many fields.
                ("HTTP/1.1 200 OK\r\nX: ", "flood=yyyyyyyyyyyyyyyy&times=100000"), // One field without end.
                ("HTTP/1.1 200 ", "flood=yyyyyyyyyyyyyyyy&times=100000"), // A status line without end.
            ];
            let client = Client::new();
            for (start, flood) in cases {
                let error = client.get(raw(&server, start, flood)).send().await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{flood}: {error}");
                assert_eq!(client.pool_stats().unwrap().open, 0, "{flood}");
            }
            let many: String = (0..300).map(|n| format!("X-{n}: y\r\n")).collect();
            let head = format!("HTTP/1.1 200 OK\r\n{many}\r\n");
            check("300 fields", text(&raw(&server, head, "")).await, ErrorKind::LimitExceeded);
            let many: String = (0..200).map(|n| format!("X-{n}: y\r\n")).collect();
            let head = format!("HTTP/1.1 200 OK\r\n{many}Content-Length: 2\r\n\r\nok");
            assert_eq!(text(&raw(&server, head, "")).await.unwrap(), "ok");
        }

        // The host's parser decides.
        // A14, A15: interim responses without end, and protocols switched unasked.
        async fn interim_floods_and_unasked_upgrades_are_errors() {
            let server = server();
            let flood = "flood=HTTP%2F1.1%20103%20Early%0D%0A%0D%0A&times=100000";
            check("103 flood", text(&raw(&server, "", flood)).await, ErrorKind::RemoteProtocol);
            // One by one they are as many.
            let one = "HTTP/1.1 103 Early Hints\r\n\r\n";
            let slowly = raw(&server, one.repeat(40), &format!("step={}&pause=5&after=hold", one.len()));
            check("103 one by one", text(&slowly).await, ErrorKind::RemoteProtocol);
            let switch = "HTTP/1.1 103 E\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
            check("101", text(&raw(&server, switch, "")).await, ErrorKind::RemoteProtocol);
        }
    }
}
