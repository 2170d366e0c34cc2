//! WASI 0.2: a reactor over `wasi:io/poll`, sockets, clocks and randomness of the host.

mod address;
#[cfg(feature = "http2")]
mod background;
mod reactor;

use std::cell::RefCell;
use std::future::Future;
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::path::Path;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker, ready};
use std::time::Duration;
pub(crate) use std::time::Instant;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::io::streams::{InputStream, OutputStream, StreamError};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::resolve_addresses;
use wasip2::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};
use wasip2::sockets::tcp::{ShutdownType, TcpSocket};
use wasip2::sockets::tcp_create_socket::create_tcp_socket;

use self::address::{from_wasi, socket_address, to_wasi};
#[cfg(feature = "http2")]
pub(crate) use self::background::Background;
pub(crate) use self::reactor::Ready;
use self::reactor::react;
use super::TcpOptions;
use crate::error::{Error, ErrorKind, Result};

/// Nothing here: WASI 0.2 has no threads.
pub trait MaybeSend {}
impl<T: ?Sized> MaybeSend for T {}
/// Nothing here: WASI 0.2 has no threads.
pub trait MaybeSync {}
impl<T: ?Sized> MaybeSync for T {}
/// A boxed future.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

pub(crate) fn random() -> Result<[u8; 16]> {
    let bytes = wasip2::random::random::get_random_bytes(16);
    bytes.try_into().map_err(|_| Error::new(ErrorKind::Unsupported, "The host gives no random bytes"))
}

/// A file. The host reads it while the program waits.
pub(crate) struct FileReader(std::fs::File);

impl FileReader {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        std::fs::File::open(path).map(Self)
    }

    /// The next bytes, so many at most; none at the end.
    pub(crate) fn poll_piece(&mut self, most: usize, _: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let mut piece = vec![0; most];
        let length = self.0.read(&mut piece)?;
        piece.truncate(length);
        Poll::Ready(Ok(piece.into()))
    }
}

// -- driving --

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Drives futures on this, the only, thread.
pub(crate) struct Runtime;

impl Runtime {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self)
    }

    pub(crate) fn block_on<F: Future>(&self, future: F) -> Result<F::Output> {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = Waker::from(woken.clone());
        let mut future = pin!(future);
        loop {
            if woken.0.swap(false, Ordering::Relaxed) {
                if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return Ok(output);
                }
            } else if !react() {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "The program waits for something that WASI cannot wake",
                ));
            }
        }
    }
}

/// There is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RuntimeId;

pub(crate) fn current_runtime() -> RuntimeId {
    RuntimeId
}

// -- timers --

#[expect(clippy::disallowed_methods, reason = "the edge where time comes in")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

pub(crate) type Sleep = Ready;

/// The host counts nanoseconds in 64 bits; a longer wait ends after 584 years.
pub(crate) fn sleep(duration: Duration) -> Sleep {
    Ready::new(subscribe_duration(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
}

// -- sockets --

/// A TCP connection. Fields are dropped in order: what waits for a stream before the streams.
pub(crate) struct TcpStream {
    reading: Ready,
    writing: Option<Ready>,
    ends: Rc<Ends>,
}

/// The streams are dropped before their socket.
struct Ends {
    input: InputStream,
    output: OutputStream,
    socket: TcpSocket,
}

thread_local! {
    /// Connections whose last write the peer has not taken. Wasmtime waits for that when an output stream is dropped, and
    /// a peer that reads nothing would hold up the program for as long as it likes.
    static LINGERING: RefCell<Vec<Rc<Ends>>> = const { RefCell::new(Vec::new()) };
}

impl Drop for TcpStream {
    fn drop(&mut self) {
        if matches!(self.ends.output.check_write(), Ok(0)) {
            // Closes as soon as the write is through. An error means that it is closed.
            let _ = self.ends.socket.shutdown(ShutdownType::Both);
            LINGERING.with_borrow_mut(|lingering| lingering.push(self.ends.clone()));
        }
    }
}

fn drop_closed() {
    LINGERING.with_borrow_mut(|lingering| lingering.retain(|ends| matches!(ends.output.check_write(), Ok(0))));
}

impl TcpStream {
    /// This side's address and the other's.
    pub(crate) fn addresses(&self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        let of = |address: std::result::Result<IpSocketAddress, ErrorCode>| address.ok().map(socket_address);
        (of(self.ends.socket.local_address()), of(self.ends.socket.remote_address()))
    }

    /// Whether an idle connection is of no more use: reading would give something, be it bytes, the end or an error.
    pub(crate) fn is_stale(&self) -> bool {
        // jco notices the end of a stream between two looks at it; this is one.
        let _ = self.reading.is_ready();
        !matches!(self.ends.input.read(1), Ok(bytes) if bytes.is_empty())
    }
}

pub(crate) async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let lookup = resolve_addresses(&instance_network(), host).map_err(io_error)?;
    let mut addresses = Vec::new();
    loop {
        match lookup.resolve_next_address() {
            Ok(Some(address)) => addresses.push(SocketAddr::new(from_wasi(address), port)),
            Ok(None) => return Ok(addresses),
            Err(ErrorCode::WouldBlock) => Ready::new(lookup.subscribe()).await,
            Err(error) => return Err(io_error(error)),
        }
    }
}

pub(crate) const HAS_UNIX_SOCKETS: bool = false;

pub(crate) async fn connect_unix(_: &Path) -> io::Result<TcpStream> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) async fn connect_tcp(address: SocketAddr, options: TcpOptions) -> io::Result<TcpStream> {
    drop_closed();
    let family = if address.is_ipv4() { IpAddressFamily::Ipv4 } else { IpAddressFamily::Ipv6 };
    let socket = create_tcp_socket(family).map_err(io_error)?;
    let network = instance_network();
    if let Some(silence) = options.keepalive() {
        socket.set_keep_alive_idle_time(silence.as_secs() * 1_000_000_000).map_err(io_error)?;
        socket.set_keep_alive_enabled(true).map_err(io_error)?;
    }
    if let Some(local) = options.local {
        socket.start_bind(&network, to_wasi(SocketAddr::new(local, 0))).map_err(io_error)?;
        finish(&socket, TcpSocket::finish_bind).await?;
    }
    socket.start_connect(&network, to_wasi(address)).map_err(io_error)?;
    let (input, output) = finish(&socket, TcpSocket::finish_connect).await?;
    let reading = Ready::new(input.subscribe());
    Ok(TcpStream { reading, writing: None, ends: Rc::new(Ends { input, output, socket }) })
}

