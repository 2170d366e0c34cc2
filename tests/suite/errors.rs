//! Errors that need no network.

use std::time::Duration;

use whimbrel::{Client, Error, ErrorKind, Request, Response, Timeout};

use crate::support;

support::test! {
    // I4
    async fn line_breaks_and_nul_in_headers_are_refused() {
        for value in ["hush\r\nb", "hush\nb", "hush\rb", "hush\0b", " hush", "hush ", "\thush"] {
            let error = Client::new().get("http://h/").header("x-secret", value).build().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LocalProtocol, "{value:?}");
            assert!(error.to_string().contains("x-secret") && !error.to_string().contains("hush"), "{error}");
        }
        for name in ["a b", "a:b", "", "a\r\n", "ä"] {
            assert_eq!(Client::new().get("http://h/").header(name, "1").build().unwrap_err().kind(), ErrorKind::LocalProtocol);
        }
    }

    async fn an_illegal_method_is_refused() {
        let error = Client::new().request("GET /", "http://h/").build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LocalProtocol);
    }

    async fn errors_of_a_mock_come_through() {
        let client = support::mock(|_: &Request| Err::<Response, _>(Error::new(ErrorKind::Connect, "no"))).build().unwrap();
        let error = client.get("http://h/").send().await.unwrap_err();
        assert!(error.is_network() && error.is_transport());
    }

    async fn the_total_timeout_ends_a_transport_that_never_answers() {
        let never = whimbrel::MockTransport::new_async(|_| std::future::pending::<Response>());
        let client = Client::builder().transport(never).timeout(Timeout::none().total(Duration::from_millis(20))).build().unwrap();
        let error = client.get("http://h/").send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TotalTimeout);
        assert!(error.is_timeout() && error.to_string().contains("http://h/"), "{error}");
    }

    async fn an_error_is_one_word_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    async fn enormous_timeouts_do_not_overflow() {
        let client = support::echo().timeout(Timeout::all(Duration::MAX).total(Duration::MAX)).build().unwrap();
        assert!(client.get("http://h/").send().await.is_ok());
    }

    // G10.
    async fn no_header_that_holds_a_secret_is_shown() {
        let mut headers = whimbrel::Headers::new();
        for name in ["authorization", "Proxy-Authorization", "cookie", "Set-Cookie"] {
            headers.append(name, "S3CR3T").unwrap();
        }
        assert!(!format!("{headers:?}").contains("S3CR3T"), "{headers:?}");
        let client = support::echo().header("authorization", "S3CR3T").cookie("n", "S3CR3T").auth(("user", "S3CR3T"));
        let shown = format!("{:?} {:?}", client.build().unwrap(), whimbrel::auth::Bearer::new("S3CR3T"));
        assert!(!shown.contains("S3CR3T"), "{shown}");
    }

    // G10.
    async fn nothing_shows_credentials() {
        let request = Client::new().get("http://user:S3CR3T@h/").header("authorization", "S3CR3T").build().unwrap();
        assert!(!format!("{request:?}").contains("S3CR3T"), "{request:?}");
        let form = whimbrel::Multipart::new().text("password", "S3CR3T");
        assert!(!format!("{form:?}").contains("S3CR3T"), "{form:?}");
        for (location, shown) in [
            ("http://user:S3CR3T@there/x", "'http://there/x'"), ("//user:S3CR3T@there/x", "'http://there/x'"), ("http://u:S3CR3T@no there/", "'no there/'"), ("/a@b", "'/a@b'"),
        ] {
            let away = support::mock(move |_| Response::new(302).with_header("location", location)).build().unwrap();
            let error = away.get("http://u:S3CR3T@h/").send().await.unwrap().raise_for_status().err().unwrap().to_string();
            assert!(error.contains(shown) && !error.contains("S3CR3T"), "{error}");
        }
    }

    // Q1: not in what is shown, nor in what is logged.
    async fn no_text_of_a_server_drives_the_terminal() {
        let evil = "\u{9b}2J\u{202e}";
        let away = support::mock(move |_| Response::new(302).with_header("location", &format!("/{evil}"))).build().unwrap();
        let response = away.get("http://h/").send().await.unwrap();
        let status = response.raise_for_status().err().unwrap();
        assert!(status.to_string().contains("/\\u{9b}2J\\u{202e}'\n"), "{status}");
        let json = Response::new(200).with_body("{\"\\u001b]0;t\\u0007\\n\\u202e\": 1}").json::<Result<(), ()>>().unwrap_err();
        assert!(json.to_string().contains("\\u{1b}]0;t\\u{7}\\u{a}\\u{202e}"), "{json}");
        let digest = support::mock(move |_| Response::new(401).with_header("www-authenticate", &format!("Digest realm=r, nonce=n, algorithm=\"{evil}\"")));
        let digest = digest.auth(whimbrel::auth::Digest::new("u", "p")).build().unwrap().get("http://h/").send().await.unwrap_err();
        let bad = support::mock(move |_| Response::new(302).with_header("location", &format!("http://{evil}:x/"))).follow_redirects(true);
        let location = bad.build().unwrap().get("http://h/").send().await.unwrap_err();
        let made = Error::new(ErrorKind::Read, "\x1b[2J").with_source("\x1b[2J\n".to_owned());
        for error in [status, json, digest, location, made] {
            let shown = format!("{error} {error:?}");
            assert!(!shown.replace('\n', "").contains(char::is_control) && !shown.contains('\u{202e}'), "{shown:?}");
        }
    }

    // L7
    async fn json_of_a_million_levels_is_an_error() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            for body in [open.repeat(1_000_000), format!("{}1{}", open.repeat(1_000_000), close.repeat(1_000_000))] {
                let error = Response::new(200).with_body(body).json::<serde_json::Value>().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Decoding);
                assert!(error.to_string().contains("recursion limit"), "{error}");
            }
        }
    }

    async fn a_body_that_never_waits_meets_its_deadline() {
        struct Always;
        impl whimbrel::Transport for Always {
            fn send(&self, request: Request) -> whimbrel::BoxFuture<'_, whimbrel::Result<whimbrel::StreamingResponse>> {
                Box::pin(async { Ok(whimbrel::StreamingResponse::with_stream(request, Response::new(200), support::Endless)) })
            }
        }
        let total = Timeout::none().total(Duration::from_millis(20));
        let client = Client::builder().transport(Always).timeout(total).build().unwrap();
        assert_eq!(client.get("http://h/").send().await.unwrap_err().kind(), ErrorKind::TotalTimeout);
        let mut response = client.get("http://h/").stream().await.unwrap();
        let error = loop {
            if let Err(error) = response.chunk().await { break error }
        };
        assert_eq!(error.kind(), ErrorKind::TotalTimeout);
        assert!(response.chunk().await.unwrap().is_none());
    }

    // Whoever skips what fails would otherwise skip for ever.
    async fn nothing_comes_after_an_error() {
        let codings = ["gzip", "gzip, gzip, gzip, gzip, gzip, gzip"];
        for coding in codings {
            let client = support::mock(move |_| Response::new(200).with_header("content-encoding", coding).with_body("no gzip"));
            let mut response = client.build().unwrap().get("http://h/").stream().await.unwrap();
            assert_eq!(response.chunk().await.unwrap_err().kind(), ErrorKind::Decoding);
            assert!(response.chunk().await.unwrap().is_none(), "{coding}");
        }
    }
}
