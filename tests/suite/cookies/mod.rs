//! Cookies on their way through a client; their rules and their files have tables of their own.

mod files;
pub(crate) mod rules;

use whimbrel::auth::{Auth, AuthFlow, Step};
use whimbrel::{
    BoxFuture, Capabilities, Cookie, Cookies, ErrorKind, Request, Response, Result, StreamingResponse, Transport,
};

use crate::support;

/// `/set…` sets the cookies of its query, one for each; everything answers with the Cookie header it got.
fn jar() -> whimbrel::Client {
    let client = support::mock(|request| {
        let sent = request.headers().joined("cookie").unwrap_or_default();
        let set = request.url().query().filter(|_| request.url().path().starts_with("/set"));
        let set = set.map(|query| query.replace("%20", " ")).unwrap_or_default();
        set.split('&')
            .filter(|set| !set.is_empty())
            .fold(Response::new(200).with_text(sent), |response, set| response.with_header("set-cookie", set))
    });
    client.build().unwrap()
}

async fn sent(client: &whimbrel::Client, url: &str) -> String {
    client.get(url).send().await.unwrap().text().into_owned()
}

/// Answers a 401 once.
struct Challenged;

impl Auth for Challenged {
    fn flow(&self) -> Box<dyn AuthFlow> {
        Box::new(Self)
    }
}

impl AuthFlow for Challenged {
    fn next(&mut self, mut request: Request, response: Option<&Response>) -> Result<Step> {
        match response.map(|response| response.status().as_u16()) {
            Some(200) => return Ok(Step::Done),
            Some(_) => request.headers_mut().insert("authorization", "yes")?,
            None => {}
        }
        Ok(Step::Send(request))
    }
}

/// A host that keeps the cookies, and yet shows one.
struct Keeping;

impl Transport for Keeping {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<StreamingResponse>> {
        let response = Response::new(200).with_header("set-cookie", "n=1");
        Box::pin(async move { Ok(StreamingResponse::new(request, response)) })
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.cookies = false;
        capabilities
    }
}

