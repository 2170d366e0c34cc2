//! Handshakes byte by byte, what follows them, and what proxies may answer.

use proptest::prelude::*;

use super::*;

/// What the proxy was sent, what came of it, and what is left in the stream.
struct Outcome {
    sent: Vec<u8>,
    opened: Result<()>,
    rest: Vec<u8>,
}

/// The handshake for this URL with a proxy that says this much, whatever it is told, and then nothing more.
fn outcome(proxy: &str, url: &str, answer: &[u8]) -> Outcome {
    let proxy: Url = proxy.parse().unwrap();
    let socks = Socks::new(proxy.scheme(), Credentials::of(&proxy).as_ref()).unwrap().unwrap();
    let connector = Connector::new(&crate::config::TransportConfig::default()).unwrap();
    let (mut sent, mut rest) = (Vec::new(), Vec::new());
    let opened = crate::block_on(async {
        let (mut client, mut proxy) = tokio::io::duplex(1 << 16);
        proxy.write_all(answer).await.unwrap();
        proxy.shutdown().await.unwrap();
        let opened = socks.open(&mut client, &url.parse().unwrap(), &connector).await;
        client.read_to_end(&mut rest).await.unwrap();
        drop(client);
        proxy.read_to_end(&mut sent).await.unwrap();
        opened
    });
    Outcome { sent, opened: opened.unwrap(), rest }
}

fn refusal(proxy: &str, url: &str, answer: &[u8]) -> Error {
    let error = outcome(proxy, url, answer).opened.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Proxy, "{error}");
    error
}

// httpx-semantics 2.2, 65.
#[test]
fn version_five_is_asked_as_by_httpx() {
    const OPEN: &[u8] = b"\x05\0\x05\0\0\x01\x7f\0\0\x01\0\x50";
    let asked = |url: &str| outcome("socks5://proxy", url, OPEN).sent;
    assert_eq!(asked("http://example.com/"), b"\x05\x01\0\x05\x01\0\x03\x0bexample.com\0\x50");
    assert_eq!(asked("https://1.2.3.4/"), b"\x05\x01\0\x05\x01\0\x01\x01\x02\x03\x04\x01\xbb");
    let six = b"\x05\x01\0\x05\x01\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x1f\x90";
    assert_eq!(asked("http://[::1]:8080/"), six);
    // H6: percent-decoded once.
    let login = outcome("socks5h://u%3a:p%2541@proxy", "http://h/", b"\x05\x02\x01\0\x05\0\0\x03\0\0\0");
    assert_eq!(login.sent, b"\x05\x01\x02\x01\x02u:\x04p%41\x05\x01\0\x03\x01h\0\x50");
    assert!(login.opened.is_ok());
}

#[test]
fn version_four_is_asked() {
    const OPEN: &[u8] = b"\0\x5a\0\0\0\0\0\0";
    let asked = |proxy: &str, url: &str| outcome(proxy, url, OPEN).sent;
    assert_eq!(asked("socks4a://me@proxy", "http://h.invalid/"), b"\x04\x01\0\x50\0\0\0\x01me\0h.invalid\0");
    for proxy in ["socks4://proxy", "socks4a://proxy"] {
        assert_eq!(asked(proxy, "https://1.2.3.4/"), b"\x04\x01\x01\xbb\x01\x02\x03\x04\0");
        let none = outcome(proxy, "http://[::1]/", OPEN);
        assert!(none.opened.unwrap_err().to_string().contains("IPv6") && none.sent.is_empty());
    }
}

