//! Event hooks and mounts.

use std::sync::{Arc, Mutex};

use whimbrel::{Client, Error, ErrorKind, MockTransport, Request, Response, StreamingResponse};

use crate::support;

/// Answers with its name.
fn named(name: &'static str) -> MockTransport {
    MockTransport::new(move |_| Response::new(200).with_text(name))
}

/// Redirects from `/start` to `/end`, and shows what it was sent.
fn redirecting() -> MockTransport {
    MockTransport::new(|request: &Request| match request.url().path() {
        "/start" => Response::new(302).with_header("location", "/end"),
        _ => Response::new(200).with_text(
            request.headers().get("x-hook").map_or("none".into(), |value| value.to_str().unwrap().to_owned()),
        ),
    })
}

fn log() -> (Arc<Mutex<Vec<String>>>, impl Fn(String) + Clone) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let writer = log.clone();
    (log, move |line| writer.lock().unwrap().push(line))
}

support::test! {
    async fn hooks_see_every_request_and_response_of_a_redirect() {
        let (seen, write) = log();
        let (write_request, write_response) = (write.clone(), write);
        let client = Client::builder()
            .transport(redirecting())
            .follow_redirects(true)
            .on_request(move |request| write_request(format!("{} {}", request.method(), request.url().path())))
            .on_response(move |response| write_response(response.status().as_u16().to_string()))
            .build()
            .unwrap();
        client.get("http://h/start").await.unwrap();
        assert_eq!(*seen.lock().unwrap(), ["GET /start", "302", "GET /end", "200"]);
    }

    async fn hooks_may_change_what_they_see_in_order() {
        let client = Client::builder()
            .transport(redirecting())
            .on_request(|request| request.headers_mut().insert("x-hook", "first"))
            .on_request_async(|mut request: Request| async move {
                request.headers_mut().append("x-hook", "second")?;
                Ok(request)
            })
            .on_request(|request| {
                let all = request.headers().joined("x-hook").unwrap();
                request.headers_mut().insert("x-hook", all)
            })
            .build()
            .unwrap();
        assert_eq!(client.get("http://h/").await.unwrap().text(), "first, second");
    }

    async fn a_request_hook_sees_what_auth_added() {
        let (seen, write) = log();
        let client = Client::builder()
            .transport(named("x"))
            .auth(("user", "pass"))
            .on_request(move |request| write(request.headers().contains("authorization").to_string()))
            .build()
            .unwrap();
        client.get("http://h/").await.unwrap();
        assert_eq!(*seen.lock().unwrap(), ["true"]);
    }

    async fn an_error_of_a_hook_ends_the_request() {
        let (seen, write) = log();
        let refuse = |_: &mut Request| Err::<(), _>(Error::new(ErrorKind::LocalProtocol, "not today"));
        let transport = MockTransport::new(move |_| {
            write("sent".into());
            Response::new(500)
        });
        let client = Client::builder().transport(transport).on_request(refuse).build().unwrap();
        assert_eq!(client.get("http://h/").await.unwrap_err().to_string(), "not today");
        assert!(seen.lock().unwrap().is_empty());
        let raise = |response: &mut StreamingResponse| response.raise_for_status().map(drop);
        let client = support::mock(|_| Response::new(500)).on_response(raise).build().unwrap();
        assert!(client.get("http://h/").await.unwrap_err().is_status());
    }

    async fn a_response_hook_may_read_the_body() {
        let (seen, write) = log();
        let client = Client::builder()
            .transport(named("body"))
            .on_response_async(move |response: StreamingResponse| {
                let write = write.clone();
                async move {
                    let response = response.read().await?;
                    write(response.text().into_owned());
                    Ok(response.into())
                }
            })
            .build()
            .unwrap();
        let response = client.get("http://h/x").await.unwrap();
        assert_eq!((response.text().as_ref(), response.url().unwrap().path()), ("body", "/x"));
        assert_eq!(*seen.lock().unwrap(), ["body"]);
    }

    async fn the_narrowest_mount_decides() {
        let client = Client::builder()
            .transport(named("main"))
            .mount("all://", named("all"))
            .mount("https://", named("https"))
            .mount("all://*.example.org", named("subdomain"))
            .mount("http://example.org:8080", named("replaced"))
            .mount("http://example.org:8080", named("port"))
            .mount_default("all://example.org")
            .mount("custom://", named("scheme"))
            .build()
            .unwrap();
        for (url, transport) in [
            ("http://elsewhere/", "all"),
            ("https://elsewhere/", "https"),
            ("https://www.example.org/", "subdomain"),
            ("http://example.org:8080/", "port"),
            ("http://example.org/", "main"),
            ("custom://x/", "scheme"),
        ] {
            assert_eq!(client.get(url).await.unwrap().text(), transport, "{url}");
        }
    }

    // H3: a redirect is routed anew.
    async fn redirects_are_routed_by_their_own_url() {
        let away = MockTransport::new(|_| Response::new(302).with_header("location", "http://there/"));
        let client = Client::builder().transport(away).mount("all://there", named("there")).follow_redirects(true).build().unwrap();
        assert_eq!(client.get("http://here/").await.unwrap().text(), "there");
    }

    // As a host's fetch, mounted beside a mock in a browser.
    async fn a_mount_whose_host_does_more_by_itself_gets_less() {
        let away = MockTransport::new(|_| Response::new(302).with_header("location", "http://host/").with_header("set-cookie", "n=1"));
        let client = Client::builder().transport(away).mount("all://host", Host).header("x-own", "1").cookie("m", "2").build().unwrap();
        for (url, headers) in [("http://host/", "accept, x-own"), ("http://here/", "accept")] {
            assert_eq!(client.get(url).follow_redirects(true).await.unwrap().text(), headers, "{url}");
        }
        let own = client.get("http://host/").header("host", "other").header("user-agent", "mine").await.unwrap();
        assert_eq!(own.text(), "accept, x-own, host, user-agent");
        for refused in [client.get("http://host/").cookie("n", "1"), client.get("http://host/").follow_redirects(false)] {
            assert_eq!(refused.await.unwrap_err().kind(), ErrorKind::Unsupported);
        }
    }

    async fn a_scheme_is_for_whoever_takes_it() {
        let files = || MockTransport::new(|request: &Request| match request.url().path() {
            "/moved.txt" => Response::new(301).with_header("location", "/notes.txt"),
            path => Response::new(200).with_text(format!("{} {path} {:?}", request.url().scheme(), request.headers().get("host"))),
        });
        let mounted = Client::builder().mount("file://", files()).mount("demo://", files()).build().unwrap();
        let own = Client::builder().transport(files()).build().unwrap();
        for client in [&mounted, &own] {
            assert_eq!(client.get("file:///notes.txt").await.unwrap().text(), "file /notes.txt None");
            // A transport may redirect within its scheme.
            let response = client.get("file:///moved.txt").follow_redirects(true).await.unwrap();
            assert_eq!(response.url().unwrap().as_str(), "file:///notes.txt");
            assert!(client.get("demo://x/y").await.unwrap().text().starts_with("demo /y"));
        }
        assert_eq!(mounted.get("ftp://x/").build().unwrap_err().kind(), ErrorKind::UnsupportedProtocol);
        assert!(own.get("ftp://x/").build().is_ok());
    }

    // A request that was built by hand comes to the transport unchecked.
    async fn the_targets_own_transport_speaks_http_alone() {
        for url in ["ftp://127.0.0.1/", "data:text/plain,hi", "file:///etc/hosts"] {
            let request = Request::new(whimbrel::Method::GET, url.parse().unwrap());
            let error = Client::new().send(request).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnsupportedProtocol, "{url}: {error}");
        }
    }

    async fn a_pattern_that_is_none_is_an_error() {
        let error = Client::builder().mount("http", named("x")).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidUrl);
        assert!(error.to_string().contains("all://"), "{error}");
    }

    async fn a_response_hook_may_change_headers() {
        let mark = |response: &mut StreamingResponse| response.headers_mut().insert("x-seen", "yes");
        let client = Client::builder().transport(named("x")).on_response(mark).build().unwrap();
        let mut response = client.get("http://h/").await.unwrap();
        assert_eq!(response.headers().joined("x-seen").unwrap(), "yes");
        response.headers_mut().remove("x-seen");
        assert!(!response.headers().contains("x-seen") && response.extensions().is_empty());
    }

    async fn transports_and_auth_may_be_chosen_while_the_program_runs() {
        let boxed: Box<dyn whimbrel::Transport> = Box::new(named("boxed"));
        let shared: std::sync::Arc<dyn whimbrel::Transport> = std::sync::Arc::new(support::echo_transport());
        let auth: std::sync::Arc<dyn whimbrel::auth::Auth> = std::sync::Arc::new(("user", "pass"));
        let client = Client::builder().transport(boxed).mount("all://echo", shared).auth(auth).build().unwrap();
        assert_eq!(client.get("http://h/").await.unwrap().text(), "boxed");
        assert!(client.get("http://echo/").await.unwrap().text().contains("Basic dXNlcjpwYXNz"));
    }
}

/// Does as much by itself as a browser, and answers with the names of the headers that it was given.
struct Host;

impl whimbrel::Transport for Host {
    fn send(&self, request: Request) -> whimbrel::BoxFuture<'_, whimbrel::Result<StreamingResponse>> {
        let names: Vec<_> = request.headers().iter().map(|(name, _)| name.as_str()).collect();
        let response = Response::new(200).with_text(names.join(", "));
        Box::pin(async move { Ok(StreamingResponse::new(request, response)) })
    }

    fn capabilities(&self) -> whimbrel::Capabilities {
        let mut none = whimbrel::Capabilities::default();
        (none.redirects, none.cookies, none.encoded_bodies, none.connection_headers, none.host_header) =
            Default::default();
        none
    }
}
