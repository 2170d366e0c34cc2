//! What is done while something goes wrong: one line for each way to speak HTTP.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use whimbrel::auth::Digest;
use whimbrel::{Body, BoxError, Client, ClientBuilder, Limits, Proxy, RequestBuilder, Result, Tls, TlsVersion};

use crate::peer::authority;
use crate::site::{body, reach};
use crate::wire::{Net, Reach};

/// The limit of every single wait.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) type Run = Pin<Box<dyn Future<Output = Result<Vec<Got>>> + Send>>;

/// What came, and what should have.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) got: Vec<u8>,
    pub(crate) want: Vec<u8>,
}

/// One or several requests of one client.
pub(crate) struct Exchange {
    pub(crate) name: String,
    pub(crate) reach: Reach,
    client: fn(ClientBuilder) -> ClientBuilder,
    pub(crate) run: Box<dyn Fn(Client) -> Run + Send + Sync>,
    /// How often servers may see a POST.
    pub(crate) posts: usize,
    /// What is asked for afterwards, with the same client.
    pub(crate) next: String,
    /// The end of the connection is the end of the body, and nothing shows whether it came too early.
    pub(crate) is_endless: bool,
    /// A body waits so long to be asked for (`Expect`), and goes out then, before another wait may begin.
    pub(crate) asking: Duration,
    /// It is meant to fail, whatever the connection does.
    pub(crate) fails: bool,
    /// Its connections are shared, so that one of which nothing is heard is left only once somebody waited in vain.
    pub(crate) is_shared: bool,
}

impl Exchange {
    pub(crate) fn new(name: impl Into<String>, run: impl Fn(Client) -> Run + Send + Sync + 'static) -> Self {
        Self {
            name: name.into(),
            reach,
            client: |client| client,
            run: Box::new(run),
            posts: 0,
            next: "http://a.test/length".to_owned(),
            is_endless: false,
            asking: Duration::ZERO,
            fails: false,
            is_shared: false,
        }
    }

    pub(crate) fn by(self, client: fn(ClientBuilder) -> ClientBuilder) -> Self {
        Self { client, ..self }
    }

    pub(crate) fn posts(self, posts: usize) -> Self {
        Self { posts, ..self }
    }

    pub(crate) fn next(self, next: &str) -> Self {
        Self { next: next.to_owned(), ..self }
    }

    fn asking(self, asking: Duration) -> Self {
        Self { asking, ..self }
    }

    fn endless(self) -> Self {
        Self { is_endless: true, ..self }
    }

    pub(crate) fn shared(self) -> Self {
        Self { is_shared: true, ..self }
    }

    /// HTTP/2 alone, with the server that speaks it.
    pub(crate) fn over_http2(self) -> Self {
        self.by(HTTP2).next("http://a.test:2000/its").shared()
    }

    pub(crate) fn fails(self, fails: bool) -> Self {
        Self { fails, ..self }
    }

    pub(crate) fn client(&self, net: &Net) -> Client {
        let builder = Client::builder().network_backend(net.clone()).timeout(TIMEOUT).trust_env(false);
        (self.client)(builder).build().expect("the settings are valid")
    }
}

/// Secrets, and the one host that each is for. (In Basic they are in base64.)
pub(crate) const SECRETS: &[(&str, &str)] = &[
    ("S3CR3T-a", "a.test"),
    ("czpTM0NSM1QtYQ==", "a.test"),
    ("S3CR3T-p", "proxy.test"),
    ("czpTM0NSM1QtcA==", "proxy.test"),
    ("S3CR3T-d", "nobody"),
];

/// With one connection at a time.
pub(crate) fn lone(client: ClientBuilder) -> ClientBuilder {
    client.limits(Limits::default().max_connections(1))
}

