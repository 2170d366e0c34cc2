//! Echo, headers, redirects, cookies, authentication, CORS.

use base64::{Engine, prelude::BASE64_STANDARD};
use md5::{Digest, Md5};
use serde_json::json;

use crate::wire::{Wire, get, server};

#[test]
fn the_echo_shows_the_whole_request() {
    let mut wire = Wire::open(&server().http);
    wire.send(
        "POST /anything/x?a=1+2&b HTTP/1.1\r\nHost: h:1\r\nX-B: 1\r\nA: \u{e9}\r\nContent-Length: 7\r\n\r\n{\"n\":1}",
    );
    let echo = wire.answer().json();
    assert_eq!(echo["method"], "POST");
    assert_eq!(echo["target"], "/anything/x?a=1+2&b");
    assert_eq!(echo["url"], "http://h:1/anything/x?a=1+2&b");
    assert_eq!(echo["version"], "HTTP/1.1");
    assert_eq!(echo["args"], json!([["a", "1 2"], ["b", ""]]));
    assert_eq!(echo["headers"][1], json!(["x-b", "1"]));
    assert_eq!(echo["headers"][2], json!(["a", "\u{c3}\u{a9}"]));
    assert_eq!(echo["body"], "{\"n\":1}");
    assert_eq!(echo["json"], json!({"n": 1}));
    assert_eq!(echo["body_base64"], BASE64_STANDARD.encode("{\"n\":1}"));
    let again = wire.get("/anything", "").json();
    assert_eq!(again["connection"], echo["connection"]);
    assert_ne!(get("/anything").json()["connection"], echo["connection"]);
}

#[test]
fn an_absolute_target_is_echoed_and_routed() {
    let echo = Wire::open(&server().http).get("http://example.test/get?x=1", "").json();
    assert_eq!(echo["target"], "http://example.test/get?x=1");
    assert_eq!(echo["url"], "http://example.test/get?x=1");
}

#[test]
fn statuses_and_fields_are_the_tests_choice() {
    assert_eq!(get("/status/204").field("content-length"), None);
    assert_eq!(get("/status/304").status(), 304);
    assert_eq!(get("/status/999").status(), 999);
    assert_eq!(get("/status/100").status(), 400);
    assert_eq!(get("/status/503?Retry-After=7").field("retry-after"), Some("7"));
    let answer = get("/response-headers?X=%E9&X=2&Content-Type=text/x");
    assert_eq!(answer.fields("x").collect::<Vec<_>>(), ["\u{e9}", "2"]);
    assert_eq!(answer.fields("content-type").collect::<Vec<_>>(), ["text/x"]);
    assert_eq!(get("/response-headers?Content-Length=3").status(), 400);
    assert_eq!(get("/response-headers?a=%0d").status(), 400);
    let answer = get("/large-headers?count=30000&size=1");
    assert_eq!(answer.fields("x-large-23999").collect::<Vec<_>>(), ["a"]);
    let answer = get("/large-headers?count=300&size=50");
    assert_eq!(answer.field("x-large-299").map(str::len), Some(50));
}

#[test]
fn redirects_count_down() {
    let location = |target| get(target).field("location").map(str::to_owned);
    assert_eq!(location("/redirect/2").as_deref(), Some("/redirect/1"));
    assert_eq!(location("/redirect/1?status_code=308").as_deref(), Some("/anything?status_code=308"));
    assert_eq!(get("/redirect/1?status_code=308").status(), 308);
    assert_eq!(location("/absolute-redirect/2").as_deref(), Some("http://test/absolute-redirect/1"));
    assert_eq!(location("/redirect-to?url=%2Fa%E9").as_deref(), Some("/a\u{e9}"));
    assert_eq!(location("/redirect-to"), None);
}

