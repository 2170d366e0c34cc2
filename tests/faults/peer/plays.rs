//! What servers of HTTP/2 do that few do: a line for each of the faults 25 to 31.

use whimbrel::ErrorKind::{self, ReadTimeout, RemoteProtocol, WriteTimeout};

use super::frame::*;
use super::http2::{MANY, Script, Turn, stream};
use crate::fault::End;

pub(crate) struct Play {
    pub(crate) fault: u32,
    pub(crate) name: &'static str,
    /// How often it is given, each time with another number in the host's name.
    pub(crate) times: usize,
    pub(crate) asks: Asks,
    /// How many requests there are.
    pub(crate) requests: usize,
    pub(crate) script: Script,
    /// What comes of it, by that number.
    pub(crate) want: fn(usize) -> Want,
}

/// What the requests are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    Get,
    Post,
    /// One that is longer than the window (RFC 9113 6.9.2), by 200 bytes.
    Long,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    Right,
    Fails(ErrorKind),
    /// Each is right or an error.
    Either,
}

use Asks::{Get, Long, Post};
use Want::{Either, Fails, Right};

type Says = fn(&mut Turn<'_>) -> Vec<u8>;

const fn play(fault: u32, name: &'static str, asks: Asks, requests: usize, says: Says, want: Want) -> Play {
    let want: fn(usize) -> Want = match want {
        Right => |_| Right,
        Either => |_| Either,
        Fails(ReadTimeout) => |_| Fails(ReadTimeout),
        Fails(WriteTimeout) => |_| Fails(WriteTimeout),
        Fails(_) => |_| Fails(RemoteProtocol),
    };
    let script = Script { hello: MANY, answers_pings: true, says };
    Play { fault, name, times: 1, asks, requests, script, want }
}

const fn times(times: usize, play: Play) -> Play {
    Play { times, ..play }
}

const fn saying(hello: &'static [(u16, u32)], play: Play) -> Play {
    Play { script: Script { hello, ..play.script }, ..play }
}

const fn silent(play: Play) -> Play {
    Play { script: Script { answers_pings: false, ..play.script }, ..play }
}

const fn wanting(want: fn(usize) -> Want, play: Play) -> Play {
    Play { want, ..play }
}

/// On the first connection this, at the end of a request, and on all others the answer.
fn once(turn: &mut Turn<'_>, says: impl FnOnce(&mut Turn<'_>) -> Vec<u8>) -> Vec<u8> {
    if turn.connection > 0 {
        return turn.answer();
    }
    if turn.is_whole { says(turn) } else { Vec::new() }
}

/// The same when so many requests are there.
fn at(turn: &mut Turn<'_>, requests: usize, says: impl FnOnce(&mut Turn<'_>) -> Vec<u8>) -> Vec<u8> {
    once(turn, |turn| if turn.number + 1 == requests { says(turn) } else { Vec::new() })
}

fn end(turn: &mut Turn<'_>, end: End, said: Vec<u8>) -> Vec<u8> {
    turn.end = Some(end);
    said
}

const LAST: u32 = 0x7fff_ffff;
/// A setting.
const HEADER_TABLE: u16 = 1;