// H8: an answer ends where it says, whatever address is in it.
#[test]
fn what_follows_the_answer_is_left_for_the_server() {
    let name = [&b"\x05\0\x05\0\0\x03\xff"[..], &[b'x'; 255], b"\0\x50"].concat();
    for (proxy, answer) in [
        ("socks5://proxy", &b"\x05\0\x05\0\0\x01\x01\x02\x03\x04\0\x50"[..]),
        ("socks5://proxy", b"\x05\0\x05\0\0\x03\0\0\x50"),
        ("socks5://proxy", &name),
        ("socks5://proxy", b"\x05\0\x05\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\x50"),
        ("socks5://u:p@proxy", b"\x05\x02\x01\0\x05\0\0\x01\x01\x02\x03\x04\0\x50"),
        ("socks4a://proxy", b"\0\x5a\0\0\0\0\0\0"),
    ] {
        let outcome = outcome(proxy, "http://h/", &[answer, b"HTTP"].concat());
        assert!(outcome.opened.is_ok());
        assert_eq!(outcome.rest, b"HTTP");
        // Cut anywhere, it opens nothing.
        for end in 0..answer.len() {
            assert!(refusal(proxy, "http://h/", &answer[..end]).to_string().contains("broke"));
        }
    }
}

#[test]
fn refusals_are_in_httpxs_words() {
    for (proxy, answer, words) in [
        (
            "socks5://proxy",
            &b"\x05\x02"[..],
            "Requested NO AUTHENTICATION REQUIRED from proxy server, but got USERNAME/PASSWORD.",
        ),
        ("socks5://proxy", b"\x05\xff", "but got NO ACCEPTABLE METHODS. Proxy::auth"),
        (
            "socks5://u:p@proxy",
            b"\x05\0",
            "Requested USERNAME/PASSWORD from proxy server, but got NO AUTHENTICATION REQUIRED.",
        ),
        ("socks5://u:S3CR3T@proxy", b"\x05\x02\x01\x01", "Invalid username/password"),
        ("socks5://proxy", b"\x05\0\x05\x05", "Proxy Server could not connect: Connection refused."),
        ("socks5://proxy", b"\x05\0\x05\x63\0\x01\0\0\0\0\0\0", "Proxy Server could not connect: Unknown reply 99."),
        ("socks4a://proxy", b"\0\x5b\0\0\0\0\0\0", "Proxy Server could not connect: Request rejected or failed."),
        // H8.
        ("socks5://proxy", b"\x04\0", "does not speak SOCKS5"),
        ("socks5://proxy", b"\x05\0\x04\0\0\x01\0\0\0\0\0\0", "does not speak SOCKS5"),
        ("socks5://u:p@proxy", b"\x05\x02\x05\0", "does not speak SOCKS5"),
        ("socks5://proxy", b"\x05\0\x05\0\0\x07\0", "unknown kind 7"),
        ("socks5://proxy", b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak SOCKS5"),
        ("socks4://proxy", b"\x04\x5a\0\0\0\0\0\0", "does not speak SOCKS4"),
    ] {
        let error = refusal(proxy, "http://127.0.0.1/", answer);
        assert!(error.to_string().contains(words) && !format!("{error:?}").contains("S3CR3T"), "{error}");
    }
}

// H5, H8, curl CVE-2023-38545.
#[test]
fn a_name_that_does_not_fit_is_refused() {
    let longest = "x".repeat(255);
    let host = Host::Domain(longest.as_str());
    assert!(Socks5::new(&host, 80, None).is_ok() && Socks4::new(&host, 80, "").is_ok());
    let longer = "x".repeat(256);
    let host = Host::Domain(longer.as_str());
    assert!(Socks5::new(&host, 80, None).is_err_and(|error| error.kind() == ErrorKind::Proxy));
    assert!(Socks4::new(&host, 80, "").is_err_and(|error| error.kind() == ErrorKind::Proxy));
    assert!(Socks4::new(&Host::Domain("a\0b"), 80, "").is_err());
}

#[test]
fn credentials_that_do_not_fit_are_refused_beforehand() {
    let new = |scheme: &str, user: &str, password: &str| Socks::new(scheme, Some(&Credentials::new(user, password)));
    let long = "x".repeat(256);
    assert!(new("socks5", &long[1..], &long[1..]).is_ok());
    for (scheme, user, password, kind) in [
        ("socks5", long.as_str(), "", ErrorKind::LocalProtocol),
        ("socks5h", "", long.as_str(), ErrorKind::LocalProtocol),
        ("socks4", "u", "p", ErrorKind::Unsupported),
        ("socks4a", "u\0v", "", ErrorKind::LocalProtocol),
    ] {
        assert!(new(scheme, user, password).is_err_and(|error| error.kind() == kind));
    }
    assert!(new("http", &long, "").is_ok_and(|none| none.is_none()));
}

/// Drives a handshake with these bytes, and returns how many of them it took.
fn taken(mut handshake: impl Handshake, bytes: &[u8]) -> Option<usize> {
    let (mut at, mut received) = (0, &[][..]);
    loop {
        let turn = handshake.next(received).ok()?;
        assert!(turn.expect <= 257 && turn.send.len() <= 513);
        if turn.expect == 0 {
            return Some(at);
        }
        received = bytes.get(at..at + turn.expect)?;
        at += turn.expect;
    }
}

const OPENINGS: &[&[u8]] = &[b"", b"\x05\0", b"\x05\0\x05\0\0", b"\x05\x02\x01\0\x05\0\0", b"\0\x5a"];

/// Bytes of which many mean something.
fn answers() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => proptest::sample::select(&[0_u8, 1, 2, 3, 4, 5, 90][..]), 1 => any::<u8>()];
    let opening = proptest::sample::select(OPENINGS);
    (opening, prop::collection::vec(byte, 0..600)).prop_map(|(opening, rest)| [opening, &rest].concat())
}

