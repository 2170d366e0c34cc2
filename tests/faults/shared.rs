//! Faults 25 to 31: servers of HTTP/2 that do what few do.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use whimbrel::{Client, ClientBuilder, ErrorKind};

use crate::case::{Case, Verdict};
use crate::exchange::{Exchange, HTTP2, Run, TIMEOUT, UPLOAD, http2, together};
use crate::fault::{End, Fault, Manner, Side};
use crate::odd::failing;
use crate::peer::{Asks, PLAYS, Play, Want};
use crate::plan::{manners, measure};
use crate::site::{PLAY, body};

/// Those of one number, in all manners; of what is done often, in two.
pub(crate) fn played(fault: u32) -> Vec<Case> {
    let mut cases = Vec::new();
    for (index, play) in PLAYS.iter().enumerate().filter(|(_, play)| play.fault == fault) {
        for which in 0..play.times {
            let origin = format!("http://n{which}.test:{}", usize::from(PLAY) + index);
            let exchange = Arc::new(exchange(play, which, origin));
            let often = play.times > 20 || play.requests > 20 || play.asks == Asks::Long;
            let manners = manners().into_iter().step_by(if often { 33 } else { 1 });
            cases.extend(manners.map(|manner| Case {
                verdict: verdict((play.want)(which), fault),
                ..Case::new(&exchange, Fault::None, manner)
            }));
        }
    }
    cases
}

fn exchange(play: &'static Play, which: usize, origin: String) -> Exchange {
    let next = format!("{origin}/its");
    let exchange = Exchange::new(format!("{}, {which}", play.name), move |client| run(&client, play, &origin));
    // What is refused is sent again, up to four times in all.
    let posts = if play.asks == Asks::Get { 0 } else { 4 * play.requests };
    let pinging: fn(ClientBuilder) -> ClientBuilder = |client| HTTP2(client).http2_keep_alive(SECOND, SECOND);
    let settings = if play.fault == 29 { pinging } else { HTTP2 };
    exchange.by(settings).posts(posts).next(&next).shared().fails((play.want)(which) != Want::Right)
}

const SECOND: Duration = Duration::from_secs(1);

fn run(client: &Client, play: &Play, origin: &str) -> Run {
    const LONG: usize = 65_535 + 200;
    let url = format!("{origin}/case");
    let request = || match play.asks {
        Asks::Get => (client.get(&url), body("case", b"")),
        Asks::Post => (client.post(&url).content(UPLOAD), body("case", UPLOAD.as_bytes())),
        Asks::Long => (client.post(&url).content(vec![b'x'; LONG]), body("case", LONG.to_string().as_bytes())),
    };
    together((0..play.requests).map(|_| request()).collect())
}

fn verdict(want: Want, fault: u32) -> Verdict {
    let Want::Fails(kind) = want else { return Arc::new(|_, _| None) };
    let is_kind = failing(kind);
    // The interval and the timeout of pings, or the limit of a wait.
    let on_time: Range<Duration> = match kind {
        ErrorKind::ReadTimeout if fault == 29 => 2 * SECOND..2 * SECOND + SHORT,
        ErrorKind::ReadTimeout | ErrorKind::WriteTimeout => TIMEOUT..TIMEOUT + SHORT,
        _ => Duration::ZERO..SHORT,
    };
    Arc::new(move |outcome, measure| {
        let late = (!on_time.contains(&outcome.elapsed)).then(|| format!("after {:?}", outcome.elapsed));
        is_kind(outcome, measure).or(late)
    })
}

const SHORT: Duration = Duration::from_millis(10);

/// Fault 28: the response comes in two pieces, of every length.
pub(crate) fn in_two_pieces() -> Vec<Case> {
    let mut cases = Vec::new();
    for exchange in http2() {
        let given = measure(&exchange, Manner::FAST).given;
        cases.extend((0..given).map(|at| {
            let mut case = Case::new(
                &exchange,
                Fault::Byte { side: Side::Response, at, end: End::Pause, early: false },
                Manner::FAST,
            );
            case.verdict = Arc::new(|outcome, _| {
                let is_right = matches!(outcome.result, Some(Ok(_)));
                (!is_right).then(|| format!("{:?}", outcome.result))
            });
            case
        }));
    }
    cases
}
