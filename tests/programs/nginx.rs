//! nginx over HTTP/1.1, in the clear and over TLS, and over a Unix socket.

use std::time::Duration;

use futures_util::future::join_all;
use whimbrel::{Body, Bytes, Client, Method, Response};

use crate::site::{LARGE, Site, large, run, text};

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A body in pieces, whose length nobody knows beforehand.
pub(crate) fn pieces(body: &[u8]) -> Body {
    Body::pieces(body.chunks(60_000).map(Bytes::copy_from_slice).collect::<Vec<_>>())
}

/// `$connection` counts connections, and `$connection_requests` the requests of each.
const COUNTED: &str = r#"location /count { return 200 "$connection $connection_requests $request_method"; }"#;

#[test]
fn connections_that_end_after_three_requests_fail_nobody() {
    run(async {
        let nginx = Site::nginx(&format!("keepalive_requests 3; {COUNTED}"));
        for url in nginx.urls() {
            let client = nginx.client();
            for number in 0..30 {
                let response = client.get(format!("{url}/count")).send().await.unwrap();
                let requests = (number % 3 + 1).to_string();
                assert_eq!(response.text().split(' ').nth(1), Some(requests.as_str()));
            }
            let methods = (0..300).map(|number| if number % 2 == 0 { Method::GET } else { Method::POST });
            let sent = methods.map(|method| client.request(method, format!("{url}/count")).send());
            for response in join_all(sent).await {
                assert_eq!(response.unwrap().status(), 200);
            }
        }
    });
}

#[test]
fn idle_connections_that_nginx_closes_fail_nobody() {
    run(async {
        let nginx = Site::nginx(&format!("keepalive_timeout 1s; {COUNTED}"));
        let [plain, tls] = nginx.urls();
        // Some just before it closes, some while it does, some after.
        let pauses =
            (0..60).map(|number| (Duration::from_millis(500 + 10 * number), [&plain, &tls][number as usize % 2]));
        let sent = pauses.map(|(pause, url)| {
            let client = nginx.client();
            async move {
                client.get(format!("{url}/count")).send().await?;
                tokio::time::sleep(pause).await;
                client.get(format!("{url}/count")).send().await
            }
        });
        let responses: Result<Vec<_>, _> = join_all(sent).await.into_iter().collect();
        let kept = responses.unwrap().iter().filter(|response| response.text().ends_with(" 2 GET")).count();
        assert!((1..60).contains(&kept), "{kept} of 60 connections were kept");
        // A POST is not sent a second time: it has to see beforehand that its connection is gone.
        let client = nginx.client();
        for _ in 0..2 {
            let response = client.post(format!("{plain}/count")).send().await.unwrap();
            assert!(response.text().ends_with(" 1 POST"), "{}", response.text());
            tokio::time::sleep(Duration::from_millis(1_100)).await;
        }
    });
}

#[test]
fn what_nginx_compresses_is_read() {
    run(async {
        let nginx = Site::nginx("gzip on; gzip_types text/plain; gzip_min_length 1;");
        for url in nginx.urls() {
            let client = nginx.client();
            for _ in 0..2 {
                let response = client.get(format!("{url}/text.txt")).send().await.unwrap();
                assert_eq!(response.text(), text());
                assert_eq!(
                    (header(&response, "content-encoding"), header(&response, "transfer-encoding")),
                    ("gzip", "chunked")
                );
            }
        }
    });
}

#[test]
fn large_bodies_go_down_and_up() {
    run(async {
        let nginx =
            Site::nginx("location /up { client_max_body_size 100m; dav_methods PUT; create_full_put_path on; }");
        let body = large(LARGE);
        for url in nginx.urls() {
            let client = nginx.client();
            let down = client.get(format!("{url}/large")).send().await.unwrap();
            assert!(down.bytes() == &body[..], "{} bytes of {LARGE}", down.bytes().len());
            let known = client.put(format!("{url}/up/known")).content(body.clone()).send().await.unwrap();
            let unknown = client.put(format!("{url}/up/unknown")).content(pieces(&body)).send().await.unwrap();
            for (name, up) in [("known", known), ("unknown", unknown)] {
                assert!(up.is_success(), "{name}: {up:?}");
                let back = client.get(format!("{url}/up/{name}")).send().await.unwrap();
                assert!(back.bytes() == &body[..], "{name}: {} bytes of {LARGE}", back.bytes().len());
            }
        }
    });
}

