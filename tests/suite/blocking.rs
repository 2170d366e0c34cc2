//! The sync face: every method once, and the wire.

use whimbrel::{ErrorKind, blocking};

use crate::support::{self, server};

#[test]
fn every_verb_and_one_shot_is_sent() {
    let client = blocking::Client::new();
    let url = format!("{}/anything", server().http);
    let sent = [
        ("GET", client.get(&url)), ("OPTIONS", client.options(&url)), ("POST", client.post(&url)), ("PUT", client.put(&url)),
        ("PATCH", client.patch(&url)), ("DELETE", client.delete(&url)), ("PURGE", client.request("PURGE", &url)),
        ("GET", blocking::get(&url)), ("OPTIONS", blocking::options(&url)), ("POST", blocking::post(&url)),
        ("PUT", blocking::put(&url)), ("PATCH", blocking::patch(&url)), ("DELETE", blocking::delete(&url)),
        ("PURGE", blocking::request("PURGE", &url)),
    ];
    for (method, request) in sent {
        assert_eq!(request.send().unwrap().json::<serde_json::Value>().unwrap()["method"], method);
    }
    assert!(client.head(&url).send().unwrap().is_success());
    assert!(blocking::head(&url).send().unwrap().is_success());
}

#[test]
fn the_request_builder_takes_all_that_the_async_one_does() {
    let client = blocking::Client::builder().follow_redirects(true).build_blocking().unwrap();
    let request = client.post(format!("{}/anything", server().http)).param("a", 1).header("x-a", "1").cookie("c", "1");
    let request = request.timeout(std::time::Duration::from_secs(5)).no_auth().follow_redirects(false).extension(1u8);
    let built = client.post("http://h/").params([("a", "1")]).form([("a", "1")]).build().unwrap();
    assert_eq!(built.url().as_str(), "http://h/?a=1");
    let seen: serde_json::Value = request.json(&1).send().unwrap().json().unwrap();
    assert_eq!((&seen["target"], &seen["json"]), (&"/anything?a=1".into(), &1.into()));
    let form = whimbrel::Multipart::new().text("a", "b");
    assert!(client.post(format!("{}/anything", server().http)).multipart(form).send().unwrap().text().contains("form-data"));
    let request = client.put(format!("{}/anything", server().http)).content("x").build().unwrap();
    assert_eq!(client.send(request).unwrap().json::<serde_json::Value>().unwrap()["body"], "x");
}

#[test]
fn bodies_are_read_as_they_come() {
    let client = blocking::Client::default();
    let mut response = client.get(format!("{}/stream/3", server().http)).stream().unwrap();
    assert!(response.status().is_success() && response.headers().contains("content-type"));
    assert_eq!(response.lines().map(Result::unwrap).count(), 3);
    let mut response = client.get(format!("{}/bytes/100000", server().http)).stream().unwrap();
    assert_eq!((response.content_length(), response.url().path()), (Some(100_000), "/bytes/100000"));
    let first = response.chunk().unwrap().unwrap().len();
    let mut rest = Vec::new();
    std::io::Read::read_to_end(&mut response, &mut rest).unwrap();
    assert_eq!((first + rest.len(), response.bytes_downloaded()), (100_000, 100_000));
    let mut response = client.get(format!("{}/bytes/10", server().http)).stream().unwrap();
    assert_eq!(response.chunks(4).map(|chunk| chunk.unwrap().len()).collect::<Vec<_>>(), [4, 4, 2]);
    let request = client.get(format!("{}/bytes/10", server().http)).build().unwrap();
    assert_eq!(client.stream(request).unwrap().read().unwrap().bytes().len(), 10);
}

