//! Digest authentication: when a challenge is answered, with which count and URI. What the answers are is checked by the
//! test server (`wire::auth`) and against known values (`src/auth/digest/vectors.rs`).

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};

use whimbrel::auth::Digest;
use whimbrel::{Body, ClientBuilder, ErrorKind, Request, Response};

use crate::support;

const CHALLENGE: &str = "Digest realm=\"r\", nonce=\"n1\", qop=\"auth\"";

/// What this request was authorized with; empty if it was not.
fn sent(request: &Request) -> String {
    request.headers().joined("authorization").unwrap_or_default()
}

/// One parameter of an answer.
fn parameter(answer: &str, name: &str) -> String {
    let fields = answer.trim_start_matches("Digest ").split(", ");
    let value = fields.filter_map(|field| field.split_once('=')).find(|(known, _)| *known == name);
    value.map(|(_, value)| value.trim_matches('"').to_owned()).unwrap_or_default()
}

/// Refuses what has no Digest answer.
fn guarded(challenge: &'static str) -> ClientBuilder {
    support::mock(move |request| match sent(request).starts_with("Digest ") {
        true => Response::new(200),
        false => Response::new(401).with_header("www-authenticate", challenge).with_text("who?"),
    })
    .auth(Digest::new("user", "pass"))
}

/// Refuses everything, with a new nonce each time.
fn refusing(attributes: &'static str) -> ClientBuilder {
    let asked = AtomicU32::new(0);
    support::mock(move |_| {
        let nonce = asked.fetch_add(1, Ordering::Relaxed);
        Response::new(401).with_header("www-authenticate", &format!("Digest realm=r, nonce=n{nonce}{attributes}"))
    })
    .auth(Digest::new("user", "pass"))
}