/// Plain HTTP/1.1, of every shape.
pub(crate) fn plain() -> Vec<Arc<Exchange>> {
    let redirecting: fn(ClientBuilder) -> ClientBuilder = |client| client.follow_redirects(true);
    let forward: fn(ClientBuilder) -> ClientBuilder =
        |client| client.proxy(Proxy::new("http://s:S3CR3T-p@proxy.test:3128"));
    let tunnel: fn(ClientBuilder) -> ClientBuilder =
        |client| client.proxy(Proxy::new("http://proxy.test:3128").auth("s", "S3CR3T-p").tunnel_only());
    let socks: fn(ClientBuilder) -> ClientBuilder =
        |client| client.proxy(Proxy::new("socks5h://s:S3CR3T-p@proxy.test:1080"));
    let exchanges = [
        Exchange::new("length", |c| one(c.get("http://a.test/length"), body("/length", b""))),
        Exchange::new("chunked", |c| one(c.get("http://a.test/chunked"), body("/chunked", b""))),
        Exchange::new("trailers", |c| one(c.get("http://a.test/trailers"), body("/trailers", b""))),
        Exchange::new("close", |c| one(c.get("http://a.test/close"), body("/close", b""))).endless(),
        Exchange::new("connection: close", |c| one(c.get("http://a.test/bye"), body("/bye", b""))),
        Exchange::new("gzip", |c| one(c.get("http://a.test/gzip"), body("/gzip", b""))),
        Exchange::new("gzip in chunks", |c| one(c.get("http://a.test/zipped"), body("/zipped", b""))),
        // N1: that what comes behind a response is none.
        Exchange::new("bytes that nobody asked for", |c| one(c.get("http://a.test/extra"), body("/extra", b""))),
        Exchange::new("HEAD", |c| one(c.head("http://a.test/head"), vec![])),
        Exchange::new("204", |c| one(c.get("http://a.test/none"), vec![])),
        Exchange::new("304", |c| one(c.get("http://a.test/unchanged"), vec![])),
        Exchange::new("103 before 200", |c| one(c.get("http://a.test/hints/2"), body("/hints/2", b""))),
        Exchange::new("POST", |c| post(c.post("http://a.test/echo").content(UPLOAD), "/echo")).posts(1),
        Exchange::new("POST a stream", |c| post(streamed(&c, "http://a.test/echo", None), "/echo")).posts(1),
        Exchange::new("POST a stream with a length", |c| post(streamed(&c, "http://a.test/echo", LENGTH), "/echo"))
            .posts(1),
        Exchange::new("Expect: 100-continue", |c| {
            let request = c.post("http://a.test/continue").content(UPLOAD).header("expect", "100-continue");
            post(request, "/continue")
        })
        .posts(1)
        .asking(Duration::from_secs(1)),
        Exchange::new("PUT", |c| post(c.put("http://a.test/put").content(UPLOAD), "/put")),
        Exchange::new("redirects", |c| one(c.get("http://s:S3CR3T-a@a.test/hop/1"), body("/length", b"")))
            .by(redirecting),
        Exchange::new("303 after POST", |c| one(c.post("http://a.test/see").content(UPLOAD), body("/length", b"")))
            .by(redirecting)
            .posts(1),
        Exchange::new("Digest", |c| {
            one(c.get("http://a.test/digest").auth(Digest::new("s", "S3CR3T-d")), body("/digest", b""))
        }),
        Exchange::new("Basic", |c| one(c.get("http://s:S3CR3T-a@a.test/length"), body("/length", b""))),
        Exchange::new("by a proxy", |c| one(c.get("http://a.test/length"), body("/length", b""))).by(forward),
        Exchange::new("POST by a proxy", |c| post(c.post("http://a.test/echo").content(UPLOAD), "/echo"))
            .by(forward)
            .posts(1),
        Exchange::new("through a tunnel", |c| one(c.get("http://a.test/length"), body("/length", b""))).by(tunnel),
        Exchange::new("through SOCKS", |c| one(c.get("http://a.test/chunked"), body("/chunked", b""))).by(socks),
        Exchange::new("two in turn", |c| {
            pair(c.get("http://a.test/length"), c.get("http://a.test/chunked"), "/chunked")
        }),
        Exchange::new("POST in turn", |c| {
            pair(c.get("http://a.test/length"), c.post("http://a.test/echo").content(UPLOAD), "/echo")
        })
        .posts(1),
        Exchange::new("stream in turn", |c| {
            pair(c.get("http://a.test/length"), streamed(&c, "http://a.test/echo", None), "/echo")
        })
        .posts(1),
        Exchange::new("read in pieces", |c| pieces(c.get("http://a.test/trailers"), usize::MAX, "/trailers")),
        Exchange::new("read in part", |c| pieces(c.get("http://a.test/chunked"), 1, "/chunked")),
        Exchange::new("not read", |c| pieces(c.get("http://a.test/length"), 0, "/length")),
        Exchange::new("three for one connection", three).by(lone).posts(1),
    ];
    exchanges.into_iter().map(Arc::new).collect()
}