#[test]
fn redirects_auth_and_errors_are_the_same() {
    let client = blocking::Client::builder().follow_redirects(true).build_blocking().unwrap();
    assert_eq!(client.get(format!("{}/redirect/2", server().http)).send().unwrap().history().len(), 2);
    let url = format!("{}/basic-auth/u/p", server().http);
    assert!(client.get(&url).auth(("u", "p")).send().unwrap().is_success());
    assert_eq!(client.get(server().refused).send().unwrap_err().kind(), ErrorKind::Connect);
    let short = whimbrel::Timeout::default().read(std::time::Duration::from_millis(50));
    let error = client.get(format!("{}/hang", server().http)).timeout(short).send().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadTimeout);
}

#[test]
fn https_is_spoken_where_sockets_speak_it() {
    let error = blocking::get(server().https).send().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    if support::OWN_TLS {
        let client = blocking::Client::from(server().client());
        assert!(client.get(format!("{}/get", server().https)).send().unwrap().is_success());
    }
}

#[test]
fn one_connection_serves_several_calls() {
    let client = blocking::Client::new();
    let connection = || client.get(format!("{}/anything", server().http)).send().unwrap().json::<serde_json::Value>().unwrap()["connection"].clone();
    assert_eq!(connection(), connection());
}

// N11: each call brings a runtime of its own, and takes it along; the connection that stays behind is of no more use.
#[test]
fn a_client_outlives_the_runtimes_that_it_is_used_on() {
    let client = whimbrel::Client::new();
    for _ in 0..3 {
        let request = client.get(format!("{}/get", server().http));
        assert!(whimbrel::block_on(request.send()).unwrap().unwrap().is_success());
    }
}

#[test]
fn a_service_of_the_same_program_answers() {
    let app = axum::Router::new().route("/", axum::routing::post(|body: String| async move { body + "!" }));
    let client = whimbrel::Client::builder().transport(whimbrel::ServiceTransport::new(app)).build_blocking().unwrap();
    let body = whimbrel::Body::stream(support::pieces(&["hel", "lo"]), None);
    assert_eq!(client.post("http://app/").content(body).send().unwrap().text(), "hello!");
}

support::where_threads! {
    // Where nothing is connected, no runtime is needed.
    #[test]
    fn a_service_needs_no_runtime() {
        use std::task::{Context, Poll, Waker};
        let app = axum::Router::new().route("/", axum::routing::get(|| async { "no runtime" }));
        let client = whimbrel::Client::builder().transport(whimbrel::ServiceTransport::new(app)).build().unwrap();
        let mut sending = std::pin::pin!(client.get("http://app/").send());
        let polled = sending.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Ready(Ok(response)) if response.text() == "no runtime"));
    }

    // A runtime that is dropped by async code must not stop it; tokio's own panics then.
    #[test]
    fn async_code_may_drop_a_client_that_was_used() {
        let client = blocking::Client::new();
        client.get(format!("{}/get", server().http)).send().unwrap();
        whimbrel::block_on(async move { drop(client) }).unwrap();
    }

    #[test]
    fn threads_share_a_client() {
        let client = blocking::Client::new();
        let ask = |client: blocking::Client| move || client.get(format!("{}/get", server().http)).send().unwrap().status();
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(ask(client.clone()))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), 200);
        }
    }

    // F15
    #[test]
    fn threads_lose_no_cookie_of_a_shared_client() {
        let answer = |request: &whimbrel::Request| {
            whimbrel::Response::new(200).with_header("set-cookie", &format!("{}=1", &request.url().path()[1..]))
        };
        let client = support::mock(answer).build_blocking().unwrap();
        let ask = |client: blocking::Client, host: usize| move || {
            for n in 0..100 {
                client.get(format!("http://h{host}/n{n}")).send().unwrap();
                client.update_cookies(|cookies| cookies.set(format!("{host}-{n}"), "1")).unwrap();
            }
        };
        let threads: Vec<_> = (0..8).map(|host| std::thread::spawn(ask(client.clone(), host))).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(client.cookies().len(), 1600);
    }
}

