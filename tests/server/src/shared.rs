//! What all connections of one server share, and what is known of each connection.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::{Options, digest::Nonces, raw::Records};

/// Which of the three counters a port belongs to, and so its scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Http,
    Https,
    Raw,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) www: Option<PathBuf>,
    pub(crate) pkg: Option<PathBuf>,
    pub(crate) nonces: Nonces,
    pub(crate) records: Records,
    connections: AtomicU64,
    http: Counters,
    https: Counters,
    raw: Counters,
}

impl Shared {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            www: options.www,
            pkg: options.pkg,
            nonces: Nonces::default(),
            records: Records::default(),
            connections: AtomicU64::new(0),
            http: Counters::default(),
            https: Counters::default(),
            raw: Counters::default(),
        }
    }

    pub(crate) fn stats(&self) -> Value {
        json!({"http": self.http.json(), "https": self.https.json(), "raw": self.raw.json()})
    }

    fn counters(&self, kind: Kind) -> &Counters {
        match kind {
            Kind::Http => &self.http,
            Kind::Https => &self.https,
            Kind::Raw => &self.raw,
        }
    }
}

#[derive(Debug, Default)]
struct Counters {
    open: AtomicU64,
    total: AtomicU64,
    requests: AtomicU64,
}

impl Counters {
    fn json(&self) -> Value {
        json!({
            "connections_open": self.open.load(Relaxed),
            "connections_total": self.total.load(Relaxed),
            "requests": self.requests.load(Relaxed),
        })
    }
}

/// One accepted connection.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Unique among all ports of this server.
    pub(crate) number: u64,
    pub(crate) kind: Kind,
    pub(crate) remote: SocketAddr,
    pub(crate) shared: Arc<Shared>,
    /// Asks for a TCP reset.
    pub(crate) reset: Notify,
    /// Asks for GOAWAY.
    pub(crate) finish: Notify,
}

impl Connection {
    /// Counts and numbers a connection. It is open for as long as the `Open` lives.
    pub(crate) fn new(kind: Kind, remote: SocketAddr, shared: &Arc<Shared>) -> (Arc<Self>, Open) {
        let counters = shared.counters(kind);
        counters.open.fetch_add(1, Relaxed);
        counters.total.fetch_add(1, Relaxed);
        let connection = Arc::new(Self {
            number: shared.connections.fetch_add(1, Relaxed) + 1,
            kind,
            remote,
            shared: Arc::clone(shared),
            reset: Notify::new(),
            finish: Notify::new(),
        });
        (Arc::clone(&connection), Open(connection))
    }

    pub(crate) fn count_request(&self) {
        self.shared.counters(self.kind).requests.fetch_add(1, Relaxed);
    }
}

/// Counts a connection as open until dropped. Apart from `Connection`, which bodies under way keep alive for longer.
pub(crate) struct Open(Arc<Connection>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.shared.counters(self.0.kind).open.fetch_sub(1, Relaxed);
    }
}
