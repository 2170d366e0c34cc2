//! Request bodies.

use whimbrel::{Body, Client, ErrorKind, Multipart, Part};

use crate::support::{self, latin1};

support::test! {
    async fn json_is_compact_utf8() {
        let request = Client::new().post("http://h/").json(&serde_json::json!({"a": "é", "b": [1, 2.0, null, true]}));
        let mut request = request.build().unwrap();
        assert_eq!(request.body_mut().read().await.unwrap(), "{\"a\":\"é\",\"b\":[1,2.0,null,true]}".as_bytes());
        assert_eq!(request.headers().get("content-length").unwrap(), "32");
    }

    async fn nan_hides_nowhere_in_json() {
        let nested = [(1, vec![Some(1.0)]), (2, vec![None, Some(f32::INFINITY)])];
        let error = Client::new().post("http://h/").json(&nested).build().unwrap_err();
        assert!(error.to_string().contains("not JSON compliant"), "{error}");
    }

    async fn a_stream_is_chunked_and_one_of_known_length_is_not() {
        let stream = |length| Body::stream(support::pieces(&["a", "bc"]), length);
        let chunked = Client::new().post("http://h/").content(stream(None)).build().unwrap();
        assert_eq!(chunked.headers().get("transfer-encoding").unwrap(), "chunked");
        let measured = Client::new().post("http://h/").content(stream(Some(3))).build().unwrap();
        assert_eq!(measured.headers().get("content-length").unwrap(), "3");
    }

    async fn multipart_is_laid_out_as_httpx_does() {
        let form = Multipart::new().text("text", "abc").file("file", Part::bytes("<file content>"));
        let request = Client::new().post("http://h/").header("content-type", "multipart/form-data; boundary=B");
        let mut request = request.multipart(form).build().unwrap();
        let expected = "--B\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nabc\r\n--B\r\nContent-Disposition: form-data; \
            name=\"file\"; filename=\"upload\"\r\nContent-Type: application/octet-stream\r\n\r\n<file content>\r\n--B--\r\n";
        assert_eq!(latin1(request.body_mut().read().await.unwrap()), expected);
    }

    async fn a_part_cannot_smuggle_headers() {
        for part in [Part::bytes("").content_type("a\r\nx: y"), Part::bytes("").header("x", "a\r\nb"), Part::bytes("").header("x\r\n", "")] {
            let error = Client::new().post("http://h/").multipart(Multipart::new().file("f", part)).build().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LocalProtocol);
        }
    }

    async fn boundaries_differ() {
        let boundary = || Client::new().post("http://h/").multipart(Multipart::new()).build().unwrap().headers().joined("content-type");
        assert_ne!(boundary(), boundary());
        assert_eq!(boundary().unwrap().rsplit('=').next().unwrap().len(), 32);
    }
}
