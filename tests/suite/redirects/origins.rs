//! What another origin gets to see.

use std::sync::atomic::{AtomicUsize, Ordering};

use whimbrel::auth::Bearer;
use whimbrel::{ClientBuilder, ErrorKind, Headers, RequestBuilder, Response, SniHostname};

use crate::support;

/// Redirects to each of these in turn, and then answers.
pub(super) fn leading<L: Into<String>>(status: u16, locations: impl IntoIterator<Item = L>) -> ClientBuilder {
    let locations: Vec<String> = locations.into_iter().map(Into::into).collect();
    let asked = AtomicUsize::new(0);
    let client = support::mock(move |_| match locations.get(asked.fetch_add(1, Ordering::Relaxed)) {
        Some(location) => Response::new(status).with_header("location", location),
        None => Response::new(200),
    });
    client.follow_redirects(true)
}

/// The header of each request on the way.
async fn headers(request: RequestBuilder) -> Vec<Headers> {
    let response = request.send().await.unwrap();
    response.history().iter().chain([&response]).map(|hop| hop.request().unwrap().headers().clone()).collect()
}

/// Which of these requests have the field.
fn having(hops: &[Headers], name: &str) -> Vec<bool> {
    hops.iter().map(|headers| headers.contains(name)).collect()
}

