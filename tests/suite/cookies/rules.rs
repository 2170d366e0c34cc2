//! What the jar takes from which host, and to which it goes back: tables in the spirit of the IETF's http-state cases.

use std::time::Duration;

use whimbrel::{Cookies, Headers, SameSite, Url};

use crate::support;

/// A Friday in August 2026.
pub(crate) const NOW: Duration = Duration::from_secs(1_786_700_000);
const DAY: u64 = 86_400;

pub(super) fn url(url: &str) -> Url {
    Url::parse(url).unwrap()
}

/// These Set-Cookie fields, in one response from this URL.
pub(crate) fn jar(from: &str, fields: &[&str]) -> Cookies {
    let mut jar = Cookies::new();
    add(&mut jar, from, fields);
    jar
}

fn add(jar: &mut Cookies, from: &str, fields: &[&str]) {
    let mut headers = Headers::new();
    fields.iter().for_each(|field| headers.append("set-cookie", field.trim()).unwrap());
    jar.extract_cookies(&headers, &url(from), NOW);
}

pub(crate) fn sent(jar: &mut Cookies, to: &str) -> String {
    sent_at(jar, to, NOW)
}

fn sent_at(jar: &mut Cookies, to: &str, now: Duration) -> String {
    let header = jar.cookie_header(&url(to), now).unwrap();
    header.map(|value| support::latin1(value.as_bytes())).unwrap_or_default()
}

/// The end of the cookie of this field, in seconds from now.
fn lives(attributes: &str) -> Option<u64> {
    let jar = jar("https://h/", &[&format!("n=1; {attributes}")]);
    jar.jar().next().expect(attributes).expires().map(|end| (end - NOW).as_secs())
}

