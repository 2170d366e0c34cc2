//! The way of a request: auth around redirects around one request after the other.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use http::StatusCode;
use http::header::SET_COOKIE;
use url::Url;

use super::{Client, builder, hooks, log};
use crate::auth::{Auth, Basic, Step};
use crate::backend::unix_time;
use crate::body::Body;
use crate::cookies::{Cookies, renew};
use crate::deadline::Deadline;
use crate::error::{Error, ErrorKind, Result};
use crate::headers::Headers;
use crate::redirect;
use crate::request::{Request, same_origin};
use crate::response::Response;
use crate::streaming::StreamingResponse;
use crate::url_merge::{is_http, is_secure};

/// How a request is sent that was built before; what is not given is left to the client.
#[derive(Default)]
pub struct SendOptions {
    /// `Some(None)` is "no auth".
    pub(crate) auth: Option<Option<Arc<dyn Auth>>>,
    pub(crate) follow_redirects: Option<bool>,
}

impl SendOptions {
    /// Nothing but what the client says.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another auth than the client's.
    pub fn auth(self, auth: impl Auth) -> Self {
        Self { auth: Some(Some(Arc::new(auth))), ..self }
    }

    /// No auth, not even the client's or the URL's (HTTPX's `auth=None`).
    pub fn no_auth(self) -> Self {
        Self { auth: Some(None), ..self }
    }

    /// Whether redirects are followed.
    pub fn follow_redirects(self, follow: bool) -> Self {
        Self { follow_redirects: Some(follow), ..self }
    }
}

impl Client {
    /// [`stream`](Self::stream) with its own auth and redirects: everything up to the head of the final response, within the
    /// total timeout.
    pub async fn stream_with(&self, mut request: Request, options: SendOptions) -> Result<StreamingResponse> {
        if self.is_closed() {
            let message = "Cannot send a request, as the client has been closed";
            return Err(Error::new(ErrorKind::Unsupported, message).with_url(request.url()));
        }
        let follow = self.follows(&request, &options)?;
        request.set_default_timeout(self.inner.timeout);
        request.set_default_informational(self.inner.hooks.informational.as_ref());
        let total = request.timeout().total;
        let url = total.map(|_| request.url().clone());
        let mut deadline = Deadline::after(total);
        let span = log::Span::of(&request);
        let mut sending = pin!(span.around(self.send_handling_auth(request, options.auth, follow)));
        let sent = poll_fn(|cx| match sending.as_mut().poll(cx) {
            Poll::Pending => deadline.poll(cx).map(|()| None),
            Poll::Ready(result) => Poll::Ready(Some(result)),
        });
        match (sent.await, url) {
            (Some(Ok(mut response)), _) => {
                response.parts.deadline = deadline;
                Ok(response)
            }
            (Some(Err(error)), _) => Err(error),
            (None, url) => Err(deadline.passed().at(url.as_ref())),
        }
    }

    /// Hosts that hide redirects follow them, and say so when they are told not to.
    fn follows(&self, request: &Request, options: &SendOptions) -> Result<bool> {
        let follow = options.follow_redirects.or(self.inner.follow_redirects);
        if follow == Some(false) {
            builder::check(&self.inner.routes.of(request.url()).capabilities, follow, None, &Cookies::new())?;
        }
        Ok(follow.unwrap_or(false))
    }

    /// The request's auth, else the client's, else the URL's credentials.
    async fn send_handling_auth(
        &self,
        request: Request,
        auth: Option<Option<Arc<dyn Auth>>>,
        follow: bool,
    ) -> Result<StreamingResponse> {
        let in_url = || Basic::from_url(request.url()).map(|basic| Arc::new(basic) as Arc<dyn Auth>);
        let Some(auth) = auth.unwrap_or_else(|| self.inner.auth.clone().or_else(in_url)) else {
            return self.send_handling_redirects(request, follow, Vec::new()).await;
        };
        // Boxed: without auth, nobody pays for the room that its conversation needs.
        Box::pin(self.converse(request, auth, follow)).await
    }

    /// Requests and responses as the auth flow wants them.
    async fn converse(&self, mut request: Request, auth: Arc<dyn Auth>, follow: bool) -> Result<StreamingResponse> {
        let mut flow = auth.flow();
        if flow.requires_request_body() {
            request.body_mut().read().await?;
        }
        let mut history = Vec::new();
        let mut step = flow.next(request, None)?.settled().await?;
        loop {
            let Step::Send(request) = step else {
                return Err(Error::new(ErrorKind::LocalProtocol, "The auth flow ended before it sent a request"));
            };
            if flow.is_single_step() {
                return self.send_handling_redirects(request, follow, history).await;
            }
            let again = request.try_clone().unwrap_or_else(|_| consumed(&request));
            let response = self.send_handling_redirects(request, follow, std::mem::take(&mut history)).await?;
            let last_request = response.request().without_body();
            let (seen, rest) = look(response, flow.requires_response_body()).await?;
            step = flow.next(again, Some(&seen))?.settled().await?;
            if let Step::Send(next) = &mut step {
                self.renew_cookies(next, &seen)?;
            }
            if matches!(step, Step::Done) {
                return Ok(rest.unwrap_or_else(|| StreamingResponse::from_response(last_request, seen)));
            }
            let mut last = match rest {
                Some(rest) => rest.drained().await,
                None => seen,
            };
            history = std::mem::take(&mut last.history);
            history.push(last);
        }
    }

