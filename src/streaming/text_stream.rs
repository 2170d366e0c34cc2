//! A body as text.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::StreamingResponse;
use crate::decode::text::{Charset, Decoder};
use crate::error::Result;

/// The content as text, piece by piece, see [`StreamingResponse::text_stream`]. Also a `Stream`.
pub struct TextStream<'a> {
    response: &'a mut StreamingResponse,
    /// Until the end.
    decoder: Option<Decoder>,
}

impl<'a> TextStream<'a> {
    pub(super) fn new(response: &'a mut StreamingResponse, charset: Charset) -> Self {
        Self { response, decoder: Some(Decoder::new(charset)) }
    }
}

impl TextStream<'_> {
    /// The next piece, `None` at the end.
    pub async fn next(&mut self) -> Option<Result<String>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Adds the next piece to the text, which may be one without a whole character.
    pub(super) fn poll_push(&mut self, cx: &mut Context<'_>, text: &mut String) -> Poll<Option<Result<()>>> {
        let Some(decoder) = &mut self.decoder else { return Poll::Ready(None) };
        match ready!(self.response.poll_content(cx)) {
            Some(Ok(bytes)) => text.push_str(&decoder.push(&bytes)),
            Some(Err(error)) => {
                self.decoder = None;
                return Poll::Ready(Some(Err(error)));
            }
            None => text.push_str(&self.decoder.take().map(Decoder::finish).unwrap_or_default()),
        }
        Poll::Ready(Some(Ok(())))
    }
}

impl Stream for TextStream<'_> {
    type Item = Result<String>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut text = String::new();
        loop {
            match ready!(self.poll_push(cx, &mut text)) {
                Some(Ok(())) if text.is_empty() => {}
                pushed => return Poll::Ready(pushed.map(|pushed| pushed.map(|()| text))),
            }
        }
    }
}
