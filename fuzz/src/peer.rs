//! A peer in memory that does what a script says, for whimbrel and for hyper alike.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use futures_io::{AsyncRead, AsyncWrite};
use whimbrel::{BoxFuture, NetworkBackend, NetworkStream};

use crate::script::{Ending, Script, Step};

/// Answers the requests over all of its connections: the first with the first answer, and so on.
#[derive(Clone)]
pub(crate) struct Peer(Arc<Mutex<State>>);

struct State {
    script: Script,
    /// Says everything at once, whatever is asked, as far as reading goes.
    is_eager: bool,
    answered: usize,
    asked_at: Vec<usize>,
}

impl Peer {
    /// One that answers each request once its head is there.
    pub(crate) fn new(script: Script) -> Self {
        Self(Arc::new(Mutex::new(State { script, is_eager: false, answered: 0, asked_at: Vec::new() })))
    }

    /// One whose only answer can be read from the start.
    pub(crate) fn eager(script: Script) -> Self {
        let peer = Self::new(script);
        peer.state().is_eager = true;
        peer
    }

    /// How many answers were given.
    pub(crate) fn answered(&self) -> usize {
        self.state().answered
    }

    /// How much had been read of a connection at the end of each request's head.
    pub(crate) fn asked_at(&self) -> Vec<usize> {
        self.state().asked_at.clone()
    }

    pub(crate) fn connect(&self) -> Connection {
        let mut connection = Connection {
            peer: self.clone(),
            unread: Bytes::new(),
            is_over: false,
            read: 0,
            step: 0,
            written: [0; 4],
            reader: None,
        };
        if self.state().is_eager {
            connection.answer();
        }
        connection
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody panics with the lock in hand")
    }
}

impl NetworkBackend for Peer {
    fn connect_tcp<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<Box<dyn NetworkStream>>> {
        let connection = self.connect();
        Box::pin(async move { Ok(Box::new(connection) as _) })
    }
}

pub(crate) struct Connection {
    peer: Peer,
    unread: Bytes,
    is_over: bool,
    read: usize,
    step: usize,
    /// The last four bytes of what was written.
    written: [u8; 4],
    reader: Option<Waker>,
}

impl Connection {
    /// The next answer can be read from now on.
    fn answer(&mut self) {
        let mut state = self.peer.state();
        let Some(answer) = state.script.answers.get(state.answered).cloned() else {
            self.is_over = true;
            return;
        };
        state.answered += 1;
        let is_last = state.answered == state.script.answers.len();
        self.is_over = matches!(state.script.ending, Ending::Close | Ending::Reset) || is_last;
        drop(state);
        self.unread = if self.unread.is_empty() { answer } else { [&self.unread[..], &answer].concat().into() };
    }

    /// How much may pass now; `None` is a pause.
    fn step(&mut self, most: usize) -> Option<usize> {
        let state = self.peer.state();
        let Some(step) = state.script.steps.get(self.step % state.script.steps.len().max(1)) else { return Some(most) };
        self.step += 1;
        match step {
            Step::Bytes(size) => Some(most.min(*size)),
            Step::Pause => None,
        }
    }

    /// `None` is the end.
    fn poll_bytes(&mut self, most: usize, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        if self.unread.is_empty() {
            return self.poll_end(cx);
        }
        let Some(size) = self.step(most) else { return pause(cx) };
        let size = size.min(self.unread.len());
        self.read += size;
        Poll::Ready(Ok(Some(self.unread.split_to(size))))
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        let ending = self.peer.state().script.ending;
        match ending {
            Ending::Reset if self.is_over => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            Ending::Close | Ending::CloseLast if self.is_over => Poll::Ready(Ok(None)),
            _ => {
                self.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn poll_take(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        // Who reads before all is written would have the answer before it asked.
        let is_eager = self.peer.state().is_eager;
        let size = match self.step(bytes.len()) {
            Some(size) => size,
            None if is_eager => bytes.len(),
            None => return pause(cx),
        };
        bytes[..size].iter().for_each(|&byte| self.take(byte));
        Poll::Ready(Ok(size))
    }

    fn take(&mut self, byte: u8) {
        self.written.rotate_left(1);
        self.written[3] = byte;
        if self.written != *b"\r\n\r\n" {
            return;
        }
        let mut state = self.peer.state();
        state.asked_at.push(self.read);
        if !state.is_eager {
            drop(state);
            self.answer();
            self.reader.take().into_iter().for_each(Waker::wake);
        }
    }
}

fn pause<T>(cx: &mut Context<'_>) -> Poll<T> {
    cx.waker().wake_by_ref();
    Poll::Pending
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut [u8]) -> Poll<io::Result<usize>> {
        let polled = self.poll_bytes(out.len(), cx);
        polled.map_ok(|bytes| {
            let mut bytes = bytes.unwrap_or_default();
            let size = bytes.len();
            bytes.copy_to_slice(&mut out[..size]);
            size
        })
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_take(bytes, cx)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl hyper::rt::Read for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut out: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = self.poll_bytes(out.remaining(), cx);
        polled.map_ok(|bytes| out.put_slice(&bytes.unwrap_or_default()))
    }
}

impl hyper::rt::Write for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_take(bytes, cx)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
