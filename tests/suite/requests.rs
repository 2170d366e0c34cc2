//! How a request comes together: defaults, order, merging (HTTPX 1.2).

use serde_json::Value;
use whimbrel::{Body, Client, Multipart, Part, RequestBuilder, Response};

use crate::support::{self, latin1, pieces};

support::test! {
    async fn a_default_header_that_is_overridden_moves_to_the_end() {
        let request = Client::new().get("http://h/").header("accept", "text/html").build().unwrap();
        assert_eq!(request.headers().iter().last().unwrap().0, "accept");
    }

    async fn repeated_headers_are_all_sent() {
        let request = Client::new().get("http://h/").header("x-b", "2").header("X-B", "3").build().unwrap();
        assert_eq!(request.headers().joined("x-b").unwrap(), "2, 3");
    }

    async fn methods_become_upper_case() {
        assert_eq!(Client::new().request("purge", "http://h/").build().unwrap().method().as_str(), "PURGE");
    }

    async fn a_request_built_by_hand_is_sent_as_it_is() {
        let client = support::echo().header("x-client", "1").param("a", "1").build().unwrap();
        let request = whimbrel::Request::new(whimbrel::Method::GET, "http://h/?z=0".parse().unwrap());
        let seen: Value = client.send(request).await.unwrap().json().unwrap();
        assert_eq!((seen["url"].as_str().unwrap(), seen["headers"].as_array().unwrap().len()), ("http://h/?z=0", 0));
    }

    async fn an_explicit_cookie_header_wins_over_the_jar() {
        let client = support::echo().cookie("jar", "1").build().unwrap();
        let request = client.get("http://h/").header("cookie", "own=1").build().unwrap();
        assert_eq!(request.headers().joined("cookie").unwrap(), "own=1");
    }

    async fn a_mistake_in_mid_chain_comes_out_at_the_end() {
        let error = Client::new().get("http://h/").header("bad name", "1").param("a", 1).send().await.unwrap_err();
        assert_eq!(error.kind(), whimbrel::ErrorKind::LocalProtocol);
    }

    // I3
    async fn no_bytes_are_no_body() {
        for request in [Client::new().post("http://h/").content(""), Client::new().post("http://h/").form([("a", "b"); 0])] {
            let request = request.build().unwrap();
            let names: Vec<_> = request.headers().iter().map(|(name, _)| name.as_str().to_owned()).collect();
            assert!(!names.contains(&"content-type".into()));
            // Right behind Host, as for a request that was given no body at all.
            let at = names.iter().position(|name| name == "content-length");
            assert_eq!(at, Some(usize::from(names.contains(&"host".into()))));
        }
        assert!(!Client::new().get("http://h/").content("").build().unwrap().headers().contains("content-length"));
    }

    async fn a_request_built_by_hand_gets_the_clients_timeouts() {
        let never = whimbrel::MockTransport::new_async(|_| std::future::pending::<whimbrel::Response>());
        let total = whimbrel::Timeout::none().total(std::time::Duration::from_millis(20));
        let client = Client::builder().transport(never).timeout(total).build().unwrap();
        let request = whimbrel::Request::new(whimbrel::Method::GET, "http://h/".parse().unwrap());
        assert_eq!(client.send(request).await.unwrap_err().kind(), whimbrel::ErrorKind::TotalTimeout);
    }

    async fn what_belongs_to_the_sending_is_not_lost_in_silence() {
        let client = Client::new();
        assert!(client.build_request("GET", "http://h/").is_ok());
        for request in [client.get("http://h/").auth(("a", "b")), client.get("http://h/").no_auth(), client.get("http://h/").follow_redirects(true)] {
            assert_eq!(request.build().unwrap_err().kind(), whimbrel::ErrorKind::Unsupported);
        }
    }

    async fn settings_of_the_clients_own_transport_are_not_ignored() {
        let builder = || support::echo();
        for builder in [builder().tls(whimbrel::Tls::new()), builder().http2(true), builder().proxy("http://p"), builder().limits(whimbrel::Limits::default().max_connections(1))] {
            assert_eq!(builder.build().unwrap_err().kind(), whimbrel::ErrorKind::Unsupported);
        }
    }

    async fn a_request_built_before_is_sent_with_its_own_options() {
        let answer = |request: &whimbrel::Request| match request.url().path() {
            "/from" => Response::new(302).with_header("location", "/to"),
            _ => Response::new(200).with_text(request.headers().joined("authorization").unwrap_or_default()),
        };
        let client = support::mock(answer).auth(("client", "x")).build().unwrap();
        let request = || client.build_request("GET", "http://h/from").unwrap();
        assert_eq!(client.send(request()).await.unwrap().status(), 302);
        let followed = |options: whimbrel::SendOptions| client.send_with(request(), options.follow_redirects(true));
        assert_eq!(followed(whimbrel::SendOptions::new().no_auth()).await.unwrap().text(), "");
        assert_eq!(followed(whimbrel::SendOptions::new().auth(("a", "b"))).await.unwrap().text(), "Basic YTpi");
        assert_eq!(followed(whimbrel::SendOptions::new()).await.unwrap().text(), "Basic Y2xpZW50Ong=");
    }

    async fn params_and_headers_are_given_many_at_once() {
        let client = Client::builder().params([("a", 1), ("b", 2)]).headers([("x-a", "1"), ("x-b", "2")]).build().unwrap();
        let request = client.get("http://h/").headers([("x-b", "3"), ("x-c", "4")]).build().unwrap();
        assert_eq!(request.url().as_str(), "http://h/?a=1&b=2");
        assert_eq!(["x-a", "x-b", "x-c"].map(|name| request.headers().joined(name).unwrap()), ["1", "3", "4"]);
    }
}

