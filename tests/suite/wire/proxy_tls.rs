//! Through a proxy that is itself talked to over TLS. (`https` of the example server is one.)

use serde_json::Value;
use whimbrel::{Client, ErrorKind, HttpTransport, Proxy, Tls};

use crate::support::{self, server};

support::test! {
    // F5: how the proxy is reached makes no connection secure.
    async fn plain_requests_go_to_a_proxy_over_tls() {
        let proxy = Proxy::new(server().https).auth("user", "pass");
        let client = through(authority(), proxy);
        let mut connections = Vec::new();
        for host in ["a.invalid", "b.invalid"] {
            let seen: Value = client.get(format!("http://{host}/anything")).send().await.unwrap().json().unwrap();
            assert_eq!(seen["target"], format!("http://{host}/anything"));
            let headers = seen["headers"].to_string();
            assert!(headers.contains(r#"["proxy-authorization","Basic dXNlcjpwYXNz"]"#) && !headers.contains("cookie"), "{headers}");
            client.get(format!("http://{host}/response-headers?Set-Cookie=s%3D1%3B%20Secure")).send().await.unwrap();
            assert!(client.cookies().is_empty());
            connections.push(seen["connection"].clone());
        }
        assert_eq!(connections[0], connections[1]);
    }

    // D14, H9: TLS in TLS, each with a name of its own to verify.
    async fn https_goes_through_a_tunnel_over_tls() {
        let server = server();
        let client = through(authority(), Proxy::new(&server.https).auth("user", "pass"));
        let url = format!("{}/anything?{}", server.https, "x".repeat(40_000));
        let first: Value = client.post(&url).content("y".repeat(100_000)).send().await.unwrap().json().unwrap();
        let second: Value = client.get(&url).send().await.unwrap().json().unwrap();
        assert_eq!((&first["connection"], first["body"].as_str().unwrap().len()), (&second["connection"], 100_000));
        assert!(!first["headers"].to_string().contains("proxy"));
        let origin = client.get(&server.wrong_host).send().await.unwrap_err();
        assert!(origin.kind() == ErrorKind::Tls && !origin.to_string().contains("The proxy"), "{origin}");
        let client = through(authority(), Proxy::new(&server.wrong_host));
        let proxy = client.get(&url).send().await.unwrap_err();
        assert!(proxy.kind() == ErrorKind::Tls && proxy.to_string().contains("The proxy https://"), "{proxy}");
    }

    // E8: what one proxy is told is not told to the next. (This one would refuse the password.)
    async fn a_redirect_takes_no_credentials_to_another_proxy() {
        let server = server();
        let transport = |proxy| HttpTransport::builder().tls(authority()).proxy(proxy).build().unwrap();
        let client = Client::builder().follow_redirects(true)
            .mount("http://", transport(Proxy::new(&server.http).auth("user", "another")))
            .mount("https://", transport(Proxy::new(&server.https)));
        let url = format!("http://a.invalid/redirect-to?url={}/anything", server.https);
        let seen: Value = client.build().unwrap().get(url).send().await.unwrap().json().unwrap();
        assert!(seen["target"] == "/anything" && !seen["headers"].to_string().contains("proxy"));
    }

    // D14: the client's settings hold for the proxy, unless it has its own; and its own hold for nobody else.
    async fn a_proxy_over_tls_is_verified() {
        let server = server();
        for (tls, proxy, reached) in [
            (Tls::new(), Proxy::new(&server.https), false),
            (authority(), Proxy::new(&server.https).tls(Tls::new()), false),
            (authority(), Proxy::new(&server.expired), false),
            (Tls::new(), Proxy::new(&server.https).tls(authority()), true),
        ] {
            let client = through(tls, proxy);
            for url in ["http://a.invalid/anything".to_owned(), format!("{}/anything", server.https)] {
                match client.get(&url).send().await {
                    Ok(response) => assert!(reached && url.starts_with("http:") && response.is_success()),
                    Err(error) => {
                        assert_eq!((error.kind(), error.to_string().contains("The proxy https://")), (ErrorKind::Tls, !reached), "{error}");
                    }
                }
            }
        }
    }
}

fn through(tls: Tls, proxy: Proxy) -> Client {
    Client::builder().tls(tls).proxy(proxy).build().unwrap()
}

/// The test server's.
fn authority() -> Tls {
    Tls::new().add_root_pem(server().ca_pem.expect("there is one where TLS is our own"))
}
