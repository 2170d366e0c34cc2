//! Bodies as fetch's streams, both ways.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{ReadableStream, ReadableStreamDefaultReader, Response};

use super::RECEIVE_BODY;
use super::fetch::{AbortOnDrop, set};
use super::fetch_error::{aborted, read_error};
use crate::backend::HostPieces;
use crate::body::{BodyStream, HostStream, IncomingBody, failed_source};
use crate::config::Timeout;
use crate::deadline::Patience;
use crate::error::{Error, ErrorKind, Result};
use crate::trace::Trace;

/// A response's body, read piece by piece; the pieces are copied only for Rust.
pub(super) struct FetchBody {
    response: Response,
    reader: Option<ReadableStreamDefaultReader>,
    reading: Option<JsFuture>,
    abort: Option<AbortOnDrop>,
    timeout: Timeout,
    patience: Patience,
    trace: Trace,
}

impl FetchBody {
    pub(super) fn new(response: Response, abort: AbortOnDrop, timeout: Timeout, trace: Trace) -> Self {
        Self {
            response,
            reader: None,
            reading: None,
            abort: Some(abort),
            timeout,
            patience: Patience::default(),
            trace,
        }
    }

    fn start_reading(&mut self) -> Result<()> {
        if self.reader.is_none() {
            let stream = self.response.body().ok_or_else(|| read_error(JsValue::UNDEFINED))?;
            // get_reader throws when JavaScript has locked the stream.
            let reader = Reflect::get(&stream, &"getReader".into()).map(JsCast::unchecked_into::<Function>);
            let reader = reader.and_then(|get_reader| get_reader.call0(&stream)).map_err(read_error)?;
            self.trace.started(RECEIVE_BODY, self.response.status());
            self.reader = Some(reader.unchecked_into());
        }
        if let (None, Some(reader)) = (&self.reading, &self.reader) {
            self.reading = Some(reader.read().into());
        }
        Ok(())
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Uint8Array>>> {
        self.start_reading()?;
        let Some(reading) = &mut self.reading else { return Poll::Ready(Ok(None)) };
        let Poll::Ready(piece) = Pin::new(reading).poll(cx) else {
            let limit = self.timeout.read;
            ready!(self.patience.poll(limit, cx));
            // Dropping the guard ends the request, which frees the connection.
            self.abort = None;
            return Poll::Ready(Err(aborted(ErrorKind::ReadTimeout, limit.unwrap_or_default())));
        };
        self.reading = None;
        self.patience.reset();
        let piece = piece.map_err(read_error)?;
        if Reflect::get(&piece, &"done".into()).is_ok_and(|done| done.is_truthy()) {
            if let Some(abort) = self.abort.take() {
                self.trace.complete(RECEIVE_BODY, "");
                abort.disarm();
            }
            return Poll::Ready(Ok(None));
        }
        let value = Reflect::get(&piece, &"value".into()).unwrap_or_default();
        Poll::Ready(Ok(Some(value.unchecked_into())))
    }
}

impl IncomingBody for FetchBody {
    fn poll_chunk(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        loop {
            match ready!(self.poll_next(cx)) {
                Ok(Some(piece)) if piece.length() == 0 => continue,
                piece => return Poll::Ready(piece.map(|piece| piece.map(|piece| piece.to_vec().into())).transpose()),
            }
        }
    }

    fn into_host_stream(self: Pin<Box<Self>>) -> Option<HostStream> {
        Some(self)
    }
}

impl HostPieces for FetchBody {
    fn poll_piece(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Option<Uint8Array>>> {
        self.poll_next(cx)
    }
}

/// How far the upload of a stream is, for the wait for its response: while the user produces, nobody is late.
#[derive(Clone, Default)]
pub(super) struct Progress(Rc<RefCell<Upload>>);

#[derive(Default)]
struct Upload {
    producing: bool,
    waiting: Option<Waker>,
}

impl Progress {
    /// Whether the user's stream is awaited. Wakes the caller when that changes.
    pub(super) fn is_producing(&self, cx: &Context<'_>) -> bool {
        let mut upload = self.0.borrow_mut();
        upload.waiting = Some(cx.waker().clone());
        upload.producing
    }

