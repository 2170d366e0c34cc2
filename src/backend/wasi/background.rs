//! Work that the requests which need it drive in turn.

use std::cell::RefCell;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Wake, Waker};

use super::BoxFuture;

/// Work that goes on beside the requests that need it. There are no tasks here: whoever waits for its effects drives it, in turn.
pub(crate) struct Background {
    work: RefCell<Option<BoxFuture<'static, ()>>>,
    crowd: Arc<Crowd>,
}

/// Everybody who waits for something that the work brings. Who is woken first drives it on, for all of them.
#[derive(Default)]
struct Crowd(Mutex<Vec<Waker>>);

impl Crowd {
    fn join(&self, waker: &Waker) {
        let mut crowd = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !crowd.iter().any(|known| known.will_wake(waker)) {
            crowd.push(waker.clone());
        }
    }
}

impl Wake for Crowd {
    fn wake(self: Arc<Self>) {
        let crowd = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        crowd.into_iter().for_each(Waker::wake);
    }
}

impl Background {
    pub(crate) const IS_DRIVEN_IN_TURN: bool = true;

    pub(crate) fn new(work: impl Future<Output = ()> + 'static) -> Self {
        Self { work: RefCell::new(Some(Box::pin(work))), crowd: Arc::default() }
    }

    /// Drives it as far as it goes. When it can go on, everybody who called this since is woken.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) {
        self.crowd.join(cx.waker());
        // Who is called by the work itself leaves it alone.
        let Ok(mut work) = self.work.try_borrow_mut() else { return };
        let waker = Waker::from(self.crowd.clone());
        let polled = work.as_mut().map(|work| work.as_mut().poll(&mut Context::from_waker(&waker)));
        if polled.is_some_and(|polled| polled.is_ready()) {
            *work = None;
        }
    }

    /// Lets it look at what has happened on its connection while nobody waited.
    pub(crate) async fn catch_up(&self) {
        self.poll(&mut Context::from_waker(Waker::noop()));
    }
}
