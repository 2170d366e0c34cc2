//! Services and bodies by hand.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use axum::body::Body as AppBody;
use futures_core::Stream;
use http_body::Body as _;
use tower_service::Service;
use whimbrel::{BoxError, Bytes, ServiceBody};

/// A service that is a function, ready only when asked so many times.
#[derive(Clone)]
pub(super) struct ByHand<F> {
    pub(super) answer: F,
    pub(super) waits: usize,
}

pub(super) type Answer = Result<http::Response<AppBody>, BoxError>;

impl<F, R> Service<http::Request<ServiceBody>> for ByHand<F>
where
    F: Fn(http::Request<ServiceBody>) -> R,
    R: Future<Output = Answer> + Send + 'static,
{
    type Response = http::Response<AppBody>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        let Some(waits) = self.waits.checked_sub(1) else { return Poll::Ready(Ok(())) };
        self.waits = waits;
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn call(&mut self, request: http::Request<ServiceBody>) -> Self::Future {
        assert_eq!(self.waits, 0, "it was called before it was ready");
        Box::pin((self.answer)(request))
    }
}

/// Pieces that the test puts in one by one, and a flag that says when nobody wants them any more.
#[derive(Clone, Default)]
pub(super) struct Tap {
    pieces: Arc<Mutex<Pieces>>,
    dropped: Arc<AtomicBool>,
}

#[derive(Default)]
struct Pieces {
    ready: VecDeque<Option<Bytes>>,
    waiting: Option<Waker>,
}

impl Tap {
    pub(super) fn put(&self, piece: Option<&'static str>) {
        let mut pieces = self.pieces.lock().unwrap();
        pieces.ready.push_back(piece.map(Bytes::from));
        pieces.waiting.take().into_iter().for_each(Waker::wake);
    }

    pub(super) fn stream(&self) -> Running {
        Running(self.clone())
    }

    pub(super) fn is_dropped(&self) -> bool {
        self.dropped.load(Ordering::SeqCst)
    }
}

pub(super) struct Running(Tap);

impl Stream for Running {
    type Item = Result<Bytes, BoxError>;
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut pieces = self.0.pieces.lock().unwrap();
        pieces.waiting = Some(cx.waker().clone());
        pieces.ready.pop_front().map_or(Poll::Pending, |piece| Poll::Ready(piece.map(Ok)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.dropped.store(true, Ordering::SeqCst);
    }
}

/// One piece, and then it breaks.
pub(super) fn broken() -> impl Stream<Item = Result<Bytes, BoxError>> + use<> {
    struct Broken(usize);
    impl Stream for Broken {
        type Item = Result<Bytes, BoxError>;
        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            self.0 += 1;
            Poll::Ready(Some(if self.0 == 1 { Ok("some".into()) } else { Err("out of ink".into()) }))
        }
    }
    Broken(0)
}

pub(super) async fn next(body: &mut ServiceBody) -> Option<Result<Bytes, BoxError>> {
    let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await;
    frame.map(|frame| frame.map(|frame| frame.into_data().unwrap_or_default()))
}