    /// The next request of an auth flow has the cookies that the last response set (HTTPX's digest).
    fn renew_cookies(&self, next: &mut Request, seen: &Response) -> Result<()> {
        match seen.url() {
            Some(from) if self.shows_cookies(seen.status(), seen.headers(), from) => {
                let to = next.url().clone();
                renew(next.headers_mut(), &to, seen.headers(), from, unix_time())
            }
            _ => Ok(()),
        }
    }

    /// Follows redirects, or leaves the request that would follow with the response.
    async fn send_handling_redirects(
        &self,
        mut request: Request,
        follow: bool,
        mut history: Vec<Response>,
    ) -> Result<StreamingResponse> {
        loop {
            if history.len() > self.inner.max_redirects {
                let most = self.inner.max_redirects;
                let message = format!("Exceeded maximum allowed redirects: {most}; max_redirects allows more");
                let error = Error::new(ErrorKind::TooManyRedirects, message);
                return Err(error.with_url(request.url()));
            }
            let mut response = self.send_single_request(request).await?;
            if !redirect::is_redirect(response.status(), response.headers()) {
                response.parts.history = history;
                return Ok(response);
            }
            let next = self.next_request(&response, &history);
            if !follow {
                response.parts.next_request = next.ok();
                response.parts.history = history;
                return Ok(response);
            }
            request = next?;
            redirect::check_downgrade(response.request(), &request)?;
            history.push(Box::pin(response.drained()).await);
        }
    }

    /// The request that follows this redirect, with the jar's cookies for its URL.
    fn next_request(&self, response: &StreamingResponse, history: &[Response]) -> Result<Request> {
        let mut next = redirect::next_request(
            response.request(),
            response.status(),
            response.headers(),
            &self.inner.cross_origin_headers,
        )?;
        // Cookies without a domain are for the origin that the program asked, and are not back after a way over others.
        let mut asked = history.iter().filter_map(Response::url).chain([response.url()]);
        let cookies = match asked.all(|url| same_origin(url, next.url())) {
            true => self.jar().cookie_header(next.url(), unix_time())?,
            false => self.jar().header_across_origins(next.url(), unix_time())?,
        };
        if let Some(cookies) = cookies.filter(|_| self.inner.routes.of(next.url()).capabilities.cookies) {
            next.headers_mut().push(http::header::COOKIE, cookies);
        }
        Ok(next)
    }

    /// One request, one response: the only await that touches the world, but for the user's hooks around it.
    async fn send_single_request(&self, mut request: Request) -> Result<StreamingResponse> {
        let hooks = &self.inner.hooks;
        if !hooks.request.is_empty() {
            request = Box::pin(hooks::run(&hooks.request, request)).await?;
        }
        let response = self.send_by_route(request).await?;
        log::response(&response);
        if hooks.response.is_empty() {
            return Ok(response);
        }
        Box::pin(hooks::run(&hooks.response, response)).await
    }

    async fn send_by_route(&self, mut request: Request) -> Result<StreamingResponse> {
        if self.inner.https_only && is_http(request.url()) && !is_secure(request.url()) {
            let message = "This client is for https:// alone (https_only), and nothing was sent";
            return Err(Error::new(ErrorKind::UnsupportedProtocol, message).with_url(request.url()));
        }
        let started = request.start();
        let route = self.inner.routes.of(request.url());
        if route.capabilities != self.inner.routes.main.capabilities {
            route.leave_to_host(&mut request)?;
        }
        let mut response = route.send(request).await?;
        response.parts.started = Some(started);
        response.parts.max_decoded_size = self.inner.max_decoded_size;
        response.parts.encoding.set_default(self.inner.default_encoding.clone());
        if !route.capabilities.encoded_bodies {
            response.skip_decoding();
        }
        self.extract_cookies(&response);
        Ok(response)
    }

    /// From every response, redirects and 401s too.
    fn extract_cookies(&self, response: &StreamingResponse) {
        if self.shows_cookies(response.status(), response.headers(), response.url()) {
            self.jar().extract_cookies(response.headers(), response.url(), unix_time());
        }
    }

    /// Whether the response sets cookies that are the client's to keep: not where the host keeps them; and a 407 is the
    /// proxy's, which has no say for the URL's host.
    fn shows_cookies(&self, status: StatusCode, headers: &Headers, url: &Url) -> bool {
        headers.find(&SET_COOKIE).is_some()
            && status != StatusCode::PROXY_AUTHENTICATION_REQUIRED
            && self.inner.routes.of(url).capabilities.cookies
    }
}

/// The response for an auth flow to look at: with its body if the flow wants it; else its head alone, and the response
/// that still has the body.
async fn look(response: StreamingResponse, with_body: bool) -> Result<(Response, Option<StreamingResponse>)> {
    if with_body {
        return Ok((response.read().await?, None));
    }
    Ok((response.head_only(), Some(response)))
}

/// The request again, but for its stream: sending it once more says what is wrong.
fn consumed(request: &Request) -> Request {
    let mut again = request.without_body();
    *again.body_mut() = Body::consumed();
    again
}
