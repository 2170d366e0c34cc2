//! Through a proxy: requests that it passes on, and tunnels. (`http` and `https` of the example server are proxies.)

use std::time::Duration;

use serde_json::Value;
use whimbrel::{Client, ClientBuilder, ErrorKind, HttpTransport, Proxy, Timeout, Tls, Version};

use crate::support::{self, OWN_TLS, SOCKETS, server};

support::test! {
    // H6, H12: credentials for the proxy go to the proxy, those of the URL to nobody.
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

    async fn http_2_is_spoken_inside_tunnels_alone() {
        let server = server();
        let version = async |builder: ClientBuilder, proxy: Proxy, url: &str| {
            let response = proxied(builder, proxy)?.get(format!("{url}/anything")).send().await;
            Some(response.map(|response| response.version()).map_err(|error| error.kind()))
        };
        let own = || Client::builder().http1(false);
        if !SOCKETS { return }
        for proxy in [Proxy::new(&server.http).tunnel_only(), Proxy::new(server.socks.as_str())] {
            assert_eq!(version(own(), proxy, &server.http).await, Some(Ok(Some(Version::HTTP_2))));
        }
        // Whoever passes requests on is spoken to in HTTP/1.1, which is off here.
        assert_eq!(version(own(), Proxy::new(&server.http), &server.http).await, Some(Err(ErrorKind::Unsupported)));
        if OWN_TLS {
            let trusting = || support::server().builder();
            for proxy in [Proxy::new(&server.http), Proxy::new(server.socks.as_str())] {
                assert_eq!(version(trusting(), proxy.clone(), &server.https).await, Some(Ok(Some(Version::HTTP_2))));
                assert_eq!(version(trusting().http2(false), proxy, &server.https).await, Some(Ok(Some(Version::HTTP_11))));
            }
        }
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

    // H9, H10: a wait for the proxy, for what is behind it and inside the tunnel is a wait like any other; so are the limits.
    async fn timeouts_and_limits_hold_through_a_proxy() {
        if !SOCKETS { return }
        const SHORT: Duration = Duration::from_millis(80);
        let (server, connect, read) = (server(), Timeout::none().connect(SHORT), Timeout::none().read(SHORT));
        let hang = format!("{}/hang", server.http);
        let flood = |origin: &str| format!("{origin}/raw?data=HTTP%2F1.1%20200%20OK%0D%0A&flood=X%3A%20y%0D%0A&times=1000000");
        for (proxy, url, timeout, kind) in [
            (&server.stalled, "http://a.invalid/", connect, ErrorKind::ConnectTimeout),
            (&server.stalled, "https://a.invalid/", connect, ErrorKind::ConnectTimeout),
            (&server.http, &server.stalled.replace("http:", "https:"), connect, ErrorKind::ConnectTimeout),
            (&server.http, &hang, read, ErrorKind::ReadTimeout),
            (&server.http, &format!("{}/hang", server.https), read, ErrorKind::ReadTimeout),
            (&server.http, &flood(&server.raw_tls), Timeout::default(), ErrorKind::LimitExceeded),
            (&server.raw, &flood("http://a.invalid"), Timeout::default(), ErrorKind::LimitExceeded),
            // It answers CONNECT with 404.
            (&server.raw, "https://a.invalid/", Timeout::default(), ErrorKind::Proxy),
        ] {
            if url.starts_with("https") && !OWN_TLS { continue }
            let tls = server.ca_pem.iter().fold(Client::builder(), |builder, pem| builder.tls(whimbrel::Tls::new().add_root_pem(pem)));
            let error = tls.proxy(proxy).build().unwrap().get(url).timeout(timeout).send().await.unwrap_err();
            assert_eq!(error.kind(), kind, "{url} through {proxy}: {error}");
        }
    }

    // H3: each hop of a redirect goes the way that is its URL's.
    async fn each_hop_goes_its_own_way() {
        if !SOCKETS { return }
        let proxied = HttpTransport::builder().proxy(server().http).build().unwrap();
        let client = Client::builder().mount("all://*.invalid", proxied).follow_redirects(true).build().unwrap();
        let (here, there) = (server().http, "http://a.invalid");
        let to = |origin: &str, url: &str| format!("{origin}/redirect-to?url={}", support::percent(url.as_bytes()));
        for (url, target, hops) in [
            (to(&here, &format!("{there}/anything")), "http://a.invalid/anything", 1),
            (to(there, &format!("{here}/anything")), "/anything", 1),
            (to(there, &to(&here, &to("http://b.invalid", &format!("{here}/anything")))), "/anything", 3),
            (to(&here, &to(there, &to(&here, "http://b.invalid/anything"))), "http://b.invalid/anything", 3),
        ] {
            let response = client.get(&url).send().await.unwrap();
            assert_eq!((response.json::<Value>().unwrap()["target"].as_str().unwrap(), response.history().len()), (target, hops), "{url}");
        }
    }

    // H11: a connection that some credentials opened is for these alone.
    async fn connections_to_a_proxy_belong_to_its_credentials() {
        if !SOCKETS { return }
        let as_user = |user| HttpTransport::builder().proxy(Proxy::new(server().http).auth(user, "p")).build().unwrap();
        let client = Client::builder().mount("all://a.invalid", as_user("a")).mount("all://b.invalid", as_user("b")).build().unwrap();
        let mut seen = Vec::new();
        for (host, credentials) in [("a", "Basic YTpw"), ("b", "Basic Yjpw"), ("a", "Basic YTpw")] {
            let echo: Value = client.get(format!("http://{host}.invalid/anything")).send().await.unwrap().json().unwrap();
            assert!(echo["headers"].to_string().contains(credentials), "{echo}");
            seen.push(echo["connection"].clone());
        }
        assert!(seen[0] != seen[1] && seen[0] == seen[2], "{seen:?}");
    }

    async fn plain_requests_may_go_through_a_tunnel() {
        let Some(client) = proxied(Client::builder(), Proxy::new(server().http).tunnel_only().auth("user", "pass").header("x-proxy", "1")) else { return };
        let url = format!("{}/anything", server().http);
        let first: Value = client.get(&url).send().await.unwrap().json().unwrap();
        let second: Value = client.get(&url).send().await.unwrap().json().unwrap();
        assert_eq!((&first["target"], &first["connection"]), (&Value::from("/anything"), &second["connection"]));
        // H12.
        assert!(!first["headers"].to_string().contains("proxy"));
        let refused = client.get("http://elsewhere.invalid/").send().await.unwrap_err();
        assert_eq!((refused.kind(), refused.status().unwrap().as_u16()), (ErrorKind::Proxy, 403));
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

    // H8, H9: nothing is sent past a proxy that is asked for, and what it has no place for is not left out.
    async fn a_proxy_that_cannot_be_used_is_an_error_of_the_builder() {
        for (url, kind) in [
            ("socks4://u:S3CR3T@localhost:1", ErrorKind::Unsupported),
            ("socks://localhost:1", ErrorKind::InvalidUrl),
            ("socks5://localhost:0", ErrorKind::InvalidUrl),
            ("ftp://localhost:1", ErrorKind::InvalidUrl),
            ("localhost:8030", ErrorKind::InvalidUrl),
            ("http://u:S3CR3T@a b", ErrorKind::InvalidUrl),
            ("http://u%0d%0a:p@localhost", ErrorKind::LocalProtocol),
        ] {
            let error = Client::builder().proxy(url).build().expect_err(url);
            assert_eq!(error.kind(), if SOCKETS { kind } else { ErrorKind::Unsupported }, "{error}");
            assert!(!format!("{error} {error:?}").contains("S3CR3T"));
        }
        for name in ["host", "Content-Length", "transfer-encoding"] {
            let error = Client::builder().proxy(Proxy::new("http://localhost").header(name, "1")).build().expect_err(name);
            assert_eq!(error.kind(), if SOCKETS { ErrorKind::LocalProtocol } else { ErrorKind::Unsupported }, "{error}");
        }
        if !OWN_TLS {
            assert_eq!(Client::builder().proxy("https://localhost:1").build().unwrap_err().kind(), ErrorKind::Unsupported);
        }
        for proxy in [Proxy::new("socks5://h").header("a", "b"), Proxy::new("socks5://h").tls(Tls::new()), Proxy::new("http://h").tls(Tls::new())] {
            assert_eq!(Client::builder().proxy(proxy).build().unwrap_err().kind(), ErrorKind::Unsupported);
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
