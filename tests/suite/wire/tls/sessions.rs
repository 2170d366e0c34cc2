//! Sessions are resumed where nothing else would be trusted or shown, and nowhere else.

use std::process::Command;

use serde_json::Value;
use whimbrel::{Client, Tls, TlsVersion};

use super::peer::{self, Authority, client, leaf, name, serve};
use crate::support;

/// Over a connection of its own.
async fn once(client: &Client, url: &str, asked: &str) -> Value {
    client.get(url).header("connection", "close").extension(name(asked)).send().await.unwrap().json().unwrap()
}

support::test! {
    // D12, D15.
    async fn sessions_are_resumed_for_the_same_name() {
        let authority = Authority::new("authority");
        let url = serve(&authority.sign(&leaf(&["a.example", "b.example"])));
        for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
            let tls = Tls::new().only_roots_pem(authority.pem()).min_version(version).max_version(version);
            let client = client(tls);
            let mut resumed = Vec::new();
            for asked in ["a.example", "a.example", "b.example", "b.example", "a.example"] {
                let told = once(&client, &url, asked).await;
                assert_eq!(told["early"], false, "nothing is sent before the handshake is over");
                resumed.push(told["resumed"].clone());
            }
            assert_eq!(resumed, [false, true, false, true, true], "{version}");
        }
    }

    // D11.
    async fn clients_that_trust_differently_share_no_session() {
        let authority = Authority::new("authority");
        let url = serve(&authority.sign(&leaf(&["a.example"])));
        let unverified = client(Tls::new().verify(false));
        assert_eq!(once(&unverified, &url, "a.example").await["resumed"], false);
        assert_eq!(once(&unverified, &url, "a.example").await["resumed"], true);
        assert_eq!(once(&authority.client(), &url, "a.example").await["resumed"], false);
        assert!(client(Tls::new()).get(&url).extension(name("a.example")).send().await.is_err());
        // Nor does a name that was never verified pass for one that was.
        assert!(authority.client().get(&url).extension(name("b.example")).send().await.is_err());
    }
}

/// The test program once more, with another environment; what it wrote into the file.
fn key_log(case: &str) -> String {
    let path = std::env::temp_dir().join(format!("whimbrel-keys-{case}-{}", std::process::id()));
    let mut command = Command::new(std::env::current_exe().expect("the program has a path"));
    command.args(["--exact", "wire::tls::sessions::keys_are_logged_where_both_ask_for_it"]);
    let output = command.env("SSLKEYLOGFILE", &path).env("WHIMBREL_KEY_LOG", case).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let _ = std::fs::remove_file(path);
    written
}

fn request(case: &str) {
    whimbrel::block_on(async {
        let authority = Authority::new("authority");
        let tls = Tls::new().only_roots_pem(authority.pem()).key_log(case != "off");
        let client = Client::builder().tls(tls).trust_env(case != "untrusted").build().unwrap();
        peer::get(&client, &serve(&authority.sign(&leaf(&[])))).await;
    })
    .unwrap();
}

#[test]
fn keys_are_logged_where_both_ask_for_it() {
    match std::env::var_os("WHIMBREL_KEY_LOG") {
        Some(case) => request(case.to_str().expect("it is ours")),
        None => {
            assert!(key_log("on").contains("CLIENT_TRAFFIC_SECRET_0 "));
            assert_eq!((key_log("off"), key_log("untrusted")), (String::new(), String::new()));
        }
    }
}
