//! Authentication flows.

use whimbrel::auth::{Auth, AuthFlow, Bearer, Step};
use whimbrel::{ErrorKind, Request, Response, Result};

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

    async fn illegal_credentials_are_refused() {
        for (user, password) in [("a:b", "c"), ("a\r\nb", "c"), ("a", "b\nc"), ("a\0", "b")] {
            let client = support::echo().auth((user.to_owned(), password.to_owned())).build().unwrap();
            let error = client.get("http://h/").send().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LocalProtocol);
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
