//! Through a SOCKS proxy. (It knows names below `.invalid`, which nobody else does.)

use serde_json::Value;
use whimbrel::{Client, ErrorKind, Proxy};

use crate::support::{self, OWN_TLS, SOCKETS, server};

/// The test server's SOCKS proxy, under another scheme and with these credentials (`user:pass@`).
fn socks(scheme: &str, credentials: &str) -> String {
    server().socks.replace("socks5://", &format!("{scheme}://{credentials}"))
}

/// The plain port under another name.
fn named(host: &str) -> String {
    server().http.replace("127.0.0.1", host)
}

fn through(proxy: impl Into<Proxy>) -> Client {
    let tls = server().ca_pem.map(|pem| whimbrel::Tls::new().add_root_pem(pem));
    let builder = Client::builder().proxy(proxy);
    tls.into_iter().fold(builder, |builder, tls| builder.tls(tls)).build().unwrap()
}

async fn seen(client: &Client, url: String) -> Value {
    client.get(url).send().await.unwrap().json().unwrap()
}

support::test! {
    // H8: nothing is asked of the resolver here, which knows no such name.
    async fn the_proxy_resolves_names() {
        if !SOCKETS { return }
        for scheme in ["socks5", "socks5h", "socks4a"] {
            let seen = seen(&through(socks(scheme, "")), format!("{}/anything?q=1", named("nowhere.invalid"))).await;
            assert_eq!(seen["target"], "/anything?q=1", "{scheme}");
            let headers = seen["headers"].to_string();
            assert!(headers.contains(r#"["host","nowhere.invalid:"#) && !headers.contains("proxy"), "{headers}");
        }
        let here = through(socks("socks4", "")).get(named("nowhere.invalid")).send().await.unwrap_err();
        assert_eq!(here.kind(), ErrorKind::Dns, "{here}");
    }

    // H9: what version 4 cannot leave to the proxy, the client's own settings resolve.
    async fn names_for_version_four_are_the_clients() {
        if !SOCKETS { return }
        let known = ["::1".parse().unwrap(), [127, 0, 0, 1].into()];
        let client = Client::builder().proxy(socks("socks4", "")).resolve("nowhere.invalid", known).resolve("six.invalid", known[..1].to_vec());
        let client = client.build().unwrap();
        assert_eq!(seen(&client, format!("{}/anything", named("nowhere.invalid"))).await["target"], "/anything");
        let error = client.get(named("six.invalid")).send().await.unwrap_err();
        assert!(error.kind() == ErrorKind::Dns && error.to_string().contains("no IPv4 address"), "{error}");
    }

    async fn addresses_need_nobody_to_resolve_them() {
        if !SOCKETS { return }
        for scheme in ["socks5", "socks5h", "socks4a", "socks4"] {
            let seen = seen(&through(socks(scheme, "")), format!("{}/anything", server().http)).await;
            assert_eq!(seen["target"], "/anything", "{scheme}");
        }
        if let Some(http) = server().http_v6 {
            assert_eq!(seen(&through(server().socks), format!("{http}/anything")).await["target"], "/anything");
            let error = through(socks("socks4a", "")).get(http).send().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Proxy, "{error}");
        }
    }

    // H11: what one origin was reached by leads to no other.
    async fn connections_are_the_origins_own() {
        if !SOCKETS { return }
        let client = through(server().socks);
        let mut connections = Vec::new();
        for host in ["a.invalid", "a.invalid", "b.invalid"] {
            connections.push(seen(&client, format!("{}/anything", named(host))).await["connection"].clone());
        }
        assert_eq!(connections[0], connections[1]);
        assert_ne!(connections[1], connections[2]);
    }

    // H9: TLS is with the origin, and its rules hold behind the proxy.
    async fn https_goes_through() {
        let server = server();
        if !SOCKETS { return }
        if !OWN_TLS {
            let error = through(server.socks).get(server.https).send().await.unwrap_err();
            return assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        }
        let client = through(server.socks);
        let (first, second) = (seen(&client, format!("{}/anything", server.https)).await, seen(&client, format!("{}/anything", server.https)).await);
        assert_eq!((&first["target"], &first["connection"]), (&Value::from("/anything"), &second["connection"]));
        for url in [server.wrong_host, server.https.replace("127.0.0.1", "nowhere.invalid")] {
            let wrong = client.get(url).send().await.unwrap_err();
            assert!(wrong.kind() == ErrorKind::Tls && wrong.to_string().contains("another host"), "{wrong}");
        }
    }

    // H6.
    async fn user_and_password_are_sent() {
        if !SOCKETS { return }
        let url = format!("{}/anything", server().http);
        for proxy in [Proxy::new(socks("socks5", "user:p%61ss@")), Proxy::new(server().socks).auth("user", "pass"), Proxy::new(socks("socks4", "user@"))] {
            assert_eq!(seen(&through(proxy), url.clone()).await["target"], "/anything");
        }
        let error = through(socks("socks5", "user:S3CR3T@")).get(&url).send().await.unwrap_err();
        assert_eq!((error.kind(), error.to_string().contains("Invalid username/password")), (ErrorKind::Proxy, true));
        assert!(!format!("{error} {error:?}").contains("S3CR3T"));
    }

    // H8, H10.
    async fn a_refusal_is_a_proxy_error() {
        if !SOCKETS { return }
        let server = server();
        for (proxy, url, words) in [
            (server.socks.clone(), "http://elsewhere.example/".to_owned(), "Proxy Server could not connect: Connection not allowed by ruleset."),
            (server.socks.clone(), server.refused.clone(), "Proxy Server could not connect: Connection refused."),
            (socks("socks4a", ""), server.refused.clone(), "Proxy Server could not connect: Request rejected or failed."),
            (server.http.replace("http:", "socks5:"), server.http.clone(), "The proxy opened no tunnel"),
            (server.http.replace("http:", "socks4:"), server.http.clone(), "The proxy opened no tunnel"),
        ] {
            let error = through(proxy).get(url).send().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Proxy, "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
        let gone = through(server.refused.replace("http:", "socks5:")).get("http://a.invalid/").send().await.unwrap_err();
        assert_eq!((gone.kind(), gone.to_string().contains("The proxy socks5://127.0.0.1:")), (ErrorKind::Connect, true), "{gone}");
    }
}

support::where_own_tls! {
    support::test! {
        // H9, H10: a proxy that is there and says nothing. (The system accepts for it.)
        async fn the_connect_timeout_covers_the_handshake() {
            let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let at = silent.local_addr().unwrap();
            for proxy in [format!("socks5://{at}"), format!("socks4a://{at}"), format!("https://{at}"), format!("http://{at}")] {
                let timeout = whimbrel::Timeout::none().connect(std::time::Duration::from_millis(20));
                let client = Client::builder().proxy(&proxy).timeout(timeout).build().unwrap();
                let error = client.get("https://nowhere.invalid/").send().await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::ConnectTimeout, "{proxy}: {error}");
            }
        }
    }
}
