//! Answers with known values: the RFCs', HTTPX's.

use http::Method;
use serde_json::Value;

use super::answer::{Turn, authorization};
use super::terms::Terms;
use crate::credentials::Credentials;
use crate::error::Result;
use crate::headers::Headers;
use crate::request::Request;

const NONCE: &str = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
const CNONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

fn answer(
    challenge: &str,
    user: (&str, &str),
    url: &str,
    method: &str,
    body: &'static str,
    cnonce: &str,
) -> Result<String> {
    let mut headers = Headers::new();
    headers.append("www-authenticate", challenge)?;
    let terms = Terms::choose(&headers)?.expect("it is a Digest challenge");
    let credentials = Credentials::new(user.0, user.1);
    let method: Method = method.parse().expect("it is a method");
    let mut request = Request::new(method, url.parse().expect("it is a URL"));
    *request.body_mut() = body.into();
    let value = authorization(&terms, &credentials, &request, &Turn { count: 1, cnonce: cnonce.into() })?;
    Ok(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The answer's `response`.
fn response(challenge: &str, user: (&str, &str), url: &str, method: &str, body: &'static str, cnonce: &str) -> String {
    let value = answer(challenge, user, url, method, body, cnonce).expect("it can be answered");
    value.split("response=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

/// RFC 7616 3.9.1.
#[test]
fn rfc_7616_one_challenge_for_each_algorithm() {
    let cases = [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ];
    for (algorithm, expected) in cases {
        let challenge = format!(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, nonce=\"{NONCE}\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        );
        let user = ("Mufasa", "Circle of Life");
        assert_eq!(response(&challenge, user, "http://www.example.org/dir/index.html", "GET", "", CNONCE), expected);
    }
}

/// RFC 7616 3.9.2 with the values of its erratum 4897: the printed ones are of SHA-512, cut off.
#[test]
fn rfc_7616_user_hash_and_utf_8() {
    let challenge = "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGChXYjwrI2QmXDnsOS\", charset=UTF-8, userhash=true";
    let cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v";
    let value = answer(
        challenge,
        ("J\u{e4}s\u{f8}n Doe", "Secret, or not?"),
        "http://api.example.org/doe.json",
        "GET",
        "",
        cnonce,
    )
    .unwrap();
    assert!(
        value.starts_with("Digest username=\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\""),
        "{value}"
    );
    assert!(value.contains("response=\"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5\""), "{value}");
    assert!(value.ends_with("userhash=true"), "{value}");
}

/// RFC 2617 3.5, and the example of RFC 2069 2.4 with the value of its erratum 749.
#[test]
fn the_older_rfcs() {
    let url = "http://www.nowhere.org/dir/index.html";
    let challenge = "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
    let with_qop = format!("{challenge}, qop=\"auth,auth-int\"");
    let user = ("Mufasa", "Circle Of Life");
    assert_eq!(response(&with_qop, user, url, "GET", "", "0a4f113b"), "6629fae49393a05397450978507c4ef1");
    assert_eq!(response(challenge, ("Mufasa", "CircleOfLife"), url, "GET", "", ""), "1949323746fe6a43ef61f9606e7febea");
}

/// HTTPX's own answers, byte for byte. Where it fails and the RFC does not, there is an answer of the right form.
#[test]
fn httpx_answers_alike() {
    let file: Value = serde_json::from_str(include_str!("../../../tests/data/digest.json")).expect("it is JSON");
    let cases = file["cases"].as_array().expect("it is a list");
    let (mut alike, mut refused, mut better) = (0, 0, 0);
    for case in cases {
        let text = |name: &str| case[name].as_str().unwrap_or_default();
        let user = ("Mufasa", "Circle of Life");
        let url = "http://www.example.org/dir/index.html?a=b%20c";
        let value = answer(text("challenge"), user, url, text("method"), "", text("cnonce"));
        match text("error") {
            "" => (alike += 1, assert_eq!(value.unwrap(), text("authorization"))).0,
            "ProtocolError" => {
                refused += 1;
                let httpx = text("message").replace("b'", "").replace('\'', "");
                assert_eq!(value.unwrap_err().to_string(), httpx);
            }
            // auth-int alone, and SHA-512-256.
            _ => (better += 1, assert!(value.unwrap().contains("response=\""))).0,
        }
    }
    assert_eq!((alike, refused, better), (26, 7, 17));
}

/// Computed with Python's hashlib.
#[test]
fn the_body_is_covered_by_auth_int() {
    let cases = [
        ("MD5", "8f78ddbc2306cb336c211cc508ae891a"),
        ("MD5-sess", "d52cdf52cc8c4f73b6a56b743a49f01f"),
        ("SHA-1", "1af519d7f114bb0d87caec43da1c687e6507ea68"),
        ("SHA-1-sess", "97650c78e8fd62319c7f7d7f9d962f25c8369d93"),
        ("SHA-256", "8c422fd90c4ddee1cbfe5f16a3406e60cbae0d503ab662b934099cfb2a7ca023"),
        ("SHA-256-sess", "c7a7579a524cb72cc6d3a6899a17e21e184da86080daad1c9e756955514c0687"),
        (
            "SHA-512",
            "52b8919c9de2d2a9c2725e3d1c2a5edfa8b6aef62256cc5d3aea2b9c3ea39da60003b303c8162829fd699f24fa928f0c6023ce90f9d7d4840d7cb9cbf1503b74",
        ),
        (
            "SHA-512-sess",
            "ef25f41c9b452652d408445a82625c721089a2c257099c0af49e874ae966e932e25adb7ab57474396ab7a7361a013dd98f0e86187fdc2f9cc20f5138ac0c2e0c",
        ),
        ("SHA-512-256", "8f9fd84a5c3748486706c4d85577b749a15068a8e2ac0ea5653d6c114b5863e3"),
        ("SHA-512-256-sess", "2c90ecf3f2da1d729bbb731565c2bd774065d9f78ec09891d4a7d19fa8f3862f"),
    ];
    for (algorithm, expected) in cases {
        let challenge = format!(
            "Digest realm=\"http-auth@example.org\", nonce=\"{NONCE}\", qop=\"auth-int\", algorithm={algorithm}"
        );
        let user = ("Mufasa", "Circle of Life");
        assert_eq!(response(&challenge, user, "http://h/x?y", "POST", "a body", "c"), expected, "{algorithm}");
    }
}

/// G2: no value can end its quotes.
#[test]
fn quotes_and_backslashes_are_escaped() {
    let challenge = r#"Digest realm="a\"b\\c", nonce="n\", nc=2", opaque="""#;
    let value = answer(challenge, ("u\"s\\er", "p"), "http://h/", "GET", "", "c").unwrap();
    assert!(
        value.starts_with(r#"Digest username="u\"s\\er", realm="a\"b\\c", nonce="n\", nc=2", uri="/", "#),
        "{value}"
    );
    assert!(answer("Digest realm=a, nonce=b", ("a\u{1}b", ""), "http://h/", "GET", "", "c").is_err());
}

/// RFC 7616 3.4.4, RFC 8187.
#[test]
fn user_names_beyond_ascii() {
    let value = |challenge| answer(challenge, ("J\u{e4}", "p"), "http://h/", "GET", "", "c").unwrap();
    assert!(value("Digest realm=a, nonce=b, charset=UTF-8").starts_with("Digest username*=UTF-8''J%C3%A4, realm"));
    assert!(value("Digest realm=a, nonce=b").starts_with("Digest username=\"J\u{e4}\", realm"));
}

/// G3: what cannot be answered is told.
#[test]
fn challenges_that_cannot_be_answered() {
    let cases = [
        ("Digest", "Malformed Digest WWW-Authenticate header"),
        ("Digest realm=a", "Malformed Digest WWW-Authenticate header"),
        ("Digest nonce=a", "Malformed Digest WWW-Authenticate header"),
        ("Digest realm=a, nonce=\"\"", "Malformed Digest WWW-Authenticate header"),
        ("Digest realm=a, nonce=b, nonce=c", "Malformed Digest WWW-Authenticate header"),
        ("Digest realm=\"a, nonce=b", "Malformed Digest WWW-Authenticate header"),
        ("Digest realm=a, nonce=b, algorithm=SHA3", "Unexpected algorithm value \"SHA3\" in digest auth"),
        ("Digest realm=a, nonce=b, algorithm=-sess", "Unexpected algorithm value \"-sess\" in digest auth"),
        ("Digest realm=a, nonce=b, qop=\"\"", "Unexpected qop value \"\" in digest auth"),
        ("Digest realm=a, nonce=b, qop=\"x\\\ty\"", "Unexpected qop value \"x\\ty\" in digest auth"),
    ];
    for (challenge, expected) in cases {
        let error = answer(challenge, ("u", "p"), "http://h/", "GET", "", "c").unwrap_err();
        assert_eq!(error.to_string(), expected, "{challenge}");
    }
}

/// RFC 7616 3.7: the first that can be answered.
#[test]
fn the_first_known_algorithm_is_taken() {
    let challenge =
        "Digest realm=a, nonce=b, algorithm=NEW, Basic realm=x, Digest realm=c, nonce=d, algorithm=sha-256-SESS";
    let value = answer(challenge, ("u", "p"), "http://h/", "GET", "", "c").unwrap();
    assert!(value.contains("realm=\"c\"") && value.ends_with("algorithm=sha-256-SESS"), "{value}");
}