#[test]
fn faults_are_the_same_errors() {
    let server = server();
    let client = blocking::Client::from(server.client());
    let raw = |data: &str| format!("{}/raw?data={}", server.raw, support::percent(data.as_bytes()));
    for (url, kind) in [
        (raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"), ErrorKind::RemoteProtocol),
        (raw("HTTP/1.1 OK\r\n\r\n"), ErrorKind::RemoteProtocol),
        (raw(""), ErrorKind::RemoteProtocol),
        (server.wrong_host.clone(), ErrorKind::Tls),
        (server.expired.clone(), ErrorKind::Tls),
        ("ftp://127.0.0.1/".into(), ErrorKind::UnsupportedProtocol),
        ("http://".into(), ErrorKind::InvalidUrl),
    ] {
        assert_eq!(client.get(&url).send().unwrap_err().kind(), kind, "{url}");
    }
    let mut response = client.get(format!("{}/close-mid-body", server.http)).stream().unwrap();
    let mut rest = Vec::new();
    assert!(std::io::Read::read_to_end(&mut response, &mut rest).is_err());
}

#[test]
fn a_stream_is_sent_as_it_is_produced() {
    let body = whimbrel::Body::stream(support::pieces(&["Hello", ", ", "world!"]), None);
    let seen = blocking::post(format!("{}/anything", server().http)).content(body).send().unwrap();
    assert_eq!(seen.json::<serde_json::Value>().unwrap()["body"], "Hello, world!");
}

#[test]
fn what_needs_no_waiting_is_there() {
    let client = blocking::Client::builder().base_url(server().http).header("x-a", "1").param("a", 1).build_blocking().unwrap();
    assert!(client.base_url().is_some() && client.headers().contains("x-a") && client.cookies().is_empty());
    assert_eq!((client.params().to_string().as_str(), client.capabilities().redirects), ("a=1", true));
    assert_eq!(client.timeout(), whimbrel::Timeout::default());
    let request = client.build_request("GET", "/status/404").unwrap();
    let response = client.stream(request).unwrap();
    assert_eq!((response.reason_phrase().as_ref(), response.is_success(), response.history().len()), ("Not Found", false, 0));
    assert_eq!((response.version(), response.request().url().path()), (Some(whimbrel::Version::HTTP_11), "/status/404"));
    assert!(response.extensions().is_empty() && response.raise_for_status().err().unwrap().is_status());
}

#[test]
fn text_is_read_as_it_comes() {
    let answer = |_: &whimbrel::Request| whimbrel::Response::new(200).with_body(b"caf\xe9\nau lait".as_slice());
    let client = support::mock(answer).default_encoding("koi8-r").build_blocking().unwrap();
    let mut response = client.get("http://h/").stream().unwrap();
    assert_eq!((response.encoding().as_ref(), response.charset_encoding()), ("koi8-r", None));
    response.set_encoding("latin-1");
    assert_eq!(response.text_stream().map(Result::unwrap).collect::<String>(), "café\nau lait");
    let client = support::mock(answer).detect_encoding(|_| "latin-1").build_blocking().unwrap();
    assert_eq!(client.get("http://h/").send().unwrap().text(), "café\nau lait");
}

#[test]
fn http_2_is_driven_by_whoever_waits() {
    let client = blocking::Client::builder().http1(false).build_blocking().unwrap();
    let connection = |path: &str| {
        let response = client.get(format!("{}{path}", server().http)).send().unwrap();
        assert_eq!(response.version(), Some(whimbrel::Version::HTTP_2));
        response.json::<serde_json::Value>().unwrap()["connection"].as_u64()
    };
    let first = connection("/anything");
    assert_eq!(connection("/anything"), first);
    // Nobody looks at the connection meanwhile, whose server says that it goes away.
    assert_eq!(client.get(format!("{}/goaway", server().http)).send().unwrap().text(), "ok");
    for _ in 0..3 {
        assert!(connection("/anything").is_some());
    }
}
