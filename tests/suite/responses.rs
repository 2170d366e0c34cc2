//! What responses tell.

use whimbrel::{ErrorKind, Response};

use crate::support;

/// The response that a mock's becomes.
async fn received(response: impl Fn() -> Response + Send + Sync + 'static) -> Response {
    support::mock(move |_| response()).build().unwrap().get("http://user:S3CR3T@h/path").send().await.unwrap()
}

support::test! {
    async fn text_follows_the_charset() {
        let latin = received(|| Response::new(200).with_body(b"caf\xe9".as_slice()).with_header("content-type", "text/plain; charset=ISO-8859-1"));
        assert_eq!(latin.await.text(), "café");
        let broken = received(|| Response::new(200).with_body(b"a\xff".as_slice()));
        assert_eq!(broken.await.text(), "a\u{fffd}");
    }

    async fn json_with_a_byte_order_mark_is_json() {
        let response = received(|| Response::new(200).with_body("\u{feff}[1]")).await;
        assert_eq!(response.json::<Vec<i32>>().unwrap(), [1]);
    }

    async fn what_is_no_json_is_a_decoding_error() {
        let error = received(|| Response::new(200).with_text("<html>")).await.json::<Vec<i32>>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decoding);
    }

    async fn raise_for_status_speaks_as_httpx_does() {
        let cases = [
            (404, "Client error '404 Not Found' for url 'http://h/path'\nFor more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/404"),
            (500, "Server error '500 Internal Server Error' for url 'http://h/path'\nFor more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/500"),
            (302, "Redirect response '302 Found' for url 'http://h/path'\nFor more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/302"),
            (600, "Invalid status code '600 ' for url 'http://h/path'\nFor more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/600"),
        ];
        for (status, text) in cases {
            let response = received(move || Response::new(status)).await;
            let error = response.raise_for_status().unwrap_err();
            assert_eq!((error.to_string().as_str(), error.status().unwrap().as_u16()), (text, status));
            assert!(!format!("{error:?}").contains("S3CR3T"));
        }
        assert!(received(|| Response::new(299)).await.raise_for_status().is_ok());
    }

    async fn json_may_be_wide() {
        let text = "[\"é😀\"]";
        let utf16 = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let utf32 = |order: fn(u32) -> [u8; 4]| text.chars().flat_map(|letter| order(letter as u32)).collect::<Vec<u8>>();
        let plain = [utf16(u16::to_be_bytes), utf16(u16::to_le_bytes), utf32(u32::to_be_bytes), utf32(u32::to_le_bytes)];
        let marks: [&[u8]; 4] = [b"\xfe\xff", b"\xff\xfe", b"\0\0\xfe\xff", b"\xff\xfe\0\0"];
        let marked = plain.iter().zip(marks).map(|(text, mark)| [mark, text].concat()).collect::<Vec<_>>();
        for body in plain.into_iter().chain(marked) {
            let shown = format!("{body:?}");
            let response = received(move || Response::new(200).with_body(body.clone())).await;
            assert_eq!(response.json::<Vec<String>>().unwrap(), ["é😀"], "{shown}");
        }
        for body in [&b"[\0"[..], b"\xff\xfe[", b"\0", b""] {
            assert!(received(move || Response::new(200).with_body(body)).await.json::<Vec<i32>>().is_err());
        }
    }

    async fn links_are_found_by_their_relation() {
        let links = |value: &'static str| async move { received(move || Response::new(200).with_header("link", value)).await.links() };
        let seen = links("<http://h/?a=1,2>; rel=\"next\"; title=\"a, \\\"b\\\"; c\", </last> ; REL = last,<x>").await;
        assert_eq!(seen.keys().collect::<Vec<_>>(), ["last", "next", "x"]);
        assert_eq!((seen["next"].url.as_str(), seen["next"].params["title"].as_str()), ("http://h/?a=1,2", "a, \"b\"; c"));
        assert_eq!(seen["last"].url, "/last");
        for broken in ["", "<", "x", "<a", "<a>; rel=\"", "<a>;;;=,<", ";rel=next"] {
            assert!(links(broken).await.len() <= 1, "{broken}");
        }
    }

    async fn chunks_have_the_size_that_was_asked_for() {
        for (size, lengths) in [(2, vec![2, 2, 1]), (5, vec![5]), (9, vec![5]), (0, vec![1; 5])] {
            let client = support::mock(|_| Response::new(200).with_body("abcde")).build().unwrap();
            let mut response = client.get("http://h/").stream().await.unwrap();
            let (mut chunks, mut seen) = (response.chunks(size), Vec::new());
            while let Some(chunk) = chunks.next().await {
                seen.push(chunk.unwrap().len());
            }
            assert_eq!(seen, lengths);
        }
        let client = support::mock(|_| Response::new(200)).build().unwrap();
        assert!(client.get("http://h/").stream().await.unwrap().chunks(3).next().await.is_none());
    }

    async fn a_status_can_end_a_chain() {
        let client = support::mock(|request| Response::new(request.url().path()[1..].parse().unwrap())).build().unwrap();
        let text = client.get("http://h/200").await.and_then(Response::error_for_status).unwrap();
        assert_eq!(text.status(), 200);
        assert!(client.get("http://h/404").await.and_then(Response::error_for_status).unwrap_err().is_status());
        let streamed = client.get("http://h/500").stream().await.unwrap();
        assert!(streamed.is_server_error() && !streamed.is_client_error() && !streamed.is_redirect());
        assert!(streamed.error_for_status().unwrap_err().is_status());
    }

    async fn bytes_come_raw_when_asked() {
        let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00";
        let client = support::mock(move |_| Response::new(200).with_header("content-encoding", "gzip").with_body(gzip.to_vec())).build().unwrap();
        let mut response = client.get("http://h/").stream().await.unwrap();
        assert_eq!(response.raw_chunk().await.unwrap().unwrap(), &gzip[..]);
        assert_eq!((response.raw_chunk().await.unwrap(), response.bytes_downloaded()), (None, gzip.len() as u64));
    }
}
