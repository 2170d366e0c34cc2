//! Conversations as the IETF's http-state group had them: what servers send, and what goes back. The tables are our own, and
//! have what `cookies::rules` has not.

use crate::cookies::rules::{NOW, jar, sent};
use crate::support;

const HERE: &str = "http://home.example.org:8888/dir/page?q";

/// These fields from there, and the Cookie header of a request to there.
fn check(from: &str, fields: &[&str], to: &str, expected: &str) {
    assert_eq!(sent(&mut jar(from, fields), to), expected, "{fields:?} of {from} to {to}");
}

support::test! {
    async fn names_and_values_are_what_stands_around_the_first_equals_sign() {
        let cases = [
            ("a=\"b\"; x", "a=\"b\""), ("a=\"b", "a=\"b"), ("a=b\"", "a=b\""), ("a=\" b \"", "a=\" b \""), ("a=\"b\" c", "a=\"b\" c"),
            ("a=\"b\\\"c\"", "a=\"b\\\"c\""), ("\"a\"=b", "\"a\"=b"), ("\"a=b\"", "\"a=b\""), ("\"a;b\"=c", "\"a"), ("'a'='b'", "'a'='b'"),
            ("a b=c d", "a b=c d"), ("a\t=\tb", "a=b"), ("a=;b", "a="), ("a==", "a=="), ("a=====b", "a=====b"), ("==b", ""), ("= ;a=b", ""),
            ("a,b=c", "a,b=c"), ("a=b, c=d; Path=/", "a=b, c=d"), ("a:b=c", "a:b=c"), ("a@b=c", "a@b=c"), ("{\"a\":1}=b", "{\"a\":1}=b"),
            ("a={\"b\":[1,2]}", "a={\"b\":[1,2]}"), ("a=<b c='d'/>", "a=<b c='d'/>"), ("a[0]=b", "a[0]=b"), ("a(b)=c", "a(b)=c"),
            ("a/b\\c=d", "a/b\\c=d"), ("1=2", "1=2"), ("_=_", "_=_"), (".=.", ".=."), ("$Path=/", "$Path=/"), ("a=b&c=d", "a=b&c=d"),
            ("a=%", "a=%"), ("a=+%20+", "a=+%20+"), ("a=b%3Bc", "a=b%3Bc"), ("a=\\073", "a=\\073"), ("a=&#59;", "a=&#59"),
            // What names an attribute elsewhere names a cookie here.
            ("Path=/x", "Path=/x"), ("Secure", "Secure"), ("Secure=1", "Secure=1"), ("Max-Age=0", "Max-Age=0"), ("Domain=other", "Domain=other"),
            ("Expires=Thu, 01 Jan 1970 00:00:00 GMT", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        ];
        for (field, expected) in cases {
            check(HERE, &[field], HERE, expected);
        }
    }

    async fn attributes_are_read_one_by_one() {
        let cases = [
            ("a=b; Secure=", ""), ("a=b; Secure=false", ""), ("a=b; sEcUrE", ""), ("a=b;Secure;Secure", ""), ("a=b; Secure x", "a=b"),
            ("a=b; Secure\t", ""), ("a=b; =Secure", "a=b"), ("a=b; HttpOnly=no", "a=b"), ("a=b, Secure", "a=b, Secure"),
            ("a=b;;; ;;", "a=b"), ("a=b;;;Path=/x", ""), ("a=b; Path = /x", ""), ("a=b;\tPath\t=\t/x\t", ""), ("a=b; Pa th=/x", "a=b"),
            ("a=b; Path:/x", "a=b"), ("a=b; Path==/x", "a=b"), ("a=b; Path=/x; Path=y", "a=b"), ("a=b; Path=/x; Path", "a=b"),
            ("a=b; Max-Age=10; Max-Age=0", ""), ("a=b; Max-Age=0; Max-Age=10", "a=b"), ("a=b; Max-Age=\"0\"", "a=b"), ("a=b; Max-Age=0;", ""),
            ("a=b; Max-Age: 0", "a=b"), ("a=b; Max-Age=0 x", "a=b"), ("a=b; MaxAge=0", "a=b"), ("a=b; Expires=\"Thu, 01 Jan 1970 00:00:00 GMT\"", ""),
            ("a=b; Expires=01 Jan 1970 00:00:00; Expires=01 Jan 2027 00:00:00", "a=b"),
            ("a=b; Expires=01 Jan 2027 00:00:00; Expires=01 Jan 1970 00:00:00", ""),
            ("a=b; Expires=01 Jan 1970 00:00:00; Max-Age=never", ""), ("a=b; Expires=never; Max-Age=0", ""),
            ("a=b; Version=1; Comment=\"x; Secure; y\"; Port=\"80\"", ""), ("a=b; Comment=\"x; y\"; Discard", "a=b"), ("a=b; a=c", "a=b"),
        ];
        for (field, expected) in cases {
            check(HERE, &[field], HERE, expected);
        }
    }

    async fn domains_are_those_of_the_last_word() {
        let cases = [
            ("a=b; Domain=.home.example.org", "http://www.home.example.org/", true), ("a=b; Domain=home.example.org", "http://example.org/", false),
            ("a=b; Domain=example.org; Domain=home.example.org", "http://www.example.org/", false),
            ("a=b; Domain=home.example.org; Domain=example.org", "http://www.example.org/", true),
            ("a=b; Domain=other.org; Domain=example.org", "http://example.org/", true),
            ("a=b; Domain=example.org; Domain=other.org", "http://home.example.org/", false),
            ("a=b; Domain=example.org; Domain", "http://example.org/", false), ("a=b; Domain=example.org; Domain", "http://home.example.org/", true),
            ("a=b; Domain=\"example.org\"", "http://home.example.org/", false), ("a=b; Domain=*.example.org", "http://home.example.org/", false),
            ("a=b; Domain=example.org/", "http://home.example.org/", false), ("a=b; Domain=example.org, other.org", "http://home.example.org/", false),
            ("a=b; Domain=example.org other", "http://home.example.org/", false), ("a=b; Domain=org", "http://home.example.org/", false),
            ("a=b; Domain=.org", "http://home.example.org/", false), ("a=b; Domain=www.home.example.org", "http://www.home.example.org/", false),
            ("a=b; Domain=xample.org", "http://home.example.org/", false), ("a=b; Domain=e.example.org", "http://home.example.org/", false),
            ("a=b; Domain=\texample.org\t", "http://www.example.org/", true), ("a=b; Domain=eXaMpLe.OrG", "http://www.example.org/", true),
            // Ports and schemes part nothing.
            ("a=b; Domain=example.org", "https://home.example.org:1/", true), ("a=b", "https://home.example.org:9999/dir", true),
        ];
        for (field, to, goes) in cases {
            check(HERE, &[&format!("{field}; Path=/")], to, if goes { "a=b" } else { "" });
        }
    }

    async fn paths_are_compared_as_they_stand() {
        let cases = [
            (HERE, "", "/dir/page/below", true), (HERE, "", "/dir", true), (HERE, "", "/dirt", false), (HERE, "", "/", false),
            (HERE, "/dir/", "/dir/page", true), (HERE, "/dir/", "/dir", false), (HERE, "/dir/page", "/dir/page?other", true),
            (HERE, "/dir/page?q", "/dir/page?q", false), (HERE, "/dir#f", "/dir", false), (HERE, "/DIR", "/dir/page", false),
            (HERE, "/a%20b", "/a b/c", true), (HERE, "/a b", "/a b/c", false), (HERE, "/%7Ea", "/~a", false), (HERE, "/a/../dir", "/dir/x", false),
            (HERE, "/.", "/dir", false), (HERE, "\\dir", "/dir", true), (HERE, "dir", "/dir/x", true), (HERE, "http://home.example.org/", "/dir", true),
            ("http://h//a/b", "", "//a/x", true), ("http://h//a/b", "", "/a/x", false), ("http://h/a;b/c", "", "/a;b/d", true), ("http://h/a;b/c", "", "/a/d", false),
            ("http://h/a/b/../c", "", "/a/d", true), ("http://h?/a/b", "", "/x", true), ("http://h/é/x", "", "/%C3%A9/y", true),
        ];
        for (from, path, to, goes) in cases {
            let field = if path.is_empty() { "a=b".to_owned() } else { format!("a=b; Path={path}") };
            let host = from.split(['/', '?']).nth(2).unwrap();
            check(from, &[&field], &format!("http://{host}{to}"), if goes { "a=b" } else { "" });
        }
    }

    async fn a_cookie_is_its_name_its_domain_and_its_path() {
        let cases: &[(&[&str], &str)] = &[
            (&["a=1; Path=/", "a=2; Path=/dir"], "a=2; a=1"), (&["a=1; Path=/dir", "a=; Path=/; Max-Age=0"], "a=1"),
            (&["a=1", "a=2; Domain=home.example.org"], "a=1; a=2"), (&["a=1", "a=; Domain=home.example.org; Max-Age=0"], "a=1"),
            (&["a=1; Domain=example.org", "a=; Domain=home.example.org; Max-Age=0"], "a=1"),
            (&["a=1; Domain=example.org", "a=2; Domain=.EXAMPLE.org"], "a=2"), (&["a=1", "a="], "a="), (&["a=1", "A=2"], "a=1; A=2"),
            (&["a=1", "a=2; HttpOnly; SameSite=Strict"], "a=2"), (&["a=1; Max-Age=9", "a=2; Expires=01 Jan 1970 00:00:00"], ""),
            (&["a=1; Path=/dir", "b=2; Path=/", "c=3; Path=/dir/page", "d=4; Path=/dir"], "c=3; a=1; d=4; b=2"),
            (&["a=1", "b=2", "a=; Max-Age=0", "a=3"], "b=2; a=3"), (&["a", "a=1"], "a; a=1"), (&["a=1", "\"a\"=2"], "a=1; \"a\"=2"),
        ];
        for (fields, expected) in cases {
            check(HERE, fields, HERE, expected);
        }
    }

    async fn dates_are_what_their_words_look_like() {
        // Seconds from now, for what is kept until then; `None` for a date that is none.
        let cases = [
            ("Sunday, 09-Sep-26 08:07:06 UTC", Some(2_241_226)), ("Wed, 9 Sep 2026 08:07:06 PST", Some(2_241_226)),
            ("wed 09 SEPTEMBRE 2026 08:07:06", Some(2_241_226)), ("09-sep-2026-08:07:06", Some(2_241_226)), ("(09) [Sep] {2026} <08:07:06>", Some(2_241_226)),
            ("09.Sep.2026 08:07:06", Some(2_241_226)), ("Sep 09, 2026, 08:07:06 AM", Some(2_241_226)), ("09 Sep 2026 08:07:06 PM", Some(2_241_226)),
            ("2026 Sep 09 08:07:06", Some(2_241_226)), ("09 Sep 2026x 08:07:06", Some(2_241_226)), ("Sep 09 26 08:07:06 2030", Some(2_241_226)),
            ("09 Sep 2026 08:07:06:05", Some(2_241_226)), ("09Sep2026 08:07:06", None), ("09 Sep 2026 08.07.06", None), ("09 Sep 2026 080706", None),
            ("09 Sep 126 08:07:06", None), ("09 Sep -2026 8:07", None), ("32 Sep 2026 08:07:06", None), ("09 Sep 2026 8:7:60", None),
            ("9 Se 2026 08:07:06", None), ("09 Sep '26 08:07:0\u{661}", Some(2_241_220)), ("30 Feb 2027 00:00:00", None), ("1 Jan 2027 1:1:1", Some(12_065_261)),
        ];
        for (date, expected) in cases {
            let jar = jar("https://h/", &[&format!("a=b; Expires={date}")]);
            let end = jar.jar().next().unwrap().expires().map(|end| (end - NOW).as_secs());
            assert_eq!(end, expected, "{date}");
        }
    }
}
