//! Requests to a service of the same program: an axum app, and services by hand where axum would be in the way.

mod by_hand;

use std::error::Error as _;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex};

use axum::body::Body as AppBody;
use axum::extract::{Json, Path, Request as AppRequest};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{any, get, post};
use axum::{Extension, Router};
use http_body::Body as _;
use serde_json::{Value, json};
use whimbrel::{Body, BoxError, Client, ClientAddress, ErrorKind, ServiceBody, ServiceTransport, Transport};

use self::by_hand::{Answer, ByHand, Tap, broken, next};
use crate::support;

fn by_hand<R, F>(answer: F) -> ServiceTransport<ByHand<F>>
where
    F: Fn(http::Request<ServiceBody>) -> R + Clone + Send + 'static,
    R: Future<Output = Answer> + Send + 'static,
{
    ServiceTransport::new(ByHand { answer, waits: 0 })
}

fn client(transport: impl Transport) -> Client {
    Client::builder().base_url("http://app").transport(transport).build().unwrap()
}

fn app(router: Router) -> Client {
    client(ServiceTransport::new(router))
}

support::test! {
    async fn an_axum_app_answers() {
        let router = Router::new()
            .route("/birds/{name}", get(|Path(name): Path<String>| async move { format!("one {name}") }))
            .route("/birds", post(|Json(bird): Json<Value>| async move { (StatusCode::CREATED, Json(json!({ "got": bird }))) }))
            .route("/headers", get(|headers: HeaderMap| async move {
                let of = |name| headers.get(name).map_or("-", |value| value.to_str().unwrap()).to_owned();
                [of("host"), of("accept"), of("x-own")].join(" ")
            }));
        let client = app(router);
        assert_eq!(client.get("/birds/tit").await.unwrap().text(), "one tit");
        let created = client.post("/birds").json(&json!({ "a": 1 })).await.unwrap();
        assert_eq!((created.status().as_u16(), created.json::<Value>().unwrap()), (201, json!({ "got": { "a": 1 } })));
        assert_eq!(created.headers().get("content-type").unwrap(), "application/json");
        assert_eq!(created.version(), Some(whimbrel::Version::HTTP_11));
        assert_eq!(client.get("/headers").header("x-own", "1").await.unwrap().text(), "app */* 1");
        let by_hand = whimbrel::Request::new(whimbrel::Method::GET, "http://by.hand:8080/headers".parse().unwrap());
        assert_eq!(client.send(by_hand).await.unwrap().text(), "by.hand:8080 - -");
        assert_eq!(client.get("/nowhere").await.unwrap().status().as_u16(), 404);
        assert_eq!(client.delete("/birds").await.unwrap().status().as_u16(), 405);
    }

    async fn the_service_sees_what_a_server_would_show_it() {
        let client = client(by_hand(|request: http::Request<ServiceBody>| async move {
            let size = request.body().size_hint();
            let seen = format!("{} {} {:?} {:?} {}", request.method(), request.uri(), request.version(), size.exact(), request.body().is_end_stream());
            let mut response = http::Response::new(AppBody::from(seen));
            response.extensions_mut().insert(request.extensions().get::<u8>().copied().unwrap_or_default());
            Ok(response)
        }));
        let response = client.get("/a%20b/../c?d=e f#g").extension(7_u8).stream().await.unwrap();
        assert_eq!(response.extensions().get::<u8>(), Some(&7));
        assert_eq!(response.read().await.unwrap().text(), "GET /c?d=e%20f HTTP/1.1 Some(0) true");
        assert_eq!(client.put("/x").content("abc").await.unwrap().text(), "PUT /x HTTP/1.1 Some(3) false");
        let stream = |length| Body::stream(support::pieces(&["abc"]), length);
        assert_eq!(client.put("x").content(stream(Some(3))).await.unwrap().text(), "PUT /x HTTP/1.1 Some(3) false");
        assert_eq!(client.put("x").content(stream(None)).await.unwrap().text(), "PUT /x HTTP/1.1 None false");
        assert_eq!(client.get("http://h//x").await.unwrap().text(), "GET //x HTTP/1.1 Some(0) true");
    }

    async fn bodies_stream_both_ways_at_once() {
        let client = app(Router::new().route("/echo", post(|body: AppBody| async { body })));
        let tap = Tap::default();
        let mut response = client.post("/echo").content(Body::stream(tap.stream(), None)).stream().await.unwrap();
        for piece in ["one", "two"] {
            tap.put(Some(piece));
            assert_eq!(response.chunk().await.unwrap().unwrap(), piece);
        }
        tap.put(Some(""));
        tap.put(Some("three"));
        tap.put(None);
        assert_eq!(response.chunk().await.unwrap().unwrap(), "three");
        assert!(response.chunk().await.unwrap().is_none());
        assert!(response.chunk().await.unwrap().is_none(), "and the end stays the end");
        assert!(tap.is_dropped());
        let whole = client.post("/echo").content(Body::stream(support::pieces(&["a", "b"]), Some(2))).await.unwrap();
        assert_eq!(whole.text(), "ab");
    }

    async fn who_drops_the_response_drops_what_the_service_sends() {
        let (sent, uploaded) = (Tap::default(), Tap::default());
        let kept = Arc::new(Mutex::new(None));
        let (stream, keep) = (sent.clone(), kept.clone());
        let client = client(by_hand(move |request: http::Request<ServiceBody>| {
            *keep.lock().unwrap() = Some(request.into_body());
            let body = AppBody::from_stream(stream.stream());
            async { Ok(http::Response::new(body)) }
        }));
        sent.put(Some("first"));
        let request = client.post("/").content(Body::stream(uploaded.stream(), None));
        let mut response = request.stream().await.unwrap();
        assert_eq!(response.chunk().await.unwrap().unwrap(), "first");
        assert!(!sent.is_dropped() && !uploaded.is_dropped());
        drop(response);
        assert!(sent.is_dropped() && uploaded.is_dropped());
        let mut body = kept.lock().unwrap().take().unwrap();
        assert!(next(&mut body).await.unwrap().unwrap_err().to_string().contains("went away"));
        assert!(next(&mut body).await.is_none());
    }

    async fn trailers_go_both_ways() {
        let client = client(by_hand(|request| async { Ok(http::Response::new(AppBody::new(request.into_body()))) }));
        let bodies = [Body::from("hello"), Body::stream(support::pieces(&["he", "", "llo"]), Some(5)), Body::empty()];
        for (body, text) in bodies.into_iter().zip(["hello", "hello", ""]) {
            let response = client.post("/").content(body).trailers(|| [("x-sum", "1"), ("x-sum", "2")]).await.unwrap();
            assert_eq!(response.text(), text);
            assert_eq!(response.trailers().unwrap().joined("x-sum").unwrap(), "1, 2");
        }
        assert!(client.post("/").content("x").await.unwrap().trailers().is_none());
        let error = client.post("/").content("x").trailers(|| [("host", "x")]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LocalProtocol);
    }

    async fn a_response_to_head_has_no_body() {
        let sent = Tap::default();
        let stream = sent.clone();
        let client = client(by_hand(move |_| {
            let response = http::Response::builder().header("content-length", 5).body(AppBody::from_stream(stream.stream()));
            async { Ok(response?) }
        }));
        let response = client.head("/").await.unwrap();
        assert_eq!((response.bytes().len(), response.headers().get("content-length").unwrap().to_str().unwrap()), (0, "5"));
        assert!(sent.is_dropped());
    }

    async fn a_service_that_is_not_ready_is_awaited() {
        let service = ByHand { answer: |_| async { Ok(http::Response::new(AppBody::from("at last"))) }, waits: 3 };
        let client = client(ServiceTransport::new(service));
        for _ in 0..2 {
            assert_eq!(client.get("/").await.unwrap().text(), "at last");
        }
    }

    async fn an_error_of_the_service_is_the_requests_or_a_500() {
        let fail = |_| async { Err(BoxError::from(io::Error::other("the roof is off"))) };
        let error = client(by_hand(fail)).get("/x").await.unwrap_err();
        assert_eq!((error.kind(), error.url().unwrap().path()), (ErrorKind::Read, "/x"));
        assert!(error.to_string().contains("the roof is off"), "{error}");
        assert!(error.source().unwrap().is::<io::Error>());
        let response = client(by_hand(fail).raise_app_exceptions(false)).get("/x").await.unwrap();
        assert_eq!((response.status().as_u16(), response.bytes().len()), (500, 0));
        // A service that is a client itself.
        let inner = |_| async { Err(whimbrel::Error::new(ErrorKind::ConnectTimeout, "too far").into()) };
        assert_eq!(client(by_hand(inner)).get("/").await.unwrap_err().kind(), ErrorKind::ConnectTimeout);
    }

    async fn half_a_body_is_an_error() {
        for raise in [true, false] {
            let answer = |_| async { Ok(http::Response::new(AppBody::from_stream(broken()))) };
            let client = client(by_hand(answer).raise_app_exceptions(raise));
            let mut response = client.get("/").stream().await.unwrap();
            assert_eq!(response.chunk().await.unwrap().unwrap(), "some");
            let error = response.chunk().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Read);
            assert!(error.to_string().contains("out of ink"), "{error}");
            assert!(response.chunk().await.unwrap().is_none());
        }
    }

    async fn a_body_that_breaks_off_is_an_error_on_both_sides() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        let client = client(by_hand(move |request: http::Request<ServiceBody>| {
            let (log, mut body) = (log.clone(), request.into_body());
            async move {
                while let Some(piece) = next(&mut body).await {
                    log.lock().unwrap().push(piece.map_err(|error| error.to_string()));
                }
                Ok(http::Response::new(AppBody::empty()))
            }
        }));
        let error = client.post("/").content(Body::stream(broken(), None)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LocalProtocol);
        assert_eq!(error.source().unwrap().to_string(), "out of ink");
        assert!(matches!(&seen.lock().unwrap()[..], [Ok(some), Err(why)] if some == "some" && why.contains("out of ink")));
        for (length, what) in [(2, "more"), (4, "fewer")] {
            let body = Body::stream(support::pieces(&["a", "bc"]), Some(length));
            let error = client.post("/").content(body).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LocalProtocol);
            assert!(error.to_string().contains(what), "{error}");
        }
    }

    async fn the_client_has_an_address() {
        let router = || Router::new().route("/", get(|Extension(ClientAddress(from)): Extension<ClientAddress>| async move { from.to_string() }));
        assert_eq!(app(router()).get("/").await.unwrap().text(), "127.0.0.1:123");
        let transport = ServiceTransport::new(router()).client_address("[2001:db8::1]:80".parse().unwrap());
        assert_eq!(client(transport).get("/").await.unwrap().text(), "[2001:db8::1]:80");
        let transport = ServiceTransport::new(router()).map_request(|parts| {
            parts.extensions.insert(ClientAddress("10.0.0.1:1".parse().unwrap()));
        });
        assert_eq!(client(transport).get("/").await.unwrap().text(), "10.0.0.1:1");
    }

    async fn the_root_path_is_not_the_apps_business() {
        let router = Router::new().fallback(any(|request: AppRequest| async move { request.uri().to_string() }));
        for (root_path, url, seen) in [
            ("/api", "/api/users?id=1", "/users?id=1"),
            ("api/", "/api/users", "/users"),
            ("/api", "/api", "/"),
            ("/api", "/elsewhere", "/elsewhere"),
            ("/", "/api/users", "/api/users"),
        ] {
            let transport = ServiceTransport::new(router.clone()).root_path(root_path);
            assert_eq!(client(transport).get(url).await.unwrap().text(), seen, "{root_path} {url}");
        }
    }

    async fn redirects_and_cookies_are_the_clients_as_ever() {
        let cookie = |headers: HeaderMap| async move { headers.get("cookie").map_or("none".into(), |value| value.to_str().unwrap().to_owned()) };
        let router = Router::new()
            .route("/login", post(|| async { ([(header::SET_COOKIE, "session=42; Path=/")], Redirect::to("/home")).into_response() }))
            .route("/home", get(cookie));
        let client = Client::builder().mount("http://app", ServiceTransport::new(router)).follow_redirects(true).build().unwrap();
        let response = client.post("http://app/login").await.unwrap();
        assert_eq!((response.text().as_ref(), response.history().len()), ("session=42", 1));
        assert_eq!(client.get("http://app/home").await.unwrap().text(), "session=42");
    }
}
