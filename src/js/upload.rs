//! A stream of JavaScript's as a request's body.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::error::BoxError;

#[wasm_bindgen]
extern "C" {
    /// What `pkg/lib/options.js` makes of streams and iterables: `next` promises a `Uint8Array`, or nothing at the end.
    #[derive(Debug)]
    pub type Pieces;
    #[wasm_bindgen(method, catch)]
    fn next(this: &Pieces) -> Result<Promise, JsValue>;
}

/// Asks for a piece when the transport does.
pub(super) struct Upload {
    pieces: Pieces,
    reading: Option<JsFuture>,
}

impl Upload {
    pub(super) fn new(pieces: Pieces) -> Self {
        Self { pieces, reading: None }
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, JsValue>> {
        let reading = match &mut self.reading {
            Some(reading) => reading,
            none => none.insert(self.pieces.next()?.into()),
        };
        let piece = ready!(Pin::new(reading).poll(cx));
        self.reading = None;
        let piece = piece?;
        Poll::Ready(Ok((!piece.is_undefined()).then(|| piece.unchecked_into::<Uint8Array>().to_vec().into())))
    }
}

impl Stream for Upload {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_piece(cx).map(|piece| piece.map_err(words).transpose())
    }
}

/// What was thrown need not be an Error.
fn words(thrown: JsValue) -> BoxError {
    let message = js_sys::Reflect::get(&thrown, &"message".into()).ok().and_then(|message| message.as_string());
    message.or_else(|| thrown.as_string()).unwrap_or_else(|| "the stream failed".to_owned()).into()
}
