//! HTTP/2 with nginx and Apache: with prior knowledge in the clear, and by ALPN over TLS.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::Value;
use whimbrel::{Client, Method, Response, TlsInfo, Version};

use crate::nginx::pieces;
use crate::site::{LARGE, Site, large, run, text};

const HTTP_2: Option<Version> = Some(Version::HTTP_2);

/// Both, furnished alike: files, what the test server echoes, and in the response's head the client's port and its field `x-long`.
fn sites() -> [Site; 2] {
    let upstream = &whimbrel_server::shared().http;
    let nginx = Site::nginx_http2(&format!(
        "gzip on; gzip_types text/plain; large_client_header_buffers 4 64k; client_max_body_size 100m;
         add_header x-port $remote_port always; add_header x-echo $http_x_long always;
         location /anything {{ proxy_pass {upstream}; }}"
    ));
    let apache = Site::apache(&format!(
        "AddOutputFilterByType DEFLATE text/plain\nLimitRequestFieldSize 65536
         Header always set x-port \"expr=%{{REMOTE_PORT}}\"\nHeader always set x-echo \"expr=%{{req:x-long}}\"
         ProxyPass /anything {upstream}/anything"
    ));
    [nginx, apache]
}

/// Speaks HTTP/2 alone.
fn client(site: &Site) -> Client {
    site.builder().http1(false).http2(true).build().unwrap()
}

/// Does the same at each site, in the clear and over TLS.
async fn everywhere(test: impl AsyncFn(Client, String)) {
    for site in &sites() {
        for url in site.urls() {
            test(client(site), url).await;
        }
    }
}

fn field<'a>(response: &'a Response, name: &str) -> &'a str {
    assert_eq!(response.version(), HTTP_2);
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[test]
fn small_things_are_asked_for() {
    run(everywhere(async |client, url| {
        let response = client.get(format!("{url}/text.txt")).send().await.unwrap();
        assert_eq!((field(&response, "content-encoding"), &*response.text()), ("gzip", &*text()));
        assert_eq!(response.extensions().get::<TlsInfo>().is_some(), url.starts_with("https"));
        assert!(response.extensions().get::<TlsInfo>().is_none_or(|tls| tls.alpn == Some("h2")));
        let head = client.head(format!("{url}/large")).send().await.unwrap();
        assert_eq!((field(&head, "content-length"), head.bytes().len()), (LARGE.to_string().as_str(), 0));
        let same =
            client.get(format!("{url}/large")).header("if-none-match", field(&head, "etag")).send().await.unwrap();
        assert_eq!((same.status().as_u16(), same.bytes().len()), (304, 0));
        let none = client.get(format!("{url}/none")).send().await.unwrap();
        assert_eq!((none.status().as_u16(), field(&none, "x-port")), (404, field(&response, "x-port")));
    }));
}

#[test]
fn large_bodies_go_both_ways() {
    let body = "0123456789abcdef".repeat(1 << 16);
    run(everywhere(async |client, url| {
        let down = client.get(format!("{url}/large")).send().await.unwrap();
        assert!(down.bytes() == &large(LARGE)[..], "{} bytes of {LARGE}", down.bytes().len());
        // Of a length that is told, and of one that nobody knows.
        for content in [body.clone().into(), pieces(body.as_bytes())] {
            let posted = client.post(format!("{url}/anything")).content(content).send().await.unwrap();
            assert_eq!(posted.version(), HTTP_2);
            assert!(posted.json::<Value>().unwrap()["body"] == body);
        }
    }));
}

#[test]
fn a_hundred_requests_share_a_connection() {
    run(everywhere(async |client, url| {
        let first = client.get(format!("{url}/text.txt")).send().await.unwrap();
        let requests = (0..100).map(|number| match number % 2 {
            0 => client.get(format!("{url}/text.txt")),
            _ => client.get(format!("{url}/anything?number={number}")),
        });
        let responses: Result<Vec<_>, _> = join_all(requests.map(|request| request.send())).await.into_iter().collect();
        let responses = responses.unwrap();
        let ports: BTreeSet<_> = responses.iter().map(|response| field(response, "x-port")).collect();
        assert_eq!(ports, BTreeSet::from([field(&first, "x-port")]));
        for (number, response) in responses.iter().enumerate() {
            match number % 2 {
                0 => assert_eq!(response.text(), text()),
                _ => assert_eq!(response.json::<Value>().unwrap()["target"], format!("/anything?number={number}")),
            }
        }
    }));
}

