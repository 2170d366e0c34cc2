//! The other end of connections: state machines over bytes, without IO and without tasks.

#[path = "../../suite/wire/frames/frame.rs"]
#[allow(dead_code, reason = "the suite's tests use the rest")]
mod frame;
mod http1;
mod http2;
mod plays;
mod proxy;
mod tls;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

pub(crate) use self::http1::{Http1, Reply, Request, Site};
pub(crate) use self::http2::{Http2, plain};
pub(crate) use self::plays::{Asks, PLAYS, Play, Want};
pub(crate) use self::proxy::{HttpProxy, Socks5};
pub(crate) use self::tls::{Tls, authority};
use crate::fault::End;

/// The other end of one connection.
pub(crate) trait Peer: Send {
    /// Takes bytes of the client's, none when the connection is new, and says what comes back.
    fn receive(&mut self, bytes: &[u8], sent: &mut Sent);
}

/// What a peer has sent.
#[derive(Default)]
pub(crate) struct Sent {
    pub(crate) bytes: VecDeque<u8>,
    /// Sent again and again, once those are read.
    pub(crate) endless: Option<&'static [u8]>,
    /// What becomes of the connection behind them.
    pub(crate) end: Option<End>,
}

impl Sent {
    pub(crate) fn refill(&mut self) {
        if let Some(piece) = self.endless.filter(|_| self.bytes.is_empty()) {
            self.bytes.extend(piece);
        }
    }
}

/// What everybody was told: each request, at whichever host, as the bytes that came.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Heard>>>, Arc<AtomicUsize>);

pub(crate) struct Heard {
    pub(crate) host: String,
    pub(crate) bytes: Vec<u8>,
}

impl Log {
    /// A request begins.
    pub(crate) fn begin(&self, host: &str) -> usize {
        let mut heard = self.0.lock().expect("nobody panics while it is locked");
        heard.push(Heard { host: host.to_owned(), bytes: Vec::new() });
        heard.len() - 1
    }

    /// A connection begins. The first is number 0.
    pub(crate) fn connect(&self) -> usize {
        self.1.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn hear(&self, request: usize, bytes: &[u8]) {
        self.0.lock().expect("nobody panics while it is locked")[request].bytes.extend_from_slice(bytes);
    }

    pub(crate) fn look<T>(&self, at: impl FnOnce(&[Heard]) -> T) -> T {
        at(&self.0.lock().expect("nobody panics while it is locked"))
    }
}
