//! A body in pieces of one size.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;

use super::StreamingResponse;
use crate::error::Result;

/// The content in pieces of one size, see [`StreamingResponse::chunks`]. Also a `Stream`.
pub struct Chunks<'a> {
    response: &'a mut StreamingResponse,
    size: usize,
    pending: BytesMut,
    ended: bool,
}

impl<'a> Chunks<'a> {
    pub(super) fn new(response: &'a mut StreamingResponse, size: usize) -> Self {
        Self { response, size: size.max(1), pending: BytesMut::new(), ended: false }
    }
}

impl Chunks<'_> {
    /// The next piece, `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// What is left when nothing more comes.
    fn last(&mut self) -> Option<Bytes> {
        self.ended = true;
        (!self.pending.is_empty()).then(|| self.pending.split().freeze())
    }
}

impl Stream for Chunks<'_> {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunks = &mut *self;
        loop {
            if chunks.pending.len() >= chunks.size {
                return Poll::Ready(Some(Ok(chunks.pending.split_to(chunks.size).freeze())));
            }
            if chunks.ended {
                return Poll::Ready(None);
            }
            match ready!(chunks.response.poll_content(cx)) {
                Some(Ok(bytes)) => chunks.pending.extend_from_slice(&bytes),
                Some(Err(error)) => {
                    chunks.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => return Poll::Ready(chunks.last().map(Ok)),
            }
        }
    }
}