#[rustfmt::skip]
pub(crate) static PLAYS: &[Play] = &[
    play(25, "none was taken", Post, 3, |t| once(t, |_| goaway(0, NO_ERROR)), Right),
    play(25, "one of three was taken", Post, 3, |t| at(t, 3, |t| [goaway(1, NO_ERROR), t.answer_to(0)].concat()), Right),
    play(25, "a farewell, then the end of one half", Get, 1, |t| once(t, |t| end(t, End::HalfClose, [t.answer(), goaway(1, NO_ERROR)].concat())), Right),
    // If the client cannot even acknowledge the settings before it has read the answer, `h2` reads no further.
    play(25, "a farewell, then the end", Get, 1, |t| once(t, |t| end(t, End::Cut, [t.answer(), goaway(1, NO_ERROR)].concat())), Either),
    play(25, "a farewell before the answer", Post, 1, |t| once(t, |t| [goaway(1, NO_ERROR), t.answer()].concat()), Right),
    play(25, "an end in place of the answer", Post, 1, |t| once(t, |t| end(t, End::Cut, goaway(1, NO_ERROR))), Fails(RemoteProtocol)),
    play(25, "two farewells", Post, 3, |t| at(t, 3, |t| [goaway(LAST, NO_ERROR), t.answer_to(0), goaway(1, NO_ERROR)].concat()), Right),
    play(25, "a second farewell that names more", Post, 3, |t| at(t, 3, |t| [goaway(1, NO_ERROR), goaway(5, NO_ERROR), t.answer_to(0)].concat()), Either),
    play(25, "a storm of refusals", Post, 1, |_| goaway(0, NO_ERROR), Fails(RemoteProtocol)),
    play(25, "a storm of refusals, in anger", Post, 5, |_| goaway(0, ENHANCE_YOUR_CALM), Fails(RemoteProtocol)),
    times(5, play(26, "one is refused", Post, 5, |t| if t.connection == 0 && t.number == t.which { reset(t.stream, REFUSED_STREAM) } else { t.answer() }, Right)),
    play(26, "all are refused", Post, 5, |t| reset(t.stream, REFUSED_STREAM), Fails(RemoteProtocol)),
    wanting(|which| if which % 5 >= 3 || which == 0 { Right } else { Fails(RemoteProtocol) }, times(20, play(26, "broken off between frames", Post, 1, broken_off, Right))),
    // Those that were about to go out on it wait in vain for their turn; all others go elsewhere.
    play(27, "none at once from now on", Get, 5, |t| once(t, |t| [settings(&[(MAX_STREAMS, 0)]), t.answer()].concat()), Either),
    play(27, "none at once for a while", Get, 5, |t| once(t, |t| [settings(&[(MAX_STREAMS, 0)]), t.answer(), settings(MANY)].concat()), Right),
    play(27, "one at once from now on", Post, 5, |t| once(t, |t| [settings(&[(MAX_STREAMS, 1)]), t.answer()].concat()), Right),
    play(27, "one at once while there are five", Post, 5, |t| at(t, 5, |t| [settings(&[(MAX_STREAMS, 1)]), (0..5).flat_map(|it| t.answer_to(it)).collect()].concat()), Right),
    play(27, "a window of nothing", Long, 1, |t| if t.number == 0 && t.content.is_empty() { settings(&[(WINDOW, 0)]) } else { t.answer() }, Fails(WriteTimeout)),
    play(27, "a window that shuts and opens", Long, 1, |t| if t.content.is_empty() { [settings(&[(WINDOW, 0)]), settings(&[(WINDOW, 1 << 20)]), window_update(0, 1 << 20)].concat() } else { t.answer() }, Right),
    play(27, "a table of nothing", Post, 5, |t| once(t, |t| [settings(&[(HEADER_TABLE, 0)]), t.answer()].concat()), Right),
    play(27, "a table that goes and comes", Get, 5, |t| once(t, |t| [settings(&[(HEADER_TABLE, 0)]), settings(&[(HEADER_TABLE, 4096)]), t.answer()].concat()), Right),
    times(200, play(28, "interleaved", Get, 5, |t| at(t, 5, interleaved), Right)),
    silent(play(29, "no ping is answered", Get, 5, |t| once(t, |_| Vec::new()), Fails(ReadTimeout))),
    silent(play(29, "no ping is answered in the middle", Get, 1, |t| once(t, |t| t.frames()[..2].concat()), Fails(ReadTimeout))),
    play(30, "the window is never opened", Long, 1, |t| t.answer(), Fails(WriteTimeout)),
    play(30, "a connection's window is never opened", Long, 1, |t| if t.content.is_empty() { window_update(t.stream, 1 << 20) } else { t.answer() }, Fails(WriteTimeout)),
    saying(&[(MAX_STREAMS, 100), (WINDOW, 1)], play(30, "a byte at a time", Post, 3, |t| if t.is_whole { t.answer() } else { window_update(t.stream, 1) }, Right)),
    play(30, "a byte at a time, at last", Long, 1, |t| if t.is_whole { t.answer() } else if t.content.len() < 65_535 { Vec::new() } else { [window_update(0, 1), window_update(t.stream, 1)].concat() }, Right),
    times(3, play(31, "cut with a hundred under way", Post, 100, |t| at(t, 100, |t| end(t, End::Cut, half(t))), Either)),
    times(3, play(31, "reset with a hundred under way", Post, 100, |t| at(t, 100, |t| end(t, End::Reset, half(t))), Either)),
    times(3, play(31, "reset with a hundred of which each may be repeated", Get, 100, |t| at(t, 100, |t| end(t, End::Reset, half(t))), Either)),
    play(31, "a hundred are refused", Post, 100, |t| at(t, 100, |t| end(t, End::Cut, goaway(0, NO_ERROR))), Right),
    play(31, "half of a hundred are refused", Post, 100, |t| at(t, 100, |t| [goaway(99, NO_ERROR), (0..50).flat_map(|it| t.answer_to(it)).collect()].concat()), Right),
    play(31, "silence with a hundred under way", Post, 100, |t| once(t, |_| Vec::new()), Fails(ReadTimeout)),
];

/// The first so many of an answer's frames, and one of four reasons.
fn broken_off(turn: &mut Turn<'_>) -> Vec<u8> {
    let (frames, reason) = (turn.which % 5, [REFUSED_STREAM, CANCEL, INTERNAL_ERROR, NO_ERROR][turn.which / 5]);
    once_asked(turn, |turn| {
        let sent = turn.frames();
        [sent[..frames.min(sent.len())].concat(), reset(turn.stream, reason)].concat()
    })
}

/// The first request on the first connection.
fn once_asked(turn: &mut Turn<'_>, says: impl FnOnce(&mut Turn<'_>) -> Vec<u8>) -> Vec<u8> {
    match turn.number {
        0 => once(turn, says),
        _ => turn.answer(),
    }
}

/// None, half or nearly all of the answers.
fn half(turn: &Turn<'_>) -> Vec<u8> {
    (0..[0, 50, 99][turn.which]).flat_map(|it| turn.answer_to(it)).collect()
}

/// The answers to five requests, with what concerns nobody between them, in an order that the number makes.
fn interleaved(turn: &mut Turn<'_>) -> Vec<u8> {
    let mut queues: Vec<Vec<Vec<u8>>> = (0..5).map(|number| turn.frames_of(stream(number))).collect();
    queues.push(vec![
        ping(),
        frame(0xbe, 0, 0, b"?"),
        window_update(0, 1),
        settings(MANY),
        frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 9]),
    ]);
    let (mut random, mut out) = (turn.which as u32 + 1, Vec::new());
    while queues.iter().any(|queue| !queue.is_empty()) {
        random = random.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        let queue = &mut queues[(random >> 16) as usize % 6];
        if !queue.is_empty() {
            out.extend(queue.remove(0));
        }
    }
    out
}
