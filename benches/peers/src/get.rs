//! Small GETs, one after the other or many in flight, over HTTP/1.1, HTTP/2 and TLS: `URL` and `AT_ONCE` decide.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client as HyperUtilClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use crate::clients::{self, block_on, host, is_tls};
use crate::measure::{BoxError, Plan, Sample, Start};
use crate::{bare, get_blocking, multi};

/// One that makes requests, one at a time. It returns the length of the body that it read.
pub(crate) trait Get: Send + 'static {
    fn get(&mut self) -> impl Future<Output = Result<usize, BoxError>> + Send;
}

pub(crate) fn run(peer: &str, plan: &Plan) -> Result<Sample, BoxError> {
    match peer {
        "whimbrel" => block_on(whimbrel(plan)),
        "hyper" if plan.http2 => block_on(hyper2(plan)),
        "hyper" => block_on(hyper1(plan)),
        "hyper-util" => block_on(hyper_util(plan)),
        "reqwest" => block_on(reqwest(plan)),
        "bare" => block_on(bare::get(plan)),
        "curl" if plan.at_once > 1 => multi::curl(plan),
        other => get_blocking::run(other, plan),
    }
}

/// With as many of those that `open` makes as there shall be requests in flight, each in a task of its own.
pub(crate) async fn measure<G: Get>(
    plan: &Plan,
    open: impl AsyncFn() -> Result<G, BoxError>,
) -> Result<Sample, BoxError> {
    let mut first = open().await?;
    if plan.at_once == 1 {
        return plan.measure_async(async || first.get().await).await;
    }
    // Alone, so that over HTTP/2 there is a connection for all the others.
    plan.check(first.get().await?)?;
    let mut gets = vec![first];
    while gets.len() < plan.at_once as usize {
        gets.push(open().await?);
    }
    let gets = make(plan, plan.warm_up(), gets).await?;
    let start = Start::now()?;
    make(plan, plan.count, gets).await?;
    start.per_request(plan.count)
}

/// So many requests, by all of them together.
async fn make<G: Get>(plan: &Plan, requests: u32, gets: Vec<G>) -> Result<Vec<G>, BoxError> {
    let left = Arc::new(AtomicU32::new(requests));
    let mut tasks = JoinSet::new();
    for get in gets {
        tasks.spawn(work(plan.clone(), left.clone(), get));
    }
    tasks.join_all().await.into_iter().collect()
}

async fn work<G: Get>(plan: Plan, left: Arc<AtomicU32>, mut get: G) -> Result<G, BoxError> {
    while left.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
        plan.check(get.get().await?)?;
    }
    Ok(get)
}

struct Whimbrel(whimbrel::Client, Plan);

async fn whimbrel(plan: &Plan) -> Result<Sample, BoxError> {
    let client = clients::whimbrel(plan)?.build()?;
    measure(plan, async || Ok(Whimbrel(client.clone(), plan.clone()))).await
}

impl Get for Whimbrel {
    async fn get(&mut self) -> Result<usize, BoxError> {
        Ok(self.0.get(&self.1.url).send().await?.bytes().len())
    }
}

struct Reqwest(reqwest::Client, Plan);

async fn reqwest(plan: &Plan) -> Result<Sample, BoxError> {
    let client = clients::reqwest(plan)?;
    measure(plan, async || Ok(Reqwest(client.clone(), plan.clone()))).await
}

impl Get for Reqwest {
    async fn get(&mut self) -> Result<usize, BoxError> {
        Ok(self.0.get(&self.1.url).send().await?.bytes().await?.len())
    }
}

struct HyperUtil(HyperUtilClient<HttpsConnector<HttpConnector>, Empty<Bytes>>, Uri);

async fn hyper_util(plan: &Plan) -> Result<Sample, BoxError> {
    let client = clients::hyper_util(plan)?;
    measure(plan, async || Ok(HyperUtil(client.clone(), plan.url.parse()?))).await
}

impl Get for HyperUtil {
    async fn get(&mut self) -> Result<usize, BoxError> {
        length(self.0.get(self.1.clone()).await?).await
    }
}

/// hyper alone: no URL to parse, no pool, no redirects. Connections are tasks of their own, as hyper's guide has it.
struct Hyper1(http1::SendRequest<Empty<Bytes>>, Uri);

async fn hyper1(plan: &Plan) -> Result<Sample, BoxError> {
    let url: Uri = plan.url.parse()?;
    let config = Arc::new(clients::tls_config(plan, &[])?);
    let open = async || {
        let sender = match is_tls(plan) {
            true => handshake1(clients::connect_tls(host(&url)?, config.clone()).await?).await?,
            false => handshake1(clients::connect(host(&url)?).await?).await?,
        };
        Ok(Hyper1(sender, url.clone()))
    };
    measure(plan, open).await
}

pub(crate) async fn handshake1<S, B>(stream: S) -> Result<http1::SendRequest<B>, BoxError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

impl Get for Hyper1 {
    async fn get(&mut self) -> Result<usize, BoxError> {
        self.0.ready().await?;
        let request = Request::get(self.1.path()).header("host", host(&self.1)?).body(Empty::new())?;
        length(self.0.send_request(request).await?).await
    }
}

/// All of them on one connection.
struct Hyper2(http2::SendRequest<Empty<Bytes>>, Uri);

async fn hyper2(plan: &Plan) -> Result<Sample, BoxError> {
    let url: Uri = plan.url.parse()?;
    let config = Arc::new(clients::tls_config(plan, &[b"h2"])?);
    let sender = match is_tls(plan) {
        true => handshake2(clients::connect_tls(host(&url)?, config).await?).await?,
        false => handshake2(clients::connect(host(&url)?).await?).await?,
    };
    measure(plan, async || Ok(Hyper2(sender.clone(), url.clone()))).await
}

async fn handshake2(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<http2::SendRequest<Empty<Bytes>>, BoxError> {
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

impl Get for Hyper2 {
    async fn get(&mut self) -> Result<usize, BoxError> {
        let request = Request::get(self.1.clone()).body(Empty::new())?;
        length(self.0.send_request(request).await?).await
    }
}

async fn length(response: Response<Incoming>) -> Result<usize, BoxError> {
    Ok(response.into_body().collect().await?.to_bytes().len())
}
