//! The seam between the client and the world: one request in, one response out.

mod mock;
#[cfg(feature = "tower")]
mod service;

pub use mock::{IntoMockResponse, MockTransport};
#[cfg(feature = "tower")]
pub use service::{ClientAddress, ServiceBody, ServiceTransport};

use crate::backend::{BoxFuture, MaybeSend, MaybeSync};
use crate::error::Result;
use crate::request::Request;
use crate::streaming::StreamingResponse;

/// Sends single requests. Redirects, auth, cookies and decoding happen above it.
///
/// ```
/// use whimbrel::{BoxFuture, Request, Response, Result, StreamingResponse, Transport};
///
/// struct Teapot;
///
/// impl Transport for Teapot {
///     fn send(&self, request: Request) -> BoxFuture<'_, Result<StreamingResponse>> {
///         Box::pin(async move { Ok(StreamingResponse::new(request, Response::new(418))) })
///     }
/// }
///
/// let client = whimbrel::Client::builder().transport(Teapot).build()?;
/// # Ok::<(), whimbrel::Error>(())
/// ```
pub trait Transport: MaybeSend + MaybeSync + 'static {
    /// Sends the request and returns its response once the head is there.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<StreamingResponse>>;

    /// What this transport shows and does, so that the client leaves what is done already.
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    /// Closes what is open and not in use. The client that it belongs to was closed, and sends nothing more.
    fn close(&self) {}
}

/// What a pool of connections has to do at the moment, see [`Client::pool_stats`](crate::Client::pool_stats).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// All connections: idle, in use and being made.
    pub open: usize,
    /// Connections that wait for a request.
    pub idle: usize,
    /// Requests that wait for a connection.
    pub waiting: usize,
    /// How often a request went over a connection that was there already.
    pub reused: u64,
}

/// Pointers to transports: of one that is chosen while the program runs, of one that several clients share.
macro_rules! pointers {
    ($($Pointer:ty),*) => { $(
        impl<T: Transport + ?Sized> Transport for $Pointer {
            fn send(&self, request: Request) -> BoxFuture<'_, Result<StreamingResponse>> {
                (**self).send(request)
            }

            fn capabilities(&self) -> Capabilities {
                (**self).capabilities()
            }

            fn close(&self) {
                (**self).close();
            }
        }
    )* };
}

pointers!(Box<T>, std::sync::Arc<T>);

/// What a transport shows of HTTP and does by itself. The default, all of it visible and none of it done, is a socket's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Redirect responses can be seen. If not, the host follows them and `follow_redirects(false)` is `Unsupported`.
    pub redirects: bool,
    /// Cookie and Set-Cookie can be sent and seen. If not, the host keeps cookies, if any.
    pub cookies: bool,
    /// Bodies arrive still encoded. If not, the host decodes them.
    pub encoded_bodies: bool,
    /// Connection, Accept-Encoding and User-Agent can be sent. If not, the host sends its own.
    pub connection_headers: bool,
    /// The Host header can differ from the URL.
    pub host_header: bool,
    /// Request bodies can be streams.
    pub streamed_requests: bool,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            redirects: true,
            cookies: true,
            encoded_bodies: true,
            connection_headers: true,
            host_header: true,
            streamed_requests: true,
        }
    }
}
