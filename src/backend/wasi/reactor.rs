//! What the program waits for, all at once, by `wasi:io/poll`.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use wasip2::io::poll::{Pollable, poll};

thread_local! {
    /// What the program waits for. Slots are reused.
    static WAITING: RefCell<Vec<Option<Waiting>>> = const { RefCell::new(Vec::new()) };
}

struct Waiting {
    pollable: Rc<Pollable>,
    /// Called once: whoever was called and does not ask again does not wait any more.
    waker: Option<Waker>,
}

/// Ends when the host says that the pollable is ready.
pub(crate) struct Ready {
    pollable: Rc<Pollable>,
    slot: Option<usize>,
}

impl Ready {
    pub(crate) fn new(pollable: Pollable) -> Self {
        Self { pollable: Rc::new(pollable), slot: None }
    }

    /// What the host says of itself, without a poll.
    pub(super) fn is_ready(&self) -> bool {
        self.pollable.ready()
    }

    /// Waits no more, until it is polled again.
    pub(super) fn leave(&mut self) {
        if let Some(slot) = self.slot.take() {
            WAITING.with_borrow_mut(|waiting| waiting[slot] = None);
        }
    }
}

impl Future for Ready {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // The host's poll has the first word: jco's pollables say ready for what was read long ago, until a poll looks anew.
        if self.slot.is_some_and(|slot| was_called(slot) || self.is_ready()) {
            self.leave();
            return Poll::Ready(());
        }
        let entry = Waiting { pollable: self.pollable.clone(), waker: Some(cx.waker().clone()) };
        let known = self.slot;
        self.slot = WAITING.with_borrow_mut(|waiting| {
            let slot = known.or_else(|| waiting.iter().position(Option::is_none)).unwrap_or(waiting.len());
            if slot == waiting.len() {
                waiting.push(None);
            }
            waiting[slot] = Some(entry);
            Some(slot)
        });
        Poll::Pending
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Whether the host's poll said that it is ready.
fn was_called(slot: usize) -> bool {
    WAITING.with_borrow(|waiting| waiting[slot].as_ref().is_some_and(|entry| entry.waker.is_none()))
}

/// Blocks until something that the program waits for is ready, and wakes it. False if it waits for nothing.
pub(super) fn react() -> bool {
    // Clones, because waking may drop or add what is waited for.
    let waited: Vec<(usize, Rc<Pollable>)> = WAITING.with_borrow(|waiting| {
        let entries = waiting.iter().enumerate().filter_map(|(slot, entry)| Some((slot, entry.as_ref()?)));
        entries.filter(|(_, entry)| entry.waker.is_some()).map(|(slot, entry)| (slot, entry.pollable.clone())).collect()
    });
    if waited.is_empty() {
        return false;
    }
    let pollables: Vec<&Pollable> = waited.iter().map(|(_, pollable)| &**pollable).collect();
    for index in poll(&pollables) {
        let Some((slot, pollable)) = waited.get(index as usize) else { continue };
        // Whoever was called before may have left, and another come to its place.
        let waker = WAITING.with_borrow_mut(|waiting| {
            let entry = waiting[*slot].as_mut().filter(|entry| Rc::ptr_eq(&entry.pollable, pollable))?;
            entry.waker.take()
        });
        if let Some(waker) = waker {
            waker.wake();
        }
    }
    true
}
