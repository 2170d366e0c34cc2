//! Certificates of the client's own.

use rcgen::{ExtendedKeyUsagePurpose, KeyPair};
use whimbrel::{Client, ErrorKind, Proxy, Tls, TlsVersion};

use super::openssl::{Server, openssl, rsa_key};
use super::peer::{self, Authority, Identity, client, leaf, serve_clients};
use crate::support;

fn identity(authority: &Authority, key: &str) -> Identity {
    let mut params = leaf(&[]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    authority.sign_for(&params, &KeyPair::from_pem(key).expect("it is PKCS#8"))
}

fn ec_key() -> String {
    KeyPair::generate().unwrap().serialize_pem()
}

/// What the builder says to this chain and key.
fn refusal(chain: &str, key: &str, password: Option<&str>) -> whimbrel::Error {
    let built = Client::builder().tls(Tls::new().client_cert_pem(chain, key, password)).build();
    let error = built.expect_err("they are no certificate and key");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    error
}

support::test! {
    async fn keys_come_in_many_forms() {
        let authority = Authority::new("authority");
        let url = serve_clients(&authority.sign(&leaf(&[])), &authority);
        for key in [ec_key(), rsa_key()] {
            let identity = identity(&authority, &key);
            // PKCS#1 or SEC1.
            let traditional = openssl(&["pkey", "-traditional"], &key);
            assert!(traditional.contains("BEGIN RSA PRIVATE KEY") || traditional.contains("BEGIN EC PRIVATE KEY"));
            let both = format!("{}{traditional}", identity.chain);
            for (chain, key) in [(&identity.chain, &key), (&identity.chain, &traditional), (&both, &both)] {
                let tls = Tls::new().only_roots_pem(authority.pem()).client_cert_pem(chain, key, None);
                assert_eq!(peer::get(&client(tls), &url).await["clients"], 1);
            }
        }
    }

    async fn encrypted_keys_take_a_password() {
        let authority = Authority::new("authority");
        let url = serve_clients(&authority.sign(&leaf(&[])), &authority);
        let key = ec_key();
        let identity = identity(&authority, &key);
        let encrypted = openssl(&["pkcs8", "-topk8", "-passout", "pass:hunter2"], &key);
        let scrypt = openssl(&["pkcs8", "-topk8", "-scrypt", "-scrypt_N", "1024", "-passout", "pass:hunter2"], &key);
        if !cfg!(feature = "encrypted-keys") {
            assert_eq!(refusal(&identity.chain, &encrypted, Some("hunter2")).kind(), ErrorKind::Unsupported);
            return;
        }
        for key in [&encrypted, &scrypt] {
            let tls = Tls::new().only_roots_pem(authority.pem());
            let tls = tls.client_cert_pem(&identity.chain, key, Some("hunter2"));
            assert_eq!(peer::get(&client(tls), &url).await["clients"], 1);
        }
        for (key, password, words) in [
            (encrypted.as_str(), None, "no password was given"),
            (&encrypted, Some("wrong"), "the password is wrong"),
            (&encrypted, Some(""), "the password is wrong"),
            (&encrypted[..100], Some("hunter2"), "cut off"),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\n!\n-----END ENCRYPTED PRIVATE KEY-----", Some("hunter2"), "base64"),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----", Some("x"), "PBES2"),
        ] {
            let error = refusal(&identity.chain, key, password);
            assert!(error.kind() == ErrorKind::Tls && error.to_string().contains(words), "{words}: {error}");
        }
    }

    async fn what_does_not_belong_together_is_refused_by_the_builder() {
        let authority = Authority::new("authority");
        let (key, other) = (ec_key(), ec_key());
        let chain = identity(&authority, &key).chain;
        let old = openssl(&["pkey", "-traditional", "-aes128", "-passout", "pass:hunter2"], &key);
        for (chain, key, words) in [
            (chain.as_str(), other.as_str(), "its key is another one"),
            (&chain, "", "no PEM private key"),
            (&chain, &chain, "no PEM private key"),
            (&key, &key, "no PEM certificate"),
            ("", &key, "no PEM certificate"),
            (&chain, &old, "OpenSSL's old way"),
            (&chain, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "certificate cannot be used"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &key, "cannot be used"),
        ] {
            let error = refusal(chain, key, Some("hunter2"));
            assert!(error.kind() == ErrorKind::Tls && error.to_string().contains(words), "{words}: {error}");
        }
    }

    async fn a_server_that_wants_a_certificate_says_so() {
        let authority = Authority::new("authority");
        let servers = authority.sign(&leaf(&[]));
        let (known, unknown) = (identity(&authority, &ec_key()), identity(&Authority::new("another"), &ec_key()));
        for (argument, version) in [("-tls1_2", TlsVersion::Tls12), ("-tls1_3", TlsVersion::Tls13)] {
            let server = Server::start(&servers, Some(&authority.pem()), &[argument]);
            let ours = || Tls::new().only_roots_pem(authority.pem());
            let error = client(ours()).get(&server.url).send().await.unwrap_err();
            assert!(error.kind() == ErrorKind::Tls && error.to_string().contains("client's certificate"), "{error:?}");
            let tls = ours().client_cert_pem(&unknown.chain, &unknown.key, None);
            let error = client(tls).get(&server.url).send().await.unwrap_err();
            assert!(error.kind() == ErrorKind::Tls && error.to_string().contains("not accept the client's"), "{error:?}");
            let tls = ours().client_cert_pem(&known.chain, &known.key, None);
            let response = client(tls).get(&server.url).send().await.unwrap();
            assert!(response.text().contains("whimbrel test leaf"), "{version}: {}", response.text());
        }
    }

    // D13.
    async fn identities_share_neither_connections_nor_sessions() {
        let authority = Authority::new("authority");
        let url = serve_clients(&authority.sign(&leaf(&[])), &authority);
        for _ in 0..2 {
            let known = identity(&authority, &ec_key());
            let tls = Tls::new().only_roots_pem(authority.pem()).client_cert_pem(&known.chain, &known.key, None);
            let told = peer::get(&client(tls), &url).await;
            assert_eq!((&told["clients"], &told["resumed"]), (&1.into(), &false.into()));
        }
        assert!(authority.client().get(&url).send().await.is_err());
    }

    // D14: the certificate is for servers. A proxy that wants one gets its own.
    async fn a_proxy_is_not_shown_the_servers_certificate() {
        let authority = Authority::new("authority");
        let proxy = serve_clients(&authority.sign(&leaf(&[])), &authority);
        let known = identity(&authority, &ec_key());
        let tls = || Tls::new().only_roots_pem(authority.pem()).client_cert_pem(&known.chain, &known.key, None);
        let through = |proxy: Proxy| Client::builder().tls(tls()).proxy(proxy).build().unwrap();
        assert!(through(Proxy::new(&proxy)).get("http://a.invalid/").send().await.is_err());
        let told = peer::get(&through(Proxy::new(&proxy).tls(tls())), "http://a.invalid/").await;
        assert_eq!(told["clients"], 1);
    }
}
