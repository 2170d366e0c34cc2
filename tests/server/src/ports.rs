//! Binding: which port does what.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use socket2::{Domain, Socket, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};

use crate::{
    Addresses, Options,
    certificates::{Authority, BOTH, HTTP_1, Validity},
    serve::{Door, Voice},
    shared::{Kind, Shared},
    socks,
};

const LOCAL_NAMES: &[&str] = &["localhost", "127.0.0.1", "::1"];

/// Everything that is open. The tasks own the listeners, and each listener's task its connections.
#[derive(Debug)]
pub(crate) struct Ports {
    _tasks: JoinSet<()>,
    _refused: Socket,
    _stalled: Stalled,
}

impl Ports {
    pub(crate) async fn open(options: Options) -> io::Result<(Self, Addresses)> {
        let bound = Bound::at(options.port).await?;
        let refused = bind(port(options.port, 4)?)?;
        let stalled = Stalled::at(port(options.port, 5)?, !options.at_once).await?;
        let authority = Authority::new()?;
        let addresses = Addresses {
            http: url("http", bound.http.local_addr()?),
            http_v6: bound.http_v6.as_ref().and_then(v6_url),
            https: url("https", bound.https.local_addr()?),
            h2c: url("http", bound.http.local_addr()?),
            raw: url("http", bound.raw.local_addr()?),
            raw_tls: url("https", bound.raw_tls.local_addr()?),
            wrong_host: url("https", bound.wrong_host.local_addr()?),
            expired: url("https", bound.expired.local_addr()?),
            refused: url("http", address_of(&refused)?),
            stalled: url("http", address_of(&stalled.listener)?),
            socks: url("socks5", bound.socks.local_addr()?),
            ca_pem: authority.pem(),
        };
        let ports = Self {
            _tasks: bound.serve(&authority, &Arc::new(Shared::new(options)))?,
            _refused: refused,
            _stalled: stalled,
        };
        Ok((ports, addresses))
    }
}

/// The ports that answer.
struct Bound {
    http: TcpListener,
    http_v6: Option<TcpListener>,
    https: TcpListener,
    raw: TcpListener,
    wrong_host: TcpListener,
    expired: TcpListener,
    raw_tls: TcpListener,
    socks: TcpListener,
}

impl Bound {
    async fn at(base: Option<u16>) -> io::Result<Self> {
        let http = listen(port(base, 0)?).await?;
        let v6 = (Ipv6Addr::LOCALHOST, http.local_addr()?.port());
        Ok(Self {
            http_v6: TcpListener::bind(v6).await.ok(),
            http,
            https: listen(port(base, 1)?).await?,
            raw: listen(port(base, 2)?).await?,
            wrong_host: listen(port(base, 3)?).await?,
            expired: listen(port(base, 6)?).await?,
            raw_tls: listen(port(base, 7)?).await?,
            socks: listen(port(base, 8)?).await?,
        })
    }

    fn serve(self, authority: &Authority, shared: &Arc<Shared>) -> io::Result<JoinSet<()>> {
        let door = |kind, voice, tls| Door { kind, voice, tls, shared: Arc::clone(shared) };
        let local = authority.acceptor(LOCAL_NAMES, Validity::Valid, BOTH)?;
        let wrong = authority.acceptor(&["wrong.example"], Validity::Valid, BOTH)?;
        let expired = authority.acceptor(LOCAL_NAMES, Validity::Expired, BOTH)?;
        let raw_tls = authority.acceptor(LOCAL_NAMES, Validity::Valid, HTTP_1)?;
        let mut tasks = JoinSet::new();
        tasks.spawn(door(Kind::Http, Voice::Http, None).open(self.http));
        if let Some(listener) = self.http_v6 {
            tasks.spawn(door(Kind::Http, Voice::Http, None).open(listener));
        }
        tasks.spawn(door(Kind::Https, Voice::Http, Some(local)).open(self.https));
        tasks.spawn(door(Kind::Https, Voice::Http, Some(wrong)).open(self.wrong_host));
        tasks.spawn(door(Kind::Https, Voice::Http, Some(expired)).open(self.expired));
        tasks.spawn(door(Kind::Raw, Voice::Raw, None).open(self.raw));
        tasks.spawn(door(Kind::Raw, Voice::Raw, Some(raw_tls)).open(self.raw_tls));
        tasks.spawn(socks::open(self.socks));
        Ok(tasks)
    }
}

/// A listener whose queue of connections to accept is full, so that Linux drops the SYN of the next one.
#[derive(Debug)]
struct Stalled {
    listener: Socket,
    _queue: Vec<TcpStream>,
}

impl Stalled {
    /// Longer than a loopback handshake ever takes, shorter than the first repetition of a SYN (1 s).
    const FULL: Duration = Duration::from_millis(100);

    async fn at(port: u16, fill: bool) -> io::Result<Self> {
        let listener = bind(port)?;
        listener.listen(0)?;
        let address = address_of(&listener)?;
        let mut queue = Vec::new();
        while fill && let Ok(stream) = timeout(Self::FULL, TcpStream::connect(address)).await {
            queue.push(stream?);
        }
        Ok(Self { listener, _queue: queue })
    }
}

/// The port at `offset` from the base; 0, any free port, without a base.
fn port(base: Option<u16>, offset: u16) -> io::Result<u16> {
    let Some(base) = base else { return Ok(0) };
    base.checked_add(offset).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the base port is too high"))
}

async fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// A bound socket that does not listen: connecting to it is refused, and nobody else can take the port.
fn bind(port: u16) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    Ok(socket)
}

fn address_of(socket: &Socket) -> io::Result<SocketAddr> {
    socket.local_addr()?.as_socket().ok_or_else(|| io::Error::other("not an IP socket"))
}

fn v6_url(listener: &TcpListener) -> Option<String> {
    listener.local_addr().ok().map(|address| url("http", address))
}

fn url(scheme: &str, address: SocketAddr) -> String {
    format!("{scheme}://{address}")
}