#[test]
fn heads_may_be_long() {
    run(everywhere(async |client, url| {
        let long = "x".repeat(30 << 10);
        for _ in 0..3 {
            let response = client.get(format!("{url}/text.txt")).header("x-long", &long).send().await.unwrap();
            assert!(field(&response, "x-echo") == long, "{:?}", response.headers());
        }
    }));
}

#[test]
fn a_response_that_nobody_reads_holds_up_no_other() {
    run(everywhere(async |client, url| {
        let first = client.get(format!("{url}/text.txt")).send().await.unwrap();
        for _ in 0..20 {
            let mut unread = client.get(format!("{url}/large")).stream().await.unwrap();
            assert!(unread.chunk().await.unwrap().is_some_and(|chunk| !chunk.is_empty()));
            let beside = client.get(format!("{url}/text.txt")).send().await.unwrap();
            drop(unread);
            let after = client.get(format!("{url}/text.txt")).send().await.unwrap();
            for response in [&beside, &after] {
                assert_eq!((&*response.text(), field(response, "x-port")), (&*text(), field(&first, "x-port")));
            }
        }
    }));
}

// nginx ends a connection by GOAWAY, in the middle of what is under way on it: half of that has to be sent again, POSTs too.
#[test]
fn connections_that_end_after_fifty_requests_fail_nobody() {
    run(async {
        let lines = r#"keepalive_requests 50; location /count { return 200 "$connection"; }"#;
        let nginx = Site::nginx_http2(lines);
        for url in nginx.urls() {
            let client = client(&nginx);
            for _ in 0..5 {
                let methods = (0..100).map(|number| if number % 2 == 0 { Method::GET } else { Method::POST });
                let sent = methods.map(|method| client.request(method, format!("{url}/count")).send());
                let responses: Result<Vec<_>, _> = join_all(sent).await.into_iter().collect();
                let responses = responses.unwrap();
                assert!(responses.iter().all(|response| response.status() == 200));
                let connections: BTreeSet<_> = responses.iter().map(|response| response.text().into_owned()).collect();
                assert!(connections.len() >= 2, "{connections:?}");
            }
        }
    });
}

#[test]
fn a_refusal_during_the_upload_is_the_response() {
    run(async {
        let nginx = Site::nginx_http2("client_max_body_size 1k; location /up { dav_methods PUT; }");
        let body = large(LARGE);
        for url in nginx.urls() {
            let client = client(&nginx);
            for content in [body.clone().into(), pieces(&body)] {
                let response = client.put(format!("{url}/up/refused")).content(content).send().await.unwrap();
                assert_eq!((response.status().as_u16(), response.version()), (413, HTTP_2));
                assert_eq!(client.get(format!("{url}/text.txt")).send().await.unwrap().text(), text());
            }
        }
    });
}

#[test]
fn a_server_may_choose_http_1() {
    run(async {
        let nginx = Site::nginx("");
        let [_, url] = nginx.urls();
        let client = nginx.builder().http2(true).build().unwrap();
        let response = client.get(format!("{url}/text.txt")).send().await.unwrap();
        assert_eq!((response.version(), &*response.text()), (Some(Version::HTTP_11), &*text()));
        let tls = response.extensions().get::<TlsInfo>().expect("it came over TLS");
        assert_eq!(tls.alpn, Some("http/1.1"));
    });
}

#[test]
fn a_unix_socket_speaks_it_too() {
    run(async {
        let nginx = Site::nginx_http2("");
        let builder = Client::builder().http1(false).http2(true);
        let client = builder.uds(nginx.path("socket")).build().unwrap();
        let response = client.get("http://nginx/text.txt").send().await.unwrap();
        assert_eq!((response.version(), &*response.text()), (HTTP_2, &*text()));
    });
}
