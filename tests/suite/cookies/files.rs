//! Jars as text, and texts that are none.

use std::time::Duration;

use whimbrel::{Cookie, Cookies, ErrorKind, Headers, SameSite};

use super::rules::{jar, sent, url};
use crate::support;

const NETSCAPE: &str = "# Netscape HTTP Cookie File\n\
    example.org\tFALSE\t/\tTRUE\t4000000000\thost\t1\n\
    #HttpOnly_.example.org\tTRUE\t/a\tFALSE\t0\tdomain\ta=b\n\
    \tFALSE\t/\tFALSE\t0\thand\t\n";

/// One of each kind.
fn all() -> Cookies {
    let mut cookies = Cookies::from_netscape(NETSCAPE).unwrap();
    cookies.set_cookie(Cookie::new("lax", "é").with_host("h").with_same_site(SameSite::Lax));
    cookies
}

fn json(object: &str) -> Cookies {
    Cookies::from_json(&format!("[{object}]")).unwrap()
}

support::test! {
    async fn cookies_txt_is_what_curl_and_python_write() {
        let cookies = Cookies::from_netscape(NETSCAPE).unwrap();
        assert_eq!(cookies.to_netscape(), NETSCAPE);
        let seen: Vec<_> = cookies
            .jar()
            .map(|cookie| (cookie.name(), cookie.value(), cookie.domain(), cookie.is_host_only(), cookie.is_http_only()))
            .collect();
        let expected = [
            ("host", "1", Some("example.org"), true, false), ("domain", "a=b", Some("example.org"), false, true),
            ("hand", "", None, true, false),
        ];
        assert_eq!(seen, expected);
    }

    // F12: host-only and the absolute expiry survive.
    async fn json_keeps_everything() {
        let loaded = Cookies::from_json(&all().to_json()).unwrap();
        assert_eq!(loaded.to_json(), all().to_json());
        let cookies: Vec<_> = loaded.jar().collect();
        assert_eq!(cookies[0].expires(), Some(Duration::from_secs(4_000_000_000)));
        assert!(cookies[0].is_host_only() && !cookies[1].is_host_only());
        assert_eq!((cookies[3].value(), cookies[3].same_site()), ("é", Some(SameSite::Lax)));
    }

    async fn json_of_browser_tools_is_read() {
        let state = r#"{"cookies": [{"name": "n", "value": "1", "domain": ".example.org", "path": "/", "expires": -1,
            "httpOnly": true, "secure": false, "sameSite": "Strict"}], "origins": []}"#;
        let mut cookies = Cookies::from_json(state).unwrap();
        assert_eq!(sent(&mut cookies, "http://a.example.org/"), "n=1");
        assert_eq!(cookies.jar().next().unwrap().expires(), None);
        let mut cookies = json(r#"{"name": "n", "value": "1", "domain": "example.org", "expires": 4000000000.5}"#);
        assert_eq!(sent(&mut cookies, "http://a.example.org/"), "");
        assert_eq!(sent(&mut cookies, "http://example.org/"), "n=1");
    }

    // F12
    async fn what_no_response_could_set_is_not_loaded() {
        let object = |domain: &str, name: &str, value: &str, path: &str| {
            serde_json::json!({ "name": name, "value": value, "domain": domain, "path": path }).to_string()
        };
        for (domain, name, value, path) in [
            (".co.uk", "n", "1", "/"), (".com", "n", "1", "/"), (".127.0.0.1", "n", "1", "/"), (".localhost", "n", "1", "/"),
            ("h", "n", "1\r\nX: y", "/"), ("h", "n\0", "1", "/"), ("h", "n", "1; m=2", "/"), ("h", "n=m", "1", "/"),
            ("h", "__Host-n", "1", "/"), ("h", "n", "1", "x"), ("h\t", "n", "1", "/"), ("h", "n", "1", "/\n"),
        ] {
            assert!(json(&object(domain, name, value, path)).is_empty(), "{domain} {name} {value:?} {path:?}");
        }
        assert!(Cookies::from_netscape(".co.uk\tTRUE\t/\tFALSE\t0\tn\t1").unwrap().is_empty());
        assert_eq!(json(&object("co.uk", "n", "1", "/")).len(), 1);
    }

    // F12
    async fn no_text_is_an_empty_jar_and_another_text_is_an_error() {
        for text in ["", " \n", "# a comment\n\n"] {
            assert!(Cookies::from_netscape(text).unwrap().is_empty(), "{text:?}");
        }
        assert!(Cookies::from_json(" ").unwrap().is_empty() && Cookies::from_json("[]").unwrap().is_empty());
        for text in ["none", "{}", "null", "[1]", "[{}]", r#"[{"name": 1, "value": "S3CR3T"}]"#, "{\"cookies\": 1}", "[", "\u{feff}[]"] {
            let error = Cookies::from_json(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decoding, "{text}");
            assert!(!format!("{error} {error:?}").contains("S3CR3T"));
        }
        for text in ["none", "a\tb", "h\tFALSE\t/\tFALSE\tsoon\tn\tS3CR3T", "h\tFALSE\t/\tFALSE\t0\tn\t1\tS3CR3T"] {
            let error = Cookies::from_netscape(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decoding, "{text}");
            assert!(error.to_string().contains("line 1") && !format!("{error:?}").contains("S3CR3T"), "{error}");
        }
    }

    async fn a_cookie_forges_no_line() {
        let mut cookies = Cookies::new();
        cookies.set("n", "1\n.evil.example\tTRUE\t/\tFALSE\t0\tm\t2");
        cookies.set_cookie(Cookie::new("n", "1").with_domain("h\tTRUE"));
        assert_eq!(cookies.to_netscape(), "# Netscape HTTP Cookie File\n");
        assert_eq!(Cookies::from_json(&cookies.to_json()).unwrap().len(), 0);
    }

    // F7, F8: whatever a server or a file says, the jar stays one that can be sent, saved and loaded.
    async fn no_bytes_make_the_jar_panic() {
        let fields = [
            "n=v; Path=/a; Domain=example.org; Secure; HttpOnly; SameSite=Lax; Max-Age=60",
            "n=v; Expires=Wed, 09 Sep 2026 08:07:06 GMT; Path=/",
            "__Host-n=\"v\"; Path=/; Secure",
        ];
        let mut kept = 0;
        for bytes in fields.iter().flat_map(|field| variants(field.as_bytes())) {
            kept += usize::from(survives(&bytes));
        }
        assert!(kept > 1000, "{kept}");
        for text in variants(NETSCAPE.as_bytes()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()) {
            if let Ok(cookies) = Cookies::from_netscape(&text) {
                assert_eq!(Cookies::from_netscape(&cookies.to_netscape()).unwrap().to_json(), cookies.to_json(), "{text}");
            }
        }
        for text in variants(all().to_json().as_bytes()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()) {
            if let Ok(cookies) = Cookies::from_json(&text) {
                assert_eq!(Cookies::from_json(&cookies.to_json()).unwrap().to_json(), cookies.to_json(), "{text}");
            }
        }
    }

    async fn cookies_set_by_hand_go_where_they_are_set_for() {
        let cookies: Cookies = [
            Cookie::new("d", "1").with_domain(".Example.org"), Cookie::new("h", "2").with_host("example.org"),
            Cookie::new("p", "3").with_path("/p"), Cookie::new("s", "4").with_secure(true),
            Cookie::new("e", "5").with_expires(Duration::from_secs(1)),
        ].into_iter().collect();
        let mut cookies = cookies;
        assert_eq!(sent(&mut cookies, "http://example.org/"), "d=1; h=2");
        assert_eq!(sent(&mut cookies, "https://a.example.org/p/"), "p=3; d=1; s=4");
        assert_eq!(sent(&mut cookies, "http://b/"), "");
    }

    async fn cookies_that_no_header_can_hold_are_errors() {
        for (name, value) in [("n", "1\r\nX: y"), ("n", "1; admin=1"), ("n=", "1"), ("n\0", "1"), ("n", "\x7f")] {
            let cookies: Cookies = [(name, value)].into_iter().collect();
            let error = cookies.clone().cookie_header(&url("http://h/"), Duration::ZERO).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LocalProtocol, "{name:?} {value:?}");
        }
    }

    async fn the_jar_is_asked_by_domain_and_path() {
        let mut cookies = jar("https://a.example.org/", &["n=1; Path=/", "n=2; Path=/x", "n=3; Path=/; Domain=example.org", "m=4"]);
        assert_eq!(cookies.get("m").unwrap(), Some("4"));
        assert_eq!(cookies.get("none").unwrap(), None);
        assert_eq!(cookies.get("n").unwrap_err().to_string(), "Multiple cookies exist with name=n");
        assert_eq!(cookies.get_in("n", "example.org", None).unwrap(), Some("3"));
        assert_eq!(cookies.get_in("n", ".EXAMPLE.org", "/").unwrap(), Some("3"));
        assert_eq!(cookies.get_in("n", None, "/x").unwrap(), Some("2"));
        assert_eq!(cookies.get_in("n", "a.example.org", None).unwrap_err().kind(), ErrorKind::CookieConflict);
        cookies.delete_in("n", "a.example.org", "/");
        cookies.clear_in("example.org", None);
        assert_eq!(cookies.iter().collect::<Vec<_>>(), [("n", "2"), ("m", "4")]);
        cookies.update(&[("m", "5")].into_iter().collect());
        assert_eq!(cookies.len(), 3);
        cookies.delete("m");
        assert_eq!(cookies.iter().next(), Some(("n", "2")));
        cookies.clear();
        assert!(cookies.is_empty());
    }
}

/// The text itself, cut at every place, and with every byte changed.
fn variants(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    const BYTES: &[u8] = b"\0\t\r\n ;=,\"/.-:%09aZ{}[]\x7f\x85\xc3\xff";
    let changed = (0..text.len())
        .flat_map(move |at| BYTES.iter().map(move |&byte| [&text[..at], &[byte], &text[at + 1..]].concat()));
    (0..=text.len()).map(|end| text[..end].to_vec()).chain(changed)
}

/// Whether the field sets a cookie; if so it goes back, into a file and out of it.
fn survives(field: &[u8]) -> bool {
    let mut headers = Headers::new();
    if headers.append("set-cookie", field).is_err() {
        return false;
    }
    let from = url("https://a.example.org/a/b");
    let mut cookies = Cookies::new();
    cookies.extract_cookies(&headers, &from, Duration::from_secs(1_786_700_000));
    cookies.cookie_header(&from, Duration::ZERO).unwrap();
    let text = cookies.to_json();
    assert_eq!(Cookies::from_json(&text).unwrap().to_json(), text);
    assert_eq!(Cookies::from_netscape(&cookies.to_netscape()).unwrap().len(), cookies.len(), "{text}");
    !cookies.is_empty()
}
