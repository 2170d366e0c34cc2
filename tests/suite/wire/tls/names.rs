//! Which names a certificate is for, and which name is asked.

use rcgen::SanType;
use serde_json::Value;
use whimbrel::{ErrorKind, TlsInfo, TlsVersion};

use super::peer::{self, Authority, get, get_as, leaf, serve};
use crate::support;

support::test! {
    // D2.
    async fn a_wildcard_is_one_whole_label() {
        let authority = Authority::new("authority");
        for (certificate, asked, matches) in [
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "A.EXAMPLE.COM", true),
            ("*.example.com", "a.b.example.com", false),
            ("*.example.com", "example.com", false),
            ("*.example.com", "a.example.org", false),
            ("f*.example.com", "foo.example.com", false),
            ("*oo.example.com", "foo.example.com", false),
            ("www.*.com", "www.example.com", false),
            ("*.*.example.com", "a.b.example.com", false),
            ("xn--b*.example.com", "xn--bcher-kva.example.com", false),
            ("*.0.0.2", "127.0.0.2", false),
            ("127.0.0.2", "127.0.0.2", false),
            ("*", "example", false),
        ] {
            let url = serve(&authority.sign(&leaf(&[certificate])));
            let answered = get_as(&authority.client(), &url, asked).await;
            assert_eq!(answered.is_ok(), matches, "{certificate} for {asked}: {answered:?}");
            if let Err(error) = answered {
                assert!(error.kind() == ErrorKind::Tls && error.to_string().contains("for another host"), "{error}");
            }
        }
    }

    // D3.
    async fn one_normal_form_is_asked_and_verified() {
        let authority = Authority::new("authority");
        let url = serve(&authority.sign(&leaf(&["localhost", "www.example.com", "xn--bcher-kva.example"])));
        let client = authority.client();
        for (asked, told) in [
            ("www.example.com", "www.example.com"),
            ("WWW.Example.COM", "www.example.com"),
            ("www.example.com.", "www.example.com"),
            ("%77ww.example.com", "www.example.com"),
            ("b\u{fc}cher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(get_as(&client, &url, asked).await.unwrap()["sni"], told, "{asked}");
        }
        assert_eq!(get(&client, &url.replace("127.0.0.1", "LocalHost")).await["sni"], "localhost");
        assert_eq!(get(&client, &url.replace("127.0.0.1", "%6Cocalhost")).await["sni"], "localhost");
        // An address is verified, and asked of nobody (RFC 6066 3).
        assert_eq!(get(&client, &url).await["sni"], Value::Null);
        assert_eq!(get_as(&client, &url, "127.0.0.1").await.unwrap()["sni"], Value::Null);
    }

    async fn what_is_no_name_is_refused() {
        let authority = Authority::new("authority");
        let url = serve(&authority.sign(&leaf(&[])));
        for name in ["", " ", "a b", "https://example.com", "example.com:443", "a/b", "*.example.com", "a..b"] {
            let error = get_as(&authority.client(), &url, name).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Tls, "{name}: {error:?}");
        }
    }

    // D13, N9.
    async fn another_name_is_another_connection() {
        let authority = Authority::new("authority");
        let url = serve(&authority.sign(&leaf(&["a.example", "b.example"])));
        let client = authority.client();
        let mut connections = Vec::new();
        for asked in ["a.example", "b.example", "a.example", "b.example"] {
            let told = get_as(&client, &url, asked).await.unwrap();
            assert_eq!(told["sni"], asked);
            connections.push(told["connection"].clone());
        }
        connections.push(get(&client, &url).await["connection"].clone());
        assert_eq!(connections, [0, 1, 0, 1, 2]);
        // What was verified for one name is not for another.
        assert!(get_as(&client, &url, "c.example").await.is_err());
    }

    async fn responses_show_what_the_handshake_came_to() {
        let authority = Authority::new("authority");
        let identity = authority.sign(&leaf(&[]));
        let (url, client) = (serve(&identity), authority.client());
        for _ in 0..2 {
            let response = client.get(&url).send().await.unwrap();
            let tls = response.extensions().get::<TlsInfo>().expect("it came over TLS");
            assert_eq!((tls.version, tls.alpn), (TlsVersion::Tls13, None));
            assert!(tls.cipher_suite.starts_with("TLS_AES_"), "{tls:?}");
            assert!(identity.chain.replace('\n', "").contains(&support::base64(&tls.peer_certificate)));
        }
        for (http2, chosen) in [(true, "h2"), (false, "http/1.1")] {
            let client = support::server().builder().http2(http2).build().unwrap();
            let response = client.get(support::server().https).stream().await.unwrap();
            assert_eq!(response.extensions().get::<TlsInfo>().map(|tls| tls.alpn), Some(Some(chosen)));
        }
        let response = whimbrel::get(support::server().http).send().await.unwrap();
        assert!(response.extensions().get::<TlsInfo>().is_none());
    }

    async fn an_address_of_the_certificate_is_not_another() {
        let authority = Authority::new("authority");
        let mut params = leaf(&[]);
        params.subject_alt_names = vec![SanType::IpAddress([127, 0, 0, 2].into())];
        let error = authority.client().get(serve(&authority.sign(&params))).send().await.unwrap_err();
        assert!(error.to_string().contains("for another host (127.0.0.2)"), "{error}");
        assert_eq!(peer::name("x"), whimbrel::SniHostname("x".to_owned()));
    }
}
