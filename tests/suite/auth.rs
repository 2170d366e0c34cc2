//! Authentication flows.

use std::sync::{Arc, Mutex};

use whimbrel::auth::{Auth, AuthFlow, Bearer, Step};
use whimbrel::{Client, Error, ErrorKind, Method, Request, Response, Result};

use crate::support;

async fn authorization(client: whimbrel::Client, url: &str) -> Option<String> {
    let response = client.get(url).send().await.unwrap();
    response.request().unwrap().headers().joined("authorization")
}

support::test! {
    async fn basic_is_a_pair() {
        let client = support::echo().auth(("user", "pass")).build().unwrap();
        assert_eq!(authorization(client, "http://h/").await.unwrap(), "Basic dXNlcjpwYXNz");
    }

    // The examples of RFC 7617, 2 and 2.1.
    async fn basic_is_what_its_rfc_says() {
        for (user, password, expected) in [("Aladdin", "open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), ("test", "123\u{a3}", "dGVzdDoxMjPCow==")] {
            let client = support::echo().auth((user, password)).build().unwrap();
            assert_eq!(authorization(client, "http://h/").await.unwrap(), format!("Basic {expected}"));
        }
    }

    async fn credentials_in_the_url_are_basic() {
        let client = support::echo().build().unwrap();
        assert_eq!(authorization(client.clone(), "http://us%40er:p%3Aw@h/").await.unwrap(), "Basic dXNAZXI6cDp3");
        assert_eq!(authorization(client, "http://user@h/").await.unwrap(), "Basic dXNlcjo=");
    }

    async fn bearer_sends_the_token() {
        let client = support::echo().auth(Bearer::new("t0k")).build().unwrap();
        assert_eq!(authorization(client, "http://h/").await.unwrap(), "Bearer t0k");
    }

    async fn a_closure_changes_the_request() {
        let client = support::echo().auth(|request: &mut Request| request.headers_mut().insert("authorization", "custom"));
        assert_eq!(authorization(client.build().unwrap(), "http://h/").await.unwrap(), "custom");
    }

    async fn no_auth_is_not_the_same_as_none_given() {
        let client = support::echo().auth(("user", "pass")).build().unwrap();
        let response = client.get("http://other:pw@h/").no_auth().send().await.unwrap();
        assert!(!response.request().unwrap().headers().contains("authorization"));
    }

    async fn authorization_comes_last() {
        let client = support::echo().auth(("user", "pass")).build().unwrap();
        let response = client.post("http://h/").json(&1).send().await.unwrap();
        assert_eq!(response.request().unwrap().headers().iter().last().unwrap().0, "authorization");
    }

    // G8.
    async fn illegal_credentials_are_refused() {
        for (user, password) in [("a:b", "c"), ("a\r\nb", "c"), ("a", "b\nc"), ("a\0", "b")] {
            let client = support::echo().auth((user.to_owned(), password.to_owned())).build().unwrap();
            let error = client.get("http://h/").send().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LocalProtocol);
        }
    }

    // G8: nor do tokens and URLs carry a line break into a header, or a colon into a user name.
    async fn no_credentials_break_out_of_their_header() {
        for token in ["a\r\nx: y", "a\nb", "a\rb", "a\0"] {
            let client = support::echo().auth(Bearer::new(token)).build().unwrap();
            let error = client.get("http://h/").send().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LocalProtocol);
            assert!(!format!("{error} {error:?}").contains("x: y"));
        }
        let client = support::echo().build().unwrap();
        for url in ["http://a%0d%0ax:b@h/", "http://a:b%0A@h/", "http://a%00:b@h/", "http://a%3Ab:c@h/"] {
            assert_eq!(client.get(url).send().await.unwrap_err().kind(), ErrorKind::LocalProtocol, "{url}");
        }
    }

    async fn a_flow_of_two_steps_answers_a_challenge() {
        let client = support::mock(|request| match request.headers().get("authorization") {
            Some(_) => Response::new(200).with_text("in"),
            None => Response::new(401).with_header("www-authenticate", "Custom nonce=7"),
        });
        let response = client.auth(Challenged).build().unwrap().get("http://h/").send().await.unwrap();
        assert_eq!((response.text().as_ref(), response.history().len()), ("in", 1));
        assert_eq!(response.history()[0].status(), 401);
    }

    async fn a_flow_may_wait_before_each_step() {
        let client = support::mock(|request| match request.headers().get("authorization") {
            Some(token) if token == "fresh" => Response::new(200),
            _ => Response::new(401),
        });
        let tokens = support::mock(|_| Response::new(200).with_text("fresh")).build().unwrap();
        let response = client.auth(Asking(tokens)).build().unwrap().get("http://h/").send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.history().len()), (200, 1));
    }

    async fn what_a_flow_waits_for_may_fail() {
        let tokens = support::mock(|_| Err::<Response, _>(Error::new(ErrorKind::Connect, "no tokens today")));
        let client = support::mock(|_| Response::new(401)).auth(Asking(tokens.build().unwrap())).build().unwrap();
        assert_eq!(client.get("http://h/").send().await.unwrap_err().kind(), ErrorKind::Connect);
    }

    async fn a_flow_refreshes_its_token() {
        let client = support::mock(|request| {
            let sent = request.headers().get("authorization").cloned();
            match (request.url().path(), sent) {
                ("/token", None) => Response::new(200).with_text("fresh"),
                (_, Some(sent)) if sent == "Bearer fresh" => Response::new(200).with_text(request.method().as_str()),
                _ => Response::new(401),
            }
        });
        let client = client.auth(Refresh(Arc::default())).build().unwrap();
        let response = client.put("http://h/x").content("body").send().await.unwrap();
        assert_eq!((response.text().as_ref(), response.request().unwrap().body().as_bytes()), ("PUT", Some(&b"body"[..])));
        let seen: Vec<_> = response.history().iter().map(|seen| (seen.url().unwrap().path(), seen.status().as_u16())).collect();
        assert_eq!(seen, [("/x", 401), ("/token", 200)]);
        assert!(client.get("http://h/y").send().await.unwrap().history().is_empty());
    }

    // G4.
    async fn an_endless_flow_is_ended() {
        let client = support::mock(|_| Response::new(401)).auth(Endless).build().unwrap();
        assert_eq!(client.get("http://h/").send().await.unwrap_err().kind(), ErrorKind::TooManyRedirects);
    }

    // G9.
    async fn a_streamed_body_is_not_sent_twice() {
        let client = support::mock(|_| Response::new(401)).auth(Challenged).build().unwrap();
        let body = whimbrel::Body::stream(support::pieces(&["a"]), None);
        let error = client.post("http://h/").content(body).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BodyConsumed);
    }

    async fn a_flow_that_reads_responses_loses_nothing_of_them() {
        #[derive(Clone)]
        struct Reads;
        impl Auth for Reads {
            fn flow(&self) -> Box<dyn AuthFlow> {
                Box::new(Self)
            }
        }
        impl AuthFlow for Reads {
            fn next(&mut self, request: Request, response: Option<&Response>) -> Result<Step> {
                Ok(if response.is_some() { Step::Done } else { Step::Send(request) })
            }
            fn requires_response_body(&self) -> bool {
                true
            }
        }
        let client = support::mock(|_| Response::new(302).with_header("location", "/x").with_body(b"\xe9".as_slice()));
        let client = client.auth(Reads).default_encoding("latin-1").build().unwrap();
        let response = client.get("http://h/").send().await.unwrap();
        assert_eq!((response.text().as_ref(), response.next_request().is_some(), response.bytes_downloaded()), ("é", true, 1));
    }
}

