//! Authentication against a server that checks what it is given.

use serde_json::Value;
use whimbrel::auth::Digest;

use crate::support::{self, server};

const ALGORITHMS: &[&str] = &["MD5", "SHA-1", "SHA", "SHA-256", "SHA-512", "SHA-512-256"];
const QOPS: &[&str] = &["none", "auth", "auth-int", "auth,auth-int"];

support::test! {
    async fn basic_is_accepted() {
        let client = server().client();
        let url = format!("{}/basic-auth/ada/en%20gine", server().http);
        let seen: Value = client.get(url).auth(("ada", "en gine")).send().await.unwrap().json().unwrap();
        assert_eq!(seen["authenticated"], true);
    }

    async fn every_digest_is_accepted() {
        let client = server().client();
        for qop in QOPS {
            for algorithm in ALGORITHMS.iter().flat_map(|name| [name.to_string(), format!("{name}-sess")]) {
                // A session's secret holds a cnonce, and without a qop none is sent.
                if *qop == "none" && algorithm.ends_with("-sess") { continue }
                let auth = Digest::new("ada", "en\u{e9}gine");
                let url = format!("{}/digest-auth/{qop}/ada/en%C3%A9gine/{algorithm}?q=a%20b", server().http);
                for rounds in [1, 0] {
                    let response = client.post(&url).content("a body").auth(auth.clone()).send().await.unwrap();
                    assert_eq!(response.status(), 200, "{qop} {algorithm}");
                    assert_eq!(response.history().len(), rounds, "{qop} {algorithm}");
                }
            }
        }
    }

    async fn a_hashed_user_name_is_accepted() {
        let client = server().client();
        let url = format!("{}/digest-auth/auth/J%C3%A4s%C3%B8n%20Doe/p/SHA-256?userhash", server().http);
        let response = client.get(url).auth(Digest::new("J\u{e4}s\u{f8}n Doe", "p")).send().await.unwrap();
        assert_eq!(response.json::<Value>().unwrap()["user"], "J\u{e4}s\u{f8}n Doe");
    }

    async fn a_wrong_digest_is_refused() {
        let url = format!("{}/digest-auth/auth/ada/engine", server().http);
        let response = server().client().get(url).auth(Digest::new("ada", "wrong")).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.history().len()), (401, 1));
    }
}

support::where_sockets! {
    support::test! {
        // G12.
        async fn a_refusals_connection_serves_the_answer() {
            let (server, id) = (server(), support::record_id("refused"));
            let refusal = "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=r, nonce=n\r\nContent-Length: 3\r\n\r\nno!";
            let url = format!("{}/record/{id}/?answer={}", server.raw, support::percent(refusal.as_bytes()));
            whimbrel::get(url).auth(Digest::new("ada", "engine")).send().await.unwrap();
            let seen = super::recorded(&server, &id).await;
            let requests = seen["connections"][0]["requests"].as_array().unwrap();
            let authorized: Vec<_> = requests.iter().map(|seen| seen["raw"].as_str().unwrap().contains("Digest username")).collect();
            assert_eq!((seen["connections"].as_array().unwrap().len(), authorized), (1, vec![false, true]));
        }
    }
}
