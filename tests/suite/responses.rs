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
}
