//! The jar: no field breaks it, and what is set comes back, from files too.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use whimbrel::{Cookie, Cookies, ErrorKind, Headers, SameSite, Url};

use super::{any_text, bytes, check, fragments, text_of};
use crate::support;

const NOW: Duration = Duration::from_secs(1_786_700_000);

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// What these fields set in a response from this URL. Those that no response can hold are left out.
fn set<V: AsRef<[u8]>>(from: &str, fields: &[V]) -> Cookies {
    let mut headers = Headers::new();
    fields.iter().for_each(|field| drop(headers.append("set-cookie", field.as_ref())));
    let mut cookies = Cookies::new();
    cookies.extract_cookies(&headers, &url(from), NOW);
    cookies
}

fn sent(cookies: &Cookies, to: &str) -> Option<String> {
    let header = cookies.clone().cookie_header(&url(to), NOW).unwrap();
    header.map(|value| support::latin1(value.as_bytes()))
}

/// Bytes as a server might write them: parts of cookies, and anything between.
fn field() -> impl Strategy<Value = Vec<u8>> {
    const WORDS: &[&str] = &[
        "n",
        "=",
        ";",
        "; ",
        " ",
        "\t",
        "\"",
        ",",
        "v",
        "__Host-",
        "__Secure-",
        "Path=",
        "/a",
        "Domain=",
        ".",
        "example.org",
        "Secure",
        "HttpOnly",
        "SameSite=",
        "Lax",
        "Max-Age=",
        "-",
        "60",
        "Expires=",
        "09 Sep 2026",
        " 08:07:06",
        "99999999999999999999",
    ];
    prop_oneof![4 => fragments(WORDS, 16).prop_map(String::into_bytes), 1 => bytes(64)]
}

/// RFC 6265 4.1.1: a cookie's name.
fn token() -> impl Strategy<Value = String> {
    text_of("abcXYZ019!#$%&'*+-.^_`|~", 1..8)
}

/// RFC 6265 4.1.1: a cookie's value, and the quotes, commas and spaces that servers write all the same.
fn octets() -> impl Strategy<Value = String> {
    text_of("abcXYZ019!#$%&'()*+-./:<=>?@[]^_`{|}~\"\\, ", 0..8).prop_map(|value| value.trim().to_owned())
}

/// As a program might set it, sound or not.
fn cookie() -> impl Strategy<Value = Cookie> {
    let domain = select(vec!["", "h", "example.org", "a.example.org", "127.0.0.1", "co.uk", "bücher.example", "h\t"]);
    let path = select(vec!["/", "/a", "/a b", "", "x", "/\n"]);
    let same_site = select(vec![None, Some(SameSite::Lax), Some(SameSite::None), Some(SameSite::Strict)]);
    let expires = prop::option::of(prop_oneof![any::<u64>(), 0..2u64].prop_map(Duration::from_secs));
    let words = prop_oneof![3 => (token(), octets()), 1 => (any_text(4), any_text(4))];
    (words, domain, any::<bool>(), path, any::<(bool, bool)>(), same_site, expires).prop_map(
        |((name, value), domain, host_only, path, (secure, http_only), same_site, expires)| {
            let cookie = Cookie::new(name, value).with_path(path).with_secure(secure).with_http_only(http_only);
            let cookie = cookie.with_same_site(same_site).with_expires(expires);
            if host_only { cookie.with_host(domain) } else { cookie.with_domain(domain) }
        },
    )
}

/// Files tell the second, and zero is the mark of a session cookie.
fn ends(cookie: &Cookie) -> Option<Duration> {
    cookie.expires().map(|end| Duration::from_secs(end.as_secs().max(1)))
}

support::test! {
    // F7, F8.
    async fn no_field_breaks_the_jar() {
        check(prop::collection::vec(field(), 0..4), |fields| {
            let cookies = set("https://a.example.org/a/b", &fields);
            for to in ["https://a.example.org/a/b", "http://example.org/", "https://co.uk/"] {
                assert!(sent(&cookies, to).is_none_or(|header| !header.contains(|letter: char| letter.is_ascii_control())));
            }
            assert_eq!(Cookies::from_json(&cookies.to_json()).unwrap().to_json(), cookies.to_json());
            assert_eq!(Cookies::from_netscape(&cookies.to_netscape()).unwrap().len(), cookies.len());
        });
    }

    // F3.
    async fn what_is_set_comes_back_to_its_host_alone() {
        let attributes = select(vec!["", "; Path=/", "; Max-Age=60", "; HttpOnly; SameSite=Lax", ";Expires=Wed, 09 Sep 2026 08:07:06 GMT"]);
        check((token(), octets(), attributes), |(name, value, attributes)| {
            // A prefix asks for more than that.
            let cookies = set("http://a.example.org/x", &[format!("{name}={value}{attributes}")]);
            assert_eq!(sent(&cookies, "http://a.example.org/x").unwrap(), format!("{name}={value}"));
            assert_eq!(cookies.get(&name).unwrap(), Some(value.as_str()));
            for other in ["http://example.org/x", "http://b.a.example.org/x", "http://a.example.org.evil/x"] {
                assert_eq!(sent(&cookies, other), None);
            }
        });
    }

    // F12.
    async fn jars_are_saved_and_loaded_whole() {
        check(prop::collection::vec(cookie(), 0..6), |all| {
            let cookies: Cookies = all.into_iter().collect();
            let loaded = Cookies::from_json(&cookies.to_json()).unwrap();
            assert_eq!(Cookies::from_json(&loaded.to_json()).unwrap().to_json(), loaded.to_json());
            for cookie in loaded.jar() {
                let end = cookie.expires();
                let is_same = |known: &Cookie| format!("{known:?}") == format!("{cookie:?}") && ends(known) == end;
                assert!(cookies.jar().any(is_same), "{end:?}");
            }
            let plain: Cookies = loaded.jar().map(|cookie| cookie.clone().with_same_site(None)).collect();
            assert_eq!(Cookies::from_netscape(&plain.to_netscape()).unwrap().to_json(), plain.to_json());
        });
    }

    async fn a_cookie_set_by_hand_is_sent_or_refused() {
        check(cookie(), |cookie| {
            let mut cookies = Cookies::new();
            cookies.set_cookie(cookie.clone());
            match cookies.cookie_header(&url("https://a.example.org/a"), Duration::ZERO) {
                Ok(None) => {}
                Ok(Some(header)) => {
                    let pairs = [format!("{}={}", cookie.name(), cookie.value()), cookie.value().to_owned()];
                    assert!(pairs.iter().any(|pair| header.as_bytes() == pair.as_bytes()));
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::LocalProtocol),
            }
        });
    }
}
