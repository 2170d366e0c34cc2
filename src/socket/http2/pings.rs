//! Asking a silent server whether it is still there (RFC 9113 6.7).

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use h2::{Ping, PingPong};

use crate::backend::{Sleep, sleep};
use crate::config::KeepAlive;

pub(super) struct Pings {
    keep_alive: KeepAlive,
    pings: PingPong,
    timer: Pin<Box<Sleep>>,
    is_awaited: bool,
}

impl Pings {
    pub(super) fn new(keep_alive: KeepAlive, pings: PingPong) -> Self {
        Self { keep_alive, pings, timer: Box::pin(sleep(keep_alive.interval)), is_awaited: false }
    }

    /// Ready when an answer did not come in time.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<KeepAlive> {
        loop {
            if self.is_awaited && self.pings.poll_pong(cx).is_ready() {
                self.is_awaited = false;
                self.timer = Box::pin(sleep(self.keep_alive.interval));
            }
            ready!(self.timer.as_mut().poll(cx));
            // Only one at a time is sent, so that it is refused by a connection that has ended.
            if self.is_awaited || self.pings.send_ping(Ping::opaque()).is_err() {
                return Poll::Ready(self.keep_alive);
            }
            self.is_awaited = true;
            self.timer = Box::pin(sleep(self.keep_alive.timeout));
        }
    }
}
