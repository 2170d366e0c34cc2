//! https: what is trusted, and what is not.

// Whatever a server may show, and whatever a client may say: where TLS is our own.
support::where_own_tls! {
    mod certificates;
    mod chains;
    mod floods;
    mod identity;
    mod names;
    mod openssl;
    mod peer;
    mod provider;
    mod revocation;
    mod sessions;
    mod versions;
}

use whimbrel::{Client, ErrorKind, SniHostname, Tls};

use crate::support::{self, OWN_TLS, server};

/// A browser tells nothing about why there was no connection.
fn is_tls(error: &whimbrel::Error) -> bool {
    let browser = !Client::new().capabilities().redirects;
    error.kind() == ErrorKind::Tls || browser && error.kind() == ErrorKind::Connect
}

support::test! {
    async fn an_untrusted_authority_is_refused() {
        let error = whimbrel::get(server().https).send().await.unwrap_err();
        assert!(is_tls(&error), "{error:?}");
        if OWN_TLS {
            assert!(error.to_string().contains("issuer that is not trusted"), "{error}");
        }
    }

    async fn a_certificate_of_another_host_is_refused() {
        let error = server().client().get(server().wrong_host).send().await.unwrap_err();
        assert!(is_tls(&error), "{error:?}");
        if OWN_TLS {
            assert!(error.to_string().contains("for another host"), "{error}");
        }
    }

    async fn an_expired_certificate_is_refused() {
        let error = server().client().get(server().expired).send().await.unwrap_err();
        assert!(is_tls(&error), "{error:?}");
        if OWN_TLS {
            assert!(error.to_string().contains("expired"), "{error}");
        }
    }

    async fn tls_to_a_plain_port_is_refused() {
        let error = whimbrel::get(server().http.replace("http:", "https:")).send().await.unwrap_err();
        assert!(error.is_network() || error.is_protocol(), "{error:?}");
        if OWN_TLS {
            assert!(error.to_string().contains("does not speak TLS"), "{error}");
        }
    }
}

support::test! {
    // What a host that speaks TLS cannot honour is said, not left out.
    async fn settings_of_tls_are_honoured_or_refused() {
        for tls in [Tls::new(), Tls::new().verify(false), Tls::new().key_log(true)] {
            let built = Client::builder().tls(tls).build();
            assert!(built.is_ok() == OWN_TLS, "{:?}", built.err());
            assert!(built.err().is_none_or(|error| error.kind() == ErrorKind::Unsupported));
        }
        let name = SniHostname("localhost".into());
        let sent = server().client().get(format!("{}/get", server().https)).extension(name.clone()).send().await;
        match OWN_TLS {
            true => assert_eq!(sent.unwrap().status(), 200),
            false => assert_eq!(sent.unwrap_err().kind(), ErrorKind::Unsupported),
        }
        // Where there is no TLS it means nothing.
        assert!(whimbrel::get(format!("{}/get", server().http)).extension(name).send().await.unwrap().is_success());
    }
}

support::where_own_tls! {
    support::test! {
        // N1: bytes that TLS holds back behind a response that fills the read must not become the next response.
        async fn bytes_behind_a_response_do_not_hide_in_tls() {
            let (server, client, id) = (server(), server().client(), support::record_id("hidden"));
            let evil = support::percent(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL");
            // Head and body fill 8 KiB, which is what one read asks for.
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 8151\r\n\r\n";
            assert_eq!(head.len(), 8192 - 8151);
            let answer = format!("{}{}{evil}", support::percent(head.as_bytes()), "a".repeat(8151));
            let url = format!("{}/record/{id}/?answer={answer}", server.raw_tls);
            for _ in 0..2 {
                assert_eq!(client.get(&url).send().await.unwrap().bytes().len(), 8151);
            }
        }

        // The host cannot be told to trust the test's authority; untrusted ones are below.
        async fn a_trusted_server_answers() {
            let client = server().client();
            for _ in 0..2 {
                assert!(client.get(format!("{}/get", server().https)).send().await.unwrap().is_success());
            }
        }
    }
}
