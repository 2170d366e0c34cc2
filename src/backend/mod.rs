//! THE gate: what differs between the targets, and the only place that chooses.
//!
//! Each backend provides, with the same names and signatures:
//!
//! - `MaybeSend`, `MaybeSync`, `BoxFuture`: `Send` and `Sync` natively, nothing where there are no threads;
//! - `Instant` with `checked_add`, `checked_sub`, `saturating_duration_since`; `now()`; `unix_time()`;
//! - `Sleep`, a future, and `sleep(Duration) -> Sleep`;
//! - `random() -> Result<[u8; 16]>` from the system's generator, never a weak one;
//! - `HAS_ENVIRONMENT`; `env_var(&str)` and `read_file_at_most(path, bytes)`, empty-handed where the host has neither;
//! - `file_length(path)`, and `FileReader` with `open(path)` and `poll_piece(bytes, cx)`: errors where there are no files;
//! - `HostStream`: the stream of a response body that the host itself can read, or an empty type;
//! - `host_url(&str)`: a URL as the host's parser reads it, where there is one;
//! - `Runtime` with `new()` and `block_on(&self, future)`: an `Unsupported` error where blocking is impossible;
//! - `run(future)`: drives a whole program;
//! - for the socket transport, natively and on WASI: `TcpStream` (tokio's `AsyncRead` and `AsyncWrite`, `is_stale` and `addresses`),
//!   `resolve(host, port)`, `connect_tcp(address, TcpOptions)`, of which several may be under way at once, and
//!   `connect_unix(path)`, where `HAS_UNIX_SOCKETS`; `RuntimeId` and `current_runtime()`, by which connections of one runtime are kept
//!   from another; `Background`, which drives a future beside the requests that need it, or `IS_DRIVEN_IN_TURN` by those who wait for it.
//!
//! A backend never decides anything about HTTP and never panics on what the host tells it.

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(not(target_family = "wasm"))]
pub use native::*;

#[cfg(any(not(target_family = "wasm"), target_os = "wasi"))]
mod system;
#[cfg(any(not(target_family = "wasm"), target_os = "wasi"))]
pub(crate) use system::*;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod web;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use web::*;

#[cfg(target_os = "wasi")]
mod wasi;
#[cfg(target_os = "wasi")]
pub use wasi::*;

#[cfg(all(target_family = "wasm", not(any(target_os = "unknown", target_os = "wasi"))))]
compile_error!(
    "whimbrel runs natively, on wasm32-unknown-unknown in JavaScript hosts, and on wasm32-wasip2; see PLATFORM.md"
);
