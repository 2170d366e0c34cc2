#![doc = include_str!("../README.md")]

mod api;
pub mod auth;
mod backend;
pub mod blocking;
mod body;
mod client;
mod config;
mod connect;
mod connection;
mod content;
mod cookies;
mod credentials;
mod deadline;
mod decode;
mod error;
mod headers;
#[cfg(target_family = "wasm")]
mod host;
mod http_transport;
#[cfg(all(feature = "npm", target_family = "wasm", target_os = "unknown"))]
mod js;
mod links;
mod mounts;
mod multipart;
mod printable;
mod proxy;
mod query_params;
mod redirect;
mod request;
mod response;
#[cfg(any(not(target_family = "wasm"), target_os = "wasi"))]
mod socket;
mod streaming;
mod tls;
mod trace;
mod transport;
mod url_merge;

// The target's own transport.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use host::FetchTransport as TargetTransport;
#[cfg(target_os = "wasi")]
pub(crate) use host::WasiTransport as TargetTransport;
#[cfg(not(target_family = "wasm"))]
pub(crate) use socket::SocketTransport as TargetTransport;

// The public interface is:
pub use api::{delete, get, head, options, patch, post, put, request};
pub use backend::{BoxFuture, MaybeSend, MaybeSync};
pub use body::{Body, Upgraded};
pub use bytes::Bytes;
pub use client::{Client, ClientBuilder, IntoHookResult, RequestBuilder, SendOptions};
pub use config::{Limits, MinRate, Timeout};
pub use connect::{ConnectTarget, NetworkBackend, NetworkStream, Resolver};
pub use connection::{ConnectionInfo, Timings};
pub use cookies::{Cookie, Cookies, SameSite};
#[cfg(feature = "charset")]
pub use decode::text::detect_encoding;
pub use error::{BoxError, Error, ErrorKind, Result};
pub use headers::{Headers, IntoHeaderName, IntoHeaderValue};
pub use http::{Method, StatusCode, Version};
pub use http_transport::{HttpTransport, HttpTransportBuilder};
pub use links::Link;
pub use multipart::{Multipart, Part};
pub use proxy::Proxy;
pub use query_params::QueryParams;
pub use request::{Request, RequestTarget};
pub use response::Response;
pub use streaming::{Chunks, Lines, StreamingResponse, TextStream};
pub use tls::{SniHostname, Tls, TlsInfo, TlsVersion};
pub use trace::{TraceEvent, TraceStage};
pub use transport::{Capabilities, IntoMockResponse, MockTransport, PoolStats, Transport};
#[cfg(feature = "tower")]
pub use transport::{ClientAddress, ServiceBody, ServiceTransport};
pub use url::Url;
pub use url_merge::IntoUrl;

/// Drives an async program to its end, on every target: on a current-thread runtime natively, on WASI's reactor, on the
/// event loop of a JavaScript host (where it returns at once and the program goes on).
///
/// An error is printed and ends the process with status 1; in a JavaScript host it is thrown.
///
/// ```
/// whimbrel::run(async { Ok::<(), whimbrel::Error>(()) });
/// ```
pub fn run<E: std::fmt::Display>(program: impl Future<Output = Result<(), E>> + 'static) {
    backend::run(program)
}

/// Drives a future to its end on the calling thread.
///
/// Fails with `Unsupported` inside an async runtime, and in JavaScript hosts, which cannot block.
///
/// ```
/// assert_eq!(whimbrel::block_on(async { 1 + 1 })?, 2);
/// # Ok::<(), whimbrel::Error>(())
/// ```
pub fn block_on<F: Future>(future: F) -> Result<F::Output> {
    backend::Runtime::new()?.block_on(future)
}

/// The guide's snippets, which `cargo test --doc` compiles and runs.
#[cfg(doctest)]
mod guide {
    macro_rules! pages {
        ($($name:ident $file:literal),* $(,)?) => { $(
            #[doc = include_str!(concat!("../docs/guide/", $file))]
            mod $name {}
        )* };
    }

    pages! {
        quickstart "quickstart.md",
        async_and_sync "advanced/async.md",
        authentication "advanced/authentication.md",
        clients "advanced/clients.md",
        environment "advanced/environment.md",
        exceptions "advanced/exceptions.md",
        extensions "advanced/extensions.md",
        hooks "advanced/hooks.md",
        http2 "advanced/http2.md",
        limits "advanced/limits.md",
        logging "advanced/logging.md",
        platforms "advanced/platforms.md",
        protocol "advanced/protocol.md",
        proxies "advanced/proxies.md",
        text_encodings "advanced/text-encodings.md",
        timeouts "advanced/timeouts.md",
        tls "advanced/tls.md",
        transports "advanced/transports.md",
    }
}
