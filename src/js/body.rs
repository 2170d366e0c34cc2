//! Bodies of JavaScript's: a response's pieces go to it without a copy, a request's stream comes from it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use js_sys::{Promise, Reflect, Uint8Array};
use url::Url;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{ReadableStream, ReadableStreamDefaultReader};

use super::thrown;
use crate::backend::HostStream;
use crate::body::Body;
use crate::deadline::{Deadline, total_timeout};
use crate::error::{BoxError, Result};
use crate::streaming::StreamingResponse;

/// The rest of a response. `next` gives piece after piece, `close` ends the request.
#[wasm_bindgen]
pub struct BodyReader {
    source: Rc<RefCell<Option<Source>>>,
}

struct Source {
    /// The host's pieces, or what is in memory already.
    pieces: Result<HostStream, Bytes>,
    deadline: Deadline,
    url: Url,
}

impl BodyReader {
    pub(super) fn new(response: StreamingResponse) -> Self {
        let url = response.url().clone();
        let (pieces, deadline) = match response.into_host_stream() {
            Ok((pieces, deadline)) => (Ok(pieces), deadline),
            Err(bytes) => (Err(bytes), Deadline::default()),
        };
        Self { source: Rc::new(RefCell::new(Some(Source { pieces, deadline, url }))) }
    }
}

#[wasm_bindgen]
impl BodyReader {
    /// A promise of the next piece, `undefined` at the end.
    #[wasm_bindgen(js_name = "next")]
    pub fn next_piece(&self) -> Promise {
        let source = self.source.clone();
        future_to_promise(async move {
            let piece = poll_fn(|cx| match source.borrow_mut().as_mut() {
                Some(source) => source.poll_piece(cx),
                None => Poll::Ready(Ok(None)),
            });
            match piece.await {
                Ok(Some(piece)) => Ok(piece.into()),
                Ok(None) => {
                    source.take();
                    Ok(JsValue::UNDEFINED)
                }
                Err(error) => {
                    source.take();
                    Err(thrown(&error))
                }
            }
        })
    }

    /// Ends the request; what was not read stays unread.
    pub fn close(&self) {
        self.source.take();
    }
}

impl Source {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Uint8Array>>> {
        let pieces = match &mut self.pieces {
            Ok(pieces) => pieces,
            Err(bytes) if bytes.is_empty() => return Poll::Ready(Ok(None)),
            Err(bytes) => return Poll::Ready(Ok(Some(Uint8Array::from(&std::mem::take(bytes)[..])))),
        };
        match pieces.as_mut().poll_piece(cx) {
            Poll::Pending => self.deadline.poll(cx).map(|()| Err(total_timeout().with_url(&self.url))),
            Poll::Ready(piece) => Poll::Ready(piece.map_err(|error| error.with_url(&self.url))),
        }
    }
}

/// A stream of JavaScript's as a request's body.
pub(super) fn stream_body(stream: ReadableStream) -> Body {
    Body::stream(JsStream { stream, reader: None, reading: None }, None)
}

struct JsStream {
    stream: ReadableStream,
    reader: Option<ReadableStreamDefaultReader>,
    reading: Option<JsFuture>,
}

impl JsStream {
    fn start_reading(&mut self) -> JsResult<()> {
        if self.reader.is_none() {
            // get_reader throws when somebody else has locked the stream.
            let reader: js_sys::Function = Reflect::get(&self.stream, &"getReader".into())?.unchecked_into();
            self.reader = Some(reader.call0(&self.stream)?.unchecked_into());
        }
        if let (None, Some(reader)) = (&self.reading, &self.reader) {
            self.reading = Some(reader.read().into());
        }
        Ok(())
    }
}

type JsResult<T> = std::result::Result<T, JsValue>;

impl Stream for JsStream {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let failed = |error: JsValue| {
            let words = Reflect::get(&error, &"message".into()).ok().and_then(|message| message.as_string());
            Some(Err(words.unwrap_or_else(|| format!("{error:?}")).into()))
        };
        if let Err(error) = self.start_reading() {
            return Poll::Ready(failed(error));
        }
        let Some(reading) = &mut self.reading else { return Poll::Ready(None) };
        let read = ready!(Pin::new(reading).poll(cx));
        self.reading = None;
        match read {
            Err(error) => Poll::Ready(failed(error)),
            Ok(read) if Reflect::get(&read, &"done".into()).is_ok_and(|done| done.is_truthy()) => Poll::Ready(None),
            Ok(read) => {
                let piece = Reflect::get(&read, &"value".into()).unwrap_or_default();
                Poll::Ready(Some(Ok(piece.unchecked_into::<Uint8Array>().to_vec().into())))
            }
        }
    }
}
