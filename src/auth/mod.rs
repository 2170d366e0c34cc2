//! Authentication as flows: a flow sees requests and responses and does no IO (HTTPX's `auth_flow`).

mod basic;
mod bearer;

pub use basic::Basic;
pub use bearer::Bearer;

use crate::backend::{MaybeSend, MaybeSync};
use crate::error::Result;
use crate::request::Request;
use crate::response::Response;

/// A way to authenticate: makes a flow for each request.
///
/// Ready ones are [`Basic`], [`Bearer`], a pair `("user", "password")`, and any closure that changes the request.
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
    /// [`Step::Done`].
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
#[derive(Debug)]
pub enum Step {
    /// Send this request.
    Send(Request),
    /// The last response is the answer.
    Done,
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

/// A closure that changes the request (HTTPX's callable auth).
impl<F> Auth for F
where
    F: Fn(&mut Request) -> Result<()> + MaybeSend + MaybeSync + Clone + 'static,
{
    fn flow(&self) -> Box<dyn AuthFlow> {
        Once::boxed(self.clone())
    }
}
