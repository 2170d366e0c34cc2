//! Digest authentication (RFC 7616, and RFC 2069 for servers that offer no qop).

mod answer;
mod hash;
mod sessions;
mod terms;
#[cfg(test)]
mod vectors;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use url::Origin;

use self::answer::authorization;
use self::hash::hex;
use self::sessions::Sessions;
use self::terms::Terms;
use super::challenge::Challenge;
use super::{Auth, AuthFlow, Step, authorize};
use crate::backend::random;
use crate::credentials::Credentials;
use crate::error::Result;
use crate::request::{Request, same_origin};
use crate::response::Response;

/// How many challenges one request answers: the first, and one more when the server calls the nonce stale.
const ROUNDS: usize = 2;

/// Proves the password without sending it (HTTPX's `DigestAuth`).
///
/// The first request to an origin goes without credentials; when it is refused with a Digest challenge, it is sent again with
/// the answer. Later requests answer beforehand. Clones share what they know, origins share nothing: the challenge of another
/// origin, to which a redirect led, is not answered.
///
/// MD5, SHA-1, SHA-256, SHA-512 and SHA-512-256 are spoken, each with `-sess`; the qops `auth`, which is preferred, and
/// `auth-int`, for which the body must be in memory; `userhash`, `stale` and `nextnonce`. Of several challenges the first that
/// can be answered is. One that cannot is a `RemoteProtocol` error; line breaks and NUL in the credentials are `LocalProtocol`;
/// a streamed body, which cannot be sent a second time, is `BodyConsumed`. A refused password is no error: the response is
/// the server's 401.
///
/// In a browser a page of another origin sees challenges only where the server exposes `WWW-Authenticate` (CORS). Feature
/// `digest`, on by default.
///
/// ```
/// let auth = whimbrel::auth::Digest::new("user", "pass");
/// assert_eq!(format!("{auth:?}"), "Digest([secure])");
/// let client = whimbrel::Client::builder().auth(auth).build()?;
/// # Ok::<(), whimbrel::Error>(())
/// ```
#[derive(Clone)]
pub struct Digest {
    shared: Arc<Shared>,
}

struct Shared {
    credentials: Credentials,
    sessions: Mutex<Sessions>,
}

impl Digest {
    /// For this user and password.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        let credentials = Credentials::new(user, password);
        Self { shared: Arc::new(Shared { credentials, sessions: Mutex::default() }) }
    }

    /// No code panics while it holds them, and no await happens meanwhile.
    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.shared.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Auth for Digest {
    fn flow(&self) -> Box<dyn AuthFlow> {
        Box::new(DigestFlow { digest: self.clone(), challenges: 0, used: None })
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest([secure])")
    }
}

struct DigestFlow {
    digest: Digest,
    /// How many were answered.
    challenges: usize,
    /// What the last request answered.
    used: Option<Arc<Terms>>,
}

impl AuthFlow for DigestFlow {
    fn next(&mut self, request: Request, response: Option<&Response>) -> Result<Step> {
        let origin = request.url().origin();
        match response {
            None => self.send(request, &origin, None),
            // Redirected to another origin: its challenge is not for these credentials.
            Some(response) if response.url().is_some_and(|url| !same_origin(url, request.url())) => Ok(Step::Done),
            Some(response) if response.status() == 401 => self.answer(request, &origin, response),
            Some(response) => {
                self.learn(&origin, response);
                Ok(Step::Done)
            }
        }
    }

    fn requires_request_body(&self) -> bool {
        self.digest.sessions().covers_bodies()
    }
}

impl DigestFlow {
    /// The request, with an answer to the challenge if there is one, or to the last that the origin made.
    fn send(&mut self, mut request: Request, origin: &Origin, challenge: Option<Terms>) -> Result<Step> {
        let credentials = &self.digest.shared.credentials;
        credentials.check()?;
        let cnonce = hex(&random()?);
        let mut sessions = self.digest.sessions();
        challenge.into_iter().for_each(|terms| sessions.start(origin, terms));
        let turn = sessions.turn(origin, cnonce);
        drop(sessions);
        if let Some((terms, turn)) = turn {
            let value = authorization(&terms, credentials, &request, &turn)?;
            authorize(&mut request, value);
            self.used = Some(terms);
        }
        Ok(Step::Send(request))
    }

    /// Another challenge after an answer says that the password is wrong, but for a stale nonce (RFC 7616 3.3).
    fn answer(&mut self, request: Request, origin: &Origin, response: &Response) -> Result<Step> {
        let challenge = match self.challenges < ROUNDS {
            true => Terms::choose(response.headers())?.filter(|terms| self.challenges == 0 || terms.stale),
            false => None,
        };
        self.challenges += 1;
        if challenge.is_none() {
            self.digest.sessions().end(origin);
            return Ok(Step::Done);
        }
        self.send(refused(request, response), origin, challenge)
    }

    /// The nonce that `Authentication-Info` gives for the next request (RFC 7616 3.5).
    fn learn(&self, origin: &Origin, response: &Response) {
        let (Some(used), Some(info)) = (&self.used, response.headers().get("authentication-info")) else { return };
        // The answer is here already; a nonce that cannot be read is no reason to lose it.
        if let Ok(Some(nonce)) = Challenge::parameters_of(info.as_bytes()).parameter("nextnonce") {
            self.digest.sessions().renew(origin, used, nonce);
        }
    }
}

/// The request that was refused. Redirects within the origin may have led to it, and the answer is for its URL.
fn refused(mut request: Request, response: &Response) -> Request {
    let Some(last) = response.request().filter(|last| last.url() != request.url()) else { return request };
    let mut refused = last.without_body();
    if last.method() == request.method() {
        *refused.body_mut() = std::mem::take(request.body_mut());
    }
    refused
}
