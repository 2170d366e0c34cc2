//! What goes out, as the server sees it.

use serde_json::{Value, json};
use whimbrel::{Body, Client};

use super::recorded;
use crate::support::{self, SOCKETS, pieces, record_id, server};

support::test! {
    async fn a_get_with_params_arrives() {
        let response = whimbrel::get(format!("{}/anything", server().http)).param("q", "a b").param("é", 1).send().await.unwrap();
        let seen: Value = response.json().unwrap();
        assert_eq!(seen["target"], "/anything?q=a+b&%C3%A9=1");
        assert_eq!(seen["method"], "GET");
    }

    async fn every_verb_arrives() {
        let client = Client::new();
        let url = format!("{}/anything", server().http);
        for method in ["GET", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"] {
            let seen: Value = client.request(method, &url).send().await.unwrap().json().unwrap();
            assert_eq!(seen["method"], method);
        }
        assert_eq!(client.head(&url).send().await.unwrap().bytes().len(), 0);
    }

    async fn json_forms_and_bytes_arrive() {
        let url = format!("{}/anything", server().http);
        let client = Client::new();
        let seen: Value = client.post(&url).json(&json!({"a": [1, null]})).send().await.unwrap().json().unwrap();
        assert_eq!(seen["json"], json!({"a": [1, null]}));
        let seen: Value = client.post(&url).form([("a", "1 2"), ("b", "é")]).send().await.unwrap().json().unwrap();
        assert_eq!(seen["body"], "a=1+2&b=%C3%A9");
        let seen: Value = client.put(&url).content(vec![0xff, 0]).send().await.unwrap().json().unwrap();
        assert_eq!(seen["body_base64"], "/wA=");
    }

    async fn a_large_body_arrives_whole() {
        let body = vec![7; 3_000_000];
        let url = format!("{}/upload", server().http);
        let seen: Value = whimbrel::post(url).content(body).send().await.unwrap().json().unwrap();
        assert_eq!(seen["length"], 3_000_000);
    }

    async fn an_upload_tells_how_far_it_is() {
        let url = format!("{}/upload", server().http);
        let (log, told) = support::log();
        let upload = whimbrel::post(url).content(vec![7; 200_000]).upload_progress(move |sent, of| log(format!("{sent} {of:?}")));
        assert_eq!(upload.send().await.unwrap().json::<Value>().unwrap()["length"], 200_000);
        assert_eq!(told().last().unwrap(), "200000 Some(200000)");
        if SOCKETS {
            assert_eq!(told()[0], "65536 Some(200000)");
        }
    }

    // H12: what is for a proxy does not reach the origin.
    async fn proxy_authorization_is_for_proxies() {
        if !SOCKETS {
            return;
        }
        let seen = Client::new().get(format!("{}/headers", server().http)).header("proxy-authorization", "S3CR3T").send().await.unwrap();
        assert!(!seen.text().contains("S3CR3T"));
    }

    async fn header_values_need_not_be_ascii() {
        let url = format!("{}/response-headers?x-name=%E9", server().http);
        let response = whimbrel::get(url).send().await.unwrap();
        assert_eq!(response.headers().get("x-name").unwrap().as_bytes(), b"\xe9");
    }

    async fn a_stream_arrives_or_is_refused_with_a_reason() {
        let body = Body::stream(pieces(&["Hello", "", ", ", "world!"]), None);
        match whimbrel::post(format!("{}/anything", server().http)).content(body).send().await {
            Ok(response) => assert_eq!(response.json::<Value>().unwrap()["body"], "Hello, world!"),
            // Chromium can stream, but not to a server of HTTP/1.1.
            Err(error) => {
                assert!(!Client::new().capabilities().redirects, "{error}");
                assert!(matches!(error.kind(), whimbrel::ErrorKind::Unsupported | whimbrel::ErrorKind::Connect), "{error}");
            }
        }
    }

    async fn auth_and_redirects_meet_a_real_server() {
        let server = server();
        let client = Client::new();
        let basic = format!("{}/basic-auth/user/pass", server.http);
        if client.capabilities().redirects {
            // A browser would ask its user at a 401.
            assert_eq!(client.get(&basic).send().await.unwrap().status(), 401);
        }
        assert_eq!(client.get(&basic).auth(("user", "pass")).send().await.unwrap().status(), 200);
        let response = client.get(format!("{}/redirect/3", server.http)).follow_redirects(true).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.url().unwrap().path(), "/anything");
        if client.capabilities().redirects {
            assert_eq!(response.history().len(), 3);
        }
    }

    async fn cookies_are_kept_where_they_are_seen() {
        let server = server();
        let client = Client::builder().follow_redirects(true).build().unwrap();
        let response = client.get(format!("{}/cookies/set?bird=curlew", server.http)).send().await.unwrap();
        if client.capabilities().cookies {
            // Set on the redirect, sent on the request that followed.
            assert_eq!(response.json::<Value>().unwrap()["cookies"]["bird"], "curlew");
            assert_eq!(client.cookies().get("bird").unwrap(), Some("curlew"));
        } else {
            assert!(client.cookies().is_empty());
        }
    }

    async fn names_and_ipv6_addresses_are_connected_to() {
        let server = server();
        let localhost = format!("{}/get", server.http.replace("127.0.0.1", "localhost"));
        assert!(whimbrel::get(localhost).send().await.unwrap().is_success());
        if let Some(http_v6) = &server.http_v6 {
            assert!(whimbrel::get(format!("{http_v6}/get")).send().await.unwrap().is_success());
        }
    }

    async fn a_dropped_response_ends_its_request() {
        let (server, id) = (server(), record_id("drop"));
        let answer = support::percent(b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 100\r\n\r\nstart");
        let url = format!("{}/record/{id}/?answer={answer}&after=hold", server.raw);
        drop(whimbrel::get(url).stream().await.unwrap());
        for _ in 0..100 {
            if recorded(&server, &id).await["connections"][0]["closed_by_client"] == true {
                return;
            }
            whimbrel::get(format!("{}/delay/20", server.http)).send().await.unwrap();
        }
        panic!("the connection is still open");
    }

    async fn settings_that_a_host_cannot_honour_are_errors() {
        let refused = |builder: whimbrel::ClientBuilder| builder.build().err().map(|error| error.kind());
        let unsupported = Some(whimbrel::ErrorKind::Unsupported);
        if !SOCKETS {
            assert_eq!(refused(Client::builder().limits(whimbrel::Limits::default())), unsupported);
            assert_eq!(refused(Client::builder().local_address([127, 0, 0, 1].into())), unsupported);
            assert_eq!(refused(Client::builder().proxy("http://127.0.0.1:1")), unsupported);
            assert_eq!(refused(Client::builder().http2(true)), unsupported);
            assert_eq!(refused(Client::builder().http1(false)), unsupported);
        }
        if !support::OWN_TLS {
            assert_eq!(refused(Client::builder().tls(whimbrel::Tls::new())), unsupported);
        }
        if !SOCKETS {
            for method in ["GET", "HEAD"] {
                let error = Client::new().request(method, server().http).content("x").send().await.unwrap_err();
                assert_eq!(Some(error.kind()), unsupported);
            }
            let error = Client::new().request("TRACE", server().http).send().await.unwrap_err();
            assert_eq!(Some(error.kind()), unsupported);
        }
        if !Client::new().capabilities().redirects {
            assert_eq!(refused(Client::builder().follow_redirects(false)), unsupported);
            assert_eq!(refused(Client::builder().max_redirects(3)), unsupported);
            assert_eq!(refused(Client::builder().cookie("a", "b")), unsupported);
            let error = whimbrel::get(server().http).header("user-agent", "me").send().await.unwrap_err();
            assert_eq!(Some(error.kind()), unsupported);
        }
    }

    // E1.
    async fn redirects_cross_origins() {
        let server = server();
        let there = format!("{}/anything", server.http.replace("127.0.0.1", "localhost"));
        let client = Client::builder().follow_redirects(true).build().unwrap();
        let response = client.get(format!("{}/redirect-to", server.http)).param("url", &there).send().await.unwrap();
        assert_eq!(response.url().unwrap().as_str(), there);
        let seen: Value = response.json().unwrap();
        let host = seen["headers"].as_array().unwrap().iter().find(|field| field[0] == "host").unwrap();
        assert!(host[1].as_str().unwrap().starts_with("localhost:"), "{host}");
    }
}