#[test]
fn cookies_are_set_shown_and_deleted() {
    let answer = get("/cookies/set?a=1&b=2");
    assert_eq!((answer.status(), answer.field("location")), (302, Some("/cookies")));
    assert_eq!(answer.fields("set-cookie").collect::<Vec<_>>(), ["a=1; Path=/", "b=2; Path=/"]);
    let answer = Wire::open(&server().http).get("/cookies", "Cookie: a=1; b=x=y\r\n");
    assert_eq!(answer.json()["pairs"], json!([["a", "1"], ["b", "x=y"]]));
    assert!(get("/cookies/delete?a").field("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0")));
}

#[test]
fn basic_and_bearer_ask_for_credentials() {
    let ask = |target, fields: String| Wire::open(&server().http).get(target, &fields);
    let basic = format!("Authorization: basic {}\r\n", BASE64_STANDARD.encode("us er:p:w"));
    assert_eq!(ask("/basic-auth/us%20er/p:w", basic.clone()).status(), 200);
    assert_eq!(ask("/basic-auth/other/p:w", basic).status(), 401);
    assert_eq!(ask("/bearer", "Authorization: Bearer t\r\n".into()).json()["token"], "t");
    assert_eq!(get("/bearer").status(), 401);
}

#[test]
fn digest_takes_each_nonce_count_once() {
    const PATH: &str = "/digest-auth/auth/u/p/MD5";
    let mut wire = Wire::open(&server().http);
    let challenge = wire.get(PATH, "").field("www-authenticate").expect("a challenge").to_owned();
    let nonce = challenge.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a nonce");
    let answer_to = |count: &str, password: &str| {
        let ha1 = md5(&format!("u:whimbrel:{password}"));
        let response = md5(&format!("{ha1}:{nonce}:{count}:c:auth:{}", md5(&format!("GET:{PATH}"))));
        format!(
            "Authorization: Digest username=\"u\", realm=\"whimbrel\", nonce=\"{nonce}\", uri=\"{PATH}\", \
             opaque=\"6f7061717565\", qop=auth, nc={count}, cnonce=\"c\", response=\"{response}\"\r\n"
        )
    };
    assert_eq!(wire.get(PATH, &answer_to("00000001", "wrong")).status(), 401);
    assert_eq!(wire.get(PATH, &answer_to("00000001", "p")).status(), 200);
    assert_eq!(wire.get(PATH, &answer_to("00000002", "p")).status(), 200);
    let replayed = wire.get(PATH, &answer_to("00000002", "p"));
    assert!(replayed.field("www-authenticate").is_some_and(|field| field.contains("stale=true")));
}

fn md5(text: &str) -> String {
    Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_page_may_ask_anything() {
    let mut wire = Wire::open(&server().http);
    wire.send(
        "OPTIONS /anything HTTP/1.1\r\nHost: h\r\nOrigin: http://page\r\n\
         Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: x-a\r\n\r\n",
    );
    let answer = wire.answer();
    assert_eq!(answer.status(), 204);
    assert_eq!(answer.field("access-control-allow-origin"), Some("http://page"));
    assert_eq!(answer.field("access-control-allow-headers"), Some("x-a"));
    assert_eq!(answer.field("access-control-allow-private-network"), Some("true"));
    wire.send("OPTIONS /anything HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(wire.answer().json()["method"], "OPTIONS");
    let exposed = get("/response-headers?X-Mine=1");
    assert!(exposed.field("access-control-expose-headers").is_some_and(|names| names.contains("x-mine")));
    assert_eq!(exposed.field("access-control-allow-origin"), Some("*"));
}

#[test]
fn files_have_their_types_and_stay_in_their_folder() {
    let answer = get("/www/README.md");
    assert_eq!(answer.field("content-type"), Some("text/plain; charset=utf-8"));
    assert!(answer.text().starts_with("# whimbrel-server"));
    assert_eq!(get("/www/src/../Cargo.toml").status(), 404);
    assert_eq!(get("/www/%2e%2e/%2e%2e/Cargo.toml").status(), 404);
    assert_eq!(get("/pkg/index.js").status(), 404);
}
