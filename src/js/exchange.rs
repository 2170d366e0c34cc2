//! One request and its response, as JavaScript drives them.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use js_sys::{Array, Object, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::failure::failure;
use crate::backend::{Instant, now};
use crate::body::HostStream;
use crate::client::RequestBuilder;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::host::set;
use crate::response::Response;
use crate::streaming::StreamingResponse;

/// A request that becomes a response: first [`send`](Self::send), then [`next`](Self::next) until it gives nothing, or
/// [`read`](Self::read). What they return can be ended by [`abort`](Self::abort) at any time.
#[wasm_bindgen]
pub struct Exchange {
    state: Rc<State>,
}

struct State {
    request: Cell<Option<RequestBuilder>>,
    body: RefCell<Body>,
    started: Cell<Option<Instant>>,
    aborted: Cell<bool>,
    waiting: Cell<Option<Waker>>,
}

/// What is left to read.
enum Body {
    /// Nothing, or bytes that a rule had to see before JavaScript did.
    Bytes(Bytes),
    Host {
        pieces: HostStream,
        deadline: Deadline,
        url: url::Url,
    },
}

#[wasm_bindgen]
impl Exchange {
    /// Sends the request. Resolves to the response's head as soon as it is there, rejects with a failure, or with nothing
    /// when it was aborted.
    pub fn send(&self) -> Promise {
        let state = self.state.clone();
        future_to_promise(async move {
            let Some(request) = state.request.take() else { return Err(JsValue::UNDEFINED) };
            let response = state.unless_aborted(request.stream()).await?;
            Ok(state.receive(response).into())
        })
    }

    /// The next piece of the body as a `Uint8Array`, `undefined` at the end.
    pub fn next(&self) -> Promise {
        let state = self.state.clone();
        future_to_promise(async move {
            let piece = state.unless_aborted(state.next_piece()).await?;
            Ok(piece.map_or(JsValue::UNDEFINED, JsValue::from))
        })
    }

    /// The rest of the body as one `Uint8Array`.
    pub fn read(&self) -> Promise {
        let state = self.state.clone();
        future_to_promise(async move { Ok(state.unless_aborted(state.read()).await?.into()) })
    }

    /// Milliseconds since the request was sent.
    pub fn elapsed(&self) -> f64 {
        self.state.started.get().map_or(0.0, |started| milliseconds(now().saturating_duration_since(started)))
    }

    /// Ends the exchange wherever it is; what is under way rejects with nothing.
    pub fn abort(&self) {
        self.state.aborted.set(true);
        self.state.body.replace(Body::Bytes(Bytes::new()));
        if let Some(waiting) = self.state.waiting.take() {
            waiting.wake();
        }
    }
}

impl Exchange {
    pub(super) fn new(request: RequestBuilder) -> Self {
        let state = State {
            request: Cell::new(Some(request)),
            body: RefCell::new(Body::Bytes(Bytes::new())),
            started: Cell::new(None),
            aborted: Cell::new(false),
            waiting: Cell::new(None),
        };
        Self { state: Rc::new(state) }
    }
}

impl State {
    async fn unless_aborted<T>(&self, future: impl Future<Output = Result<T>>) -> std::result::Result<T, JsValue> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if self.aborted.get() {
                return Poll::Ready(Err(JsValue::UNDEFINED));
            }
            self.waiting.set(Some(cx.waker().clone()));
            future.as_mut().poll(cx).map_err(failure)
        })
        .await
    }

    /// Keeps the body and hands over the head.
    fn receive(&self, mut response: StreamingResponse) -> Object {
        self.started.set(response.parts.started);
        let history = std::mem::take(&mut response.parts.history);
        let head = head(&response.head_only());
        let earlier: Array = history.iter().map(complete).collect();
        set(&head, "history", &earlier);
        let url = response.url().clone();
        self.body.replace(match response.into_host_stream() {
            Ok((pieces, deadline)) => Body::Host { pieces, deadline, url },
            Err(bytes) => Body::Bytes(bytes),
        });
        head
    }

    async fn next_piece(&self) -> Result<Option<Uint8Array>> {
        // Borrowed for one poll at a time: abort() may come between two.
        poll_fn(|cx| {
            // Taken out: polling runs JavaScript, which may abort.
            let mut body = self.body.replace(Body::Bytes(Bytes::new()));
            let piece = body.poll_piece(cx);
            if self.aborted.get() {
                // abort() woke whoever polls, who then sees it.
                return Poll::Pending;
            }
            self.body.replace(body);
            piece
        })
        .await
    }

    /// A body of one piece is not copied.
    async fn read(&self) -> Result<Uint8Array> {
        let mut pieces = Vec::new();
        while let Some(piece) = self.next_piece().await? {
            pieces.push(piece);
        }
        if let [piece] = &mut pieces[..] {
            return Ok(std::mem::take(piece));
        }
        let whole = Uint8Array::new_with_length(pieces.iter().map(Uint8Array::length).sum());
        pieces.iter().fold(0, |at, piece| {
            whole.set(piece, at);
            at + piece.length()
        });
        Ok(whole)
    }
}

impl Body {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Uint8Array>>> {
        match self {
            Self::Bytes(bytes) if bytes.is_empty() => Poll::Ready(Ok(None)),
            Self::Bytes(bytes) => Poll::Ready(Ok(Some(Uint8Array::from(&std::mem::take(bytes)[..])))),
            Self::Host { pieces, deadline, url } => match pieces.as_mut().poll_piece(cx) {
                Poll::Pending => deadline.poll(cx).map(|()| Err(deadline.passed().with_url(url))),
                piece => piece.map_err(|error| error.with_url(url)),
            },
        }
    }
}

/// A response's head as a plain object.
fn head(response: &Response) -> Object {
    let head = Object::new();
    set(&head, "status", &response.status().as_u16().into());
    set(&head, "statusText", &(*response.reason_phrase()).into());
    set(&head, "url", &response.url().map(url::Url::as_str).into());
    // Each byte as one character, which is how the host's own Headers hold them.
    let text = |value: &http::HeaderValue| value.as_bytes().iter().map(|&byte| byte as char).collect::<String>();
    let fields = response.headers().iter();
    let fields: Array = fields.map(|(name, value)| Array::of2(&name.as_str().into(), &text(value).into())).collect();
    set(&head, "headers", &fields);
    head
}

/// A response that came before the last one, with its body.
fn complete(response: &Response) -> JsValue {
    let complete = head(response);
    set(&complete, "body", &Uint8Array::from(&response.bytes()[..]));
    set(&complete, "elapsed", &milliseconds(response.elapsed()).into());
    complete.into()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
