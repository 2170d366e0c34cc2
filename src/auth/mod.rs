//! Authentication as flows: a flow sees requests and responses and does no IO (HTTPX's `auth_flow`).
//!
//! A flow of one's own has as many steps as it takes. This one asks for a new token when the server refuses the old one,
//! and then sends the request again; both are in the response's history:
//!
//! ```
//! use std::sync::{Arc, Mutex};
//! use whimbrel::auth::{Auth, AuthFlow, Step};
//! use whimbrel::{Request, Response, Result};
//!
//! /// Shared by the flows of all requests.
//! #[derive(Clone)]
//! struct Refresh { token: Arc<Mutex<String>>, url: whimbrel::Url }
//!
//! struct RefreshFlow { auth: Refresh, refused: Option<Request> }
//!
//! impl Auth for Refresh {
//!     fn flow(&self) -> Box<dyn AuthFlow> {
//!         Box::new(RefreshFlow { auth: self.clone(), refused: None })
//!     }
//! }
//!
//! impl AuthFlow for RefreshFlow {
//!     fn next(&mut self, mut request: Request, response: Option<&Response>) -> Result<Step> {
//!         match (response, self.refused.take()) {
//!             // The answer to the refresh: its token is for the request that was refused.
//!             (Some(response), Some(refused)) if response.is_success() => {
//!                 *self.auth.token.lock().unwrap() = response.text().into_owned();
//!                 request = refused;
//!             }
//!             (Some(response), None) if response.status() == 401 => {
//!                 self.refused = Some(request);
//!                 return Ok(Step::Send(Request::new(whimbrel::Method::POST, self.auth.url.clone())));
//!             }
//!             (Some(_), _) => return Ok(Step::Done),
//!             (None, _) => {}
//!         }
//!         let token = format!("Bearer {}", self.auth.token.lock().unwrap());
//!         request.headers_mut().insert("authorization", token)?;
//!         Ok(Step::Send(request))
//!     }
//!
//!     fn requires_response_body(&self) -> bool {
//!         self.refused.is_some()
//!     }
//! }
//!
//! # let server = whimbrel::MockTransport::new(|request| {
//! #     let sent = request.headers().get("authorization").cloned();
//! #     match (request.url().path(), sent) {
//! #         ("/token", _) => Response::new(200).with_text("fresh"),
//! #         (_, Some(sent)) if sent == "Bearer fresh" => Response::new(200).with_text("in"),
//! #         _ => Response::new(401),
//! #     }
//! # });
//! # whimbrel::block_on(async {
//! let auth = Refresh { token: Arc::new(Mutex::new("old".into())), url: "https://example.org/token".parse().unwrap() };
//! let client = whimbrel::Client::builder().auth(auth)
//! #   .transport(server)
//!     .build()?;
//! let response = client.get("https://example.org/").send().await?;
//! assert_eq!((response.text().as_ref(), response.history().len()), ("in", 2));
//! # Ok::<(), whimbrel::Error>(()) })??; Ok::<(), whimbrel::Error>(())
//! ```
//!
//! A flow that has to wait for something, a file or another service, answers [`Step::Await`].

mod basic;
mod bearer;
#[cfg(feature = "digest")]
mod challenge;
#[cfg(feature = "digest")]
mod digest;
mod netrc;

use std::fmt;

pub use basic::Basic;
pub use bearer::Bearer;
#[cfg(feature = "digest")]
pub use digest::Digest;
use http::HeaderValue;
use http::header::AUTHORIZATION;
pub use netrc::NetRc;

use crate::backend::{BoxFuture, MaybeSend, MaybeSync};
use crate::error::Result;
use crate::request::Request;
use crate::response::Response;

/// A way to authenticate: makes a flow for each request.
///
/// Ready ones are [`Basic`], [`Bearer`], `Digest` (feature `digest`), [`NetRc`], a pair `("user", "password")`, and any closure
/// that changes the request.
///
/// ```
/// let client = whimbrel::Client::builder().auth(("user", "pass")).build()?;
/// let client = whimbrel::Client::builder().auth(whimbrel::auth::Bearer::new("token")).build()?;
/// # Ok::<(), whimbrel::Error>(())
/// ```
pub trait Auth: MaybeSend + MaybeSync + 'static {
    /// A fresh flow for one request.
    fn flow(&self) -> Box<dyn AuthFlow>;
}

