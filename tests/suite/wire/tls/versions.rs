//! What is spoken, and who does not speak it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use rcgen::KeyPair;
use whimbrel::{Client, ErrorKind, Timeout, Tls, TlsInfo, TlsVersion};

use super::openssl::{Server, rsa_key};
use super::peer::{Authority, client, leaf, serve};
use crate::support;

/// The URL of a server that reads the first of what a client says and does this.
pub(super) fn answering(answer: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            answer(stream);
        }
    });
    url
}

support::test! {
    // D7.
    async fn what_is_broken_is_not_spoken() {
        let authority = Authority::new("authority");
        let identity = authority.sign_for(&leaf(&[]), &KeyPair::from_pem(&rsa_key()).unwrap());
        for (arguments, words) in [
            (&["-tls1", "-cipher", "ALL:@SECLEVEL=0"][..], "no version of TLS that is allowed"),
            (&["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], "no version of TLS that is allowed"),
            (&["-tls1_2", "-cipher", "AES128-SHA256"], "none of the ciphers"),
            (&["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA"], "none of the ciphers"),
            (&["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"], "none of the ciphers"),
            (&["-tls1_2", "-cipher", "ECDHE-RSA-NULL-SHA:@SECLEVEL=0"], "none of the ciphers"),
        ] {
            let server = Server::start(&identity, None, arguments);
            // Nor by one who accepts any certificate.
            for client in [authority.client(), client(Tls::new().verify(false))] {
                let error = client.get(&server.url).send().await.unwrap_err();
                assert!(error.kind() == ErrorKind::Tls && error.to_string().contains(words), "{arguments:?}: {error}");
            }
        }
    }

    async fn openssl_is_spoken_to() {
        let authority = Authority::new("authority");
        let identity = authority.sign_for(&leaf(&[]), &KeyPair::from_pem(&rsa_key()).unwrap());
        for (argument, version, suite) in [
            ("-tls1_2", TlsVersion::Tls12, "TLS_ECDHE_RSA_WITH_AES_"),
            ("-tls1_3", TlsVersion::Tls13, "TLS_AES_"),
        ] {
            let server = Server::start(&identity, None, &[argument]);
            let response = authority.client().get(&server.url).send().await.unwrap();
            let tls = response.extensions().get::<TlsInfo>().expect("it came over TLS");
            assert!(tls.version == version && tls.cipher_suite.starts_with(suite), "{tls:?}");
            assert!(response.text().contains("s_server"), "{}", response.text());
        }
    }

    async fn versions_can_be_narrowed() {
        use TlsVersion::{Tls12, Tls13};
        let authority = Authority::new("authority");
        let url = serve(&authority.sign(&leaf(&[])));
        let ours = || Tls::new().only_roots_pem(authority.pem());
        for (tls, version) in [
            (ours(), Tls13),
            (ours().min_version(Tls13), Tls13),
            (ours().max_version(Tls12), Tls12),
            (ours().min_version(Tls12).max_version(Tls13), Tls13),
        ] {
            let response = client(tls).get(&url).send().await.unwrap();
            assert_eq!(response.extensions().get::<TlsInfo>().map(|tls| tls.version), Some(version));
        }
        let error = Client::builder().tls(ours().min_version(Tls13).max_version(Tls12)).build().err();
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Tls));
        let identity = authority.sign(&leaf(&[]));
        let old = Server::start(&identity, None, &["-tls1_2"]);
        let error = client(ours().min_version(Tls13)).get(&old.url).send().await.unwrap_err();
        assert!(error.to_string().contains("no version of TLS that is allowed"), "{error}");
    }

    // D8.
    async fn who_speaks_no_tls_is_told_apart() {
        let reset = |stream: TcpStream| {
            let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
        };
        let says = |bytes: &'static [u8]| move |mut stream: TcpStream| drop(stream.write_all(bytes));
        for (url, words) in [
            (answering(says(b"HTTP/1.1 400 Bad Request\r\n\r\n")), "does not speak TLS"),
            (answering(says(b"SSH-2.0-OpenSSH_9.2\r\n")), "does not speak TLS"),
            (answering(says(b"220 mail.example ESMTP\r\n")), "does not speak TLS"),
            (answering(says(b"")), "closed the connection during the handshake"),
            // A record that ends early, and one that promises more than there is.
            (answering(says(b"\x16\x03\x03\x00\x7a\x02\x00")), "closed the connection during the handshake"),
            (answering(says(b"\x16\x03\x03\xff\xff\x02\x00")), "breaks the rules of TLS"),
            (answering(says(b"\x15\x03\x03\x00\x02\x02\x28")), "none of the ciphers"),
            (answering(says(b"\x15\x03\x03\x00\x02\x02\x70")), "knows no host of this name"),
            (answering(says(b"\x15\x03\x03\x00\x02\x02\x50")), "refused the handshake (InternalError)"),
            // D9: a close_notify is no handshake.
            (answering(says(b"\x15\x03\x03\x00\x02\x01\x00")), "the handshake"),
            (answering(reset), "reset the connection during the handshake"),
        ] {
            let error = whimbrel::get(url).send().await.unwrap_err();
            assert!(error.kind() == ErrorKind::Tls && error.to_string().contains(words), "{words}: {error:?}");
        }
    }

    // D8.
    async fn a_handshake_that_goes_nowhere_is_a_timeout() {
        let (held, kept) = std::sync::mpsc::channel();
        let url = answering(move |stream| drop(held.send(stream)));
        let timeout = Timeout::none().connect(Duration::from_millis(100));
        let error = whimbrel::get(url).timeout(timeout).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectTimeout, "{error:?}");
        drop(kept);
    }
}
