//! From an accepted socket to answered requests.

use std::{pin::pin, sync::Arc, time::Duration};

use hyper::{Method, Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use socket2::{SockRef, Socket};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    select,
    task::JoinSet,
    time::sleep,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    call::Call,
    cors, proxy, raw,
    reply::Reply,
    routes,
    shared::{Connection, Kind, Shared},
};

/// Larger than any head that a test sends; HTTP/2's default of 16 KiB is not.
const LARGEST_HEAD: u32 = 1 << 20;

/// Who answers on a port.
#[derive(Clone, Copy)]
pub(crate) enum Voice {
    Http,
    Raw,
}

/// How a port treats its connections.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) kind: Kind,
    pub(crate) voice: Voice,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) shared: Arc<Shared>,
}

impl Door {
    /// Accepts for ever. The connections are children of this future: they end when it is dropped.
    pub(crate) async fn open(self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            match listener.accept().await {
                Ok((stream, remote)) => {
                    let (connection, open) = Connection::new(self.kind, remote, &self.shared);
                    let door = self.clone();
                    connections.spawn(async move {
                        door.welcome(stream, connection).await;
                        drop(open);
                    });
                }
                // Most likely out of file descriptors: wait until some connections have ended.
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
            while connections.try_join_next().is_some() {}
        }
    }

    async fn welcome(self, stream: TcpStream, connection: Arc<Connection>) {
        // Small answers in several writes must not wait for acknowledgements. A failure shows at the first read.
        let _ = stream.set_nodelay(true);
        // A second handle, because hyper and TLS take the stream and the reset option is set at the very end.
        let Ok(socket) = SockRef::from(&stream).try_clone() else {
            return;
        };
        match self.tls {
            None => self.voice.answer(stream, socket, connection).await,
            Some(acceptor) => {
                // Many tests want the handshake to fail; there is nobody to tell.
                if let Ok(stream) = acceptor.accept(stream).await {
                    self.voice.answer(stream, socket, connection).await;
                }
            }
        }
    }
}

impl Voice {
    async fn answer<S>(self, stream: S, socket: Socket, connection: Arc<Connection>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match self {
            Self::Http => serve_http(stream, socket, connection).await,
            Self::Raw => raw::serve(stream, socket, connection).await,
        }
    }
}

async fn serve_http<S>(stream: S, socket: Socket, connection: Arc<Connection>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request| answer(request, Arc::clone(&connection)));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http2().max_header_list_size(LARGEST_HEAD);
    let mut serving = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
    loop {
        select! {
            // An error here is the client's doing or one that a test asked for.
            _ = serving.as_mut() => return,
            () = connection.finish.notified() => serving.as_mut().graceful_shutdown(),
            () = connection.reset.notified() => return reset_on_close(&socket),
        }
    }
}

/// With no time to linger, closing a socket sends RST in place of FIN.
pub(crate) fn reset_on_close(socket: &Socket) {
    // Fails only when the client was faster and the connection is gone.
    let _ = socket.set_linger(Some(Duration::ZERO));
}

async fn answer(request: Request<Incoming>, connection: Arc<Connection>) -> Result<Reply, routes::Abort> {
    connection.count_request();
    if request.method() == Method::CONNECT {
        return Ok(proxy::connect(request).await);
    }
    if let Some(reply) = cors::preflight(request.headers(), request.method()) {
        return Ok(reply);
    }
    let origin = request.headers().get("origin").cloned();
    let mut reply = routes::answer(Call::new(request, connection)).await?;
    cors::allow(reply.headers_mut(), origin);
    Ok(reply)
}
