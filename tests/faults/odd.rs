//! Faults 11 and 17 to 24: servers that do what few do, and requests that get in each other's way.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use whimbrel::auth::Digest;
use whimbrel::{Body, BoxError, ClientBuilder, ErrorKind, RequestBuilder, Timeout};

use crate::case::{Case, Outcome, Verdict};
use crate::exchange::{Exchange, TIMEOUT, UPLOAD, any, lone, one, streamed, three_but, tls, unread};
use crate::fault::{End, Fault, Manner, Side};
use crate::plan::{manners, measure};
use crate::site::body;

/// Fault 17: an answer after so many bytes of an upload of a GiB, read or not. (N4)
pub(crate) fn early_answers() -> Vec<Case> {
    let mut cases = Vec::new();
    let answers = [413, 401, 307, 200].into_iter().flat_map(|status| ["keep", "cut", "reset"].map(|end| (status, end)));
    for (status, end) in answers {
        for (at, is_read) in places().flat_map(|at| [(at, true), (at, false)]) {
            let path = format!("/early/{status}/{end}/{at}");
            let pulled = Arc::new(AtomicUsize::new(0));
            let (counter, name) = (pulled.clone(), if is_read { path.clone() } else { format!("{path}, not read") });
            let exchange = Exchange::new(name, move |client| {
                let request = client.post(format!("http://a.test{path}")).content(flood(&counter));
                if is_read { any(request, body(&path, b"")) } else { unread(request) }
            });
            // What is to be left unread does not come with its head.
            let manner = Manner { read: if is_read { usize::MAX } else { 40 }, ..Manner::FAST };
            let mut case = Case::new(&Arc::new(exchange.posts(1)), Fault::None, manner);
            case.verdict = Arc::new(move |outcome, _| at_once(outcome).or_else(|| bounded(&pulled, at)));
            cases.push(case);
        }
    }
    cases
}

/// How many bytes of an upload there are.
fn places() -> impl Iterator<Item = usize> {
    (0..128).chain([1_000, 5_000, 70_000])
}

fn at_once(outcome: &Outcome) -> Option<String> {
    (!outcome.elapsed.is_zero()).then(|| format!("it took {:?}", outcome.elapsed))
}

/// What is taken from the upload goes out, but for what is under way.
fn bounded(pulled: &AtomicUsize, sent: usize) -> Option<String> {
    let pulled = pulled.load(Ordering::Relaxed);
    (pulled > sent + MOST).then(|| format!("{pulled} bytes were taken from the upload"))
}

const MOST: usize = 1 << 20;

/// Fault 18: a server that reads no further.
pub(crate) fn uploads_that_stand_still() -> Vec<Case> {
    let cases = places().map(|at| {
        let pulled = Arc::new(AtomicUsize::new(0));
        let counter = pulled.clone();
        let upload = Exchange::new("upload", move |client| {
            any(client.post("http://a.test/echo").content(flood(&counter)), vec![])
        });
        let fault = Fault::Byte { side: Side::Request, at, end: End::Stall, early: false };
        let mut case = Case::new(&Arc::new(upload.posts(1)), fault, Manner::FAST);
        let late = failing(ErrorKind::WriteTimeout);
        case.verdict = Arc::new(move |outcome, measure| late(outcome, measure).or_else(|| bounded(&pulled, at)));
        case
    });
    cases.collect()
}

/// Fault 19, and 22's slow heads: something moves each time before a limit strikes, and only the total one ends it. (O1)
pub(crate) fn everything_drips() -> Vec<Case> {
    let all: [fn() -> Exchange; 5] = [
        || {
            Exchange::new("upload", |client| {
                any(client.post("http://a.test/echo").content(flood(&Arc::default())), vec![])
            })
            .posts(1)
        },
        || Exchange::new("length", |client| any(client.get("http://a.test/length"), vec![])),
        || Exchange::new("endless head", |client| any(client.get("http://a.test/endless/head"), vec![])),
        || Exchange::new("endless body", |client| any(client.get("http://a.test/endless/body"), vec![])),
        || Exchange::new("interim", |client| any(client.get("http://a.test/hints/9"), vec![])),
    ];
    let timed: fn(ClientBuilder) -> ClientBuilder = |client| client.timeout(Timeout::all(TIMEOUT).total(TOTAL));
    let mut cases = Vec::new();
    for (exchange, tenths) in all.into_iter().flat_map(|exchange| (5..49).map(move |tenths| (exchange, tenths))) {
        let manner = Manner { read: 1, write: 40, pace: Duration::from_millis(100 * tenths), ..Manner::FAST };
        let mut case = Case::new(&Arc::new(exchange().by(timed)), Fault::None, manner);
        case.verdict = Arc::new(|outcome, measure| {
            let on_time = (TOTAL..TOTAL + Duration::from_millis(10)).contains(&outcome.elapsed);
            failing(ErrorKind::TotalTimeout)(outcome, measure)
                .or_else(|| (!on_time).then(|| format!("after {:?}", outcome.elapsed)))
        });
        cases.push(case);
    }
    cases
}

