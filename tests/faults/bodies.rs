//! Fault 9 on the program's side: what is to be sent cannot be read.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::{fs, io};

use bytes::Bytes;
use futures_core::Stream;
use whimbrel::{Body, BoxError, Client, ErrorKind, Proxy};

use crate::case::Case;
use crate::exchange::{Exchange, Halting, Run, UPLOAD, any, trust};
use crate::fault::{Fault, Manner};
use crate::odd::failing;
use crate::plan::manners;

/// The piece of this number is an error, after a turn of waiting like all others.
struct Failing {
    pieces: Halting,
    left: usize,
}

impl Stream for Failing {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let piece = ready!(Pin::new(&mut self.pieces).poll_next(cx));
        let Some(left) = self.left.checked_sub(1) else { return Poll::Ready(Some(Err(REASON.into()))) };
        self.left = left;
        Poll::Ready(piece)
    }
}

const REASON: &str = "the disk is gone";

/// Where a body goes, and what that changes of an exchange.
type Way = (&'static str, &'static str, fn(Exchange) -> Exchange);

const PROXY: &str = "http://s:S3CR3T-p@proxy.test:3128";
const WAYS: [Way; 4] = [
    ("plain", "http://a.test/echo", |exchange| exchange),
    ("TLS", "https://a.test/echo", |exchange| exchange.by(|client| client.tls(trust()))),
    ("by a proxy", "http://a.test/echo", |exchange| exchange.by(|client| client.proxy(Proxy::new(PROXY)))),
    ("HTTP/2", "http://a.test:2000/case", Exchange::over_http2),
];

/// A POST of what the function makes, which the server never has as a whole.
fn upload(name: &str, way: Way, source: impl Fn() -> Source + Send + Sync + 'static) -> Arc<Exchange> {
    let (how, url, adapt) = way;
    let run = move |client: Client| -> Run {
        let Source { body, file } = source();
        let sent = any(client.post(url).content(body), vec![]);
        Box::pin(async move {
            let _kept = file;
            sent.await
        })
    };
    Arc::new(adapt(Exchange::new(format!("{name}, {how}"), run).posts(1).fails(true)))
}

/// A body, and the file that it is read from.
struct Source {
    body: Body,
    file: Option<File>,
}

/// A file of `UPLOAD`, as long as this is there.
struct File(PathBuf);

impl File {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("whimbrel-fault-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let file = Self(std::env::temp_dir().join(name));
        fs::write(&file.0, UPLOAD).expect("there is room for a few bytes");
        file
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = fs::remove_file(&self.0);
    }
}

/// The error is the program's own, in its words.
fn refused(exchange: &Arc<Exchange>, manner: Manner, reason: &'static str) -> Case {
    let mut case = Case::new(exchange, Fault::None, manner);
    let kind = failing(ErrorKind::LocalProtocol);
    case.verdict = Arc::new(move |outcome, measure| {
        let told = format!("{:?}", outcome.result);
        kind(outcome, measure).or_else(|| (!told.contains(reason)).then_some(told))
    });
    case
}

/// At each piece, with a length and without.
pub(crate) fn streams_that_fail() -> Vec<Case> {
    let mut cases = Vec::new();
    for (way, at) in WAYS.into_iter().flat_map(|way| (0..3).map(move |at| (way, at))) {
        for length in [None, Some(UPLOAD.len() as u64)] {
            let failing = move || Failing { pieces: Halting::of(UPLOAD, 5), left: at };
            let source = move || Source { body: Body::stream(failing(), length), file: None };
            let exchange = upload(&format!("a stream of {length:?} that fails at {at}"), way, source);
            cases.extend(manners().into_iter().map(|manner| refused(&exchange, manner, REASON)));
        }
    }
    cases
}

type Change = fn(&Path) -> io::Result<()>;

/// Between the request and its sending, files go, shrink and grow.
pub(crate) fn files_that_change() -> Vec<Case> {
    let changes: [(&str, Change, &str); 3] = [
        ("goes", |path| fs::remove_file(path), "could not be read"),
        ("shrinks", |path| fs::write(path, "what"), "shrank"),
        ("grows", |path| fs::write(path, [UPLOAD; 9].concat()), "grew"),
    ];
    let mut cases = Vec::new();
    for (way, (what, change, reason)) in WAYS.into_iter().flat_map(|way| changes.map(|change| (way, change))) {
        let exchange = upload(&format!("a file that {what}"), way, move || {
            let file = File::new();
            let body = Body::path(&file.0).expect("it is there");
            change(&file.0).expect("it is there");
            Source { body, file: Some(file) }
        });
        cases.extend(manners().into_iter().map(|manner| refused(&exchange, manner, reason)));
    }
    cases
}
