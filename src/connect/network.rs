//! Connections of the program's own making, in place of the system's.

use std::io;
use std::sync::Arc;

use futures_io::{AsyncRead, AsyncWrite};

use crate::backend::{BoxFuture, MaybeSend, MaybeSync};

/// Opens the connections themselves, in place of the system: see
/// [`ClientBuilder::network_backend`](crate::ClientBuilder::network_backend). The word, and the idea, are httpcore's.
///
/// ```
/// use std::io;
/// use whimbrel::{BoxFuture, NetworkBackend, NetworkStream};
///
/// /// Nobody gets out of here.
/// struct Island;
///
/// impl NetworkBackend for Island {
///     fn connect_tcp<'a>(&'a self, host: &'a str, _port: u16) -> BoxFuture<'a, io::Result<Box<dyn NetworkStream>>> {
///         Box::pin(async move { Err(io::Error::other(format!("no ship to {host}"))) })
///     }
/// }
///
/// # whimbrel_server::guide(async |_| {
/// let client = whimbrel::Client::builder().network_backend(Island).build()?;
/// let error = client.get("http://example.org/").await.unwrap_err();
/// assert!(error.to_string().contains("no ship to example.org"));
/// # Ok(()) });
/// ```
pub trait NetworkBackend: MaybeSend + MaybeSync + 'static {
    /// A connection to the host, which is a name in ASCII or an address (of IPv6 without brackets): the URL's, or the proxy's. It
    /// has the request's `connect` timeout, and is dropped when that is over. An error becomes the request's, of the kind `Connect`.
    fn connect_tcp<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Box<dyn NetworkStream>>>;
}

/// Backends that several clients share.
impl<B: NetworkBackend + ?Sized> NetworkBackend for Arc<B> {
    fn connect_tcp<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Box<dyn NetworkStream>>> {
        (**self).connect_tcp(host, port)
    }
}

/// What a [`NetworkBackend`] opens: everything that can be read and written, by the traits of `futures-io`. (A stream of tokio's
/// becomes one by `tokio_util::compat`.) An operation that fails with `Interrupted` is tried again.
pub trait NetworkStream: AsyncRead + AsyncWrite + MaybeSend + Unpin + 'static {}
impl<S: AsyncRead + AsyncWrite + MaybeSend + Unpin + 'static> NetworkStream for S {}