const TOTAL: Duration = Duration::from_secs(20);

/// Fault 20: the body goes out once or not at all, and never a part of it before another request. (N5)
pub(crate) fn expectations() -> Vec<Case> {
    let mut cases = Vec::new();
    for how in ["100", "417", "200", "nothing", "twice", "late", "fin"] {
        let url = format!("http://a.test/expect/{how}");
        let (piece, stream) = (url.clone(), url.clone());
        let sent = move |answer: &str| if matches!(answer, "417" | "200") { &b""[..] } else { UPLOAD.as_bytes() };
        let want = body(&format!("/expect/{how}"), sent(how));
        let wanted = want.clone();
        let expecting = |request: RequestBuilder| request.header("expect", "100-continue");
        let exchanges = [
            Exchange::new(format!("Expect, answered by {how}"), move |client| {
                any(expecting(client.post(&piece).content(UPLOAD)), want.clone())
            }),
            Exchange::new(format!("Expect with a stream, answered by {how}"), move |client| {
                any(expecting(streamed(&client, &stream, None)), wanted.clone())
            }),
        ];
        for exchange in exchanges.map(|exchange| Arc::new(exchange.posts(1).fails(how == "fin"))) {
            cases.extend(manners().into_iter().map(|manner| {
                let mut case = Case::new(&exchange, Fault::None, manner);
                if how == "fin" {
                    case.verdict = Arc::new(|outcome, _| error_of(outcome).is_none().then(|| "it succeeds".to_owned()));
                }
                case
            }));
        }
    }
    cases
}

/// Fault 21.
pub(crate) fn interim_responses() -> Vec<Case> {
    let mut cases = Vec::new();
    for (path, fails) in [
        ("/hints/1", false),
        ("/hints/5", false),
        ("/hints/16", false),
        ("/hints/17", true),
        ("/hints/10000", true),
        ("/interim/102", false),
        ("/interim/body", true),
        ("/interim/101", true),
    ] {
        let exchange =
            Exchange::new(path, move |client| one(client.get(format!("http://a.test{path}")), body(path, b"")));
        let verdict: Verdict = if fails { failing(ErrorKind::RemoteProtocol) } else { Arc::new(|_, _| None) };
        cases.extend(in_all_manners(exchange.fails(fails), &verdict));
    }
    cases
}

fn in_all_manners(exchange: Exchange, verdict: &Verdict) -> Vec<Case> {
    let exchange = Arc::new(exchange);
    let cases = manners().into_iter().map(|manner| {
        let mut case = Case::new(&exchange, Fault::None, manner);
        case.verdict = verdict.clone();
        case
    });
    cases.collect()
}

/// Fault 22: what never ends is given up while it is small. (A1, A3)
pub(crate) fn endless_responses() -> Vec<Case> {
    let mut cases = Vec::new();
    for what in ["fields", "head", "status", "chunk", "trailers"] {
        let url = format!("http://a.test/endless/{what}");
        let exchange = Arc::new(Exchange::new(url.clone(), move |client| any(client.get(&url), vec![])).fails(true));
        for read in [usize::MAX, 100, 7] {
            let manner = Manner { read, ..Manner::FAST };
            let mut case = Case::new(&exchange, Fault::None, manner);
            case.verdict = Arc::new(|outcome, measure| {
                let much = (measure.given > 256 * 1024).then(|| format!("{} bytes were read", measure.given));
                failing(ErrorKind::LimitExceeded)(outcome, measure).or(much)
            });
            cases.push(case);
        }
    }
    cases
}

