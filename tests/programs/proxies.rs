//! Proxies: tinyproxy, and Dante for SOCKS.

use serde_json::Value;
use whimbrel::{Client, ErrorKind, Proxy, Tls};

use crate::running::Running;

/// What the server saw of two requests for this URL.
fn seen(proxy: Proxy, url: &str) -> whimbrel::Result<[Value; 2]> {
    whimbrel::block_on(async {
        let tls = Tls::new().add_root_pem(&whimbrel_server::shared().ca_pem);
        let client = Client::builder().tls(tls).proxy(proxy).build()?;
        let url = format!("{url}/anything");
        Ok([
            client.get(&url).send().await?.json()?,
            client.post(&url).content("x".repeat(200_000)).send().await?.json()?,
        ])
    })?
}

fn check(proxy: Proxy, url: &str) {
    let [first, second] = seen(proxy.clone(), url).unwrap_or_else(|error| panic!("{proxy:?}: {error}"));
    assert!(first["target"] == "/anything" && second["body"].as_str().is_some_and(|body| body.len() == 200_000));
    let headers = first["headers"].to_string();
    assert!(!headers.contains("proxy-authorization"), "{headers}");
}

#[test]
fn tinyproxy_passes_on_and_tunnels() {
    let proxy = Running::start("tinyproxy", &["-d", "-c", "config"], "Accepting connections", |place| {
        format!(
            "Port {}\nListen 127.0.0.1\nBasicAuth user pass\nAllow 127.0.0.1\nDisableViaHeader Yes\n",
            place.ports[0]
        )
    });
    let server = whimbrel_server::shared();
    let at = |credentials: &str| Proxy::new(format!("http://{credentials}127.0.0.1:{}", proxy.ports()[0]));
    for url in [&server.http, &server.https] {
        check(at("user:pass@"), url);
    }
    check(at("user:pass@").tunnel_only(), &server.http);
    let refused = seen(at(""), &server.https).unwrap_err();
    assert_eq!(
        (refused.kind(), refused.status().map(|status| status.as_u16())),
        (ErrorKind::Proxy, Some(407)),
        "{refused}"
    );
}

/// Dante with this method of SOCKS. Whom it knows by name are the machine's users: `nss_wrapper` says that there is one more.
fn dante(method: &str) -> Running {
    let variables = [
        ("LD_PRELOAD", "libnss_wrapper.so"),
        ("NSS_WRAPPER_PASSWD", "passwd"),
        ("NSS_WRAPPER_GROUP", "/etc/group"),
        ("NSS_WRAPPER_SHADOW", "shadow"),
    ];
    Running::with("danted", &["-f", "config", "-p", "pid"], &variables, "running", |place| {
        let users = std::fs::read_to_string("/etc/passwd").expect("there are users");
        place.write("passwd", format!("{users}whimbrel-user:x:65533:65533::/:/bin/false\n"));
        place.write("shadow", format!("whimbrel-user:{}:19000:0:99999:7:::\n", hash("pass")));
        format!(
            "logoutput: stdout\ninternal: 127.0.0.1 port = {}\nexternal: lo\nclientmethod: none\nsocksmethod: {method}\n\
             client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}\nsocks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}\n",
            place.ports[0]
        )
    })
}

fn hash(password: &str) -> String {
    let output = std::process::Command::new("openssl").args(["passwd", "-6", password]).output();
    let output = output.expect("openssl is installed: scripts/setup");
    String::from_utf8(output.stdout).expect("it is ASCII").trim().to_owned()
}

#[test]
fn dante_speaks_every_kind_of_socks() {
    let proxy = dante("none");
    let server = whimbrel_server::shared();
    let through = |scheme: &str| Proxy::new(format!("{scheme}://127.0.0.1:{}", proxy.ports()[0]));
    for scheme in ["socks5", "socks5h", "socks4", "socks4a"] {
        check(through(scheme), &server.http);
        check(through(scheme), &server.https);
    }
    // Dante knows no names in version 4.
    for scheme in ["socks5", "socks5h", "socks4"] {
        check(through(scheme), &server.https.replace("127.0.0.1", "localhost"));
    }
    let refused = seen(through("socks5"), &server.refused).unwrap_err();
    assert!(refused.kind() == ErrorKind::Proxy && refused.to_string().contains("Connection refused"), "{refused}");
    let login = seen(through("socks5").auth("user", "pass"), &server.http).unwrap_err();
    assert!(login.kind() == ErrorKind::Proxy && login.to_string().contains("NO ACCEPTABLE METHODS"), "{login}");
}

#[test]
fn dante_asks_for_a_password() {
    let proxy = dante("username");
    let server = whimbrel_server::shared();
    let at =
        |scheme: &str, credentials: &str| Proxy::new(format!("{scheme}://{credentials}127.0.0.1:{}", proxy.ports()[0]));
    for scheme in ["socks5", "socks5h"] {
        for url in [&server.http, &server.https] {
            check(at(scheme, "whimbrel-user:pass@"), url);
        }
        for (credentials, words) in
            [("", "NO ACCEPTABLE METHODS"), ("whimbrel-user:wrong@", "password"), ("nobody:pass@", "password")]
        {
            let refused = seen(at(scheme, credentials), &server.http).unwrap_err();
            assert!(refused.kind() == ErrorKind::Proxy && refused.to_string().contains(words), "{words}: {refused}");
        }
    }
}
