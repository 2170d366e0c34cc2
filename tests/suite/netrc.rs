//! Credentials from a netrc file: for whom they are, and for whom not.

use whimbrel::auth::NetRc;
use whimbrel::{ErrorKind, Response};

use crate::support;

/// What a request to this URL is authorized with.
async fn sent(netrc: &str, url: &str) -> Option<String> {
    let client = support::echo().auth(NetRc::parse(netrc).unwrap()).build().unwrap();
    let response = client.get(url).send().await.unwrap();
    response.request().unwrap().headers().joined("authorization")
}

/// `ada:engine` and `bob:builder` as Basic has them.
const ADA: &str = "Basic YWRhOmVuZ2luZQ==";
const BOB: &str = "Basic Ym9iOmJ1aWxkZXI=";

support::test! {
    async fn an_entry_is_for_its_host() {
        let netrc = "machine h.example login ada password engine machine 127.0.0.1 login bob password builder
            machine ::1 login bob password builder machine B\u{fc}cher.example login ada password engine";
        for (url, expected) in [
            ("http://h.example/", Some(ADA)), ("https://h.example:8080/x", Some(ADA)), ("http://H.EXAMPLE/", Some(ADA)),
            ("http://127.1/", Some(BOB)), ("http://[0::1]:81/", Some(BOB)), ("http://xn--bcher-kva.example/", Some(ADA)),
            ("http://example/", None), ("http://www.h.example/", None), ("http://h.example.evil/", None),
        ] {
            assert_eq!(sent(netrc, url).await.as_deref(), expected, "{url}");
        }
    }

    // M2.
    async fn the_host_is_the_parsed_one() {
        let netrc = "machine example.com login ada password engine";
        for url in ["http://example.com:@evil.com/", "http://evil.com/@example.com", "http://evil.com#@example.com/"] {
            assert_eq!(sent(netrc, url).await, None, "{url}");
        }
        assert_eq!(sent(netrc, "http://evil.com:@example.com/").await, None);
    }

    // M1.
    async fn a_user_in_the_url_must_be_the_entrys() {
        let netrc = "machine h login ada password engine machine h login bob password builder";
        assert_eq!(sent(netrc, "http://bob@h/").await.as_deref(), Some(BOB));
        assert_eq!(sent(netrc, "http://%61da@h/").await.as_deref(), Some(ADA));
        assert_eq!(sent(netrc, "http://eve@h/").await, None);
        assert_eq!(sent(netrc, "http://h/").await.as_deref(), Some(ADA));
        assert_eq!(sent("default login ada password engine", "http://bob@h/").await, None);
    }

    // M1.
    async fn what_is_missing_is_not_taken_from_others() {
        let others = "machine i login bob password builder default login bob password builder";
        for entry in ["machine h login ada", "machine h", "machine h login ada password \"\"", "machine h account a"] {
            assert_eq!(sent(&format!("{entry} {others}"), "http://h/").await, None, "{entry}");
        }
        assert_eq!(sent("machine h login ada password engine default", "http://i/").await, None);
        assert_eq!(sent("machine h login ada default login bob", "http://h/").await, None);
    }

    async fn default_is_for_all_other_hosts() {
        let netrc = "default login bob password builder machine h login ada password engine";
        assert_eq!(sent(netrc, "http://h/").await.as_deref(), Some(ADA));
        assert_eq!(sent(netrc, "http://elsewhere/").await.as_deref(), Some(BOB));
    }

    async fn a_password_may_stand_without_a_login() {
        assert_eq!(sent("machine h password engine", "http://h/").await.as_deref(), Some("Basic OmVuZ2luZQ=="));
    }

    // M3.
    async fn credentials_of_the_users_own_win() {
        let client = support::echo().auth(NetRc::parse("machine h login ada password engine").unwrap()).build().unwrap();
        let response = client.get("http://h/").header("authorization", "Bearer t").send().await.unwrap();
        assert_eq!(response.request().unwrap().headers().joined("authorization").unwrap(), "Bearer t");
    }

    // E7, M3.
    async fn redirects_look_nothing_up() {
        let client = support::mock(|request| match request.url().host_str() {
            Some("h") => Response::new(302).with_header("location", "http://i/"),
            _ => Response::new(200),
        });
        let netrc = NetRc::parse("machine h login ada password engine machine i login bob password builder").unwrap();
        let response = client.auth(netrc).follow_redirects(true).build().unwrap().get("http://h/").send().await.unwrap();
        let hops = [&response.history()[0], &response].map(|hop| hop.request().unwrap().headers().contains("authorization"));
        assert_eq!(hops, [true, false]);
    }

    // M4.
    async fn credentials_that_break_a_header_are_refused() {
        for netrc in ["machine h login \"a\nb\" password p", "machine h login a password \"b\rc\"", "machine h login a password b\0", "machine h login a:b password c"] {
            let client = support::echo().auth(NetRc::parse(netrc).unwrap()).build().unwrap();
            assert_eq!(client.get("http://h/").send().await.unwrap_err().kind(), ErrorKind::LocalProtocol);
        }
    }

    // M4, G10.
    async fn no_output_shows_what_is_in_the_file() {
        let netrc = NetRc::parse("machine h login ada password S3CR3T").unwrap();
        assert_eq!(format!("{netrc:?}"), "NetRc([secure])");
        let error = NetRc::parse("machine h password \"S3CR3T").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LocalProtocol);
        assert!(!format!("{error} {error:?}").contains("S3CR3T"));
    }

    // M4.
    async fn a_file_that_cannot_be_read_is_an_error() {
        let expected = if support::FILES { ErrorKind::LocalProtocol } else { ErrorKind::Unsupported };
        let error = NetRc::new("/no/such/netrc").unwrap_err();
        assert_eq!(error.kind(), expected, "{error}");
        if !support::FILES {
            assert_eq!(NetRc::from_env().unwrap_err().kind(), ErrorKind::Unsupported);
        }
    }
}
