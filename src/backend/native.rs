//! Native programs: tokio's sockets and timers, the operating system's clock, files and randomness.

use std::future::Future;
use std::io::{self, Read as _};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpSocket;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
/// tokio's, so that a program whose tests pause time pauses that of its requests, too.
pub(crate) use tokio::time::{Instant, Sleep};

use super::TcpOptions;
use crate::error::{Error, ErrorKind, Result};

/// `Send` here, nothing where there are no threads.
pub trait MaybeSend: Send {}
impl<T: Send + ?Sized> MaybeSend for T {}
/// `Sync` here, nothing where there are no threads.
pub trait MaybeSync: Sync {}
impl<T: Sync + ?Sized> MaybeSync for T {}
/// A boxed future, `Send` here.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

pub(crate) fn now() -> Instant {
    Instant::now()
}

pub(crate) fn sleep(duration: Duration) -> Sleep {
    tokio::time::sleep(duration)
}

pub(crate) fn random() -> Result<[u8; 16]> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(ErrorKind::Unsupported, format!("The system gives no random bytes: {error}")))?;
    Ok(bytes)
}

#[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only the certificates are read from the outside yet"))]
pub(crate) fn read_file(path: &str) -> io::Result<Vec<u8>> {
    std::fs::read(path)
}

/// The paths of the files in a folder.
#[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only the certificates are read from the outside yet"))]
pub(crate) fn read_folder(path: &str) -> io::Result<Vec<String>> {
    let files = std::fs::read_dir(path)?.filter_map(|entry| Some(entry.ok()?.path().to_str()?.to_owned()));
    Ok(files.collect())
}

/// The paths in a list of paths, as the system separates them.
#[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only the certificates are read from the outside yet"))]
pub(crate) fn split_paths(paths: &str) -> Vec<String> {
    let paths = std::env::split_paths(paths).filter_map(|path| Some(path.to_str()?.to_owned()));
    paths.filter(|path| !path.is_empty()).collect()
}

/// A file that is opened and read off this thread, for both may take their time: a pipe is opened by both of its ends. Where there
/// is no runtime, nobody else waits.
pub(crate) struct FileReader {
    path: PathBuf,
    file: Option<std::fs::File>,
    reading: Option<JoinHandle<Reading>>,
}

type Reading = io::Result<(std::fs::File, Bytes)>;

impl FileReader {
    /// Opened with the first piece.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: None, reading: None })
    }

    /// The next bytes, so many at most; none at the end.
    pub(crate) fn poll_piece(&mut self, most: usize, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let (file, piece) = match &mut self.reading {
            Some(reading) => {
                let read = ready!(pin!(reading).poll(cx));
                self.reading = None;
                read??
            }
            None => {
                let (path, file) = (self.path.clone(), self.file.take());
                let read = move || read_piece(&path, file, most);
                if tokio::runtime::Handle::try_current().is_ok() {
                    self.reading = Some(tokio::task::spawn_blocking(read));
                    return self.poll_piece(most, cx);
                }
                read()?
            }
        };
        self.file = Some(file);
        Poll::Ready(Ok(piece))
    }
}

fn read_piece(path: &Path, file: Option<std::fs::File>, most: usize) -> Reading {
    let mut file = file.map_or_else(|| std::fs::File::open(path), Ok)?;
    let mut piece = vec![0; most];
    let length = loop {
        match file.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read?,
        }
    };
    piece.truncate(length);
    Ok((file, piece.into()))
}

/// A runtime for blocking callers: current-thread, with no thread of its own but the one that resolves names.
pub(crate) struct Runtime(Option<tokio::runtime::Runtime>);

impl Drop for Runtime {
    fn drop(&mut self) {
        // A runtime that is merely dropped waits for the system to resolve a name, however long that takes, and must not be
        // dropped by async code at all.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Runtime {
    pub(crate) fn new() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map(|runtime| Self(Some(runtime))).map_err(|error| {
            Error::new(ErrorKind::Unsupported, format!("No runtime can be started: {error}")).with_source(error)
        })
    }

    /// Drives the future on this thread. Inside an async runtime that would stop the runtime itself, so it is an error.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> Result<F::Output> {
        if tokio::runtime::Handle::try_current().is_ok() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "A blocking call inside an async runtime would block it; use whimbrel::Client and await, or a thread without one",
            ));
        }
        match &self.0 {
            Some(runtime) => Ok(runtime.block_on(future)),
            None => Err(Error::new(ErrorKind::Unsupported, "The runtime was shut down")),
        }
    }
}

/// A TCP connection, or one to a Unix socket. It lives as long as the runtime that it was made on.
pub(crate) struct TcpStream {
    socket: Socket,
    runtime: RuntimeId,
}