support::where_sockets! {
    support::test! {
        // The recorded requests once more, as they go over the wire: the same fields in the same order, and the same body.
        async fn the_recorded_requests_of_httpx_go_out_the_same() {
            let (server, client) = (server(), Client::new());
            let data: Value = serde_json::from_str(include_str!("../../data/requests.json")).unwrap();
            for case in data["cases"].as_array().unwrap().iter().filter(|case| case["error"].is_null()) {
                let (name, id) = (case["name"].as_str().unwrap(), record_id("recorded"));
                let mut request = crate::requests::prepare(name, Client::new(), case["method"].as_str().unwrap()).build().unwrap();
                // Host stays what it was for the URL of the recording.
                *request.url_mut() = format!("{}/record/{id}/", server.raw).parse().unwrap();
                client.send(request).await.unwrap();
                let seen = recorded(&server, &id).await["connections"][0]["requests"][0]["raw"].as_str().unwrap().to_owned();
                let (head, body) = seen.split_once("\r\n\r\n").unwrap();
                let fields: Vec<_> = head.lines().skip(1).map(|line| line.split_once(": ").unwrap()).map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
                assert_eq!(fields, crate::requests::recorded_fields(case), "{name}");
                let chunked = fields.iter().any(|(name, _)| name == "transfer-encoding");
                assert_eq!(body, if chunked { "1\r\na\r\n1\r\nb\r\n0\r\n\r\n" } else { case["body"].as_str().unwrap() }, "{name}");
            }
        }

        async fn host_comes_first_and_once() {
            let (server, id) = (server(), record_id("host"));
            let url = format!("{}/record/{id}/", server.raw);
            whimbrel::get(&url).header("x-b", "2").header("Host", "other").send().await.unwrap();
            let seen = recorded(&server, &id).await;
            let raw = seen["connections"][0]["requests"][0]["raw"].as_str().unwrap().to_owned();
            assert!(raw.lines().nth(1) == Some("Host: other") && raw.matches("Host:").count() == 1, "{raw}");
            let twice = whimbrel::get(url).header("Host", "a").header("Host", "b").send().await.unwrap_err();
            assert_eq!(twice.kind(), whimbrel::ErrorKind::LocalProtocol);
        }

        // A host writes its own head.
        async fn a_default_get_is_httpx_byte_for_byte() {
            let (server, id) = (server(), record_id("get"));
            whimbrel::get(format!("{}/record/{id}/", server.raw)).send().await.unwrap();
            let seen = recorded(&server, &id).await;
            let host = server.raw.trim_start_matches("http://");
            let expected = format!(
                "GET /record/{id}/ HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\
                 Connection: keep-alive\r\nUser-Agent: whimbrel/{}\r\n\r\n", env!("CARGO_PKG_VERSION")
            );
            assert_eq!(seen["connections"][0]["requests"][0]["raw"], expected);
        }

        // A host writes as it likes.
        async fn json_goes_out_in_one_write() {
            let (server, id) = (server(), record_id("post"));
            whimbrel::post(format!("{}/record/{id}/", server.raw)).json(&json!({"a": 1})).send().await.unwrap();
            let seen = recorded(&server, &id).await;
            let request = &seen["connections"][0]["requests"][0];
            assert_eq!(request["reads"].as_array().unwrap().len(), 1, "{request}");
            assert!(request["raw"].as_str().unwrap().ends_with("Content-Length: 7\r\nContent-Type: application/json\r\n\r\n{\"a\":1}"));
        }

        // A browser sends streams over HTTP/2 only; Node's is the next test.
        async fn a_stream_goes_out_in_chunks_and_an_empty_piece_does_not_end_it() {
            let (server, id) = (server(), record_id("chunks"));
            let body = Body::stream(pieces(&["Hello", "", ", ", "world!"]), None);
            whimbrel::post(format!("{}/record/{id}/", server.raw)).content(body).send().await.unwrap();
            let seen = recorded(&server, &id).await;
            let raw = seen["connections"][0]["requests"][0]["raw"].as_str().unwrap().to_owned();
            assert!(raw.ends_with("\r\n\r\n5\r\nHello\r\n2\r\n, \r\n6\r\nworld!\r\n0\r\n\r\n"), "{raw}");
        }
    }
}
