//! Through a proxy: requests that it passes on, and tunnels. (`http` of the example server is one.)

use serde_json::Value;
use whimbrel::{Client, ClientBuilder, ErrorKind, HttpTransport, Proxy};

use crate::support::{self, OWN_TLS, SOCKETS, server};

support::test! {
    async fn plain_requests_go_to_the_proxy_whole() {
        let Some(client) = proxied(Client::builder(), Proxy::new(server().http).auth("user", "pass").header("x-proxy", "1")) else { return };
        let url = "http://user:secret@nowhere.invalid:8080/anything?q=1#f";
        let seen: Value = client.get(url).header("x-own", "2").no_auth().send().await.unwrap().json().unwrap();
        assert_eq!(seen["target"], "http://nowhere.invalid:8080/anything?q=1");
        let headers = seen["headers"].to_string();
        for field in [r#"["host","nowhere.invalid:8080"]"#, r#"["proxy-authorization","Basic dXNlcjpwYXNz"]"#, r#"["x-proxy","1"]"#, r#"["x-own","2"]"#] {
            assert!(headers.contains(field), "{field} is not in {headers}");
        }
        assert!(!headers.contains("secret"));
    }

    async fn one_connection_to_the_proxy_serves_all_plain_origins() {
        let Some(client) = proxied(Client::builder(), Proxy::new(server().http)) else { return };
        let mut connections = Vec::new();
        for host in ["a.invalid", "b.invalid", "[::1]:1"] {
            let seen: Value = client.get(format!("http://{host}/anything")).send().await.unwrap().json().unwrap();
            connections.push(seen["connection"].clone());
        }
        assert!(connections.iter().all(|connection| *connection == connections[0]), "{connections:?}");
    }

    async fn the_requests_own_field_counts() {
        let Some(client) = proxied(Client::builder(), Proxy::new(server().http).header("x-both", "proxy")) else { return };
        let seen: Value = client.get("http://a.invalid/anything").header("x-both", "own").send().await.unwrap().json().unwrap();
        assert!(seen["headers"].to_string().contains(r#"["x-both","own"]"#) && !seen["headers"].to_string().contains("proxy"));
    }

    // H9: TLS is with the origin, and its rules hold inside the tunnel.
    async fn https_goes_through_a_tunnel() {
        if !OWN_TLS { return }
        let server = server();
        let trusting = || Client::builder().tls(whimbrel::Tls::new().add_root_pem(server.ca_pem.as_deref().unwrap()));
        let proxy = Proxy::new(&server.http).auth("user", "pass").header("x-proxy", "1");
        let client = proxied(trusting(), proxy).unwrap();
        let url = format!("{}/anything", server.https);
        let first: Value = client.get(&url).send().await.unwrap().json().unwrap();
        let second: Value = client.get(&url).send().await.unwrap().json().unwrap();
        assert_eq!((&first["target"], &first["connection"]), (&Value::from("/anything"), &second["connection"]));
        // H12, E8: what is for the proxy goes no further.
        assert!(!first["headers"].to_string().contains("proxy"));
        let wrong = client.get(format!("{}/", server.wrong_host)).send().await.unwrap_err();
        assert_eq!(wrong.kind(), ErrorKind::Tls, "{wrong}");
    }

    // H4, H6.
    async fn a_refused_tunnel_is_a_proxy_error_with_its_status() {
        if !OWN_TLS { return }
        let server = server();
        for (proxy, url, status) in [
            (Proxy::new(&server.http).auth("user", "S3CR3T"), &server.https, 407),
            (Proxy::new(&server.http), &"https://example.invalid".to_owned(), 403),
            (Proxy::new(&server.http), &server.refused.replace("http:", "https:"), 502),
        ] {
            let error = proxied(Client::builder(), proxy).unwrap().get(url).send().await.unwrap_err();
            assert_eq!((error.kind(), error.status().unwrap().as_u16()), (ErrorKind::Proxy, status), "{error}");
            assert!(!format!("{error} {error:?}").contains("S3CR3T"));
        }
    }

    // H10.
    async fn a_proxy_that_is_not_there_is_no_connection() {
        if !SOCKETS { return }
        for url in ["http://a.invalid/", "https://a.invalid/"] {
            if url.starts_with("https") && !OWN_TLS { continue }
            let client = Client::builder().proxy(server().refused).build().unwrap();
            let error = client.get(url).send().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Connect);
            assert!(error.to_string().contains("The proxy http://127.0.0.1"), "{error}");
        }
    }

    async fn a_mount_may_have_a_proxy_of_its_own() {
        if !SOCKETS { return }
        let proxied = HttpTransport::builder().proxy(server().http).build().unwrap();
        let client = Client::builder().mount("all://*.invalid", proxied).build().unwrap();
        let url = format!("{}/anything", server().http);
        for (url, target) in [("http://a.invalid/anything", "http://a.invalid/anything"), (url.as_str(), "/anything")] {
            assert_eq!(client.get(url).send().await.unwrap().json::<Value>().unwrap()["target"], target);
        }
    }

    async fn a_proxy_that_cannot_be_used_is_an_error_of_the_builder() {
        for (url, kind) in [
            ("socks5://localhost:1", ErrorKind::Unsupported),
            ("https://localhost:1", ErrorKind::Unsupported),
            ("ftp://localhost:1", ErrorKind::InvalidUrl),
            ("localhost:8030", ErrorKind::InvalidUrl),
            ("http://u:S3CR3T@a b", ErrorKind::InvalidUrl),
            ("http://u%0d%0a:p@localhost", ErrorKind::LocalProtocol),
        ] {
            let error = Client::builder().proxy(url).build().expect_err(url);
            assert_eq!(error.kind(), if SOCKETS { kind } else { ErrorKind::Unsupported }, "{error}");
            assert!(!format!("{error} {error:?}").contains("S3CR3T"));
        }
        assert!(!format!("{:?}", Proxy::new("http://user:S3CR3T@h").auth("user", "S3CR3T").header("a", "S3CR3T")).contains("S3CR3T"));
    }
}

/// A client with this proxy; hosts that make the connections themselves say that they cannot.
fn proxied(builder: ClientBuilder, proxy: Proxy) -> Option<Client> {
    match builder.proxy(proxy).build() {
        Ok(client) => Some(client),
        Err(error) => {
            assert_eq!((error.kind(), SOCKETS), (ErrorKind::Unsupported, false), "{error}");
            None
        }
    }
}
