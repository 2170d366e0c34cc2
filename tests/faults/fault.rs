//! What goes wrong, and when. Places are counted in bytes or operations over all connections of a case, and each fault strikes once.

use std::fmt;
use std::io::ErrorKind;
use std::time::Duration;

/// Which way the bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Response,
}

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The other side closed it: there is nothing more to read, and nobody to write to.
    Cut,
    /// The other side closed its half, and reads on.
    HalfClose,
    Reset,
    /// Nothing moves, in either direction.
    Stall,
    /// All that is sent is taken, and never answered.
    Deaf,
    /// Every operation from now on fails so. (`Interrupted` is over at once.)
    Fails(ErrorKind),
    /// Nothing comes for a moment.
    Pause,
    /// These bytes come instead of the server's, and then its end.
    Instead(&'static [u8]),
}

/// What the client's owner loses interest in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dropped {
    /// The future of the request or of its body.
    Future,
    /// Every handle of the client but what the future holds.
    Client,
    /// `Client::close`, while the future goes on.
    Closed,
    /// The runtime, and the future later.
    Runtime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Once so many bytes went that way. `early`: without waiting until there are more.
    Byte {
        side: Side,
        at: usize,
        end: End,
        early: bool,
    },
    /// The operation (connect, read, write, flush, close) of this number fails.
    Operation {
        at: usize,
        kind: ErrorKind,
    },
    /// At the poll of this number.
    Drop {
        at: usize,
        what: Dropped,
    },
}

impl Fault {
    /// Whether something stands still, so that time has to pass.
    pub(crate) fn is_stall(self) -> bool {
        matches!(self, Self::Byte { end: End::Stall | End::Deaf, .. })
    }

    /// Whether a body without a length may end where it strikes.
    pub(crate) fn is_end(self) -> bool {
        matches!(self, Self::Byte { end: End::Cut | End::HalfClose, .. })
    }
}

/// How bytes come and go, faults aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    /// The most bytes of one read, and of one write.
    pub(crate) read: usize,
    pub(crate) write: usize,
    /// How often, of a hundred times, an operation is put off by one poll.
    pub(crate) blocks: u32,
    pub(crate) seed: u32,
    /// The wait before each operation.
    pub(crate) pace: Duration,
}

impl Manner {
    pub(crate) const FAST: Self =
        Self { read: usize::MAX, write: usize::MAX, blocks: 0, seed: 0, pace: Duration::ZERO };

    /// Many small steps.
    pub(crate) const fn small(bytes: usize) -> Self {
        Self { read: bytes, write: bytes, blocks: 100, ..Self::FAST }
    }
}

/// So that a failing case can be told, and run again.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Byte { side, at, end, early } => {
                let early = if *early { " early" } else { "" };
                write!(f, "{end:?}{early} at {side:?} byte {at}")
            }
            Self::Operation { at, kind } => write!(f, "{kind:?} at operation {at}"),
            Self::Drop { at, what } => write!(f, "{what:?} dropped at poll {at}"),
        }
    }
}
