//! What nginx says of TLS: sessions, and clients that it wants to know.

use whimbrel::{Client, Tls, TlsVersion};

use crate::certificates::{Authority, Identity};
use crate::site::{Site, run};

/// What nginx knows of the connection.
async fn told(client: &Client, url: &str) -> String {
    let sent = client.get(format!("{url}/told")).header("connection", "close").send().await;
    sent.unwrap().text().into_owned()
}

#[test]
fn sessions_are_resumed() {
    run(async {
        // By tickets, and from nginx's memory.
        for lines in ["ssl_session_tickets on;", "ssl_session_tickets off; ssl_session_cache shared:one:1m;"] {
            let nginx = Site::nginx(&format!(
                r#"{lines} location /told {{ return 200 "$ssl_protocol $ssl_session_reused"; }}"#
            ));
            let [_, url] = nginx.urls();
            for (version, name) in [(TlsVersion::Tls12, "TLSv1.2"), (TlsVersion::Tls13, "TLSv1.3")] {
                let tls = nginx.authority().tls().min_version(version).max_version(version);
                let client = Client::builder().tls(tls).build().unwrap();
                let told = [told(&client, &url).await, told(&client, &url).await, told(&client, &url).await];
                assert_eq!(told, [format!("{name} ."), format!("{name} r"), format!("{name} r")], "{lines}");
            }
        }
    });
}

fn showing(nginx: &Site, identity: &Identity) -> Client {
    let tls = nginx.authority().tls().client_cert_pem(&identity.chain, &identity.key, None);
    Client::builder().tls(tls).build().unwrap()
}

#[test]
fn clients_show_their_certificate() {
    run(async {
        let nginx = Site::nginx(
            r#"ssl_verify_client on; ssl_client_certificate authority.pem;
               location /told { return 200 "$ssl_client_verify $ssl_client_s_dn"; }"#,
        );
        let [plain, tls] = nginx.urls();
        let known = showing(&nginx, &nginx.authority().client());
        for _ in 0..3 {
            assert_eq!(told(&known, &tls).await, "SUCCESS CN=whimbrel test client");
        }
        // nginx says no in HTTP.
        for (client, words) in [
            (nginx.client(), "No required SSL certificate was sent"),
            (showing(&nginx, &Authority::new().client()), "The SSL certificate error"),
        ] {
            let response = client.get(format!("{tls}/told")).send().await.unwrap();
            assert!(response.status() == 400 && response.text().contains(words), "{}", response.text());
        }
        let hint = known.get(tls.replace("https", "http")).send().await.unwrap();
        assert!(hint.text().contains("The plain HTTP request was sent to HTTPS port"), "{}", hint.text());
        let wrong = known.get(plain.replace("http", "https")).send().await.unwrap_err();
        assert!(wrong.to_string().contains("does not speak TLS on this port"), "{wrong}");
        let stranger = Client::builder().tls(Tls::new()).build().unwrap().get(&tls).send().await.unwrap_err();
        assert!(stranger.to_string().contains("issuer that is not trusted"), "{stranger}");
    });
}