/// The answer that a GET of this URL ends up with.
async fn answered(client: &whimbrel::Client, url: &str) -> String {
    let response = client.get(url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    sent(response.request().unwrap())
}

support::test! {
    async fn a_challenge_is_answered_once_and_then_beforehand() {
        let client = guarded(CHALLENGE).build().unwrap();
        let first = client.get("http://h/").send().await.unwrap();
        assert_eq!((first.status().as_u16(), first.history().len()), (200, 1));
        assert_eq!((first.history()[0].status().as_u16(), first.history()[0].text().as_ref()), (401, "who?"));
        assert_eq!(sent(first.history()[0].request().unwrap()), "");
        assert!(client.get("http://h/2").send().await.unwrap().history().is_empty());
    }

    // G5.
    async fn the_count_grows_with_each_use_of_a_nonce() {
        let client = guarded(CHALLENGE).build().unwrap();
        let mut cnonces = HashSet::new();
        for count in 1..=20 {
            let answer = answered(&client, "http://h/").await;
            assert_eq!(parameter(&answer, "nc"), format!("{count:08x}"));
            assert!(cnonces.insert(parameter(&answer, "cnonce")), "a cnonce was used twice");
        }
    }

    // G5.
    async fn requests_at_the_same_time_never_share_a_count() {
        let client = guarded(CHALLENGE).build().unwrap();
        let answers = support::join_all((0..50).map(|_| answered(&client, "http://h/"))).await;
        let counts: HashSet<_> = answers.iter().map(|answer| parameter(answer, "nc")).collect();
        assert_eq!(counts.len(), 50);
    }

    // G5.
    async fn origins_share_no_nonce() {
        let client = guarded(CHALLENGE).build().unwrap();
        for url in ["http://h/", "https://h/", "http://h:81/", "http://i/"] {
            let response = client.get(url).send().await.unwrap();
            assert_eq!(response.history().len(), 1, "{url} was sent another origin's nonce");
            assert_eq!(parameter(&sent(response.request().unwrap()), "nc"), "00000001");
        }
    }

    // RFC 7616 3.4.2.
    async fn a_session_keeps_its_first_cnonce() {
        let client = guarded("Digest realm=r, nonce=n, qop=auth, algorithm=SHA-256-sess").build().unwrap();
        let (first, second) = (answered(&client, "http://h/").await, answered(&client, "http://h/").await);
        assert_eq!(parameter(&first, "cnonce"), parameter(&second, "cnonce"));
        assert_ne!(parameter(&first, "nc"), parameter(&second, "nc"));
    }

    // G4.
    async fn a_wrong_password_is_tried_once() {
        let response = refusing(", qop=auth").build().unwrap().get("http://h/").send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.history().len()), (401, 1));
    }

    // G4.
    async fn stale_nonces_are_renewed_once() {
        let response = refusing(", qop=auth, stale=true").build().unwrap().get("http://h/").send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.history().len()), (401, 2));
    }

    async fn what_was_refused_is_not_sent_beforehand() {
        let client = refusing(", qop=auth").build().unwrap();
        client.get("http://h/").send().await.unwrap();
        let response = client.get("http://h/").send().await.unwrap();
        assert_eq!(sent(response.history()[0].request().unwrap()), "");
    }

    async fn only_a_401_with_a_digest_challenge_is_answered() {
        for (status, challenge) in [(200, CHALLENGE), (403, CHALLENGE), (401, "Basic realm=\"Digest\""), (401, "Digesting")] {
            let client = support::mock(move |_| Response::new(status).with_header("www-authenticate", challenge));
            let client = client.auth(Digest::new("user", "pass")).build().unwrap();
            assert!(client.get("http://h/").send().await.unwrap().history().is_empty());
        }
    }

    // G2. (`properties::challenges` has many more.)
    async fn a_challenge_of_any_content_stays_in_its_quotes() {
        for realm in ["x".repeat(65_536), "\\\"".repeat(1000), "\\\\".repeat(1000), "a, b=c\\\", nonce=\\\"d".into(), "\u{e9}\u{1f426}".into(), String::new()] {
            let challenge = format!("Digest realm=\"{realm}\", nonce=\"{realm}n\", opaque=\"{realm}\"");
            let client = support::mock(move |request| match sent(request).as_str() {
                "" => Response::new(401).with_header("www-authenticate", &challenge),
                _ => Response::new(200),
            });
            let client = client.auth(Digest::new("user", "pass")).build().unwrap();
            let answer = answered(&client, "http://h/").await;
            assert!(answer.starts_with(&format!("Digest username=\"user\", realm=\"{realm}\", nonce=\"{realm}n\", uri=\"/\", ")), "{answer}");
            assert!(answer.ends_with(&format!(", algorithm=MD5, opaque=\"{realm}\"")), "{answer}");
        }
    }

    // G3.
    async fn one_field_may_hold_several_challenges() {
        let client = guarded("Negotiate, Basic realm=\"a, Digest b\", Digest realm=\"c\", nonce=n, Bearer");
        assert_eq!(parameter(&answered(&client.build().unwrap(), "http://h/").await, "realm"), "c");
    }

    // G3.
    async fn a_challenge_that_makes_no_sense_is_the_servers_fault() {
        for challenge in ["Digest", "Digest realm=r", "Digest realm=r, nonce=n, algorithm=X", "Digest realm=r, nonce=n, qop=x"] {
            let error = guarded(challenge).build().unwrap().get("http://user:S3CR3T@h/").send().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::RemoteProtocol);
            assert!(!format!("{error} {error:?}").contains("S3CR3T"));
        }
    }

    // RFC 7616 3.5.
    async fn the_server_may_give_the_next_nonce() {
        let client = support::mock(|request| match sent(request).as_str() {
            "" => Response::new(401).with_header("www-authenticate", CHALLENGE),
            answer if answer.contains("nonce=\"n1\"") => {
                Response::new(200).with_header("authentication-info", "qop=auth, nextnonce=\"n\\\"2\", nc=00000001")
            }
            _ => Response::new(200).with_header("authentication-info", "garbage\""),
        });
        let client = client.auth(Digest::new("user", "pass")).build().unwrap();
        answered(&client, "http://h/").await;
        for count in ["00000001", "00000002"] {
            let answer = answered(&client, "http://h/").await;
            assert_eq!((parameter(&answer, "nonce").as_str(), parameter(&answer, "nc").as_str()), ("n\\\"2", count));
        }
    }

    // G6.
    async fn the_uri_is_the_target_as_sent() {
        let client = guarded(CHALLENGE).build().unwrap();
        for (url, uri) in [("http://h", "/"), ("http://h/a%20b c?q=é&r#f", "/a%20b%20c?q=%C3%A9&r")] {
            assert_eq!(parameter(&answered(&client, url).await, "uri"), uri);
        }
    }

    // G6.
    async fn the_answer_is_for_where_redirects_led() {
        let client = support::mock(|request| match (request.url().path(), sent(request).as_str()) {
            ("/from", _) => Response::new(303).with_header("location", "/to"),
            (_, "") => Response::new(401).with_header("www-authenticate", CHALLENGE),
            _ => Response::new(200),
        });
        let client = client.auth(Digest::new("user", "pass")).follow_redirects(true).build().unwrap();
        let response = client.post("http://h/from").content("a body").send().await.unwrap();
        let request = response.request().unwrap();
        assert_eq!((request.method().as_str(), request.body().as_bytes()), ("GET", Some(&b""[..])));
        assert_eq!(parameter(&sent(request), "uri"), "/to");
        assert_eq!(response.history().iter().map(|hop| hop.status().as_u16()).collect::<Vec<_>>(), [303, 401]);
    }

    // E7.
    async fn another_origins_challenge_is_not_answered() {
        let client = support::mock(|request| match request.url().host_str() {
            Some("h") => Response::new(307).with_header("location", "http://other/"),
            _ => Response::new(401).with_header("www-authenticate", CHALLENGE),
        });
        let client = client.auth(Digest::new("user", "pass")).follow_redirects(true).build().unwrap();
        let response = client.get("http://h/").send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.history().len()), (401, 1));
        assert_eq!(sent(response.request().unwrap()), "");
    }

    // G9.
    async fn bytes_are_sent_again_and_streams_are_not() {
        let client = guarded(CHALLENGE).build().unwrap();
        let stream = || Body::stream(support::pieces(&["a", "b"]), None);
        let error = client.post("http://h/").content(stream()).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BodyConsumed);
        let response = client.post("http://i/").content("ab").send().await.unwrap();
        assert_eq!(response.request().unwrap().body().as_bytes(), Some(&b"ab"[..]));
    }

    async fn auth_int_needs_the_body_in_memory() {
        let client = guarded("Digest realm=r, nonce=n, qop=auth-int").build().unwrap();
        let stream = || Body::stream(support::pieces(&["a", "b"]), None);
        let error = client.post("http://h/").content(stream()).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BodyConsumed);
        assert_eq!(client.post("http://h/").content("ab").send().await.unwrap().status(), 200);
        // Known beforehand, the body is read before it is sent.
        let response = client.post("http://h/").content(stream()).send().await.unwrap();
        assert_eq!(parameter(&sent(response.request().unwrap()), "qop"), "auth-int");
    }

    // G12.
    async fn a_refusals_body_is_kept_up_to_a_limit() {
        let client = support::mock(|request| match sent(request).as_str() {
            "" => Response::new(401).with_header("www-authenticate", CHALLENGE).with_body(vec![b'x'; 1_000_000]),
            _ => Response::new(200).with_body(vec![b'y'; 1_000_000]),
        });
        let client = client.auth(Digest::new("user", "pass")).build().unwrap();
        let response = client.get("http://h/").send().await.unwrap();
        assert_eq!((response.bytes().len(), response.history()[0].bytes().len()), (1_000_000, 65_536));
    }

    // G8.
    async fn line_breaks_in_credentials_are_refused() {
        for (user, password) in [("a\r\nb", "c"), ("a", "b\nc"), ("a\0", "b"), ("a\u{1}", "b")] {
            let client = guarded(CHALLENGE).auth(Digest::new(user, password)).build().unwrap();
            assert_eq!(client.get("http://h/").send().await.unwrap_err().kind(), ErrorKind::LocalProtocol);
        }
    }

    // G10.
    async fn the_password_is_in_no_output() {
        let auth = Digest::new("user", "S3CR3T");
        let client = guarded(CHALLENGE).auth(auth.clone()).build().unwrap();
        let response = client.get("http://h/").send().await.unwrap();
        let shown = format!("{auth:?} {client:?} {response:?} {:?}", response.request());
        assert!(!shown.contains("S3CR3T") && !shown.contains("cnonce"), "{shown}");
    }

    async fn cookies_of_the_challenge_go_with_the_answer() {
        let client = support::mock(|request| match sent(request).as_str() {
            "" => Response::new(401).with_header("www-authenticate", CHALLENGE).with_header("set-cookie", "session=1"),
            _ => Response::new(200),
        });
        let client = client.auth(Digest::new("user", "pass")).build().unwrap();
        let response = client.get("http://h/").send().await.unwrap();
        assert_eq!(response.request().unwrap().headers().get("cookie").unwrap(), "session=1");
        let response = client.get("http://i/").header("cookie", "own=1").send().await.unwrap();
        assert_eq!(response.request().unwrap().headers().get("cookie").unwrap(), "own=1");
    }

    async fn authorization_replaces_the_users_own() {
        let client = guarded(CHALLENGE).build().unwrap();
        let response = client.get("http://h/").header("authorization", "Custom x").send().await.unwrap();
        assert_eq!(response.request().unwrap().headers().get_list("authorization").count(), 1);
    }
}
