#![doc = include_str!("../README.md")]

mod addresses;
mod auth;
mod bodies;
mod call;
mod certificates;
mod cookies;
mod cors;
mod digest;
mod echo;
mod encodings;
mod faults;
mod files;
mod guide;
mod headers;
mod pattern;
mod ports;
mod proxy;
mod query;
mod raw;
mod redirects;
mod reply;
mod routes;
mod serve;
mod shared;
mod socks;

use std::{io, path::PathBuf, sync::mpsc, thread};

use tokio::{runtime, sync::oneshot};

pub use addresses::Addresses;
pub use guide::{guide, shared};
pub use pattern::pattern;

use ports::Ports;

/// What a [`Server`] listens on and serves.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The first of nine consecutive ports (the README lists them); `None` takes whatever ports are free.
    pub port: Option<u16>,
    /// A folder whose files appear under `/www/`.
    pub www: Option<PathBuf>,
    /// A folder whose files appear under `/pkg/`.
    pub pkg: Option<PathBuf>,
    /// Starts at once: without the 100 ms that it takes to fill the queue of `stalled`, where connecting then succeeds.
    pub at_once: bool,
}

/// A running server. Dropping it closes every port and every connection.
#[derive(Debug)]
pub struct Server {
    addresses: Addresses,
    running: Running,
}

impl Server {
    /// Where to reach each port.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Running::InThread { stop, thread } = &mut self.running {
            drop(stop.take());
            // A panic in that thread has been printed already; `drop` must not panic again.
            let _ = thread.take().map(thread::JoinHandle::join);
        }
    }
}

#[derive(Debug)]
enum Running {
    /// Held only to be dropped: that ends the tasks and frees the ports.
    Here {
        _ports: Ports,
    },
    InThread {
        stop: Option<oneshot::Sender<()>>,
        thread: Option<thread::JoinHandle<()>>,
    },
}

/// Starts a server on the tokio runtime of the caller.
///
/// # Errors
/// When a port of `options` is taken, or loopback sockets cannot be had.
pub async fn start(options: Options) -> io::Result<Server> {
    let (ports, addresses) = Ports::open(options).await?;
    Ok(Server { addresses, running: Running::Here { _ports: ports } })
}

/// Starts a server in a thread with a runtime of its own, for callers that are not async.
///
/// # Errors
/// As [`start`], or when the thread or its runtime cannot be made.
pub fn start_in_thread(options: Options) -> io::Result<Server> {
    let (stop, stopped) = oneshot::channel();
    let (report, started) = mpsc::channel();
    let thread =
        thread::Builder::new().name("whimbrel-server".to_owned()).spawn(move || run(options, &report, stopped))?;
    let addresses = started.recv().map_err(io::Error::other)??;
    Ok(Server { addresses, running: Running::InThread { stop: Some(stop), thread: Some(thread) } })
}

/// The thread's whole life: start, report, wait until the `Server` lets go of `stopped`'s other end.
fn run(options: Options, report: &mpsc::Sender<io::Result<Addresses>>, stopped: oneshot::Receiver<()>) {
    let serving = async {
        let server = start(options).await?;
        // Nobody listens when the caller is gone; then `stopped` resolves at once, too.
        let _ = report.send(Ok(server.addresses.clone()));
        let _ = stopped.await;
        Ok(())
    };
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    if let Err(error) = runtime.and_then(|runtime| runtime.block_on(serving)) {
        let _ = report.send(Err(error));
    }
}
