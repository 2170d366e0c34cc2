//! What is measured, on whom, and in which columns it is told.

pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    /// As `peers run` has it.
    pub(crate) kind: &'static str,
    pub(crate) server: Server,
    pub(crate) path: &'static str,
    /// Of the body, in bytes.
    pub(crate) length: usize,
    pub(crate) count: Count,
    pub(crate) at_once: u32,
    pub(crate) peers: &'static [&'static str],
    pub(crate) columns: Columns,
    /// Whose CPU time the others' is divided by.
    pub(crate) against: &'static [&'static str],
}

#[derive(Clone, Copy)]
pub(crate) enum Count {
    /// One for so many of the requests that scripts/bench asks for.
    OneOf(u32),
    /// So many, however many those are.
    Just(u32),
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Columns {
    /// Small requests: CPU per request, requests per second.
    Requests,
    /// Large bodies: bytes per second, CPU, peak memory.
    Transfer,
    /// One call: its time.
    Time,
}

/// scripts/bench lets them listen on ports in a row.
#[derive(Clone, Copy)]
pub(crate) enum Server {
    Http = 0,
    Http2 = 1,
    Tls = 2,
    TlsHttp2 = 3,
    TlsClosing = 4,
    Sink = 5,
}

impl Server {
    pub(crate) fn url(self, port: u16, path: &str) -> String {
        let scheme = match self {
            Self::Tls | Self::TlsHttp2 | Self::TlsClosing => "https",
            Self::Http | Self::Http2 | Self::Sink => "http",
        };
        format!("{scheme}://127.0.0.1:{}{path}", port + self as u16)
    }
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const GIB: usize = 1024 * MIB;

const EVERYBODY: &[&str] = &[
    "whimbrel",
    "hyper",
    "hyper-util",
    "reqwest",
    "bare",
    "whimbrel-blocking",
    "ureq",
    "reqwest-blocking",
    "curl",
    "httpx",
    "aiohttp",
];
/// Those that block would need a thread for each.
const MANY: &[&str] = &["whimbrel", "hyper", "hyper-util", "reqwest", "bare", "curl", "httpx", "aiohttp"];
/// Those that speak it. (aiohttp does not.)
const HTTP2: &[&str] = &["whimbrel", "hyper", "hyper-util", "reqwest", "curl", "httpx"];
/// Those that open connections by themselves, and the bare socket.
const CONNECTING: &[&str] = &[
    "whimbrel",
    "hyper-util",
    "reqwest",
    "bare",
    "whimbrel-blocking",
    "ureq",
    "reqwest-blocking",
    "curl",
    "httpx",
    "aiohttp",
];
const CLIENTS: &[&str] =
    &["whimbrel", "hyper-util", "reqwest", "whimbrel-blocking", "ureq", "reqwest-blocking", "curl", "httpx", "aiohttp"];

/// What most scenarios have in common.
const SMALL: Scenario = Scenario {
    name: "",
    title: "",
    about: "",
    kind: "get",
    server: Server::Http,
    path: "/",
    length: KIB,
    count: Count::OneOf(1),
    at_once: 1,
    peers: EVERYBODY,
    columns: Columns::Requests,
    against: &["reqwest"],
};

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "sequential",
        title: "Small GETs, one after the other",
        about: "1 KiB each, over one kept-alive connection.",
        against: &["bare", "hyper", "reqwest", "ureq"],
        ..SMALL
    },
    Scenario {
        name: "64",
        title: "64 small GETs in flight",
        about: "As many connections, which are kept alive. Clients that block are left out: they would need as many threads.",
        at_once: 64,
        peers: MANY,
        ..SMALL
    },
    Scenario {
        name: "1000",
        title: "1,000 small GETs in flight",
        about: "The same with a thousand connections.",
        at_once: 1000,
        peers: MANY,
        ..SMALL
    },
    Scenario {
        name: "h2c",
        title: "HTTP/2, 64 streams on one connection",
        about: "Without TLS, by prior knowledge.",
        kind: "http2",
        server: Server::Http2,
        at_once: 64,
        peers: HTTP2,
        ..SMALL
    },
    Scenario {
        name: "h2",
        title: "HTTP/2 over TLS, 64 streams on one connection",
        about: "The same, with the protocol negotiated in the handshake.",
        kind: "http2",
        server: Server::TlsHttp2,
        at_once: 64,
        peers: HTTP2,
        ..SMALL
    },
    Scenario {
        name: "tls",
        title: "Small GETs over TLS, one after the other",
        about: "TLS 1.3, one kept-alive connection.",
        server: Server::Tls,
        against: &["bare", "reqwest", "ureq"],
        ..SMALL
    },
    Scenario {
        name: "tls-fresh",
        title: "A new TLS connection for each GET",
        about: "The server closes after each response. All resume sessions, but Python's.",
        kind: "fresh",
        server: Server::TlsClosing,
        count: Count::OneOf(20),
        peers: CONNECTING,
        against: &["bare", "reqwest", "ureq"],
        ..SMALL
    },
    Scenario {
        name: "1MiB-down",
        title: "1 MiB down",
        about: "Into memory, as `bytes()` gives it.",
        path: "/1MiB",
        length: MIB,
        count: Count::OneOf(40),
        columns: Columns::Transfer,
        ..SMALL
    },
    Scenario {
        name: "1MiB-up",
        title: "1 MiB up",
        about: "From a stream of known length, to a server that counts and discards.",
        kind: "upload",
        server: Server::Sink,
        length: MIB,
        count: Count::OneOf(40),
        columns: Columns::Transfer,
        ..SMALL
    },
    Scenario {
        name: "1GiB-down",
        title: "1 GiB down",
        about: "As a stream. The bare socket is a loop that reads into a buffer of 64 KiB.",
        kind: "download",
        path: "/1GiB",
        length: GIB,
        count: Count::Just(1),
        columns: Columns::Transfer,
        ..SMALL
    },
    Scenario {
        name: "1GiB-up",
        title: "1 GiB up",
        about: "As 1 MiB up.",
        kind: "upload",
        server: Server::Sink,
        length: GIB,
        count: Count::Just(1),
        columns: Columns::Transfer,
        ..SMALL
    },
    Scenario {
        name: "cold",
        title: "The first client of a process",
        about: "`Client::new()` or what comes closest, with its defaults, TLS included. libcurl initializes its libraries before that.",
        kind: "cold",
        count: Count::Just(1),
        peers: CLIENTS,
        columns: Columns::Time,
        against: &[],
        ..SMALL
    },
    Scenario {
        name: "wasi",
        title: "WASI sockets",
        about: "Small GETs, one after the other, by components under wasmtime. CPU time is wasmtime's; starting is not in it.",
        kind: "wasi",
        count: Count::OneOf(2),
        peers: &["wasi-whimbrel", "wasi-bare"],
        against: &["wasi-bare"],
        ..SMALL
    },
];