/// The same over TLS, where there are ten times the bytes.
pub(crate) fn tls() -> Vec<Arc<Exchange>> {
    const TRUSTING: fn(ClientBuilder) -> ClientBuilder = |client| client.tls(trust());
    const TLS12: fn(ClientBuilder) -> ClientBuilder = |client| client.tls(trust().max_version(TlsVersion::Tls12));
    const TUNNEL: fn(ClientBuilder) -> ClientBuilder =
        |client| TRUSTING(client).proxy(Proxy::new("http://s:S3CR3T-p@proxy.test:3128"));
    const NEXT: &str = "https://a.test/length";
    let exchanges = [
        Exchange::new("TLS 1.3", |c| one(c.get("https://a.test/chunked"), body("/chunked", b"")))
            .by(TRUSTING)
            .next(NEXT),
        Exchange::new("TLS 1.2", |c| post(c.post("https://a.test/echo").content(UPLOAD), "/echo"))
            .by(TLS12)
            .posts(1)
            .next(NEXT),
        // B11: over TLS a body without a length has an end that shows.
        Exchange::new("TLS until close", |c| one(c.get("https://a.test/close"), body("/close", b"")))
            .by(TRUSTING)
            .next(NEXT),
        Exchange::new("TLS through a tunnel", |c| post(streamed(&c, "https://a.test/echo", None), "/echo"))
            .by(TUNNEL)
            .posts(1)
            .next(NEXT),
    ];
    exchanges.into_iter().map(Arc::new).collect()
}

/// HTTP/2 by prior knowledge. (Paths are words of the letters that the server reads.)
pub(crate) fn http2() -> Vec<Arc<Exchange>> {
    const GET: &str = "http://a.test:2000/test";
    const POST: &str = "http://a.test:2000/case";
    let exchanges = [
        Exchange::new("HTTP/2", |c| one(c.get(GET), body("test", b""))),
        Exchange::new("HTTP/2 POST", |c| post(c.post(POST).content(UPLOAD), "case")).posts(1),
        Exchange::new("HTTP/2 POST a stream", |c| post(streamed(&c, POST, None), "case")).posts(1),
        Exchange::new("HTTP/2 trailers", |c| pieces(c.get("http://a.test:2000/cost"), usize::MAX, "cost")),
        Exchange::new("HTTP/2 in turn", |c| {
            let (first, second) = (read(c.get(GET), body("test", b"")), c.post(POST).content(UPLOAD));
            Box::pin(async { Ok(vec![first.await?, read(second, body("case", UPLOAD.as_bytes())).await?]) })
        })
        .posts(1),
        Exchange::new("HTTP/2 read in part", |c| pieces(c.get("http://a.test:2000/cost"), 1, "cost")),
        Exchange::new("HTTP/2 not read", |c| pieces(c.get(GET), 0, "test")),
        Exchange::new("HTTP/2 at once", |c| {
            let second = (c.post(POST).content(UPLOAD), body("case", UPLOAD.as_bytes()));
            together(vec![(c.get(GET), body("test", b"")), second])
        })
        .posts(1),
    ];
    exchanges.into_iter().map(|exchange| Arc::new(exchange.over_http2())).collect()
}

/// HTTP/2 alone.
pub(crate) const HTTP2: fn(ClientBuilder) -> ClientBuilder = |client| client.http1(false).http2(true);

pub(crate) fn trust() -> Tls {
    Tls::new().only_roots_pem(authority())
}

/// What is uploaded, in one piece or several.
pub(crate) const UPLOAD: &str = "what is sent up";
const LENGTH: Option<u64> = Some(UPLOAD.len() as u64);

pub(crate) fn one(request: RequestBuilder, want: Vec<u8>) -> Run {
    Box::pin(async move { Ok(vec![read(request, want).await?]) })
}

pub(crate) fn post(request: RequestBuilder, path: &str) -> Run {
    one(request, body(path, UPLOAD.as_bytes()))
}

async fn read(request: RequestBuilder, want: Vec<u8>) -> Result<Got> {
    let response = request.send().await?;
    assert!(matches!(response.status().as_u16(), 200 | 204 | 304), "I3: {}", response.status());
    Ok(Got { got: response.bytes().to_vec(), want })
}

/// Whatever the status.
pub(crate) fn any(request: RequestBuilder, want: Vec<u8>) -> Run {
    Box::pin(async move { Ok(vec![Got { got: request.send().await?.bytes().to_vec(), want }]) })
}

/// Whatever the status, and nothing of the body.
pub(crate) fn unread(request: RequestBuilder) -> Run {
    Box::pin(async move {
        drop(request.stream().await?);
        Ok(vec![])
    })
}