    fn set_producing(&self, producing: bool) {
        let waiting = {
            let mut upload = self.0.borrow_mut();
            upload.producing = producing;
            upload.waiting.take()
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// A `ReadableStream` that pulls from ours. Browsers that cannot send streams would send its name as text instead.
pub(super) fn request_stream(body: BodyStream, browser: bool, progress: Progress) -> Result<ReadableStream> {
    if browser && !browser_streams_requests() {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "This browser's fetch cannot send a stream: give the body as bytes, or read it first",
        ));
    }
    let body = Rc::new(RefCell::new(body));
    let pull = Closure::<dyn FnMut(JsValue) -> Promise>::new(move |controller: JsValue| {
        let (body, progress) = (body.clone(), progress.clone());
        progress.set_producing(true);
        future_to_promise(async move {
            // fetch pulls once at a time, so nobody else holds the body.
            let piece = poll_fn(|cx| match body.try_borrow_mut() {
                Ok(mut body) => body.poll_next(cx),
                Err(_) => Poll::Ready(None),
            });
            let piece = piece.await;
            progress.set_producing(false);
            match piece {
                Some(Ok(bytes)) if bytes.is_empty() => call(&controller, "enqueue", None),
                Some(Ok(bytes)) => call(&controller, "enqueue", Some(Uint8Array::from(&bytes[..]).into())),
                Some(Err(error)) => Err(js_sys::Error::new(&failed_source(error).to_string()).into()),
                None => call(&controller, "close", None),
            }
        })
    });
    let source = Object::new();
    set(&source, "pull", &pull.into_js_value());
    let constructor = Reflect::get(&js_sys::global(), &"ReadableStream".into()).map(JsCast::unchecked_into::<Function>);
    let stream = constructor.and_then(|constructor| Reflect::construct(&constructor, &js_sys::Array::of1(&source)));
    stream
        .map(JsCast::unchecked_into)
        .map_err(|_| Error::new(ErrorKind::Unsupported, "This host has no ReadableStream: give the body as bytes"))
}

/// Calls a method of the stream's controller. An empty piece is none.
fn call(controller: &JsValue, method: &str, argument: Option<JsValue>) -> std::result::Result<JsValue, JsValue> {
    let function: Function = Reflect::get(controller, &method.into())?.unchecked_into();
    match (method, argument) {
        ("enqueue", None) => function.call1(controller, &Uint8Array::new_with_length(0)),
        (_, Some(argument)) => function.call1(controller, &argument),
        (_, None) => function.call0(controller),
    }
}

/// A browser that knows request streams asks for `duplex` and adds no Content-Type (js.md 5A).
fn browser_streams_requests() -> bool {
    let asked = Rc::new(Cell::new(false));
    let noted = asked.clone();
    let getter = Closure::<dyn Fn() -> JsValue>::new(move || {
        noted.set(true);
        "half".into()
    });
    let (init, property) = (Object::new(), Object::new());
    set(&property, "get", getter.as_ref());
    set(&init, "method", &"POST".into());
    let global = js_sys::global();
    let construct = |name: &str, arguments: &Array| {
        let constructor = Reflect::get(&global, &name.into())?;
        Reflect::construct(constructor.unchecked_ref::<Function>(), arguments)
    };
    let probe = || {
        set(&init, "body", &construct("ReadableStream", &Array::new())?);
        Reflect::define_property(&init, &"duplex".into(), &property)?;
        let request = construct("Request", &Array::of2(&"http://localhost/".into(), &init))?;
        let headers: web_sys::Headers = Reflect::get(&request, &"headers".into())?.unchecked_into();
        headers.has("content-type")
    };
    matches!(probe(), Ok(false)) && asked.get()
}
