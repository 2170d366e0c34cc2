//! Apache over HTTP/1.1.

use futures_util::future::join_all;
use serde_json::Value;

use crate::site::{LARGE, Site, large, run, text};

#[test]
fn apache_is_talked_to() {
    run(async {
        let upstream = &whimbrel_server::shared().http;
        let apache = Site::apache(&format!(
            "MaxKeepAliveRequests 3\nKeepAliveTimeout 1\nAddOutputFilterByType DEFLATE text/plain
             ProxyPass /anything {upstream}/anything"
        ));
        for url in apache.urls() {
            let client = apache.client();
            let sent = (0..100).map(|_| client.get(format!("{url}/text.txt")).send());
            for response in join_all(sent).await {
                let response = response.unwrap();
                assert_eq!(
                    response.headers().get("content-encoding").map(|value| value.as_bytes()),
                    Some(&b"gzip"[..])
                );
                assert_eq!(response.text(), text());
            }
            let down = client.get(format!("{url}/large")).send().await.unwrap();
            assert!(down.bytes() == &large(LARGE)[..], "{} bytes of {LARGE}", down.bytes().len());
            let posted = client.post(format!("{url}/anything")).header("expect", "100-continue").content(text());
            let seen: Value = posted.send().await.unwrap().json().unwrap();
            assert_eq!(seen["body"], text());
        }
    });
}