enum Socket {
    Tcp(tokio::net::TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

/// Which runtime drives what is opened here: nothing that lives on one is of use on another.
pub(crate) type RuntimeId = Option<tokio::runtime::Id>;

pub(crate) fn current_runtime() -> RuntimeId {
    tokio::runtime::Handle::try_current().ok().map(|runtime| runtime.id())
}

/// Work that goes on beside the requests that need it: a task, which ends with its runtime.
#[cfg(feature = "http2")]
pub(crate) struct Background;

#[cfg(feature = "http2")]
impl Background {
    pub(crate) const IS_DRIVEN_IN_TURN: bool = false;

    pub(crate) fn new(work: impl Future<Output = ()> + Send + 'static) -> Self {
        tokio::spawn(work);
        Self
    }

    /// The runtime drives it.
    pub(crate) fn poll(&self, _: &mut Context<'_>) {}

    /// Lets it look at what has happened on its connection while nobody waited.
    pub(crate) async fn catch_up(&self) {
        tokio::task::yield_now().await;
    }
}

impl TcpStream {
    fn new(socket: Socket) -> Self {
        Self { socket, runtime: current_runtime() }
    }

    /// This side's address and the other's.
    pub(crate) fn addresses(&self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        match &self.socket {
            Socket::Tcp(stream) => (stream.local_addr().ok(), stream.peer_addr().ok()),
            #[cfg(unix)]
            Socket::Unix(_) => (None, None),
        }
    }

    /// Whether an idle connection is of no more use: reading would give something, be it bytes, the end or an error; or
    /// another runtime, perhaps one that has ended, would have to drive it. Asks the system, for the runtime may not have
    /// looked since the connection became idle.
    pub(crate) fn is_stale(&self) -> bool {
        let socket = match &self.socket {
            Socket::Tcp(stream) => SockRef::from(stream),
            #[cfg(unix)]
            Socket::Unix(stream) => SockRef::from(stream),
        };
        let peeked = socket.peek(&mut [std::mem::MaybeUninit::uninit()]);
        let silent = matches!(peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock);
        !silent || self.runtime != current_runtime()
    }
}

/// Names that are looked up at a time. Nobody can end a lookup of the system's, and each has one of the 512 threads that tokio keeps
/// for what blocks: those that hang leave the program's own work its room (threat P2).
static LOOKUPS: Semaphore = Semaphore::const_new(128);

pub(crate) async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let host = host.to_owned();
    in_place(&LOOKUPS, move || Ok((host.as_str(), port).to_socket_addrs()?.collect())).await
}

/// The function's result, from a thread for what blocks, once one of the places is free. Given up, it keeps its place until it ends.
async fn in_place<T: Send + 'static>(
    places: &'static Semaphore,
    function: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let place = places.acquire().await.map_err(io::Error::other)?;
    let placed = move || {
        let result = function();
        drop(place);
        result
    };
    tokio::task::spawn_blocking(placed).await.map_err(io::Error::other)?
}

pub(crate) async fn connect_tcp(address: SocketAddr, options: TcpOptions) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(silence) = options.keepalive() {
        SockRef::from(&socket).set_tcp_keepalive(&TcpKeepalive::new().with_time(silence))?;
    }
    if let Some(local) = options.local {
        socket.bind(SocketAddr::new(local, 0))?;
    }
    let stream = socket.connect(address).await?;
    // Requests are written whole: waiting for more (Nagle) only delays them.
    stream.set_nodelay(true)?;
    Ok(TcpStream::new(Socket::Tcp(stream)))
}

pub(crate) const HAS_UNIX_SOCKETS: bool = cfg!(unix);

#[cfg(unix)]
pub(crate) async fn connect_unix(path: &Path) -> io::Result<TcpStream> {
    let stream = tokio::net::UnixStream::connect(path).await?;
    Ok(TcpStream::new(Socket::Unix(stream)))
}

#[cfg(not(unix))]
pub(crate) async fn connect_unix(_: &Path) -> io::Result<TcpStream> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The same call on whichever socket it is.
macro_rules! delegate {
    ($self:ident, $method:ident($($argument:expr),*)) => {
        match &mut $self.socket {
            Socket::Tcp(stream) => Pin::new(stream).$method($($argument),*),
            #[cfg(unix)]
            Socket::Unix(stream) => Pin::new(stream).$method($($argument),*),
        }
    };
}

impl AsyncRead for TcpStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        delegate!(self, poll_read(cx, buf))
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        delegate!(self, poll_write(cx, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, poll_shutdown(cx))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::channel;

    use super::*;

    // P2: who gives up a lookup that hangs makes no room for another one to hang.
    #[tokio::test]
    async fn lookups_that_were_given_up_do_not_pile_up() {
        static PLACES: Semaphore = Semaphore::const_new(2);
        let (running, (end, hangs)) = (Arc::new(AtomicUsize::new(0)), channel::<()>());
        let hangs = Arc::new(std::sync::Mutex::new(hangs));
        for _ in 0..20 {
            let (running, hangs) = (running.clone(), hangs.clone());
            let mut lookup = pin!(in_place(&PLACES, move || {
                running.fetch_add(1, Ordering::SeqCst);
                let _ = hangs.lock().unwrap().recv();
                Ok(())
            }));
            std::future::poll_fn(|cx| {
                assert!(lookup.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
        }
        assert_eq!(PLACES.available_permits(), 0);
        drop(end);
        assert_eq!(in_place(&PLACES, || Ok("found")).await.unwrap(), "found");
        assert!((1..=2).contains(&running.load(Ordering::SeqCst)), "of 20");
    }
}