fn config() -> proptest::test_runner::Config {
    proptest::test_runner::Config { failure_persistence: None, ..Default::default() }
}

// H8.
#[test]
fn no_answer_panics_or_is_read_beyond_its_end() {
    type Taken = fn(&[u8], Option<&Credentials>) -> Option<usize>;
    const DIALECTS: [Taken; 2] = [
        |answer, credentials| taken(Socks5::new(&Host::Domain("h"), 1, credentials).unwrap(), answer),
        |answer, _| taken(Socks4::new(&Host::Domain("h"), 1, "u").unwrap(), answer),
    ];
    proptest!(config(), |(answer in answers(), extra: u8, login: bool)| {
        let credentials = login.then(|| Credentials::new("u", "p"));
        for taken in DIALECTS {
            if let Some(length) = taken(&answer, credentials.as_ref()) {
                let longer = [&answer[..length], &[extra]].concat();
                prop_assert_eq!(taken(&longer, credentials.as_ref()), Some(length));
                prop_assert_eq!(taken(&answer[..length - 1], credentials.as_ref()), None);
            }
        }
        // So are bytes that nobody asked for.
        let mut handshake = Socks5::new(&Host::Domain("h"), 1, credentials.as_ref()).unwrap();
        while handshake.next(&answer).is_ok_and(|turn| turn.expect > 0) {}
    });
}

#[test]
fn names_and_credentials_arrive_whole() {
    let given = ("[a-z0-9.-]{1,255}", "\\PC{0,60}", "\\PC{0,60}", any::<u16>());
    proptest!(config(), |((name, user, password, port) in given)| {
        let credentials = Credentials::new(user, password);
        let mut handshake = Socks5::new(&Host::Domain(&name), port, Some(&credentials)).unwrap();
        handshake.next(&[]).unwrap();
        let login = handshake.next(&[5, 2]).unwrap().send;
        let (user, rest) = login[2..].split_at(usize::from(login[1]));
        prop_assert_eq!((user, &rest[1..]), (credentials.user.as_bytes(), credentials.password.as_bytes()));
        prop_assert_eq!(usize::from(rest[0]), credentials.password.len());
        let request = handshake.next(&[1, 0]).unwrap().send;
        prop_assert_eq!(&request[..5], &[5, 1, 0, 3, u8::try_from(name.len()).unwrap()]);
        prop_assert_eq!(&request[5..], [name.as_bytes(), &port.to_be_bytes()].concat());
    });
}
