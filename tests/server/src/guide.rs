use std::{error::Error, sync::OnceLock};

use tokio::runtime;

use crate::{Addresses, Options, Server, start, start_in_thread};

/// Runs one of the guide's snippets: starts a server, hands over its addresses and drives the future to its end.
///
/// # Panics
/// With the error of the snippet, or when the server cannot start.
pub fn guide(snippet: impl AsyncFnOnce(Addresses) -> Result<(), Box<dyn Error>>) {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    let ended = runtime.block_on(async {
        let server = start(options()).await.expect("loopback ports are free");
        snippet(server.addresses().clone()).await
    });
    if let Err(error) = ended {
        panic!("{error}");
    }
}

/// The addresses of a server that lives as long as the process, for snippets that are not async.
///
/// # Panics
/// When the server cannot start.
pub fn shared() -> &'static Addresses {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| start_in_thread(options()).expect("loopback ports are free")).addresses()
}

/// Each snippet is a process with a server of its own.
fn options() -> Options {
    Options { at_once: true, ..Options::default() }
}
