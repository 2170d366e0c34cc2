//! Where a response ends (threats B). Hosts have parsers of their own, so these run where the codec is ours.

use whimbrel::{Client, ErrorKind, Response};

use super::{raw, text};
use crate::support::{self, server};

async fn answer(head: &str, body: &str) -> whimbrel::Result<String> {
    text(&raw(&server(), format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}"), "")).await
}

support::test! {
    // N3: what follows an error is not read on, and its connection not used again.
    async fn an_error_ends_the_body_and_the_connection() {
        let (client, server, id) = (Client::new(), server(), support::record_id("error"));
        let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nBAD\xff\r\n3\r\nabc\r\n0\r\n\r\n";
        let url = format!("{}/record/{id}/?answer={}", server.raw, support::percent(answer));
        for _ in 0..2 {
            let mut response = client.get(&url).stream().await.unwrap();
            assert!(response.chunk().await.is_err());
            assert_eq!(response.chunk().await.unwrap(), None);
        }
        assert_eq!(super::recorded(&server, &id).await["connections"].as_array().unwrap().len(), 2);
    }

    // A11, B12: numbers.
    async fn lengths_are_digits() {
        for length in ["+5", "1_0", "-1", "0x5", "5 5", "5;", "", "٥", "18446744073709551616", "5, 6"] {
            let error = answer(&format!("Content-Length: {length}"), "12345").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::RemoteProtocol, "{length}");
        }
        for length in ["5", "05", "5, 5"] {
            assert_eq!(answer(&format!("Content-Length: {length}"), "12345").await.unwrap(), "12345");
        }
        assert_eq!(answer("Content-Length: 5\r\nContent-Length: 5", "12345").await.unwrap(), "12345");
        assert!(answer("Content-Length: 5\r\nContent-Length: 6", "123456").await.is_err());
    }

    // B12: no room is made for what was only announced.
    async fn an_enormous_length_streams() {
        for length in [u64::MAX, i64::MAX as u64] {
            let url = raw(&server(), format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nabc"), "");
            let mut response = Client::new().get(url).stream().await.unwrap();
            assert_eq!(response.chunk().await.unwrap().unwrap(), "abc");
            assert_eq!(response.chunk().await.unwrap_err().kind(), ErrorKind::RemoteProtocol);
        }
    }

    // B2: Transfer-Encoding wins, whichever comes first.
    async fn transfer_encoding_wins_over_content_length() {
        for head in ["Content-Length: 1\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 1"] {
            assert_eq!(answer(head, "2\r\nok\r\n0\r\n\r\n").await.unwrap(), "ok");
        }
    }

    // B3: anything but one "chunked".
    async fn other_transfer_encodings_are_errors() {
        let codings = [
            "xchunked", "chunkedchunked", "identity, chunked, identity", "chunked, gzip", "gzip, chunked", "\"chunked\"",
            "chunked\r\nTransfer-Encoding: chunked", "identity", "", "\u{b}chunked", "chunked;q=1", "chunked, chunked",
        ];
        for coding in codings {
            let error = answer(&format!("Transfer-Encoding: {coding}"), "2\r\nok\r\n0\r\n\r\n").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::RemoteProtocol, "{coding}");
        }
        assert_eq!(answer("Transfer-Encoding: Chunked", "2\r\nok\r\n0\r\n\r\n").await.unwrap(), "ok");
    }

    // B5, B6, A11: chunk sizes and their line ends.
    async fn malformed_chunks_are_errors() {
        let bodies = [
            "00000000000000005\r\n12345\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFFF\r\n", "FFFFFFFFFFFFFFFF\r\n12345", "\u{665}\r\n12345\r\n0\r\n\r\n", "0x5\r\n12345\r\n0\r\n\r\n", "+5\r\n12345\r\n0\r\n\r\n",
            "5 \r\n12345\r\n0\r\n\r\n", " 5\r\n12345\r\n0\r\n\r\n", "-1\r\n\r\n", "\r\n", "5\n12345\r\n0\r\n\r\n", "5;a\rb\r\n12345\r\n0\r\n\r\n",
            "5;a\n12345\r\n0\r\n\r\n", "5\r\n123456\r\n0\r\n\r\n", "5\r\n12345\n0\r\n\r\n", "5\r\n123450\r\n\r\n", "g\r\n",
        ];
        for body in bodies {
            let error = answer("Transfer-Encoding: chunked", body).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::RemoteProtocol, "{body:?}");
        }
    }

    async fn chunks_may_have_extensions_and_trailers() {
        for body in ["5;name=value\r\n12345\r\n0\r\n\r\n", "0005\r\n12345\r\n000\r\nX-Sum: 1\r\nSet-Cookie: a=b\r\n\r\n", "a\r\n1234512345\r\n0;x\r\n\r\n"] {
            assert!(answer("Transfer-Encoding: chunked", body).await.unwrap().starts_with("12345"), "{body:?}");
        }
    }

    // B8, A7: trailers end, are checked, and never pass for headers.
    async fn trailers_are_bounded_and_stay_trailers() {
        let start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n";
        for flood in ["flood=X%3A%20y%0D%0A&times=1000000", "flood=X&times=1000000"] {
            assert_eq!(text(&raw(&server(), start, flood)).await.unwrap_err().kind(), ErrorKind::LimitExceeded, "{flood}");
        }
        for trailer in ["X: \0\r\n\r\n", "X y\r\n\r\n", "X: y\r\n folded\r\n\r\n", "X: y\nZ: z\r\n\r\n", "X: y\n\r\n\r\n"] {
            assert_eq!(text(&raw(&server(), format!("{start}{trailer}"), "")).await.unwrap_err().kind(), ErrorKind::RemoteProtocol);
        }
        let url = raw(&server(), format!("{start}Set-Cookie: a=b\r\nContent-Length: 9\r\n\r\n"), "");
        let response: Response = whimbrel::get(url).send().await.unwrap();
        assert!(!response.headers().contains("set-cookie") && !response.headers().contains("content-length"));
    }

    // A16: a million chunks of a byte.
    async fn a_million_tiny_chunks_are_read() {
        let start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let url = raw(&server(), start, "flood=1%0D%0Ax%0D%0A&times=1000000&tail=0%0D%0A%0D%0A");
        let response = whimbrel::get(url).send().await.unwrap();
        assert_eq!(response.bytes().len(), 1_000_000);
    }

    // K10: a coding may end before the message does. What follows is in no coding, and nobody reads on in search of more: the
    // connection goes with what was not read of it.
    async fn a_coding_that_ends_early_leaves_nothing_for_the_next_request() {
        let (client, server) = (Client::new(), server());
        let content = crate::bombs::gzip(b"hello");
        let chunked = [format!("{:x}\r\n", content.len()).into_bytes(), content.clone(), b"\r\n".to_vec()].concat();
        let answer = |framing: &str, body: &[u8]| {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n{framing}\r\n\r\n");
            support::percent(&[head.as_bytes(), body].concat())
        };
        let length = |extra: usize| format!("Content-Length: {}", content.len() + extra);
        for (answer, text, connections) in [
            (answer(&length(0), &content), Some("hello"), 1..=1),
            (answer("Transfer-Encoding: chunked", &[&chunked[..], b"0\r\n\r\n"].concat()), Some("hello"), 1..=1),
            // Where all of it had come already, the connection is as good as new.
            (answer(&length(7), &[&content[..], b"garbage"].concat()), None, 1..=2),
            (answer("Transfer-Encoding: chunked", &[&chunked[..], b"7\r\ngarbage\r\n0\r\n\r\n"].concat()), None, 1..=2),
            (answer("Content-Length: 1000000000000", &content) + "&flood=x&times=100000", None, 2..=2),
        ] {
            // In one piece, and with the end of the message behind that of the content.
            for step in ["", "&step=64&pause=1"] {
                let id = support::record_id("coding");
                let sent = client.get(format!("{}/record/{id}/?answer={answer}{step}", server.raw)).send().await;
                match text {
                    Some(text) => assert_eq!(sent.unwrap().text(), text),
                    None => assert_eq!(sent.unwrap_err().kind(), ErrorKind::Decoding),
                }
                let next = client.get(format!("{}/record/{id}/", server.raw)).send().await.unwrap();
                assert_eq!((next.text().as_ref(), next.headers().contains("content-encoding")), ("ok", false));
                let seen = super::recorded(&server, &id).await["connections"].as_array().unwrap().len();
                assert!(connections.contains(&seen), "{answer}{step}: {seen}");
            }
        }
    }

    // B9: what the coding holds is whole, and the message is not.
    async fn a_message_cut_off_behind_its_content_is_an_error() {
        let content = crate::bombs::gzip(b"hello");
        let chunk = [format!("{:x}\r\n", content.len()).as_bytes(), &content, b"\r\n"].concat();
        for (framing, body) in [(format!("Content-Length: {}", content.len() + 1), &content), ("Transfer-Encoding: chunked".into(), &chunk)] {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n{framing}\r\n\r\n");
            for step in ["", "step=64&pause=1"] {
                let error = text(&raw(&server(), [head.as_bytes(), body].concat(), step)).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::RemoteProtocol, "{framing} {step}: {error}");
            }
        }
    }

    async fn a_body_without_length_ends_with_the_connection() {
        assert_eq!(answer("X: y", "until the end").await.unwrap(), "until the end");
    }

    // A13: no body where there is none, whatever the head says.
    async fn heads_without_bodies_have_none() {
        let server = server();
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
        assert_eq!(whimbrel::head(raw(&server, answer, "after=hold")).send().await.unwrap().bytes().len(), 0);
        for status in [204, 304] {
            let answer = format!("HTTP/1.1 {status} No\r\nTransfer-Encoding: chunked\r\n\r\n");
            assert_eq!(whimbrel::get(raw(&server, answer, "after=hold")).send().await.unwrap().bytes().len(), 0);
        }
        // What comes all the same is nobody's, and its connection not used again.
        for (method, status, framing, body) in [
            ("HEAD", 200, "Content-Length: 4", "EVIL"), ("GET", 204, "Content-Length: 4", "EVIL"), ("GET", 304, "Content-Length: 4", "EVIL"),
            ("HEAD", 200, "Transfer-Encoding: chunked", "4\r\nEVIL\r\n0\r\n\r\n"),
        ] {
            let (client, id) = (Client::new(), support::record_id("bodiless"));
            let answer = support::percent(format!("HTTP/1.1 {status} X\r\n{framing}\r\n\r\n{body}").as_bytes());
            let response = client.request(method, format!("{}/record/{id}/?answer={answer}", server.raw)).send().await.unwrap();
            assert_eq!((response.status().as_u16(), response.bytes().len()), (status, 0));
            assert_eq!(client.get(format!("{}/record/{id}/", server.raw)).send().await.unwrap().text(), "ok");
            let seen = super::recorded(&server, &id).await["connections"].as_array().unwrap().len();
            assert_eq!(seen, 2, "{method} {status} {framing}");
        }
    }
}

support::where_own_tls! {
    support::test! {
        // B11: over TLS the connection's end must be announced.
        async fn a_tls_connection_cut_off_is_no_end() {
            let server = server();
            let url = |after| raw(&server, "HTTP/1.1 200 OK\r\n\r\nuntil the end", after).replace(&server.raw, &server.raw_tls);
            let closed = server.client().get(url("after=close")).send().await.unwrap();
            assert_eq!(closed.text(), "until the end");
            let cut = server.client().get(url("after=drop")).send().await.unwrap_err();
            assert_eq!(cut.kind(), ErrorKind::Read, "{cut}");
            // Where the message says itself where it ends, nothing is missing.
            for (framing, body) in [("Content-Length: 2", "ok"), ("Transfer-Encoding: chunked", "2\r\nok\r\n0\r\n\r\n")] {
                let whole = raw(&server, format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n{body}"), "after=drop").replace(&server.raw, &server.raw_tls);
                assert_eq!(server.client().get(whole).send().await.unwrap().text(), "ok");
            }
        }
    }
}