/// A first request to `/length`, and one that finds its connection idle.
fn pair(first: RequestBuilder, second: RequestBuilder, path: &'static str) -> Run {
    Box::pin(async move {
        let first = read(first, body("/length", b"")).await?;
        let sent = if path == "/echo" { UPLOAD } else { "" };
        Ok(vec![first, read(second, body(path, sent.as_bytes())).await?])
    })
}

/// Reads so many pieces of the body, and drops the rest.
fn pieces(request: RequestBuilder, most: usize, path: &'static str) -> Run {
    Box::pin(async move {
        let (mut response, mut got, mut want) = (request.stream().await?, Vec::new(), body(path, b""));
        for piece in 0..most {
            match response.chunk().await? {
                Some(bytes) => got.extend_from_slice(&bytes),
                None => break,
            }
            if piece + 1 == most {
                want.truncate(got.len());
            }
        }
        want.truncate(if most == 0 { 0 } else { want.len() });
        Ok(vec![Got { got, want }])
    })
}

/// Three requests that have one connection between them.
fn three(client: Client) -> Run {
    three_but(&client, 1, 0, usize::MAX, &Arc::default())
}

/// The same, to so many origins, but for one request that is given up at its n-th poll. Each is polled when it is woken, and not
/// before: a turn that is lost shows. `polls` is how often that request was.
pub(crate) fn three_but(client: &Client, origins: usize, which: usize, at: usize, polls: &Arc<AtomicUsize>) -> Run {
    let url = |number: usize, path: &str| format!("http://{}.test{path}", ["a", "b", "c"][number % origins]);
    let requests = [
        (client.get(url(0, "/length")), body("/length", b"")),
        (client.post(url(1, "/echo")).content(UPLOAD), body("/echo", UPLOAD.as_bytes())),
        (client.get(url(2, "/chunked")), body("/chunked", b"")),
    ];
    let polls = polls.clone();
    polls.store(0, Ordering::Relaxed);
    Box::pin(async move {
        let mut index = 0;
        let tasks = requests.map(|(request, want)| {
            let (until, polls) = if index == which { (at, polls.clone()) } else { (usize::MAX, Arc::default()) };
            index += 1;
            tokio::spawn(given_up(Box::pin(read(request, want)), until, polls))
        });
        settle(Tasks(tasks.into())).await
    })
}

type Reading = Pin<Box<dyn Future<Output = Result<Got>> + Send>>;

/// Nothing comes of it after so many polls.
async fn given_up(reading: Reading, at: usize, polls: Arc<AtomicUsize>) -> Result<Option<Got>> {
    let mut reading = Some(reading);
    poll_fn(|cx| {
        if polls.fetch_add(1, Ordering::Relaxed) == at {
            reading = None;
        }
        match &mut reading {
            Some(reading) => reading.as_mut().poll(cx).map_ok(Some),
            None => Poll::Ready(Ok(None)),
        }
    })
    .await
}

/// All at once.
pub(crate) fn together(requests: Vec<(RequestBuilder, Vec<u8>)>) -> Run {
    Box::pin(async move {
        let each = requests.into_iter();
        let spawn = |(request, want)| tokio::spawn(async { read(request, want).await.map(Some) });
        settle(Tasks(each.map(spawn).collect())).await
    })
}

/// Tasks that end with whoever waits for them.
pub(crate) struct Tasks(Vec<tokio::task::JoinHandle<Result<Option<Got>>>>);

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// All of them settle; the first error is the result.
async fn settle(mut tasks: Tasks) -> Result<Vec<Got>> {
    let mut results = Vec::new();
    for task in &mut tasks.0 {
        results.push(task.await.expect("no request panics, and none was aborted"));
    }
    let got = results.into_iter().collect::<Result<Vec<_>>>()?;
    Ok(got.into_iter().flatten().collect())
}

pub(crate) fn streamed(client: &Client, url: &str, length: Option<u64>) -> RequestBuilder {
    client.post(url).content(Body::stream(Halting::of(UPLOAD, 5), length))
}

/// Pieces of so many bytes, each of which takes a poll to come.
pub(crate) struct Halting {
    pieces: VecDeque<Bytes>,
    halts: bool,
}

impl Halting {
    pub(crate) fn of(text: &'static str, size: usize) -> Self {
        Self { pieces: text.as_bytes().chunks(size).map(Bytes::from_static).collect(), halts: true }
    }
}

impl Stream for Halting {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::replace(&mut self.halts, false) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.halts = true;
        Poll::Ready(self.pieces.pop_front().map(Ok))
    }
}
