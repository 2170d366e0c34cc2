//! Request bodies.

use whimbrel::auth::{Auth, AuthFlow, Step};
use whimbrel::{Body, Client, ErrorKind, Multipart, Part, Request, Response};

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

    // L4: forms are flat, and a value too deep for the stack is an error before anything is written.
    async fn a_value_too_deep_to_send_is_an_error() {
        for depth in [251, 100_000, 10_000_000] {
            for nest in [Nest::List, Nest::Map, Nest::Some, Nest::Newtype] {
                let error = Client::new().post("http://h/").json(&Deep(depth, nest)).build().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::LocalProtocol);
                assert!(error.to_string().contains("250 levels"), "{error}");
            }
        }
        let mut request = Client::new().post("http://h/").json(&Deep(250, Nest::List)).build().unwrap();
        assert_eq!(latin1(request.body_mut().read().await.unwrap()), format!("{}null{}", "[".repeat(250), "]".repeat(250)));
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

    // I5
    async fn a_part_cannot_smuggle_headers() {
        let part = || Part::bytes("");
        for part in [
            part().content_type("a\r\nx: y"), part().content_type("a\n"), part().header("x", "a\r\nb"), part().header("x\r\n", ""),
            part().header("x: y\r\nz", "a"), part().header("x y", "a"), part().header("", "a"), part().header("x", "a\0"), part().header("Content-Type", "a\rb"),
        ] {
            let error = Client::new().post("http://h/").multipart(Multipart::new().file("f", part)).build().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LocalProtocol);
        }
    }

    // I5
    async fn names_of_parts_stay_in_their_quotes() {
        let evil = "a\"; filename=\"b\r\nX: y\r\n\r\nc\n\r\0\\\u{2028}é";
        let form = Multipart::new().text(evil, "1").file("f", Part::bytes("2").file_name(evil));
        let request = Client::new().post("http://h/").header("content-type", "multipart/form-data; boundary=B");
        let mut request = request.multipart(form).build().unwrap();
        let quoted = "\"a%22; filename=%22b%0D%0AX: y%0D%0A%0D%0Ac%0A%0D%00\\\\\u{2028}é\"";
        let expected = format!(
            "--B\r\nContent-Disposition: form-data; name={quoted}\r\n\r\n1\r\n--B\r\nContent-Disposition: form-data; name=\"f\"; \
             filename={quoted}\r\nContent-Type: application/octet-stream\r\n\r\n2\r\n--B--\r\n"
        );
        assert_eq!(std::str::from_utf8(request.body_mut().read().await.unwrap()).unwrap(), expected);
    }

    // I5: a boundary of the user's own is the Content-Type's, which cannot have a line break.
    async fn a_boundary_cannot_smuggle_headers() {
        for boundary in ["a\r\nb", "a\n", "\0"] {
            let request = Client::new().post("http://h/").header("content-type", format!("multipart/form-data; boundary=\"{boundary}\""));
            assert_eq!(request.multipart(Multipart::new()).build().unwrap_err().kind(), ErrorKind::LocalProtocol);
        }
    }

    // L1: 128 random bits.
    async fn boundaries_differ() {
        let boundary = || Client::new().post("http://h/").multipart(Multipart::new()).build().unwrap().headers().joined("content-type");
        let many: std::collections::BTreeSet<_> = (0..1000).map(|_| boundary().unwrap()).collect();
        assert_eq!(many.len(), 1000);
        let digits: Vec<_> = many.iter().map(|boundary| boundary.rsplit('=').next().unwrap()).collect();
        assert!(digits.iter().all(|digits| digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())));
        // No digit is the same in all of them.
        assert!((0..32).all(|at| digits.iter().any(|other| other.as_bytes()[at] != digits[0].as_bytes()[at])));
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
        let endless = form(Part::new(Body::from_fn(|| pieces(&["a"]), Some(u64::MAX))));
        assert_eq!(endless.headers().joined("transfer-encoding").unwrap(), "chunked");
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
    // A flow that looks at the body reads it first.
    async fn what_is_read_is_not_sent_yet() {
        let client = support::mock(|request| {
            assert_eq!(request.body().as_bytes(), Some(&b"abc"[..]));
            Response::new(200)
        });
        let (log, told) = support::log();
        let request = client.auth(ReadsBody).build().unwrap().post("http://h/").content(Body::stream(pieces(&["a", "bc"]), None));
        request.upload_progress(move |sent, of| log(format!("{sent} {of:?}"))).send().await.unwrap();
        assert_eq!(told(), ["3 Some(3)"]);
    }
}

struct ReadsBody;

impl Auth for ReadsBody {
    fn flow(&self) -> Box<dyn AuthFlow> {
        Box::new(Self)
    }
}

impl AuthFlow for ReadsBody {
    fn requires_request_body(&self) -> bool {
        true
    }

    fn next(&mut self, request: Request, seen: Option<&Response>) -> whimbrel::Result<Step> {
        Ok(if seen.is_some() { Step::Done } else { Step::Send(request) })
    }
}

/// What a level is made of.
#[derive(Clone, Copy)]
enum Nest {
    List,
    Map,
    Some,
    Newtype,
}

/// So many levels, which take no memory.
struct Deep(u32, Nest);

impl serde::Serialize for Deep {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let inner = Self(self.0.wrapping_sub(1), self.1);
        match self.1 {
            _ if self.0 == 0 => serializer.serialize_unit(),
            Nest::List => serializer.collect_seq([inner]),
            Nest::Map => serializer.collect_map([("a", inner)]),
            Nest::Some => serializer.serialize_some(&inner),
            Nest::Newtype => serializer.serialize_newtype_struct("a", &inner),
        }
    }
}
