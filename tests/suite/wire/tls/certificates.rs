//! What is wrong with a certificate is said, and nothing is sent.

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};
use serde_json::Value;
use whimbrel::{Client, Error, ErrorKind, Tls, TlsVersion};

use super::openssl::{self, Server};
use super::peer::{self, Authority, client, leaf, self_signed, serve};
use crate::support;

/// The error of kind `Tls` of a client that trusts the authority. It names the host.
async fn refusal(authority: &Authority, url: &str) -> Error {
    let error = authority.client().get(url).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error:?}");
    assert!(error.to_string().starts_with("No TLS connection to '127.0.0.1': "), "{error}");
    error
}

fn changed(change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = leaf(&[]);
    change(&mut params);
    params
}

support::test! {
    // D1.
    async fn errors_say_which_check_failed() {
        let authority = Authority::new("authority");
        let expired = changed(|params| params.not_after = date_time_ymd(2001, 1, 1));
        let early = changed(|params| params.not_before = date_time_ymd(3000, 1, 1));
        let nameless = changed(|params| {
            params.subject_alt_names.clear();
            params.distinguished_name.push(DnType::CommonName, "127.0.0.1");
        });
        let client_only = changed(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
        let other = changed(|params| params.subject_alt_names.retain(|name| matches!(name, rcgen::SanType::DnsName(_))));
        for (identity, words) in [
            (authority.sign(&expired), "has expired"),
            (authority.sign(&early), "not valid yet"),
            (authority.sign(&nameless), "for no host at all: a common name alone does not count"),
            (authority.sign(&client_only), "not for servers"),
            (authority.sign(&other), "for no host at all"),
            (authority.itself(), "an authority's own"),
            (self_signed(&leaf(&[])), "is self-signed; Tls::add_root_pem trusts it"),
            (Authority::new("another").sign(&leaf(&[])), "issuer that is not trusted"),
            // The same name is not the same authority.
            (Authority::new("authority").sign(&leaf(&[])), "the name of a trusted one but not its key"),
            (authority.below("between").sign(&leaf(&[])), "leaves out the certificates between"),
        ] {
            // By whomever it is shown.
            let openssl = Server::start(&identity, None, &[]);
            for url in [&serve(&identity), &openssl.url] {
                let error = refusal(&authority, url).await;
                assert!(error.to_string().contains(words), "{words}: {error}");
            }
        }
    }

    async fn what_is_right_is_trusted() {
        let authority = Authority::new("authority");
        assert_eq!(peer::get(&authority.client(), &serve(&authority.sign(&leaf(&[])))).await["sni"], Value::Null);
        // With the certificate between.
        let between = authority.below("between");
        let mut identity = between.sign(&leaf(&[]));
        identity.chain.push_str(&between.pem());
        peer::get(&authority.client(), &serve(&identity)).await;
        // Self-signed, and given.
        let identity = self_signed(&leaf(&[]));
        peer::get(&client(Tls::new().add_root_pem(&identity.chain)), &serve(&identity)).await;
    }

    // D6.
    async fn a_certificate_of_many_names_does_not_fill_the_error() {
        let names: Vec<String> = (0..10_000).map(|number| format!("host-{number}.example.org")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let authority = Authority::new("authority");
        let client = authority.client();
        for (count, words) in [
            (1_000, "(host-0.example.org, host-1.example.org, host-2.example.org and 998 more)"),
            (10_000, "larger than TLS needs"),
        ] {
            // (rustls would not show the larger one.)
            let server = Server::start(&authority.sign(&leaf(&names[..count])), None, &[]);
            let url = &server.url;
            let error = client.get(url).extension(peer::name("else.example.org")).send().await.unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
            assert!(error.to_string().contains("as 'else.example.org'"), "{error}");
            assert!(error.to_string().len() < 400 && format!("{error:?}").len() < 800, "{error:?}");
        }
    }

    async fn unverified_means_any_certificate() {
        let authority = Authority::new("authority");
        let expired = changed(|params| {
            params.not_after = date_time_ymd(2001, 1, 1);
            params.subject_alt_names.clear();
        });
        for identity in [authority.sign(&expired), self_signed(&leaf(&[])), authority.itself()] {
            let url = serve(&identity);
            for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
                peer::get(&client(Tls::new().verify(false).min_version(version).max_version(version)), &url).await;
            }
            // S7: not by accident, and not for others.
            for tls in [Tls::new(), Tls::new().verify(false).verify(true)] {
                assert_eq!(client(tls).get(&url).send().await.unwrap_err().kind(), ErrorKind::Tls);
            }
        }
    }

    // Of X.509 version 1, as 'openssl x509 -req' makes them, the signature in the handshake cannot be checked either.
    async fn unverified_means_the_oldest_certificates_as_well() {
        let identity = openssl::self_signed_without_extensions();
        let server = Server::start(&identity, None, &[]);
        assert!(client(Tls::new().verify(false)).get(&server.url).send().await.unwrap().is_success());
        let error = client(Tls::new()).get(&server.url).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error:?}");
    }

    async fn roots_replace_each_other_as_they_say() {
        let (one, another) = (Authority::new("one"), Authority::new("another"));
        let url = serve(&one.sign(&leaf(&[])));
        peer::get(&client(Tls::new().only_roots_pem(one.pem() + &another.pem())), &url).await;
        peer::get(&client(Tls::new().only_roots_pem(another.pem()).add_root_pem(one.pem())), &url).await;
        peer::get(&client(Tls::new().add_root_pem(one.pem()).only_roots_pem(another.pem())), &url).await;
        let error = another.client().get(&url).send().await.unwrap_err();
        assert!(error.to_string().contains("not trusted"), "{error}");
    }

    async fn the_systems_roots_are_a_feature() {
        let built = Client::builder().tls(Tls::new().system_roots()).build();
        if !cfg!(feature = "system-roots") {
            assert_eq!(built.err().map(|error| error.kind()), Some(ErrorKind::Unsupported));
            return;
        }
        // Whatever they are, the test's is not among them.
        let error = built.unwrap().get(support::server().https).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error:?}");
        let authority = Authority::new("authority");
        let ours = client(Tls::new().system_roots().add_root_pem(authority.pem()));
        if error.to_string().contains("not trusted") {
            peer::get(&ours, &serve(&authority.sign(&leaf(&[])))).await;
        }
    }

    async fn roots_that_are_none_are_an_error_of_the_builder() {
        let key = KeyPair::generate().unwrap().serialize_pem();
        for (pem, words) in [
            ("", "no PEM certificate"),
            (key.as_str(), "no PEM certificate"),
            ("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "cannot be used"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be used"),
        ] {
            for tls in [Tls::new().add_root_pem(pem), Tls::new().only_roots_pem(pem)] {
                let error = Client::builder().tls(tls).build().expect_err("there is no certificate in it");
                assert!(error.kind() == ErrorKind::Tls && error.to_string().contains(words), "{error}");
            }
        }
    }
}