support::test! {
    // E1, E5, E8: what is not known to be harmless may be a credential under any name.
    async fn only_harmless_fields_cross_origins() {
        const SECRET: &[&str] = &[
            "authorization", "proxy-authorization", "cookie", "www-authenticate", "proxy-authenticate", "x-api-key", "api-key",
            "x-auth-token", "signature", "signature-input", "x-amz-security-token", "x-amz-date", "dpop", "x-csrf-token", "referer",
            "origin", "if-match", "sec-websocket-key", "x-any",
        ];
        const HARMLESS: &[&str] = &["accept", "accept-language", "user-agent", "range", "content-language"];
        let client = leading(307, ["http://b/"]).build().unwrap();
        let request = SECRET.iter().chain(HARMLESS).fold(client.put("http://a/"), |request, name| request.header(*name, "1"));
        let hops = headers(request).await;
        assert!(SECRET.iter().all(|name| having(&hops, name) == [true, false]));
        assert!(HARMLESS.iter().all(|name| having(&hops, name) == [true, true]));
    }

    // D3: it names the server that was asked.
    async fn a_name_for_tls_stays_with_its_origin() {
        for (location, stays) in [("/x", true), ("https://A:443/", true), ("https://b/", false), ("https://a:444/", false)] {
            let client = leading(302, [location]).build().unwrap();
            let request = client.get("https://a/").extension(SniHostname("name".into()));
            let response = request.send().await.unwrap();
            let name = response.request().unwrap().extensions().get::<SniHostname>();
            assert_eq!(name.is_some(), stays, "{location}");
        }
    }

    // E1, E2, E6: scheme, host and port, as they are after parsing.
    async fn an_origin_is_scheme_host_and_port() {
        let cases = [
            ("http://a/", "http://a:80/x", true), ("http://a/", "HTTP://A/x", true), ("https://a/", "https://a:443/x", true),
            ("http://127.0.0.1/", "http://0x7f.1/x", true), ("http://b\u{fc}cher.example/", "http://xn--bcher-kva.example/x", true),
            ("http://[::1]/", "http://[0::1]/x", true), ("http://a/", "http://user:pass@a/x", true), ("http://a/", "//a/x", true),
            ("http://h/", "https://h/", false),
            ("http://h/", "http://h:81/", false), ("http://foo.com/", "http://sub.foo.com/", false), ("http://sub.foo.com/", "http://foo.com/", false),
            ("http://foo.com/", "http://notfoo.com/", false), ("http://foo.com/", "http://foo.com.evil/", false), ("http://foo.com/", "http://foo.com./", false),
            ("http://a.foo.com/", "http://b.foo.com/", false), ("http://[::1]/", "http://[::2]/", false), ("http://1.2.3.4/", "http://4.3.2.1/", false),
            ("http://foo.com/", "http://foo.com@evil/", false), ("http://foo.com/", "http://evil#@foo.com/", false), ("http://foo.com/", "/\\evil/", false),
        ];
        for (from, to, same) in cases {
            let client = leading(302, [to]).build().unwrap();
            let hops = headers(client.get(from).header("authorization", "S3CR3T")).await;
            assert_eq!(having(&hops, "authorization"), [true, same], "{from} to {to}");
        }
        // E6: a zone is no part of a URL's host.
        let client = leading(302, ["http://[::1%25.foo.com]/"]).build().unwrap();
        assert_eq!(client.get("http://foo.com/").send().await.unwrap_err().kind(), ErrorKind::RemoteProtocol);
    }

    // E2: what was meant for TLS does not go on in the clear, not even without its credentials.
    async fn a_downgrade_is_followed_by_nothing_confidential() {
        let to = |code, url: &'static str| leading(code, [url]).build().unwrap();
        for (from, target) in [("https://h/", "http://h/"), ("https://h:8443/", "http://h:8443/"), ("https://h/", "http://h:443/")] {
            let refused = |error: whimbrel::Error| assert_eq!(error.kind(), ErrorKind::RemoteProtocol, "{from} to {target}");
            refused(to(302, target).get(from).header("authorization", "S3CR3T").send().await.unwrap_err());
            refused(to(302, target).get(from).auth(("user", "pass")).send().await.unwrap_err());
            refused(to(307, target).post(from).content("S3CR3T").send().await.unwrap_err());
            for harmless in [to(302, target).get(from), to(302, target).post(from).content("x"), to(307, target).post(from), to(302, target).get(from).header("x-key", "k")] {
                assert_eq!(harmless.send().await.unwrap().status(), 200, "{from} to {target}");
            }
            let client = leading(302, [target]).follow_redirects(false).build().unwrap();
            let response = client.get(from).header("authorization", "S3CR3T").send().await.unwrap();
            assert!(!response.next_request().unwrap().headers().contains("authorization"));
        }
        assert_eq!(to(307, "https://h/").post("http://h/").content("x").send().await.unwrap().status(), 200);
    }

    // E17: not even a redirect gets such a client to speak in the clear.
    async fn https_only_refuses_http_before_it_connects() {
        let seen = std::sync::Arc::new(AtomicUsize::new(0));
        let count = seen.clone();
        let answer = move |_: &whimbrel::Request| {
            count.fetch_add(1, Ordering::Relaxed);
            Response::new(302).with_header("location", "http://h/")
        };
        let client = support::mock(answer).follow_redirects(true).https_only(true).build().unwrap();
        for (url, asked) in [("https://h/", 1), ("http://h/", 1)] {
            assert_eq!(client.get(url).send().await.unwrap_err().kind(), ErrorKind::UnsupportedProtocol);
            assert_eq!(seen.load(Ordering::Relaxed), asked);
        }
    }

    // E3: what was taken away does not come back (Go CVE-2024-45336).
    async fn secrets_stay_away_for_the_rest_of_the_way() {
        for (locations, expected) in [
            (vec!["http://b/", "http://b/x"], vec![true, false, false]), (vec!["http://b/", "http://a/"], vec![true, false, false]),
            (vec!["/x", "http://b/", "http://a/", "/y"], vec![true, true, false, false, false]),
        ] {
            let client = leading(302, locations).auth(("user", "pass")).build().unwrap();
            let hops = headers(client.get("http://a/").header("x-api-key", "k")).await;
            assert_eq!((having(&hops, "authorization"), having(&hops, "x-api-key")), (expected.clone(), expected));
        }
    }

    // E7, M3: the auth of a request is for the origin that was asked.
    async fn no_auth_is_made_anew_for_another_origin() {
        let own = |request: &mut whimbrel::Request| request.headers_mut().insert("authorization", "own");
        let clients = [
            leading(302, ["http://b/"]).auth(("user", "pass")), leading(302, ["http://b/"]).auth(Bearer::new("t0k")),
            leading(302, ["http://b/"]).auth(own), leading(302, ["http://b/"]),
        ];
        for client in clients {
            let hops = headers(client.build().unwrap().get("http://user:pass@a/")).await;
            assert_eq!(having(&hops, "authorization"), [true, false]);
        }
    }

    // E7: nor are credentials taken from where a server puts them.
    async fn credentials_in_a_location_are_not_used() {
        for (from, to, expected) in [
            ("http://a/", "http://evil:pw@a/x", [false, false]), ("http://a/", "http://evil:pw@b/", [false, false]),
            ("http://user:pass@a/", "http://evil:pw@b/", [true, false]), ("http://user:pass@a/", "/x", [true, true]),
        ] {
            let client = leading(302, [to]).build().unwrap();
            assert_eq!(having(&headers(client.get(from)).await, "authorization"), expected, "{from} {to}");
        }
    }

    // E15.
    async fn no_referer_is_made_up() {
        let client = leading(302, ["http://a/x", "https://b/", "http://b/"]).build().unwrap();
        assert_eq!(having(&headers(client.get("http://user:pass@a/#f")).await, "referer"), [false; 4]);
        let client = leading(302, ["/x", "http://b/"]).build().unwrap();
        assert_eq!(having(&headers(client.get("http://a/").header("referer", "http://own/")).await, "referer"), [true, true, false]);
    }

    // E5: what the user lets go, goes; and what is a secret by its name never does.
    async fn a_header_crosses_origins_when_the_user_says_so() {
        let answer = |request: &whimbrel::Request| match request.url().host_str() {
            Some("a.example") => Response::new(302).with_header("location", "http://b.example/"),
            _ => Response::new(200).with_text(format!("{:?}", ["x-request-id", "x-api-key", "authorization", "cookie"].map(|name| request.headers().contains(name)))),
        };
        let client = support::mock(answer).follow_redirects(true).cross_origin_header("X-Request-Id").cross_origin_header("authorization").cross_origin_header("cookie");
        let headers = [("x-request-id", "1"), ("x-api-key", "S3CR3T"), ("authorization", "S3CR3T"), ("cookie", "a=S3CR3T")];
        let response = client.headers(headers).build().unwrap().get("http://a.example/").await.unwrap();
        assert_eq!(response.text(), "[true, false, false, false]");
        assert!(whimbrel::Client::builder().cross_origin_header("a b").build().is_err());
    }
}
