//! Who is compared.

/// A peer's name on the command line and in the results, its package in Cargo.lock (or PyPI), and its name in the tables.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) package: &'static str,
    pub(crate) label: &'static str,
}

pub(crate) const PEERS: &[Peer] = &[
    Peer { name: "whimbrel", package: "whimbrel", label: "whimbrel" },
    Peer { name: "hyper", package: "hyper", label: "hyper `conn`" },
    Peer { name: "hyper-util", package: "hyper-util", label: "hyper-util `legacy`" },
    Peer { name: "reqwest", package: "reqwest", label: "reqwest" },
    Peer { name: "bare", package: "httparse", label: "bare tokio socket with httparse" },
    Peer { name: "whimbrel-blocking", package: "whimbrel", label: "whimbrel `blocking`" },
    Peer { name: "ureq", package: "ureq", label: "ureq" },
    Peer { name: "reqwest-blocking", package: "reqwest", label: "reqwest `blocking`" },
    Peer { name: "curl", package: "curl-sys", label: "libcurl (crate curl)" },
    Peer { name: "httpx", package: "httpx", label: "Python's httpx" },
    Peer { name: "aiohttp", package: "aiohttp", label: "Python's aiohttp" },
    Peer { name: "wasi-whimbrel", package: "whimbrel", label: "whimbrel on WASI sockets" },
    Peer { name: "wasi-bare", package: "wasip2", label: "hand-written loop on WASI sockets" },
    Peer { name: "whimbrel-plain", package: "whimbrel", label: "whimbrel, no default features" },
    Peer { name: "reqwest-plain", package: "reqwest", label: "reqwest, no default features" },
    Peer { name: "ureq-plain", package: "ureq", label: "ureq, no default features" },
];

/// Those that scripts/bench installs from PyPI, and that benches/peers/python.py drives.
pub(crate) const PYTHON: &[&str] = &["httpx", "aiohttp"];

pub(crate) fn label(name: &str) -> &str {
    peer(name).map_or(name, |peer| peer.label)
}

pub(crate) fn peer(name: &str) -> Option<&'static Peer> {
    PEERS.iter().find(|peer| peer.name == name)
}

/// The version that was built.
pub(crate) fn version(package: &str) -> Option<&'static str> {
    const LOCK: &str = include_str!("../Cargo.lock");
    let name = format!("name = \"{package}\"\n");
    let entry = LOCK.split("[[package]]").find_map(|entry| entry.trim().strip_prefix(&name))?;
    entry.split('"').nth(1)
}
