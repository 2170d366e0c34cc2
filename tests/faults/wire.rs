//! Connections in memory, and what goes wrong with them.

use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker, ready};

use futures_io::{AsyncRead, AsyncWrite};
use tokio::time::Sleep;
use whimbrel::{BoxFuture, NetworkBackend, NetworkStream};

use crate::fault::{End, Fault, Manner, Side};
use crate::peer::{Log, Peer, Sent};

/// Who is reached at a host and port.
pub(crate) type Reach = fn(&str, u16, &Log) -> Box<dyn Peer>;

/// All the connections of a case.
#[derive(Clone)]
pub(crate) struct Net {
    pub(crate) log: Log,
    reach: Reach,
    state: Arc<Mutex<State>>,
}

/// What is counted over all of them.
pub(crate) struct State {
    fault: Fault,
    manner: Manner,
    random: u32,
    /// Bytes of responses, and of requests.
    pub(crate) given: usize,
    pub(crate) taken: usize,
    pub(crate) operations: usize,
    /// Streams that were not dropped.
    pub(crate) open: usize,
    pub(crate) opened: usize,
}

impl Net {
    pub(crate) fn new(reach: Reach, fault: Fault, manner: Manner) -> Self {
        let random = manner.seed.wrapping_mul(2_654_435_769) | 1;
        let state = State { fault, manner, random, given: 0, taken: 0, operations: 0, open: 0, opened: 0 };
        Self { log: Log::default(), reach, state: Arc::new(Mutex::new(state)) }
    }

    /// Nothing goes wrong any more, and nothing is slow. What is broken stays so.
    pub(crate) fn calm(&self) {
        let mut state = self.state();
        (state.fault, state.manner) = (Fault::None, Manner::FAST);
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while it is locked")
    }
}

impl NetworkBackend for Net {
    fn connect_tcp<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Box<dyn NetworkStream>>> {
        Box::pin(async move {
            let mut connecting = Pause::default();
            poll_fn(|cx| connecting.poll(self, cx)).await;
            self.state().operate()?;
            let mut state = self.state();
            (state.open, state.opened) = (state.open + 1, state.opened + 1);
            let peer = (self.reach)(host, port, &self.log);
            Ok(Box::new(Wire::new(self.clone(), peer)) as _)
        })
    }
}

impl State {
    /// One operation more, if it does not fail.
    fn operate(&mut self) -> io::Result<()> {
        self.operations += 1;
        match self.fault {
            Fault::Operation { at, kind } if at + 1 == self.operations => {
                self.fault = Fault::None;
                Err(kind.into())
            }
            _ => Ok(()),
        }
    }

    /// How many bytes may go this way before it strikes; and what strikes now. `more`: whether there are bytes to go.
    fn strike(&mut self, way: Side, more: bool) -> (usize, Option<End>) {
        let count = if way == Side::Response { self.given } else { self.taken };
        match self.fault {
            Fault::Byte { side, at, end, early } if side == way => {
                let room = at - count;
                let strikes = room == 0 && (early || more);
                if strikes {
                    self.fault = Fault::None;
                }
                (room, strikes.then_some(end))
            }
            _ => (usize::MAX, None),
        }
    }

    /// Whether this time an operation is put off.
    fn blocks(&mut self) -> bool {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.random % 100 < self.manner.blocks
    }
}

/// One connection: the client's end of it.
struct Wire {
    net: Net,
    peer: Box<dyn Peer>,
    /// What the peer has sent and the client has not read.
    sent: Sent,
    end: Option<End>,
    reader: Option<Waker>,
    reading: Pause,
    writing: Pause,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.net.state().open -= 1;
    }
}