/// Fault 23, on the way too.
pub(crate) fn bombs() -> Vec<Case> {
    let small: fn(ClientBuilder) -> ClientBuilder = |client| client.max_decoded_size(200_000).follow_redirects(true);
    let mut cases = Vec::new();
    for seed in 1..20 {
        let manner = Manner { read: 97 * seed as usize, blocks: 50, seed, ..Manner::FAST };
        let normal = Exchange::new("bomb", |client| any(client.get("http://a.test/bomb/200"), vec![])).fails(true);
        let mut case = Case::new(&Arc::new(normal.by(small)), Fault::None, manner);
        case.verdict = failing(ErrorKind::LimitExceeded);
        cases.push(case);
        let redirect = Exchange::new("bomb that redirects", |client| {
            one(client.get("http://a.test/bomb/302"), body("/length", b""))
        });
        let refusal = Exchange::new("bomb that asks who is there", |client| {
            let request = client.get("http://a.test/bomb/401").auth(Digest::new("s", "S3CR3T-d"));
            one(request, body("/bomb/401", b""))
        });
        cases.extend([redirect, refusal].map(|exchange| Case::new(&Arc::new(exchange.by(small)), Fault::None, manner)));
    }
    cases
}

/// Fault 24: what nobody with the keys has sent. (Records that are cut and stall are among the others.)
pub(crate) fn forged_records() -> Vec<Case> {
    const FORGED: [&[u8]; 4] = [
        // Alerts (RFC 8446 6): a fatal one, and an end.
        &[21, 3, 3, 0, 2, 2, 40],
        &[21, 3, 3, 0, 2, 1, 0],
        // A record that is longer than records may be.
        &[23, 3, 3, 0x48, 0x01, 0, 0, 0],
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ];
    let mut cases = Vec::new();
    for exchange in tls() {
        let given = measure(&exchange, Manner::FAST).given;
        for (index, bytes) in FORGED.into_iter().enumerate() {
            let fault = |at| Fault::Byte { side: Side::Response, at, end: End::Instead(bytes), early: false };
            // Each state is many bytes long.
            cases.extend((index..given).step_by(13).map(|at| Case::new(&exchange, fault(at), Manner::FAST)));
        }
    }
    cases
}

/// Fault 11: three requests have one connection between them, and one of them is given up at its n-th poll: while it waits for its
/// turn, while it connects and the others wait for it, or when it has just been handed the connection. (N10)
pub(crate) fn turns_given_up() -> Vec<Case> {
    let mut cases = Vec::new();
    for (origins, bytes) in [1, 2, 3].into_iter().flat_map(|origins| [3, 40].map(|bytes| (origins, bytes))) {
        for which in 0..3 {
            let polls = Arc::new(AtomicUsize::new(0));
            let exchange = |at| {
                let (name, polls) =
                    (format!("request {which} of three to {origins} origins, given up at poll {at}"), polls.clone());
                let exchange = Exchange::new(name, move |client| three_but(&client, origins, which, at, &polls));
                Arc::new(exchange.by(lone).posts(1))
            };
            measure(&exchange(usize::MAX), Manner::small(bytes));
            let polls = polls.load(Ordering::Relaxed);
            cases.extend((0..polls).map(|at| Case::new(&exchange(at), Fault::None, Manner::small(bytes))));
        }
    }
    cases
}

fn error_of(outcome: &Outcome) -> Option<ErrorKind> {
    outcome.result.as_ref()?.as_ref().err().map(whimbrel::Error::kind)
}

pub(crate) fn failing(kind: ErrorKind) -> Verdict {
    Arc::new(move |outcome, _| {
        let error = error_of(outcome);
        (error != Some(kind)).then(|| format!("{error:?} is no {kind:?}: {:?}", outcome.result))
    })
}

/// A GiB, made as it is asked for.
fn flood(pulled: &Arc<AtomicUsize>) -> Body {
    const LENGTH: u64 = 1 << 30;
    Body::stream(Flood(pulled.clone()), Some(LENGTH))
}

struct Flood(Arc<AtomicUsize>);

impl Stream for Flood {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        const PIECE: &[u8] = &[b'.'; 1024];
        self.0.fetch_add(PIECE.len(), Ordering::Relaxed);
        Poll::Ready(Some(Ok(Bytes::from_static(PIECE))))
    }
}