/// Asks once without, then with what the challenge says.
#[derive(Clone)]
struct Challenged;

impl Auth for Challenged {
    fn flow(&self) -> Box<dyn AuthFlow> {
        Box::new(Self)
    }
}

impl AuthFlow for Challenged {
    fn next(&mut self, mut request: Request, response: Option<&Response>) -> Result<Step> {
        match response {
            Some(response) if response.status() == 401 => {
                let nonce = response.headers().joined("www-authenticate").unwrap_or_default();
                request.headers_mut().insert("authorization", nonce)?;
                Ok(Step::Send(request))
            }
            Some(_) => Ok(Step::Done),
            None => Ok(Step::Send(request)),
        }
    }
}

/// Asks another service for a token once it is refused.
#[derive(Clone)]
struct Asking(Client);

impl Auth for Asking {
    fn flow(&self) -> Box<dyn AuthFlow> {
        Box::new(self.clone())
    }
}

impl AuthFlow for Asking {
    fn next(&mut self, mut request: Request, response: Option<&Response>) -> Result<Step> {
        match response {
            None => Ok(Step::Send(request)),
            Some(response) if response.status() == 401 => {
                let issuer = self.0.clone();
                Ok(Step::Await(Box::pin(async move {
                    let token = issuer.get("http://issuer/").send().await?.text().into_owned();
                    request.headers_mut().insert("authorization", token)?;
                    Ok(Step::Await(Box::pin(async { Ok(Step::Send(request)) })))
                })))
            }
            Some(_) => Ok(Step::Await(Box::pin(async { Ok(Step::Done) }))),
        }
    }
}

/// Gets a new token when the old one is refused, in the conversation of the request itself.
#[derive(Clone)]
struct Refresh(Arc<Mutex<String>>);

struct RefreshFlow {
    token: Arc<Mutex<String>>,
    refused: Option<Request>,
}

impl Auth for Refresh {
    fn flow(&self) -> Box<dyn AuthFlow> {
        Box::new(RefreshFlow { token: self.0.clone(), refused: None })
    }
}

impl AuthFlow for RefreshFlow {
    fn next(&mut self, mut request: Request, response: Option<&Response>) -> Result<Step> {
        match (response, self.refused.take()) {
            (Some(response), Some(refused)) if response.is_success() => {
                *self.token.lock().unwrap() = response.text().into_owned();
                request = refused;
            }
            (Some(response), None) if response.status() == 401 => {
                let url = request.url().join("/token").unwrap();
                self.refused = Some(request);
                return Ok(Step::Send(Request::new(Method::POST, url)));
            }
            (Some(_), _) => return Ok(Step::Done),
            (None, _) => {}
        }
        let token = format!("Bearer {}", self.token.lock().unwrap());
        request.headers_mut().insert("authorization", token.trim())?;
        Ok(Step::Send(request))
    }

    fn requires_response_body(&self) -> bool {
        self.refused.is_some()
    }
}

/// Never satisfied.
#[derive(Clone)]
struct Endless;

impl Auth for Endless {
    fn flow(&self) -> Box<dyn AuthFlow> {
        Box::new(Self)
    }
}

impl AuthFlow for Endless {
    fn next(&mut self, request: Request, _: Option<&Response>) -> Result<Step> {
        Ok(Step::Send(request))
    }
}