impl Wire {
    fn new(net: Net, mut peer: Box<dyn Peer>) -> Self {
        let mut sent = Sent::default();
        peer.receive(&[], &mut sent);
        Self { net, peer, sent, end: None, reader: None, reading: Pause::default(), writing: Pause::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.net.state()
    }

    /// Fails if this operation is the one, or if it is over with this connection.
    fn operate(&mut self) -> io::Result<()> {
        let result = self.state().operate();
        if let Err(error) = &result
            && error.kind() != ErrorKind::Interrupted
        {
            self.strike(Some(End::Fails(error.kind())));
        }
        match self.end {
            Some(End::Fails(kind)) => Err(kind.into()),
            _ => result,
        }
    }

    fn strike(&mut self, end: Option<End>) {
        let Some(end) = end else { return };
        if matches!(end, End::Reset | End::Stall | End::Fails(_)) {
            self.sent.bytes.clear();
        }
        if let End::Instead(bytes) = end {
            self.sent.bytes = bytes.iter().copied().collect();
        }
        self.end = Some(end);
    }

    fn take(&mut self, out: &mut [u8], room: usize) -> usize {
        let most = self.state().manner.read;
        let piece = self.sent.bytes.len().min(out.len()).min(room).min(most);
        for (byte, sent) in out.iter_mut().zip(self.sent.bytes.drain(..piece)) {
            *byte = sent;
        }
        self.state().given += piece;
        piece
    }

    /// What a read comes to when there are no more bytes.
    fn nothing_to_read(&mut self, cx: &Context<'_>) -> Poll<io::Result<usize>> {
        match self.end.or(self.sent.end) {
            Some(End::Cut | End::HalfClose | End::Instead(_)) => Poll::Ready(Ok(0)),
            Some(End::Reset) => Poll::Ready(Err(ErrorKind::ConnectionReset.into())),
            Some(End::Stall | End::Deaf) => Poll::Pending,
            Some(End::Fails(_) | End::Pause) | None => {
                self.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn give(&mut self, bytes: &[u8]) -> usize {
        let answers = self.end.is_none();
        if answers || self.end == Some(End::HalfClose) {
            self.peer.receive(bytes, &mut self.sent);
        }
        if !answers {
            self.sent.bytes.clear();
        }
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        self.state().taken += bytes.len();
        bytes.len()
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut [u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        ready!(this.reading.poll(&this.net, cx));
        this.operate()?;
        this.sent.refill();
        let more = !this.sent.bytes.is_empty();
        let (room, end) =
            if this.end.is_none() { this.state().strike(Side::Response, more) } else { (usize::MAX, None) };
        if end == Some(End::Pause) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if end.is_some() {
            // What the peer has sent beyond this point never arrives.
            this.sent.bytes.clear();
        }
        this.strike(end);
        match this.take(out, if this.end.is_some() { usize::MAX } else { room }) {
            0 => this.nothing_to_read(cx),
            piece => Poll::Ready(Ok(piece)),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        ready!(this.writing.poll(&this.net, cx));
        this.operate()?;
        let (room, end) =
            if this.end.is_none() { this.state().strike(Side::Request, true) } else { (usize::MAX, None) };
        this.strike(end);
        let room = if end.is_some() { usize::MAX } else { room };
        match this.end.or(this.sent.end) {
            Some(End::Cut) => Poll::Ready(Err(ErrorKind::BrokenPipe.into())),
            Some(End::Reset) => Poll::Ready(Err(ErrorKind::ConnectionReset.into())),
            Some(End::Stall) => Poll::Pending,
            _ => {
                let most = this.state().manner.write;
                Poll::Ready(Ok(this.give(&bytes[..bytes.len().min(room).min(most)])))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.operate()?;
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.operate()?;
        Poll::Ready(Ok(()))
    }
}

/// What is before an operation: nothing, one more poll, or a while.
#[derive(Default)]
struct Pause {
    is_over: bool,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Pause {
    fn poll(&mut self, net: &Net, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_over {
            let mut state = net.state();
            if !state.manner.pace.is_zero() {
                let pace = state.manner.pace;
                ready!(self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(pace))).as_mut().poll(cx));
                self.sleep = None;
            } else if state.blocks() {
                self.is_over = true;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        self.is_over = false;
        Poll::Ready(())
    }
}
