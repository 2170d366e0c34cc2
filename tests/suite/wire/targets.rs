//! What stands in the request line.

use whimbrel::{Client, ErrorKind, RequestTarget};

use super::recorded;
use crate::support::{self, SOCKETS, percent, record_id, server};

/// The request line and the Host of what was sent.
async fn sent(client: &Client, method: &str, target: &str) -> (String, String) {
    let (server, id) = (server(), record_id("target"));
    let target = target.replace("{id}", &id);
    let request = client.request(method, &server.raw).extension(RequestTarget(target));
    request.send().await.unwrap();
    let seen = recorded(&server, &id).await["connections"][0]["requests"][0]["raw"].as_str().unwrap().to_owned();
    let mut lines = seen.lines();
    let line = lines.next().unwrap().replace(&id, "{id}");
    (line, lines.next().unwrap().replace(server.raw.trim_start_matches("http://"), "{host}"))
}

support::test! {
    // Nothing that would end the line.
    async fn a_target_is_one_word() {
        for target in ["", "/a b", "/a\r\nX: y", "/a\n", "/\0", "/\u{7f}", "\t", "/\u{85}", "/a\u{a0}b"] {
            let request = whimbrel::get(server().http).extension(RequestTarget(target.into()));
            let expected = if SOCKETS { ErrorKind::LocalProtocol } else { ErrorKind::Unsupported };
            assert_eq!(request.send().await.unwrap_err().kind(), expected, "{target:?}");
        }
    }

    async fn a_target_is_for_one_request_alone() {
        let client = Client::builder().follow_redirects(true).build().unwrap();
        let request = client.get(format!("{}/unused", server().http)).extension(RequestTarget("/redirect/1".into()));
        match request.send().await {
            Ok(response) => assert_eq!(response.url().unwrap().path(), "/anything"),
            Err(error) => assert!(!SOCKETS && error.kind() == ErrorKind::Unsupported, "{error}"),
        }
    }
}

support::test! {
    async fn a_target_is_sent_as_it_is() {
        if !SOCKETS { return }
        let client = Client::new();
        for target in ["/record/{id}/|\"<>`{}\\^", "/record/{id}/../é#f?%zz", "http://elsewhere/record/{id}/"] {
            let (line, host) = sent(&client, "GET", target).await;
            let target = support::latin1(target.as_bytes());
            assert_eq!((line, host.as_str()), (format!("GET {target} HTTP/1.1"), "Host: {host}"));
        }
    }

    // A proxy needs to know where it leads (RFC 9112 3.2.2).
    async fn a_proxy_is_told_the_host() {
        if !SOCKETS { return }
        let client = Client::builder().proxy(server().raw).build().unwrap();
        let (line, _) = sent(&client, "GET", "/record/{id}/|").await;
        assert_eq!(line, format!("GET {}/record/{{id}}/| HTTP/1.1", server().raw));
    }

    // RFC 9112 3.2: Host is that of the tunnel's end.
    async fn connect_names_host_and_port() {
        if !SOCKETS { return }
        let server = server();
        let answer = percent(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
        let (line, host) = sent(&Client::new(), "CONNECT", &format!("/record/{{id}}/?answer={answer}")).await;
        assert!(line.starts_with("CONNECT /record/{id}/?answer="), "{line}");
        assert!(host.starts_with("Host: /record/"), "{host}");
        // Without a target the URL's own, with its port.
        let open = Client::new().request("CONNECT", "http://127.0.0.1/").build().unwrap();
        assert_eq!(open.method().as_str(), "CONNECT");
        let refused = Client::builder().resolve("elsewhere.invalid", ["127.0.0.1".parse().unwrap()]).build().unwrap();
        let port = server.http.rsplit(':').next().unwrap();
        let response = refused.request("CONNECT", format!("http://elsewhere.invalid:{port}/")).send().await.unwrap();
        assert_eq!(response.status(), 403);
    }

    // RFC 7616 3.4.6: the server compares the two.
    async fn digest_answers_for_the_target_that_is_sent() {
        if !SOCKETS { return }
        let auth = whimbrel::auth::Digest::new("user", "pass");
        let request = Client::new().get(&server().http).auth(auth);
        let target = RequestTarget("/digest-auth/auth/user/pass".into());
        assert_eq!(request.extension(target).send().await.unwrap().status(), 200);
    }
}