/// The steps that one request takes to be authenticated.
pub trait AuthFlow: MaybeSend {
    /// Called first with the request and no response, then with the last request and the response to it, until it answers
    /// [`Step::Done`]. Redirects are followed within a step, so that [`Response::url`] may be another one than the request's;
    /// every response but the last goes to the history, and `max_redirects` counts these too.
    fn next(&mut self, request: Request, response: Option<&Response>) -> Result<Step>;

    /// Whether the request's body must be in memory before the first step.
    fn requires_request_body(&self) -> bool {
        false
    }

    /// Whether each response's body must be read before the next step.
    fn requires_response_body(&self) -> bool {
        false
    }

    /// Whether the flow looks at no response, so that the body need not be kept for another round.
    fn is_single_step(&self) -> bool {
        false
    }
}

/// What an [`AuthFlow`] wants next.
pub enum Step {
    /// Await this first, and then do what it says. The future owns what it needs, the request too.
    ///
    /// ```
    /// use whimbrel::auth::{Auth, AuthFlow, Step};
    /// # use whimbrel::{Client, Request, Response, Result};
    ///
    /// /// Asks a service for a token before each request.
    /// #[derive(Clone)]
    /// struct Issued { issuer: Client }
    ///
    /// impl Auth for Issued {
    ///     fn flow(&self) -> Box<dyn AuthFlow> {
    ///         Box::new(self.clone())
    ///     }
    /// }
    ///
    /// impl AuthFlow for Issued {
    ///     fn next(&mut self, mut request: Request, response: Option<&Response>) -> Result<Step> {
    ///         if response.is_some() {
    ///             return Ok(Step::Done);
    ///         }
    ///         let issuer = self.issuer.clone();
    ///         Ok(Step::Await(Box::pin(async move {
    ///             let token = issuer.get("https://issuer.example/token").send().await?;
    ///             request.headers_mut().insert("authorization", format!("Bearer {}", token.text()))?;
    ///             Ok(Step::Send(request))
    ///         })))
    ///     }
    /// }
    /// ```
    Await(BoxFuture<'static, Result<Step>>),
    /// The last response is the answer.
    Done,
    /// Send this request.
    Send(Request),
}

impl Step {
    /// What comes after all waiting.
    pub(crate) async fn settled(mut self) -> Result<Self> {
        while let Self::Await(next) = self {
            self = next.await?;
        }
        Ok(self)
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Await(_) => f.write_str("Await(..)"),
            Self::Done => f.write_str("Done"),
            Self::Send(request) => f.debug_tuple("Send").field(request).finish(),
        }
    }
}

/// Puts the credentials at the end of the request's header, in place of others. No output shows them.
pub(crate) fn authorize(request: &mut Request, mut value: HeaderValue) {
    value.set_sensitive(true);
    request.headers_mut().remove(AUTHORIZATION);
    request.headers_mut().push(AUTHORIZATION, value);
}

/// A flow of one step: the request, changed.
pub(crate) struct Once<F>(Option<F>);

impl<F: FnOnce(&mut Request) -> Result<()> + MaybeSend> Once<F> {
    pub(crate) fn boxed(change: F) -> Box<dyn AuthFlow>
    where
        F: 'static,
    {
        Box::new(Self(Some(change)))
    }
}

impl<F: FnOnce(&mut Request) -> Result<()> + MaybeSend> AuthFlow for Once<F> {
    fn next(&mut self, mut request: Request, _: Option<&Response>) -> Result<Step> {
        let Some(change) = self.0.take() else { return Ok(Step::Done) };
        change(&mut request)?;
        Ok(Step::Send(request))
    }

    fn is_single_step(&self) -> bool {
        true
    }
}

/// `("user", "password")` is Basic auth, as a tuple is in HTTPX.
impl<U, P> Auth for (U, P)
where
    U: AsRef<str> + MaybeSend + MaybeSync + 'static,
    P: AsRef<str> + MaybeSend + MaybeSync + 'static,
{
    fn flow(&self) -> Box<dyn AuthFlow> {
        Basic::new(self.0.as_ref(), self.1.as_ref()).flow()
    }
}

/// An authentication that is chosen while the program runs, or shared between clients.
impl<A: Auth + ?Sized> Auth for std::sync::Arc<A> {
    fn flow(&self) -> Box<dyn AuthFlow> {
        (**self).flow()
    }
}

/// A closure that changes the request (HTTPX's callable auth).
impl<F> Auth for F
where
    F: Fn(&mut Request) -> Result<()> + MaybeSend + MaybeSync + Clone + 'static,
{
    fn flow(&self) -> Box<dyn AuthFlow> {
        Once::boxed(self.clone())
    }
}