/// Builds a recorded case of HTTPX and compares headers, in order, and body.
pub(crate) async fn check_recorded(case: &Value) {
    let name = case["name"].as_str().unwrap();
    let client = support::echo().build().unwrap();
    let method = case["method"].as_str().unwrap_or("POST");
    let built = prepare(name, client, method).build();
    if case["error"].is_string() {
        return assert!(built.unwrap_err().to_string().contains("not JSON compliant"), "{name}");
    }
    let mut request = built.unwrap();
    let actual =
        request.headers().iter().map(|(name, value)| (name.to_string(), latin1(value.as_bytes()))).collect::<Vec<_>>();
    assert_eq!(actual, recorded_fields(case), "{name}");
    assert_eq!(request.url().path(), case["target"].as_str().unwrap(), "{name}");
    assert_eq!(latin1(request.body_mut().read().await.unwrap()), case["body"].as_str().unwrap(), "{name}");
}

/// Names in lower case and values, in order, with our own user agent.
pub(crate) fn recorded_fields(case: &Value) -> Vec<(String, String)> {
    let agent = concat!("whimbrel/", env!("CARGO_PKG_VERSION"));
    let field = |field: &Value| {
        let value = field[1].as_str().unwrap().replace("python-httpx/0.28.1", agent);
        (field[0].as_str().unwrap().to_ascii_lowercase(), value)
    };
    case["headers"].as_array().unwrap().iter().map(field).collect()
}

/// The same request as the recording script made, said in whimbrel's words.
pub(crate) fn prepare(name: &str, client: Client, method: &str) -> RequestBuilder {
    let request = client.request(method, "http://h/");
    let multipart = |part: Part| Multipart::new().file("f", part);
    let boundary = "multipart/form-data; boundary=B";
    match name {
        "json false" => request.json(&false),
        "json nan" => request.json(&f64::NAN),
        "content str" => request.content("héllo"),
        "content bytes GET" => request.content("x"),
        "content iter" => request.content(Body::stream(pieces(&["a", "b"]), None)),
        "content iter+CL" => request.content(Body::stream(pieces(&["a", "b"]), None)).header("Content-Length", "2"),
        "form" => request.form([("a", "1 2"), ("b", "x"), ("b", "y"), ("c", ""), ("d", "true"), ("é", "&=~*-._")]),
        "custom ct" => request.header("content-type", "application/vnd.api+json").json(&serde_json::json!({"a": 1})),
        "header order" => {
            request.header("X-B", "2").header("user-agent", "me").header("Accept", "text/html").header("X-A", "1")
        }
        "client+req headers" => {
            let client = support::echo().header("X-A", "1").header("X-B", "3").build().unwrap();
            client.request(method, "http://h/").header("x-a", "9")
        }
        "idna" => client.request(method, "http://bücher.example/"),
        "cookies" => request.cookie("b", "2").cookie("a", "1"),
        "mp filename escape" => request
            .header("Content-Type", boundary)
            .multipart(multipart(Part::bytes("x").file_name("a\"b\\c\r\n\té.TXT"))),
        "mp None filename ct" => request
            .header("Content-Type", boundary)
            .multipart(multipart(Part::bytes("x").no_file_name().content_type("text/plain"))),
        "mp headers ct" => {
            let part =
                Part::bytes("x").file_name("t.txt").content_type("text/plain").header("Content-Type", "image/png");
            request.header("Content-Type", boundary).multipart(multipart(part))
        }
        name if name.starts_with("nobody ") => request,
        name => panic!("a recorded case that no test makes: {name}"),
    }
}
