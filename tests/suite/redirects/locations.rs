//! Where redirects lead, and with what.

use whimbrel::{Body, BoxFuture, Client, ErrorKind, Request, Response, Result, StreamingResponse, Transport};

use super::origins::leading;
use crate::support;

/// Redirects to `/to` with this status, and reads no body. (A mock reads it, and has it in memory then.)
struct Unread(u16);

impl Transport for Unread {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<StreamingResponse>> {
        let status = if request.url().path() == "/to" { 200 } else { self.0 };
        let response = Response::new(status).with_header("location", "/to");
        Box::pin(std::future::ready(Ok(StreamingResponse::new(request, response))))
    }
}

support::test! {
    // E9: RFC 9110 15.4.
    async fn what_describes_a_body_goes_with_it() {
        const FIELDS: &[&str] = &[
            "content-encoding", "content-language", "content-location", "content-md5", "content-digest", "content-disposition",
            "content-range", "digest", "repr-digest", "expect", "last-modified", "trailer",
        ];
        for (status, kept) in [(301, false), (302, false), (303, false), (307, true), (308, true)] {
            let client = leading(status, ["/to"]).build().unwrap();
            let request = FIELDS.iter().fold(client.post("http://a/").json(&1), |request, name| request.header(*name, "x"));
            let response = request.send().await.unwrap();
            let request = response.request().unwrap();
            assert_eq!(request.body().as_bytes().is_some_and(|body| body == b"1"), kept, "{status}");
            for name in FIELDS.iter().chain(&["content-type", "content-length"]) {
                assert_eq!(request.headers().contains(name), kept, "{status} {name}");
            }
        }
    }

    // E9: never an empty body in place of one that is gone.
    async fn a_stream_is_not_sent_a_second_time() {
        for (status, expected) in [(307, Some(ErrorKind::BodyConsumed)), (308, Some(ErrorKind::BodyConsumed)), (303, None)] {
            let client = Client::builder().transport(Unread(status)).follow_redirects(true).build().unwrap();
            let stream = Body::stream(support::pieces(&["a", "b"]), None);
            let sent = client.post("http://a/").content(stream).send().await;
            assert_eq!(sent.err().map(|error| error.kind()), expected, "{status}");
        }
    }

    // E11: one parser, a browser's. (`peers::urls` has hundreds more.)
    async fn a_location_is_read_as_a_browser_reads_it() {
        let cases = [
            ("", Some("http://a/dir/from?q")), ("?", Some("http://a/dir/from?")), ("x", Some("http://a/dir/x")), ("//evil", Some("http://evil/")),
            ("\\\\evil", Some("http://evil/")), ("/\\evil", Some("http://evil/")), ("///evil", Some("http://evil/")), ("http:x", Some("http://a/dir/x")),
            ("http:/x", Some("http://a/x")), ("http:///x", Some("http://x/")), ("http:\\\\x\\y", Some("http://x/y")), ("https:x", Some("https://x/")),
            ("http://a@b@c", Some("http://a%40b@c/")), ("a b\tc", Some("http://a/dir/a%20bc")), ("\u{e9}?\u{e9}", Some("http://a/dir/%C3%A9?%C3%A9")),
            ("http://b\u{fc}cher.example", Some("http://xn--bcher-kva.example/")), ("http://1.1.1.1 &@2.2.2.2# @3.3.3.3/", Some("http://1.1.1.1%20&@2.2.2.2/#%20@3.3.3.3/")),
            ("/a/../../b", Some("http://a/b")), ("/%2e%2e/b", Some("http://a/b")), (":80", Some("http://a/dir/:80")),
            ("http://", None), ("//", None), ("http://h:99999/", None), ("http://h:0/", None), ("http://[::1/", None), ("http://a b/", None),
            ("http://%00/", None), ("http://x:y/", None),
        ];
        for (location, expected) in cases {
            let sent = leading(302, [location]).build().unwrap().get("http://a/dir/from?q").send().await;
            match (sent, expected) {
                (Ok(response), Some(url)) => assert_eq!(response.url().unwrap().as_str(), url, "{location}"),
                (sent, expected) => assert_eq!((sent.unwrap_err().kind(), expected), (ErrorKind::RemoteProtocol, None), "{location}"),
            }
        }
    }

    // E11: the response with the bad Location is there for whoever does not follow it.
    async fn a_response_with_a_bad_location_can_be_looked_at() {
        let client = leading(302, ["http://[::1/"]).follow_redirects(false).build().unwrap();
        let response = client.get("http://a/").send().await.unwrap();
        assert_eq!((response.headers().get("location").unwrap().as_bytes(), response.next_request().is_none()), (&b"http://[::1/"[..], true));
    }

    // E12.
    async fn endless_locations_are_refused() {
        for location in ["x".repeat(1 << 20), "../".repeat(100_000), "http://h/".to_owned() + &"@".repeat(100_000)] {
            let error = leading(302, [location]).build().unwrap().get("http://a/").send().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::RemoteProtocol);
            assert!(error.to_string().len() < 200, "{error}");
        }
        let response = leading(302, ["../".repeat(20_000)]).build().unwrap().get("http://a/b/").send().await.unwrap();
        assert_eq!(response.url().unwrap().as_str(), "http://a/");
    }

    // E12, E13: so many and not one more, by default 20.
    async fn redirects_are_counted_exactly() {
        for (most, hops, arrives) in [(Some(0), 0, true), (Some(0), 1, false), (Some(3), 3, true), (Some(3), 4, false), (None, 20, true), (None, 21, false)] {
            let client = leading(302, vec!["/again"; hops]);
            let client = most.into_iter().fold(client, |client, most| client.max_redirects(most)).build().unwrap();
            let sent = client.get("http://a/").send().await;
            assert_eq!(sent.as_ref().map(|response| response.history().len()).ok(), arrives.then_some(hops), "{most:?} {hops}");
            assert!(sent.err().is_none_or(|error| error.kind() == ErrorKind::TooManyRedirects));
        }
    }

    // E18.
    async fn nothing_else_is_followed() {
        for (status, name) in [(300, "location"), (304, "location"), (305, "location"), (306, "location"), (200, "location"), (201, "location"), (200, "refresh"), (302, "refresh"), (302, "content-location")] {
            let client = support::mock(move |_| {
                Response::new(status).with_header(name, if name == "refresh" { "0; url=http://b/" } else { "http://b/" }).with_text("<meta http-equiv=refresh content='0; url=http://b/'>")
            });
            let response = client.follow_redirects(true).build().unwrap().get("http://a/").send().await.unwrap();
            assert_eq!((response.status().as_u16(), response.history().len(), response.next_request().is_none()), (status, 0, true), "{status} {name}");
        }
    }
}