#[test]
fn responses_without_a_body_end_where_nginx_ends_them() {
    run(async {
        let nginx = Site::nginx(COUNTED);
        for url in nginx.urls() {
            let client = nginx.client();
            let path = format!("{url}/large");
            let head = client.head(&path).send().await.unwrap();
            assert_eq!((header(&head, "content-length"), head.bytes().len()), (LARGE.to_string().as_str(), 0));
            let part = client.get(&path).header("range", "bytes=10-19").send().await.unwrap();
            assert_eq!((part.status().as_u16(), &part.bytes()[..]), (206, &large(20)[10..]));
            let same = client.get(&path).header("if-none-match", header(&head, "etag")).send().await.unwrap();
            assert_eq!((same.status().as_u16(), same.bytes().len()), (304, 0));
            let count = client.get(format!("{url}/count")).send().await.unwrap();
            assert!(count.text().ends_with(" 4 GET"), "all of it over one connection: {}", count.text());
        }
    });
}

#[test]
fn a_body_waits_where_it_is_to() {
    run(async {
        let nginx = Site::nginx("location /up { dav_methods PUT; create_full_put_path on; }");
        for url in nginx.urls() {
            let client = nginx.client();
            let put = client.put(format!("{url}/up/waited")).header("expect", "100-continue").content(text());
            assert!(put.send().await.unwrap().is_success());
            assert_eq!(client.get(format!("{url}/up/waited")).send().await.unwrap().text(), text());
        }
    });
}

#[test]
fn a_refusal_during_the_upload_is_the_response() {
    run(async {
        let nginx = Site::nginx("client_max_body_size 1k; location /up { dav_methods PUT; }");
        let body = large(LARGE);
        for url in nginx.urls() {
            let client = nginx.client();
            for round in 0..5 {
                let known = client.put(format!("{url}/up/known")).content(body.clone()).send().await;
                let unknown = client.put(format!("{url}/up/unknown")).content(pieces(&body)).send().await;
                let expected = client.put(format!("{url}/up/known")).header("expect", "100-continue");
                let expected = expected.content(body.clone()).send().await;
                for (what, response) in [("known", known), ("unknown", unknown), ("expected", expected)] {
                    let status = response.map(|response| response.status().as_u16());
                    assert!(matches!(status, Ok(413)), "{url} {what} {round}: {status:?}");
                }
            }
            assert_eq!(client.get(format!("{url}/text.txt")).send().await.unwrap().text(), text());
        }
    });
}

#[test]
fn nginx_passes_on_to_another_server() {
    run(async {
        let upstream = &whimbrel_server::shared().http;
        let nginx = Site::nginx(&format!(
            "location / {{ proxy_pass {upstream}; proxy_http_version 1.1; }}
             location /buffered {{ proxy_pass {upstream}/anything; }}
             location /gone {{ proxy_pass {}; }}",
            whimbrel_server::shared().refused
        ));
        for url in nginx.urls() {
            let client = nginx.client();
            for path in ["/anything", "/buffered"] {
                let posted = client.post(format!("{url}{path}")).content(pieces(text().as_bytes())).send().await;
                let seen: serde_json::Value = posted.unwrap().json().unwrap();
                assert_eq!(seen["body"], text());
            }
            assert_eq!(client.get(format!("{url}/gone")).send().await.unwrap().status(), 502);
        }
    });
}

#[test]
fn nginx_listens_in_a_unix_socket() {
    run(async {
        let nginx = Site::nginx(COUNTED);
        let client = Client::builder().uds(nginx.path("socket")).build().unwrap();
        for requests in [1, 3, 5] {
            let response = client.get("http://nginx/count").send().await.unwrap();
            assert_eq!(response.text().split(' ').nth(1), Some(requests.to_string().as_str()));
            assert_eq!(client.get("http://nginx/text.txt").send().await.unwrap().text(), text());
        }
    });
}
