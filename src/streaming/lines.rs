//! A body line by line.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::StreamingResponse;
use crate::decode::text;
use crate::error::Result;

/// The lines of a body, see [`StreamingResponse::lines`]. Also a `Stream`.
pub struct Lines<'a> {
    response: &'a mut StreamingResponse,
    splitter: text::Lines,
    ready: VecDeque<Vec<u8>>,
    encoding: String,
    ended: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn new(response: &'a mut StreamingResponse, encoding: String) -> Self {
        Self { response, splitter: text::Lines::default(), ready: VecDeque::new(), encoding, ended: false }
    }
}

impl Lines<'_> {
    /// The next line, `None` at the end.
    pub async fn next(&mut self) -> Option<Result<String>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for Lines<'_> {
    type Item = Result<String>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(text::decode(&line, &self.encoding).into_owned())));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            match ready!(self.response.poll_content(cx)) {
                Some(Ok(bytes)) => {
                    let lines = self.splitter.push(&bytes);
                    self.ready.extend(lines);
                }
                Some(Err(error)) => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.ended = true;
                    let last = self.splitter.finish();
                    self.ready.extend(last);
                }
            }
        }
    }
}
