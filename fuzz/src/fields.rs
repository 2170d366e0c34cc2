//! Fields of responses that have a grammar of their own, and netrc files.

use std::time::Duration;

use whimbrel::auth::{Digest, NetRc};
use whimbrel::{Cookies, Headers, Response, Result, Url};

use crate::exchange::check_kind;
use crate::peer::Peer;
use crate::reply::{URL, client, run};
use crate::script::{Ending, Script};

const SECRET: &str = "S3CR3T";

/// The first answers are the fuzzer's fields behind this status line.
fn script(bytes: &[u8], starts: &[&str]) -> Script {
    let mut script = Script::read(bytes);
    let behind = starts.iter().map(Some).chain(std::iter::repeat(None));
    script.answers = script
        .answers
        .iter()
        .zip(behind)
        .map(|(fields, start)| {
            let start = start.copied().unwrap_or("HTTP/1.1 200 OK\r\n");
            [start.as_bytes(), fields, b"\r\nContent-Length: 0\r\n\r\n"].concat().into()
        })
        .collect();
    Script { ending: Ending::CloseLast, ..script }
}

fn is_fit(text: &str) {
    let is_safe = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\t');
    assert!(text.chars().all(is_safe), "unfit for a terminal: {text:?}");
}

fn tells_no_secret(text: &str) {
    assert!(!text.contains(SECRET), "the password is shown: {text}");
}

/// A redirect with any fields: what is made of them, and what is said of them.
pub fn header_fields(bytes: &[u8]) {
    let client = client(&Peer::new(script(bytes, &["HTTP/1.1 302 Found\r\n"])));
    match run(client.build().expect("the settings agree").get(URL).send()) {
        Ok(response) => look_at(&response),
        Err(error) => is_fit(&format!("{error} {error:?}")),
    }
}

fn look_at(response: &Response) {
    for (key, link) in response.links() {
        assert!(key == link.url || link.params.get("rel") == Some(&key), "the key {key:?}");
    }
    assert!(
        response.charset_encoding().is_none_or(|charset| !charset.contains(|letter: char| letter.is_ascii_uppercase()))
    );
    response.cookies();
    let next = response.next_request();
    assert!(next.is_none_or(|next| next.url().has_host()), "{next:?}");
    let error = response.raise_for_status().expect_err("it is a redirect");
    is_fit(&format!("{error} {response:?}"));
    let location = response.headers().get("location").map(|value| String::from_utf8_lossy(value.as_bytes()));
    if location.is_some_and(|location| is_password_alone(&location)) {
        tells_no_secret(&error.to_string());
    }
}

/// Whether the secret is the password, and nothing else in there.
fn is_password_alone(location: &str) -> bool {
    let read = Url::parse(URL).and_then(|url| url.join(location));
    read.is_ok_and(|url| url.password() == Some(SECRET)) && location.matches(SECRET).count() == 1
}

/// Fields of Set-Cookie, one a line.
pub fn set_cookie(bytes: &[u8]) {
    const NOW: Duration = Duration::from_secs(1_786_700_000);
    let mut headers = Headers::new();
    bytes.split(|&byte| byte == b'\n').for_each(|field| drop(headers.append("set-cookie", field)));
    let url = |text: &str| Url::parse(text).expect("it is one");
    let mut cookies = Cookies::new();
    cookies.extract_cookies(&headers, &url("https://a.example.org/a/b"), NOW);
    for other in ["https://other.example/", "https://org/", "https://a.example.org.evil/a/b"] {
        assert_eq!(cookies.clone().cookie_header(&url(other), NOW).ok(), Some(None), "sent to {other}");
    }
    let sent =
        cookies.clone().cookie_header(&url("https://a.example.org/a/b"), NOW).expect("what a server set can be sent");
    assert!(sent.is_none_or(|header| header.as_bytes().iter().all(|&byte| byte >= b' ' && byte != 0x7F)));
    let loaded = Cookies::from_json(&cookies.to_json()).expect("what was saved can be loaded");
    assert_eq!(loaded.to_json(), cookies.to_json());
    let loaded = Cookies::from_netscape(&cookies.to_netscape()).expect("what was saved can be loaded");
    assert_eq!(loaded.len(), cookies.len());
}

/// What asks for Digest authentication, twice, and what its success says.
pub fn challenge(bytes: &[u8]) {
    let refusal = "HTTP/1.1 401 No\r\nWWW-Authenticate: ";
    let script = script(bytes, &[refusal, "HTTP/1.1 200 OK\r\nAuthentication-Info: ", refusal]);
    let peer = Peer::new(script);
    let client = client(&peer).auth(Digest::new("user", SECRET)).build().expect("the settings agree");
    for _ in 0..2 {
        let before = peer.answered();
        check(run(client.get(URL).send()));
        assert!(peer.answered() - before <= 3, "it gives up");
    }
}

fn check(outcome: Result<Response>) {
    match outcome {
        Ok(response) => assert!(response.history().len() <= 2),
        Err(error) => {
            check_kind(error.kind());
            is_fit(&format!("{error} {error:?}"));
            tells_no_secret(&format!("{error} {error:?}"));
        }
    }
}

/// A netrc file.
pub fn netrc(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match NetRc::parse(&text) {
        Ok(netrc) => tells_no_secret(&format!("{netrc:?}")),
        Err(error) => tells_no_secret(&format!("{error} {error:?}")),
    }
}