support::test! {
    async fn cookies_go_back_to_their_host_alone() {
        let client = jar();
        sent(&client, "http://a.example/set?n=1").await;
        assert_eq!(sent(&client, "http://a.example/").await, "n=1");
        assert_eq!(sent(&client, "http://b.example/").await, "");
        assert_eq!(client.cookies().get("n").unwrap(), Some("1"));
    }

    // F1.
    async fn domains_are_shared_below_public_suffixes_alone() {
        let client = jar();
        sent(&client, "http://a.co.uk/set?n=1;%20Domain=co.uk").await;
        sent(&client, "http://a.example.org/set?n=2;%20Domain=example.org").await;
        assert_eq!(sent(&client, "http://b.co.uk/").await, "");
        assert_eq!(sent(&client, "http://b.example.org/").await, "n=2");
    }

    async fn paths_and_secure_are_kept() {
        let client = jar();
        sent(&client, "https://h/set?p=1;%20Path=/deep&s=1;%20Secure;%20Path=/").await;
        assert_eq!(sent(&client, "https://h/deep/x").await, "p=1; s=1");
        assert_eq!(sent(&client, "http://h/deeper").await, "");
    }

    async fn max_age_zero_deletes() {
        let client = jar();
        sent(&client, "http://h/set?n=1;%20Path=/").await;
        sent(&client, "http://h/set?n=1;%20Path=/;%20Max-Age=0").await;
        assert_eq!(sent(&client, "http://h/").await, "");
    }

    async fn cookies_set_on_a_redirect_count() {
        let client = support::mock(|request| match request.url().path() {
            "/login" => Response::new(302).with_header("location", "/").with_header("set-cookie", "n=1; Path=/"),
            _ => Response::new(200).with_text(request.headers().joined("cookie").unwrap_or_default()),
        });
        let client = client.follow_redirects(true).build().unwrap();
        assert_eq!(sent(&client, "http://h/login").await, "n=1");
    }

    // F11: stored for the origin that set them, from redirects and from 401s; a 407 is the proxy's.
    async fn cookies_are_of_the_host_that_set_them() {
        let client = support::mock(|request| {
            let cookies = request.headers().joined("cookie").unwrap_or_default();
            match request.url().path() {
                "/away" => Response::new(307).with_header("location", "http://b/401").with_header("set-cookie", "a=1; Path=/"),
                "/401" => Response::new(401).with_header("set-cookie", "b=2; Path=/"),
                "/407" => Response::new(407).with_header("set-cookie", "c=3; Path=/"),
                _ => Response::new(200).with_text(cookies),
            }
        });
        let client = client.follow_redirects(true).build().unwrap();
        for url in ["http://a/away", "http://a/407"] {
            client.get(url).send().await.unwrap();
        }
        assert_eq!((sent(&client, "http://a/").await, sent(&client, "http://b/").await), ("a=1".into(), "b=2".into()));
    }

    // F13: cookies without a domain are for the origin that was asked, and stay away on a, b, a.
    async fn cookies_set_by_hand_do_not_cross_origins() {
        let cases = [
            ("/to?http://a/end", "own=1"), ("/to?http://b/end", ""), ("/to?https://a/end", ""), ("/to?http://a:81/end", ""),
            ("/to?http://b/to?http://a/end", ""), ("/to?http://b/to?http://b/end", ""),
            ("/to?http://b/to?http://a/to?http://a/end", ""), ("/to?http://a/to?http://a/end", "own=1"),
        ];
        for (path, expected) in cases {
            let client = support::mock(|request| match request.url().query() {
                Some(next) => Response::new(302).with_header("location", next),
                None => Response::new(200).with_text(request.headers().joined("cookie").unwrap_or_default()),
            });
            let client = client.cookie("own", "1").follow_redirects(true).build().unwrap();
            let response = client.get(format!("http://a{path}")).cookie("request", "2").send().await.unwrap();
            assert_eq!(response.text(), expected, "{path}");
        }
    }

    async fn a_jars_cookies_follow_redirects_by_their_domain() {
        let client = support::mock(|request| match request.url().path() {
            "/away" => Response::new(302).with_header("location", "http://b.example.org/"),
            _ => Response::new(200).with_text(request.headers().joined("cookie").unwrap_or_default()),
        });
        let client = client.follow_redirects(true).build().unwrap();
        let set = |cookies: &mut Cookies| {
            cookies.set_cookie(Cookie::new("shared", "1").with_domain("example.org"));
            cookies.set_cookie(Cookie::new("own", "2").with_host("a.example.org"));
        };
        client.update_cookies(set).unwrap();
        assert_eq!(sent(&client, "http://a.example.org/away").await, "shared=1");
    }

    async fn an_auth_flow_sends_the_cookies_of_its_401() {
        // The cookies of the client, what the 401 sets, and what the second request sends.
        let cases = [
            ("", "s=1", "s=1"), ("c", "s=1", "c=old; s=1"), ("c", "c=new", "c=new"), ("c", "c=; Max-Age=0", ""),
            ("c", "s=1; Path=/else", "c=old"), ("c", "s=1; Secure", "c=old"), ("c", "x=; Max-Age=0", "c=old"), ("", "bare", "bare"),
        ];
        for (name, set, expected) in cases {
            let client = support::mock(move |request| match request.headers().contains("authorization") {
                true => Response::new(200).with_text(request.headers().joined("cookie").unwrap_or_default()),
                false => Response::new(401).with_header("set-cookie", set),
            });
            let client = client.auth(Challenged).build().unwrap();
            let request = client.get("http://h/");
            let request = if name.is_empty() { request } else { request.cookie(name, "old") };
            assert_eq!(request.send().await.unwrap().text(), expected, "{set}");
            let explicit = client.get("http://h/").header("cookie", "user=1").send().await.unwrap();
            assert_eq!(explicit.text(), "user=1");
        }
    }

    // F11
    async fn an_auth_flow_sends_no_cookies_of_a_proxy() {
        let client = support::mock(|request| match request.headers().contains("authorization") {
            true => Response::new(200).with_text(request.headers().joined("cookie").unwrap_or_default()),
            false => Response::new(407).with_header("set-cookie", "n=1"),
        });
        let client = client.auth(Challenged).build().unwrap();
        assert_eq!(sent(&client, "http://h/").await, "");
    }

    async fn a_request_has_cookies_of_its_own() {
        let client = support::echo().cookies(&[("a", "1"), ("b", "2")].into_iter().collect()).build().unwrap();
        let own: Cookies = [Cookie::new("b", "3"), Cookie::new("c", "4").with_host("other")].into_iter().collect();
        let request = client.get("http://h/").cookies(&own).build().unwrap();
        assert_eq!(request.headers().joined("cookie").unwrap(), "a=1; b=3");
        assert_eq!(client.cookies().get("b").unwrap(), Some("2"));
    }

    async fn a_response_shows_the_cookies_that_it_sets() {
        let response = support::mock(|_| Response::new(200).with_header("set-cookie", "a=1").with_header("set-cookie", "b=2; Max-Age=0"));
        let response = response.build().unwrap().get("http://h/").send().await.unwrap();
        assert_eq!(response.cookies().iter().collect::<Vec<_>>(), [("a", "1")]);
    }

    // F15
    async fn a_thousand_requests_at_once_lose_no_cookie() {
        let client = jar();
        let requests = (0..1000).map(|n| {
            let client = client.clone();
            async move {
                client.update_cookies(|cookies| cookies.set(format!("hand{n}"), "1")).unwrap();
                sent(&client, &format!("http://h{n}/set?n={n}")).await
            }
        });
        support::join_all(requests).await;
        assert_eq!(client.cookies().len(), 2000);
    }

    async fn where_the_host_keeps_the_cookies_the_jar_says_so() {
        let client = whimbrel::Client::builder().transport(Keeping).build().unwrap();
        let unsupported = [
            client.update_cookies(|cookies| cookies.set("n", "1")).unwrap_err(),
            client.get("http://h/").cookie("n", "1").send().await.unwrap_err(),
            whimbrel::Client::builder().transport(Keeping).cookie("n", "1").build().map(|_| ()).unwrap_err(),
        ];
        assert!(unsupported.iter().all(|error| error.kind() == ErrorKind::Unsupported));
        client.get("http://h/").send().await.unwrap();
        assert!(!client.capabilities().cookies && client.cookies().is_empty());
    }

    async fn two_cookies_of_one_name_conflict() {
        let client = jar();
        sent(&client, "http://a.example/set?n=1").await;
        sent(&client, "http://b.example/set?n=2").await;
        assert_eq!(client.cookies().get("n").unwrap_err().kind(), ErrorKind::CookieConflict);
    }

    // G10.
    async fn values_are_in_no_debug_output() {
        let mut cookies = Cookies::new();
        cookies.set("n", "S3CR3T");
        assert!(!format!("{cookies:?}").contains("S3CR3T"));
    }
}
