//! A server of HTTP/2 that does what a script says, frame by frame, at the other end of connections in memory.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use futures_io::{AsyncRead, AsyncWrite};
use whimbrel::{BoxFuture, Client, ClientBuilder, NetworkBackend, NetworkStream};

use super::frame::{ACK, SETTINGS, Seen, frame, settings, take};

/// What the server does about each frame of the client's.
type Script = Box<dyn FnMut(&mut Wire, &Seen) + Send>;

/// The server's end of a connection.
#[derive(Default)]
pub(super) struct Wire {
    /// The first connection is number 0.
    pub(super) number: usize,
    /// As many bytes are read at once, at most.
    pub(super) piece: Option<usize>,
    input: Vec<u8>,
    output: Vec<u8>,
    sent: usize,
    /// What is sent when nothing else is, for ever.
    forever: Vec<u8>,
    is_closed: bool,
    reader: Option<Waker>,
}

impl Wire {
    pub(super) fn send(&mut self, frames: Vec<u8>) {
        self.output.extend(frames);
        self.wake();
    }

    pub(super) fn send_for_ever(&mut self, frames: Vec<u8>) {
        self.forever = frames;
        self.wake();
    }

    /// Says no more.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn read(&mut self, out: &mut [u8], waker: &Waker) -> Poll<io::Result<usize>> {
        if self.sent == self.output.len() && !self.forever.is_empty() {
            (self.output, self.sent) = (self.forever.clone(), 0);
        }
        let left = &self.output[self.sent..];
        if left.is_empty() && !self.is_closed {
            self.reader = Some(waker.clone());
            return Poll::Pending;
        }
        let length = left.len().min(out.len()).min(self.piece.unwrap_or(usize::MAX));
        out[..length].copy_from_slice(&left[..length]);
        self.sent += length;
        Poll::Ready(Ok(length))
    }
}

struct State {
    script: Script,
    /// What it says first.
    hello: Vec<u8>,
    wires: Vec<Wire>,
    seen: Vec<(usize, Seen)>,
}

impl State {
    fn hear(&mut self, number: usize, bytes: &[u8]) -> io::Result<usize> {
        let Self { script, hello, wires, seen } = self;
        let wire = &mut wires[number];
        if wire.is_closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        wire.input.extend_from_slice(bytes);
        while let Some(frame_seen) = take(&mut wire.input) {
            match frame_seen {
                Seen::Opened => wire.send(hello.clone()),
                Seen::Settings { is_ack: false } => wire.send(frame(SETTINGS, ACK, 0, b"")),
                _ => {}
            }
            script(wire, &frame_seen);
            seen.push((number, frame_seen));
        }
        Ok(bytes.len())
    }
}

/// The server, in the hands of a test.
#[derive(Clone)]
pub(super) struct Server(Arc<Mutex<State>>);

impl Server {
    /// Takes a hundred requests at once, and answers as the script says.
    pub(super) fn new(script: impl FnMut(&mut Wire, &Seen) + Send + 'static) -> Self {
        Self::saying(settings(&[(super::frame::MAX_STREAMS, 100)]), script)
    }

    /// Begins with something else.
    pub(super) fn saying(hello: Vec<u8>, script: impl FnMut(&mut Wire, &Seen) + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(State { script: Box::new(script), hello, wires: Vec::new(), seen: Vec::new() })))
    }

    /// Answers every request as it comes.
    pub(super) fn answering(mut answers: impl FnMut(&mut Wire, u32, &str) + Send + 'static) -> Self {
        Self::new(move |wire, seen| {
            if let Seen::Head { stream, path, .. } = seen {
                answers(wire, *stream, path);
            }
        })
    }

    /// A client that speaks nothing but HTTP/2, with this server wherever it turns.
    pub(super) fn client(&self) -> Client {
        self.client_with(|builder| builder)
    }

    pub(super) fn client_with(&self, settings: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
        settings(Client::builder().http1(false).http2(true).network_backend(self.clone())).build().unwrap()
    }

    /// What it does by itself, on that connection.
    pub(super) fn act(&self, number: usize, act: impl FnOnce(&mut Wire)) {
        act(&mut self.lock().wires[number]);
    }

    pub(super) fn connections(&self) -> usize {
        self.lock().wires.len()
    }

    /// How many such frames came.
    pub(super) fn count(&self, is_one: impl Fn(&Seen) -> bool) -> usize {
        self.lock().seen.iter().filter(|(_, seen)| is_one(seen)).count()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl NetworkBackend for Server {
    fn connect_tcp<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<Box<dyn NetworkStream>>> {
        let mut state = self.lock();
        let number = state.wires.len();
        state.wires.push(Wire { number, ..Wire::default() });
        let end = ClientEnd { server: self.clone(), number };
        Box::pin(async move { Ok(Box::new(end) as _) })
    }
}

/// The client's end of a connection.
struct ClientEnd {
    server: Server,
    number: usize,
}

impl AsyncRead for ClientEnd {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut [u8]) -> Poll<io::Result<usize>> {
        self.server.lock().wires[self.number].read(out, cx.waker())
    }
}

impl AsyncWrite for ClientEnd {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.server.lock().hear(self.number, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
