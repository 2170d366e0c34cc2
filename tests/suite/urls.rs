//! URLs: base_url, parameters, mistakes.

use whimbrel::{Client, Error, ErrorKind, QueryParams, Response, Result, Url};

use crate::support;

/// The URL that a GET of this text asks, and the Host field that goes with it.
fn asked(text: &str) -> Result<(String, String)> {
    let request = support::echo().build().unwrap().get(text).build()?;
    Ok((request.url().to_string(), request.headers().joined("host").unwrap()))
}

/// These all ask this host; or are refused.
fn check_hosts(cases: &[(&str, Option<&str>)]) {
    for (text, host) in cases {
        match asked(text) {
            Ok((_, seen)) => assert_eq!(Some(seen.as_str()), *host, "{text}"),
            Err(error) => assert_eq!((error.kind(), *host), (ErrorKind::InvalidUrl, None), "{text}"),
        }
    }
}

support::test! {
    async fn the_base_urls_query_is_kept_where_the_url_has_none() {
        let client = Client::builder().base_url("http://x/api?k=1").build().unwrap();
        assert_eq!(client.get("/users").build().unwrap().url().as_str(), "http://x/api/users?k=1");
        assert_eq!(client.get("/users?a=2").build().unwrap().url().as_str(), "http://x/api/users?a=2");
    }

    async fn urls_that_cannot_be_requested_are_typed_errors() {
        let cases = [
            ("ftp://example.org/", ErrorKind::UnsupportedProtocol, "'ftp://'"),
            ("/relative", ErrorKind::UnsupportedProtocol, "missing an 'http://' or 'https://'"),
            ("example.org", ErrorKind::UnsupportedProtocol, "missing an 'http://' or 'https://'"),
            ("http://", ErrorKind::InvalidUrl, "empty host"),
            ("http://h:99999/", ErrorKind::InvalidUrl, "invalid port"),
            ("http://[::1/", ErrorKind::InvalidUrl, "IPv6"),
            ("data:text/plain,hi", ErrorKind::UnsupportedProtocol, "missing an 'http://' or 'https://'"),
        ];
        for (url, kind, text) in cases {
            let error = Client::new().get(url).build().unwrap_err();
            assert_eq!(error.kind(), kind, "{url}: {error}");
            assert!(error.to_string().contains(text), "{url}: {error}");
        }
    }

    // G10.
    async fn credentials_of_an_invalid_url_are_in_no_error() {
        let error = Client::new().get("http://user:S3CR3T@h:99999/").build().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("S3CR3T"), "{error:?}");
    }

    // J8.
    async fn an_empty_base_is_none_and_a_scheme_alone_is_no_host() {
        assert!(whimbrel::Client::builder().base_url("").build().unwrap().base_url().is_none());
        let client = whimbrel::Client::builder().base_url("http://h/v1").build().unwrap();
        for (url, merged) in [("http:users", "http://h/v1/users"), ("https:evil.com/x", "http://h/v1/evil.com/x")] {
            assert_eq!(client.get(url).build().unwrap().url().as_str(), merged);
        }
    }

    // J2: whatever it looks like, everybody reads the same host.
    async fn confusing_urls_have_the_host_that_browsers_see() {
        check_hosts(&[
            ("http://1.1.1.1 &@2.2.2.2# @3.3.3.3/", Some("2.2.2.2")), ("http://a\\@b/", Some("a")), ("http://a#@b/", Some("a")), ("http://a?@b/", Some("a")),
            ("http://a/@b", Some("a")), ("http://a:80@b/", Some("b")), ("http://a@b@c/", Some("c")), ("ht\ttp:\n//a\r/", Some("a")), (" http://a/ ", Some("a")),
            ("http:a", Some("a")), ("http:/a", Some("a")), ("http:///a", Some("a")), ("http:\\\\a", Some("a")), ("HTTP://A", Some("a")),
            ("http://\u{ff41}\u{3002}\u{ff42}/", Some("a.b")), ("http://a%2eb/", Some("a.b")), ("http://a%00b/", None), ("http://a b/", None), ("http://a<b/", None),
            ("http://a^b/", None), ("http://a|b/", None), ("http://a%b/", None), ("http://@/", None), ("http://:80/", None), ("http://a:b@/", None),
        ]);
        for text in ["http://a@b/".replace('@', &"@".repeat(20_000)), format!("http://{}b/", "a:".repeat(20_000)), format!("http://b/{}", "@".repeat(60_000))] {
            let _ = asked(&text);
        }
    }

    // J3: one form before anybody looks at it.
    async fn numbers_are_addresses() {
        let cases = ["2130706433", "0x7f.1", "017700000001", "127.1", "127.0.1", "0x7f000001", "0177.0.0.1", "127.0.0.1", "%31%32%37.1", "\u{ff11}27.1"];
        cases.iter().for_each(|host| check_hosts(&[(&format!("http://{host}/"), Some("127.0.0.1"))]));
        check_hosts(&[("http://256.0.0.1/", None), ("http://1.2.3.4.5/", None), ("http://0x100000000/", None), ("http://1.2.3.08/", None), ("http://a.1/", None)]);
    }

    // J4.
    async fn brackets_hold_addresses_alone() {
        check_hosts(&[
            ("http://[::1]/", Some("[::1]")), ("http://[0:0::1]:80/", Some("[::1]")), ("http://[::ffff:127.0.0.1]/", Some("[::ffff:7f00:1]")), ("http://[ABCD::]:81/", Some("[abcd::]:81")),
            ("http://[::1%25eth0]/", None), ("http://[::1%eth0]/", None), ("http://[v1.x]/", None), ("http://[example.com]/", None), ("http://[127.0.0.1]/", None),
            ("http://[::1/", None), ("http://::1]/", None), ("http://[[::1]]/", None), ("http://[]/", None), ("http://[::1]x/", None), ("http://::1/", None),
        ]);
    }

    // J5.
    async fn punycode_is_what_it_says() {
        check_hosts(&[
            ("http://b\u{fc}cher.example/", Some("xn--bcher-kva.example")), ("http://XN--BCHER-KVA.example/", Some("xn--bcher-kva.example")),
            ("http://xn--example-.org/", None), ("http://xn--/", None), ("http://xn--a/", None), ("http://xn--a-.b/", None), ("http://xn--\u{fc}/", None),
            ("http://a.xn--/", None), ("http://\u{ad}/", None), ("http://a\u{ad}b/", Some("ab")),
        ]);
    }

    // J7, P3.
    async fn ports_and_names_have_limits() {
        let (label, long) = ("l".repeat(63), "l".repeat(64));
        let name = [label.as_str(); 4].join(".");
        let billion = format!("http://h:{}/", "9".repeat(60_000));
        let (whole, rooted) = (format!("http://{}/", &name[..253]), format!("http://{}./", &name[..253]));
        check_hosts(&[
            ("http://h:/", Some("h")), ("http://h:80/", Some("h")), ("http://h:65535/", Some("h:65535")), ("http://h:00081/", Some("h:81")),
            ("http://h:0/", None), ("http://h:65536/", None), ("http://h:80a/", None), ("http://h:-1/", None), ("http://h:+1/", None), (&billion, None),
            ("http://h:\u{661}/", None), (&whole, Some(&name[..253])), (&rooted, Some(rooted[7..].trim_end_matches('/'))),
            (&format!("http://{}/", &name[..254]), None), (&format!("http://{long}.example/"), None), (&format!("https://{long}/"), None),
        ]);
        for (length, fits) in [(65_536, true), (65_537, false)] {
            let url = format!("http://h/{}", "x".repeat(length - 9));
            assert_eq!(asked(&url).is_ok(), fits);
            assert_eq!(Client::builder().base_url(url).build().is_ok(), fits);
        }
        let parsed = Url::parse("http://h:0/").unwrap();
        assert_eq!(Client::new().get(parsed).build().unwrap_err().kind(), ErrorKind::InvalidUrl);
    }

    // J10.
    async fn a_name_that_looks_like_another_shows_what_it_is() {
        let client = support::mock(|request| Err::<Response, _>(Error::new(ErrorKind::Connect, "no").with_url(request.url())));
        let error = client.build().unwrap().get("http://\u{430}pple.example/").send().await.unwrap_err();
        assert!(error.to_string().contains("http://xn--pple-43d.example/") && error.to_string().is_ascii(), "{error}");
    }

    // J10.
    async fn parameters_are_written_exactly() {
        let request = Client::new().get("http://h/").params([("a\0", "+ %00&="), ("%41", "\u{e9}\r\n"), ("", "")]).build().unwrap();
        assert_eq!(request.url().query().unwrap(), "a%00=%2B+%2500%26%3D&%2541=%C3%A9%0D%0A&=");
        assert_eq!(asked("http://h/?a+b%20%00%zz'").unwrap().0, "http://h/?a+b%20%00%zz%27");
    }

    // J11. Ten times as much takes about ten times as long: the square of it would take minutes.
    async fn time_grows_with_the_length_alone() {
        let pairs = || (0..100_000).map(|n| (format!("n{n}"), n));
        let client = Client::builder().param("n7", "x").build().unwrap();
        let url = client.post("http://h/").params(pairs()).form(pairs()).build().unwrap().url().clone();
        assert_eq!(QueryParams::parse(url.query().unwrap()).iter().count(), 100_000);
        assert_eq!(QueryParams::parse(&"a&".repeat(100_000)).get_list("a").len(), 100_000);
        for path in ["../".repeat(20_000), "a/../".repeat(12_000), "%2e%2e/".repeat(9000), "%41".repeat(20_000), "/".repeat(60_000)] {
            assert!(asked(&format!("http://h/{path}")).is_ok());
        }
        assert_eq!(asked(&format!("http://h/{}", "%41".repeat(350_000))).unwrap_err().kind(), ErrorKind::InvalidUrl);
    }
}
