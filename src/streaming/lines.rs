//! A body line by line.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::text_stream::TextStream;
use crate::decode::text;
use crate::error::Result;

/// The lines of a body, see [`StreamingResponse::lines`](super::StreamingResponse::lines). Also a `Stream`.
pub struct Lines<'a> {
    pieces: TextStream<'a>,
    lines: text::Lines,
}

impl<'a> Lines<'a> {
    pub(super) fn new(pieces: TextStream<'a>) -> Self {
        Self { pieces, lines: text::Lines::default() }
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
        let Self { pieces, lines } = &mut *self;
        loop {
            if let Some(line) = lines.next_line() {
                return Poll::Ready(Some(Ok(line)));
            }
            let pushed = match lines.check_length() {
                Ok(()) => ready!(pieces.poll_push(cx, lines.pending())),
                Err(error) => Some(Err(pieces.end(error))),
            };
            match pushed {
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    // Half a line is none.
                    *lines = text::Lines::default();
                    return Poll::Ready(Some(Err(error)));
                }
                None => return Poll::Ready(lines.last_line().map(Ok)),
            }
        }
    }
}