/// Awaits the second half of an operation.
async fn finish<T>(
    socket: &TcpSocket,
    step: impl Fn(&TcpSocket) -> std::result::Result<T, ErrorCode>,
) -> io::Result<T> {
    loop {
        match step(socket) {
            Err(ErrorCode::WouldBlock) => Ready::new(socket.subscribe()).await,
            result => return result.map_err(io_error),
        }
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let stream = &mut *self;
        loop {
            match stream.ends.input.read(buf.remaining() as u64) {
                Ok(bytes) if bytes.is_empty() => ready!(Pin::new(&mut stream.reading).poll(cx)),
                Ok(bytes) => {
                    // Left in the reactor, it would wake the program for ever once the peer closes.
                    stream.reading.leave();
                    // The host returns no more than was asked for.
                    buf.put_slice(&bytes[..bytes.len().min(buf.remaining())]);
                    return Poll::Ready(Ok(()));
                }
                Err(StreamError::Closed) => return Poll::Ready(Ok(())),
                Err(StreamError::LastOperationFailed(error)) => return Poll::Ready(Err(stream_error(&error))),
            }
        }
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let stream = &mut *self;
        let room = loop {
            match stream.ends.output.check_write().map_err(write_error)? {
                0 => {
                    let output = &stream.ends.output;
                    let writing = stream.writing.get_or_insert_with(|| Ready::new(output.subscribe()));
                    ready!(Pin::new(writing).poll(cx));
                    stream.writing = None;
                }
                room => break usize::try_from(room).unwrap_or(usize::MAX),
            }
        };
        // A stream that can be written to is ready all the time.
        stream.writing = None;
        let written = &bytes[..bytes.len().min(room)];
        stream.ends.output.write(written).map_err(write_error)?;
        Poll::Ready(Ok(written.len()))
    }

    /// The host sends what it took without being asked again.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn write_error(error: StreamError) -> io::Error {
    match error {
        StreamError::Closed => io::ErrorKind::BrokenPipe.into(),
        StreamError::LastOperationFailed(error) => stream_error(&error),
    }
}

fn stream_error(error: &wasip2::io::error::Error) -> io::Error {
    io::Error::other(error.to_debug_string())
}

fn io_error(code: ErrorCode) -> io::Error {
    let kind = match code {
        ErrorCode::ConnectionRefused => io::ErrorKind::ConnectionRefused,
        ErrorCode::ConnectionReset => io::ErrorKind::ConnectionReset,
        ErrorCode::ConnectionAborted => io::ErrorKind::ConnectionAborted,
        ErrorCode::Timeout => io::ErrorKind::TimedOut,
        ErrorCode::RemoteUnreachable => io::ErrorKind::HostUnreachable,
        ErrorCode::AccessDenied => io::ErrorKind::PermissionDenied,
        ErrorCode::NameUnresolvable => io::ErrorKind::NotFound,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, code)
}
