//! Request bodies.

use whimbrel::{Body, Client, ErrorKind, Multipart, Part, Response};

use crate::support::{self, latin1, pieces};

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

    async fn pieces_are_sent_as_often_as_needed() {
        let hop = |request: &whimbrel::Request| match request.url().path() {
            "/from" => Response::new(307).with_header("location", "/to"),
            _ => Response::new(200).with_text(latin1(request.body().as_bytes().unwrap())),
        };
        let client = support::mock(hop).follow_redirects(true).build().unwrap();
        let response = client.post("http://h/from").content(Body::pieces(["Hello", "", ", ", "world!"])).send().await.unwrap();
        assert_eq!(response.text(), "Hello, world!");
        let twice = || Body::from_fn(|| pieces(&["a", "b"]), Some(2));
        let response = client.post("http://h/from").content(twice()).send().await.unwrap();
        assert_eq!((response.text().as_ref(), response.history().len()), ("ab", 1));
    }

    async fn files_are_read_while_they_are_sent() {
        let path = support::data("base_url_merge.json");
        if !support::sees_files() {
            let kind = if support::FILES { ErrorKind::LocalProtocol } else { ErrorKind::Unsupported };
            assert_eq!((Body::path(&path).unwrap_err().kind(), Part::path(&path).unwrap_err().kind()), (kind, kind));
            return;
        }
        let content = include_bytes!("../data/base_url_merge.json");
        let client = support::mock(|request| Response::new(200).with_body(request.body().as_bytes().unwrap().to_vec())).build().unwrap();
        let request = client.post("http://h/").content(Body::path(&path).unwrap()).build().unwrap();
        assert_eq!(request.headers().joined("content-length").unwrap(), content.len().to_string());
        assert_eq!(client.send(request).await.unwrap().bytes(), &content[..]);
        assert_eq!(Body::path(support::data("")).unwrap_err().kind(), ErrorKind::LocalProtocol);
    }

    async fn a_form_is_as_long_and_as_repeatable_as_its_parts() {
        let form = |part: Part| Client::new().post("http://h/").multipart(Multipart::new().text("t", "é").file("f", part)).build().unwrap();
        let of_bytes = latin1(form(Part::bytes("ab").content_type("x/y")).body_mut().read().await.unwrap());
        let repeatable = Part::new(Body::from_fn(|| pieces(&["a", "b"]), Some(2))).content_type("x/y");
        let mut request = form(repeatable);
        assert_eq!(request.headers().joined("content-length").unwrap(), of_bytes.chars().count().to_string());
        for body in [request.try_clone().unwrap().body_mut(), request.body_mut()] {
            assert_eq!(body.read().await.unwrap().len(), of_bytes.chars().count());
        }
        let once = form(Part::new(Body::stream(pieces(&["a"]), None)));
        assert_eq!((once.headers().joined("transfer-encoding"), once.try_clone().is_err()), (Some("chunked".into()), true));
        if support::sees_files() {
            let file = latin1(form(Part::path(support::data("README.md")).unwrap()).body_mut().read().await.unwrap());
            assert!(file.contains("filename=\"README.md\"") && file.contains("name=\"t\""), "{file}");
        }
    }

    async fn uploads_tell_how_far_they_are() {
        let client = support::mock(|_| Response::new(200)).build().unwrap();
        for (body, length) in [(Body::stream(pieces(&["a", "bc"]), None), None), (Body::from_fn(|| pieces(&["a", "", "bc"]), Some(3)), Some(3))] {
            let (log, told) = support::log();
            client.post("http://h/").content(body).upload_progress(move |sent, of| log(format!("{sent} {of:?}"))).send().await.unwrap();
            assert_eq!(told(), [format!("1 {length:?}"), format!("3 {length:?}")]);
        }
    }
}
