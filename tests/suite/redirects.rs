//! Redirects: followed when asked, with history, without credentials for others.

mod locations;
mod origins;

use whimbrel::{ErrorKind, Response};

use crate::support;

/// Redirects `/from` with this status to this location; everything else echoes.
fn redirecting(status: u16, location: &'static str) -> whimbrel::ClientBuilder {
    support::mock(move |request| match request.url().path() {
        "/from" => Response::new(status).with_header("location", location).with_text("moved"),
        "/loop" => Response::new(302).with_header("location", "/loop"),
        _ => Response::new(200).with_text(format!(
            "{} {:?}",
            request.method(),
            request.body().as_bytes().map(<[u8]>::len)
        )),
    })
    .follow_redirects(true)
}

support::test! {
    async fn redirects_are_not_followed_by_default() {
        let client = support::mock(|_| Response::new(302).with_header("location", "/to")).build().unwrap();
        let response = client.get("http://a/").send().await.unwrap();
        assert_eq!(response.status(), 302);
        assert_eq!(response.next_request().unwrap().url().as_str(), "http://a/to");
    }

    async fn followed_redirects_are_in_the_history() {
        let client = redirecting(302, "/to").build().unwrap();
        let response = client.get("http://a/from").send().await.unwrap();
        assert_eq!(response.url().unwrap().as_str(), "http://a/to");
        assert_eq!(response.history().len(), 1);
        assert_eq!(response.history()[0].text(), "moved");
    }

    async fn methods_change_as_browsers_change_them() {
        let cases = [
            (301, "POST", "GET"), (301, "PUT", "PUT"), (302, "PUT", "GET"), (302, "HEAD", "HEAD"), (303, "DELETE", "GET"),
            (303, "HEAD", "HEAD"), (307, "POST", "POST"), (308, "PATCH", "PATCH"),
        ];
        for (status, method, expected) in cases {
            let client = redirecting(status, "/to").build().unwrap();
            let response = client.request(method, "http://a/from").send().await.unwrap();
            assert_eq!(response.request().unwrap().method().as_str(), expected, "{status} {method}");
        }
    }

    // E9.
    async fn the_body_goes_with_307_and_its_headers_go_with_the_body() {
        let kept = redirecting(307, "/to").build().unwrap();
        assert_eq!(kept.post("http://a/from").json(&1).send().await.unwrap().text(), "POST Some(1)");
        let dropped = redirecting(303, "/to").build().unwrap();
        let response = dropped.post("http://a/from").json(&1).send().await.unwrap();
        let headers = response.request().unwrap().headers();
        assert!(!headers.contains("content-type") && !headers.contains("content-length"), "{headers:?}");
    }

    // E1, E5.
    async fn secrets_do_not_cross_origins() {
        for target in ["http://b/to", "https://a/to", "http://a:81/to"] {
            let client = redirecting(302, target).build().unwrap();
            let request = client.get("http://a/from").header("x-api-key", "k").header("accept", "text/html").cookie("c", "1");
            let response = request.auth(("user", "pass")).send().await.unwrap();
            let headers = response.request().unwrap().headers();
            for secret in ["authorization", "cookie", "x-api-key"] {
                assert!(!headers.contains(secret), "{secret} went to {target}");
            }
            assert_eq!(headers.get("accept").unwrap(), "text/html");
            let host = target.split('/').nth(2).unwrap();
            assert_eq!(headers.get("host").unwrap(), host);
        }
    }

    async fn same_origin_redirects_keep_authorization() {
        let client = redirecting(302, "/to").build().unwrap();
        let response = client.get("http://a/from").auth(("user", "pass")).send().await.unwrap();
        assert!(response.request().unwrap().headers().contains("authorization"));
    }

    async fn the_fragment_is_inherited() {
        let client = redirecting(302, "/to").build().unwrap();
        let response = client.get("http://a/from#part").send().await.unwrap();
        assert_eq!(response.url().unwrap().as_str(), "http://a/to#part");
    }

    // E12.
    async fn endless_redirects_end() {
        let client = redirecting(302, "/to").max_redirects(3).build().unwrap();
        let error = client.get("http://a/loop").send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooManyRedirects);
    }

    // E11.
    async fn an_invalid_location_is_an_error_only_when_followed() {
        let client = redirecting(302, "http://[").build().unwrap();
        assert_eq!(client.get("http://a/from").send().await.unwrap_err().kind(), ErrorKind::RemoteProtocol);
        let response = client.get("http://a/from").follow_redirects(false).send().await.unwrap();
        assert!(response.next_request().is_none());
    }

    // F13: what the user set for every host was meant for the one that was asked.
    async fn cookies_of_the_client_stay_with_the_first_origin() {
        let hop = |request: &whimbrel::Request| match request.url().host_str() {
            Some("a") => Response::new(302).with_header("location", "http://evil/").with_header("set-cookie", "own=1"),
            Some("evil") => Response::new(302).with_header("location", "http://b/").with_text(request.headers().joined("cookie").unwrap_or_default()),
            _ => Response::new(200).with_text(request.headers().joined("cookie").unwrap_or_default()),
        };
        let client = support::mock(hop).follow_redirects(true);
        if !whimbrel::Client::new().capabilities().redirects {
            // A browser's jar is the browser's, but a mock's is ours.
            assert!(support::echo().cookie("a", "b").build().is_ok());
        }
        let client = client.cookie("session", "SECRET").build().unwrap();
        let response = client.get("http://a/").send().await.unwrap();
        assert_eq!((response.history()[1].text().as_ref(), response.text().as_ref()), ("", ""));
    }

    // A host's fetch opens data: and the like; a redirect does not get to choose that.
    async fn redirects_lead_to_http_alone() {
        for location in ["data:text/plain,hello", "file:///etc/hosts", "ftp://a/", "javascript:1"] {
            let error = redirecting(302, location).build().unwrap().get("http://a/from").send().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnsupportedProtocol, "{location}");
        }
    }
}