support::test! {
    async fn fields_are_read_as_browsers_read_them() {
        // What the response sets, and the Cookie header of the next request.
        let cases: &[(&[&str], &str)] = &[
            (&["a=b"], "a=b"), (&["a=b", "c=d"], "a=b; c=d"), (&["a=b", "c=d", "a=e"], "a=e; c=d"),
            (&["a=b; c=d"], "a=b"), (&["a=b;c=d;e"], "a=b"), (&["a = b"], "a=b"), (&["a=  b  ; Path=/"], "a=b"),
            (&["a=\t b\t"], "a=b"), (&["a="], "a="), (&["a=;"], "a="), (&["a"], "a"), (&["a b"], "a b"), (&["a;"], "a"),
            (&["a", "b"], "b"), (&["=b"], ""), (&["="], ""), (&[";"], ""), (&["; a=b"], ""), (&["  =b"], ""),
            (&["a=b=c"], "a=b=c"), (&["a==b"], "a==b"), (&["a=\"b; c\""], "a=\"b"), (&["a=\"b\""], "a=\"b\""),
            (&["a='b'"], "a='b'"), (&["a=b,c=d"], "a=b,c=d"), (&["a=b c"], "a=b c"), (&["A=b", "a=c"], "A=b; a=c"),
            (&["a=é"], "a=Ã©"), (&["$Version=1; a=b"], "$Version=1"), (&["a=b; version=1; what=ever; =; ;;"], "a=b"),
            // F7: nothing is decoded.
            (&["a=%0d%0aX:%20y"], "a=%0d%0aX:%20y"), (&["a=%3B%20b"], "a=%3B%20b"), (&["a=b\tc"], ""), (&["a\tb=c"], ""),
            (&["a=b; Path"], "a=b"), (&["a=b; path=/x; PATH=/"], "a=b"), (&["a=b; Path=/; Path=/x"], ""),
            (&["a=b; Path=x"], "a=b"), (&["a=b; Path=/x; Path="], "a=b"), (&["a=b; Domain"], "a=b"),
            (&["a=b; Domain=other; domain="], "a=b"), (&["a=b; HttpOnly; SAMESITE=lax; Partitioned"], "a=b"),
            (&["a=b; Max-Age=0"], ""), (&["a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], ""), (&["a=b; Secure"], ""),
            (&["a=b; \"Secure\""], "a=b"), (&["a=b; Secure-ish"], "a=b"), (&["a=b; Path=\"/\""], "a=b"),
        ];
        for (fields, expected) in cases {
            assert_eq!(sent(&mut jar("http://home.example.org/", fields), "http://home.example.org/"), *expected, "{fields:?}");
        }
    }

    async fn paths_are_directories() {
        // Where it is set, with which Path, and where it goes.
        let cases = [
            ("/", "/", "/", true), ("/a", "", "/", true), ("/a/b", "", "/a", true), ("/a/b", "", "/a/", true),
            ("/a/b", "", "/ab", false), ("/a/b", "", "/", false), ("/a/b/", "", "/a/b", true), ("/a/b/", "", "/a", false),
            ("/", "/a", "/a", true), ("/", "/a", "/a/b", true), ("/", "/a", "/ab", false), ("/", "/a/", "/a", false),
            ("/", "/a/", "/a/b", true), ("/", "/a", "/A", false), ("/x", "/y", "/y", true), ("/", "/%61", "/a", false),
            ("/", "/a%2Fb", "/a/b", false), ("/", "/a", "/a?b", true), ("/", "/a", "/?/a", false),
            ("/a/b?c/d", "", "/a/x", true), ("/", "//", "/", false), ("/", "/a", "/x/../a", true), ("/", "/a;b", "/a", true),
        ];
        for (from, path, to, goes) in cases {
            let path = if path.is_empty() { String::new() } else { format!("; Path={path}") };
            let mut jar = jar(&format!("http://h{from}"), &[&format!("n=1{path}")]);
            assert_eq!(!sent(&mut jar, &format!("http://h{to}")).is_empty(), goes, "{from} {path} {to}");
        }
    }

    async fn domains_cover_what_lies_below_them() {
        // Where it is set, with which Domain, and where it goes.
        let cases = [
            ("a.example.org", "", "a.example.org", true), ("a.example.org", "", "b.a.example.org", false),
            ("a.example.org", "", "example.org", false), ("a.example.org", "example.org", "example.org", true),
            ("a.example.org", "example.org", "b.example.org", true), ("a.example.org", ".example.org", "example.org", true),
            ("a.example.org", "a.example.org", "b.a.example.org", true), ("a.example.org", "EXAMPLE.Org", "example.org", true),
            ("a.example.org", "..example.org", "a.example.org", false), ("a.example.org", "b.example.org", "b.example.org", false),
            ("a.example.org", "a.b.example.org", "a.b.example.org", false), ("example.org", "a.example.org", "example.org", false),
            ("a.example.org", "example.org:80", "example.org", false), ("a.example.org", "ex%61mple.org", "example.org", false),
            ("a.example.org", "http://example.org", "example.org", false), ("a.example.org", ".", "a.example.org", false),
            ("a.bücher.example", "bücher.example", "xn--bcher-kva.example", true),
            // F3: a tail is no domain.
            ("example.com", "ample.com", "ample.com", false), ("example.com", "ample.com", "example.com", false),
            ("example.com.evil.com", "example.com", "example.com", false), ("example.com", "", "example.com.evil.com", false),
            ("example.com", "example.com", "notexample.com", false), ("example.com", "example.com", "a.notexample.com", false),
            // A dot at the end makes another host.
            ("example.com", "example.com.", "example.com", false), ("example.com.", "example.com", "example.com", false),
            ("a.example.com.", "example.com.", "b.example.com.", true), ("a.example.com.", "example.com.", "example.com", false),
            ("localhost", "localhost", "localhost", true), ("localhost", "localhost", "a.localhost", false),
            ("a.localhost", "localhost", "a.localhost", false), ("h", "", "h", true),
        ];
        for (from, domain, to, goes) in cases {
            let mut jar = jar(&format!("http://{from}/"), &[&format!("n=1; Domain={domain}")]);
            assert_eq!(!sent(&mut jar, &format!("http://{to}/")).is_empty(), goes, "{from} {domain} {to}");
        }
    }

    // F2, J3
    async fn addresses_are_no_domains() {
        let cases = [
            ("127.0.0.1", "127.0.0.1", "127.0.0.1", true), ("127.0.0.1", ".0.0.1", "127.0.0.1", false),
            ("127.0.0.1", "0.0.1", "9.0.0.1", false), ("127.0.0.1", "1", "127.0.0.1", false),
            ("127.1", "127.1", "127.0.0.1", false), ("127.1", "", "127.0.0.1", true), ("0x7f.1", "", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.1", "9.127.0.0.1.example", false), ("[::1]", "[::1]", "[::1]", true),
            ("[::1]", ":1]", "[::1]", false), ("[::1]", "::1", "[::1]", false), ("[::1]", "", "[::1]", true),
        ];
        for (from, domain, to, goes) in cases {
            let mut jar = jar(&format!("http://{from}/"), &[&format!("n=1; Domain={domain}")]);
            assert_eq!(!sent(&mut jar, &format!("http://{to}/")).is_empty(), goes, "{from} {domain} {to}");
            assert!(jar.jar().all(|cookie| cookie.is_host_only()));
        }
    }

    // F1
    async fn nobody_sets_cookies_for_a_public_suffix() {
        for domain in ["co.uk", "com", "co.UK", ".co.uk", "co.uk.", "github.io", "ck", "公司.cn"] {
            for host in ["a.co.uk", "a.com", "a.co.uk.", "a.github.io", "a.ck", "a.公司.cn"] {
                assert!(jar(&format!("http://{host}/"), &[&format!("n=1; Domain={domain}")]).is_empty(), "{domain} by {host}");
            }
        }
    }

    async fn a_public_suffix_has_cookies_of_its_own() {
        let mut jar = jar("http://github.io/", &["n=1; Domain=github.io"]);
        assert_eq!(sent(&mut jar, "http://github.io/"), "n=1");
        assert_eq!(sent(&mut jar, "http://a.github.io/"), "");
    }

    async fn the_list_of_public_suffixes_is_read_as_its_own_tests_read_it() {
        let mut count = 0;
        for line in include_str!("../../data/test_psl.txt").lines().filter(|line| line.starts_with("checkPublicSuffix('")) {
            let quoted: Vec<_> = line.split('\'').collect();
            let (domain, owned) = (quoted[1], quoted.get(3));
            // With a leading dot the list's own test has no domain; for a cookie it says nothing.
            if domain.starts_with('.') {
                continue;
            }
            let set = |domain: &str| jar(&format!("http://host.{}/", quoted[1]), &[&format!("n=1; Domain={domain}")]);
            assert_eq!(set(domain).is_empty(), owned.is_none(), "{line}");
            if let Some(owned) = owned {
                assert!(!set(owned).is_empty(), "{line}");
            }
            count += 1;
        }
        assert!(count > 70, "{count}");
    }

    async fn longer_paths_go_first_then_older_cookies() {
        let mut jar = jar("http://h/", &["a=1; Path=/", "b=2; Path=/x/y", "c=3; Path=/x", "d=4; Path=/x", "c=5; Path=/x"]);
        assert_eq!(sent(&mut jar, "http://h/x/y"), "b=2; c=5; d=4; a=1");
    }

    async fn max_age_is_seconds_and_wins_over_expires() {
        // F8: clamped to 400 days, or as if it was not there.
        let cases = [
            ("Max-Age=60", Some(60)), ("max-age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", Some(60)),
            ("Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60", Some(60)), ("Max-Age=1; Max-Age=2", Some(2)),
            ("Max-Age=1; Max-Age=x", Some(1)), ("Max-Age", None), ("Max-Age=", None), ("Max-Age=-", None), ("Max-Age=1e9", None),
            ("Max-Age=+1", None), ("Max-Age=1.5", None), ("Max-Age=0x10", None), ("Max-Age=\"60\"", None),
            ("Max-Age=34560001", Some(400 * DAY)), ("Max-Age=9223372036854775808", Some(400 * DAY)),
            ("Max-Age=1000000000000000000000000000000", Some(400 * DAY)), ("Max-Age=060", Some(60)),
        ];
        for (attributes, expected) in cases {
            assert_eq!(lives(attributes), expected, "{attributes}");
        }
        for attributes in ["Max-Age=0", "Max-Age=-1", "Max-Age=-99999999999999999999", "Max-Age=00"] {
            assert!(jar("http://h/", &[&format!("n=1; {attributes}")]).is_empty(), "{attributes}");
        }
    }

    async fn cookies_end_when_they_should() {
        let mut jar = jar("http://h/", &["n=1; Max-Age=60"]);
        let at = |seconds| NOW + Duration::from_secs(seconds);
        assert_eq!(sent_at(&mut jar, "http://h/", at(59)), "n=1");
        assert_eq!(sent_at(&mut jar, "http://h/", at(60)), "");
        let mut other = jar.clone();
        other.clear_expired(at(60));
        assert!(other.is_empty());
        jar.extract_cookies(&Headers::new(), &url("http://other/"), at(60));
        assert!(jar.is_empty());
    }

    async fn dates_are_read_in_any_shape() {
        // All are the same: 2,241,226 seconds from now.
        for date in [
            "Wed, 09 Sep 2026 08:07:06 GMT", "Wed, 09-Sep-26 08:07:06 GMT", "Wed Sep  9 08:07:06 2026", "9 sep 2026 8:7:6",
            "08:07:06 9 September 2026", "2026 sEpT 9 08:07:06", "Sep/9/2026/08:07:06", "Wed, 09 Sep 2026 08:07:06 +0500",
            "9th Sep 2026th 08:07:06.99", "x y z 9,SEP,2026,08:07:06,1,2,3", "Mon, 09 Sep 2026 08:07:06", "09 Sep 26 8:07:06Z",
            "Wed, 09 Sep 2026 08:07:06 GMT 10 Oct 2027 11:11:11", "0026 9 Sep 2026 08:07:06",
        ] {
            assert_eq!(lives(&format!("Expires={date}")), Some(2_241_226), "{date}");
        }
    }

    async fn dates_that_do_not_exist_are_none() {
        // F8
        let long = format!("Expires={}", "Wed, ".repeat(60));
        let nested = format!("Expires=09 Sep 2026 08:07 {}", "(".repeat(900));
        for date in [
            "Expires", "Expires=", "Expires=junk", "Expires=0", "Expires=-1", "Expires=Wed, 09 Sep 2026", "Expires=08:07:06",
            "Expires=31 Sep 2026 08:07:06", "Expires=29 Feb 2027 08:07:06", "Expires=29 Feb 2100 08:07:06",
            "Expires=00 Sep 2026 08:07:06", "Expires=09 Sep 2026 24:00:00", "Expires=09 Sep 2026 08:60:00",
            "Expires=09 Sep 2026 08:07:60", "Expires=09 Sep 1600 08:07:06",
            "Expires=09 Sep 1099511627776 08:07:06", "Expires=09 Sep 20260 08:07:06", "Expires=009 Sep 2026 08:07:06",
            "Expires=09 Sep 2026 008:07:06", "Expires=09 Sep 2026 08:07", "Expires=09 Sép 2026 08:07:06",
            "Expires=09 09 2026 08:07:06", "Expires=2026-09-09T08:07:06Z", &long, &nested,
        ] {
            assert_eq!(lives(date), None, "{date}");
        }
    }

    // F8.
    async fn dates_of_all_ages_are_clamped() {
        for past in ["01 Jan 1601 00:00:00", "31 Dec 1969 23:59:59", "09 Sep 0001 08:07:06", "01 Jan 70 00:00:00", "29 Feb 2000 00:00:00", "31 Dec 99 00:00:00"] {
            assert!(jar("http://h/", &[&format!("n=1; Expires={past}")]).is_empty(), "{past}");
        }
        for far in ["31 Dec 9999 23:59:59", "01 Jan 69 00:00:00", "29 Feb 2400 00:00:00"] {
            assert_eq!(lives(&format!("Expires={far}")), Some(400 * DAY), "{far}");
        }
    }

    // F5
    async fn secure_cookies_keep_to_secure_connections() {
        let mut jar = jar("https://h/a/b", &["n=1; Secure; Path=/a"]);
        assert_eq!(sent(&mut jar, "http://h/a"), "");
        // From a plain connection: neither set, nor overwritten, nor deleted, nor shadowed by a longer path.
        for field in ["n=2; Secure", "n=2; Path=/a", "n=; Path=/a; Max-Age=0", "n=2; Path=/a/b"] {
            add(&mut jar, "http://h/a/b", &[field]);
            assert_eq!(sent(&mut jar, "https://h/a/b"), "n=1", "{field}");
        }
        add(&mut jar, "http://h/", &["n=2; Path=/", "m=3; Path=/a"]);
        assert_eq!(sent(&mut jar, "https://h/a"), "n=1; m=3; n=2");
        add(&mut jar, "https://h/", &["n=4; Path=/a"]);
        assert_eq!(sent(&mut jar, "http://h/a"), "n=4; m=3; n=2");
    }

    async fn a_parent_domain_does_not_shadow_a_secure_cookie_over_http() {
        let mut jar = jar("https://a.example.org/", &["n=1; Secure"]);
        add(&mut jar, "http://a.example.org/", &["n=2; Domain=example.org"]);
        assert_eq!(sent(&mut jar, "https://a.example.org/"), "n=1");
    }

    // F6
    async fn prefixes_promise_what_they_say() {
        let cases = [
            ("__Secure-n=1; Secure", true), ("__Secure-n=1", false), ("__secure-n=1", false), ("__SECURE-n=1; Secure", true),
            ("__Host-n=1; Secure; Path=/", true), ("__Host-n=1; Path=/", false), ("__Host-n=1; Secure", false),
            ("__Host-n=1; Secure; Path=/a", false), ("__Host-n=1; Secure; Path=/; Domain=h.example.org", false),
            ("__hOsT-n=1; Secure; Path=/; Domain=example.org", false), ("__Host-n=1; Secure; Path=/; Domain=", true),
            ("__Host-n", false), ("__Host-n; Secure; Path=/", false), ("=__Host-n=1; Secure; Path=/", false),
            ("__Secure-; Secure", false), ("__Hostn=1", true), ("_Host-n=1", true), ("__Ho", true),
        ];
        for (field, kept) in cases {
            assert_eq!(!jar("https://h.example.org/", &[field]).is_empty(), kept, "{field}");
            assert!(!field.contains("Secure;") || jar("http://h.example.org/", &[field]).is_empty(), "{field}");
        }
    }

    // F14
    async fn same_site_is_a_whole_word() {
        let cases = [
            ("SameSite=Lax", Some(SameSite::Lax)), ("samesite=STRICT", Some(SameSite::Strict)), ("SameSite=None", Some(SameSite::None)),
            ("SameSite=StrictLax", None), ("SameSite", None), ("SameSite=Strict; SameSite=x", None), ("SameSite=Lax, Strict", None),
        ];
        for (attribute, expected) in cases {
            let jar = jar("https://h/", &[&format!("n=1; HttpOnly; {attribute}")]);
            let cookie = jar.jar().next().unwrap();
            assert_eq!((cookie.same_site(), cookie.is_http_only(), cookie.is_secure()), (expected, true, false), "{attribute}");
        }
    }

    // F9
    async fn a_cookie_has_4096_bytes_at_most() {
        let field = |name: usize, value: usize| format!("{}={}; Path=/", "n".repeat(name), "v".repeat(value));
        for (name, value, kept) in [(1, 4095, 1), (1, 4096, 0), (4096, 0, 1), (4096, 1, 0), (1, 1 << 20, 0)] {
            assert_eq!(jar("http://h/", &[&field(name, value)]).len(), kept, "{name} {value}");
        }
        let path = format!("n=1; Path=/{}", "x".repeat(1024));
        assert_eq!(sent(&mut jar("http://h/", &[&path]), "http://h/"), "n=1");
    }

    // F9
    async fn a_response_sets_fifty_cookies_at_most() {
        let fields: Vec<_> = (0..100_000).map(|n| format!("n{n}=1")).collect();
        let fields: Vec<_> = fields.iter().map(String::as_str).collect();
        assert_eq!(jar("http://h/", &fields).len(), 50);
    }

    // F9
    async fn a_domain_has_180_cookies_and_loses_the_idle_and_plain_ones_first() {
        let mut jar = jar("https://h/", &["safe=1; Secure", "busy=1", "idle=1"]);
        jar.set("by_hand", "1");
        for n in 0..1000 {
            add(&mut jar, "https://h/", &[&format!("n{n}=1; Path=/n")]);
            sent(&mut jar, "https://h/x");
        }
        assert_eq!(jar.len(), 181);
        assert_eq!(sent(&mut jar, "https://h/"), "safe=1; busy=1; idle=1; by_hand=1");
        add(&mut jar, "https://h/x", &["n=1"]);
        for n in 0..180 {
            add(&mut jar, "https://h/", &[&format!("m{n}=1; Path=/n")]);
        }
        assert_eq!(sent(&mut jar, "https://h/"), "safe=1; by_hand=1");
    }

    // F9
    async fn a_jar_has_3000_cookies() {
        let mut jar = jar("http://first/", &["n=1", "m=1; Max-Age=60"]);
        for n in 0..4000 {
            add(&mut jar, &format!("http://h{n}/"), &["n=1"]);
        }
        assert_eq!(jar.len(), 3000);
        assert_eq!((sent(&mut jar, "http://first/"), sent(&mut jar, "http://h3999/")), (String::new(), "n=1".into()));
    }

    async fn a_header_has_8190_bytes() {
        let mut jar = Cookies::new();
        for n in 0..9 {
            add(&mut jar, "http://h/", &[&format!("n{n}={}", "v".repeat(1000))]);
        }
        add(&mut jar, "http://h/", &["last=1"]);
        jar.set("by_hand", "1");
        let sent = sent(&mut jar, "http://h/");
        assert!(sent.len() <= 8190 && sent.len() > 8000, "{}", sent.len());
        assert!(sent.ends_with("last=1; by_hand=1"));
    }
}
