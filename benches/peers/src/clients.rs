//! The peers, each used as its documentation says and as fast as that allows. All async ones run on one thread.

use std::future::Future;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::measure::{BoxError, Plan, Sample};

/// A peer's crate in Cargo.lock, its name in the table, and what it is.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) package: &'static str,
    pub(crate) label: &'static str,
}

/// In the order they are measured in.
pub(crate) const PEERS: &[Peer] = &[
    Peer { name: "whimbrel", package: "whimbrel", label: "whimbrel" },
    Peer { name: "hyper", package: "hyper", label: "hyper `conn::http1`" },
    Peer { name: "reqwest", package: "reqwest", label: "reqwest" },
    Peer { name: "bare", package: "httparse", label: "bare tokio socket with httparse" },
    Peer { name: "whimbrel-blocking", package: "whimbrel", label: "whimbrel `blocking`" },
    Peer { name: "ureq", package: "ureq", label: "ureq" },
    Peer { name: "reqwest-blocking", package: "reqwest", label: "reqwest `blocking`" },
];

pub(crate) fn run(peer: &str, plan: &Plan<'_>) -> Result<Sample, BoxError> {
    match peer {
        "whimbrel" => block_on(whimbrel(plan)),
        "whimbrel-blocking" => whimbrel_blocking(plan),
        "hyper" => block_on(hyper(plan)),
        "reqwest" => block_on(reqwest(plan)),
        "reqwest-blocking" => reqwest_blocking(plan),
        "ureq" => ureq(plan),
        "bare" => block_on(bare(plan)),
        other => Err(format!("there is no peer '{other}'").into()),
    }
}

fn block_on<T>(future: impl Future<Output = Result<T, BoxError>>) -> Result<T, BoxError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

async fn whimbrel(plan: &Plan<'_>) -> Result<Sample, BoxError> {
    let client = whimbrel::Client::new();
    plan.measure_async(async || Ok(client.get(plan.url).send().await?.bytes().len())).await
}

fn whimbrel_blocking(plan: &Plan<'_>) -> Result<Sample, BoxError> {
    let client = whimbrel::blocking::Client::new();
    plan.measure(|| Ok(client.get(plan.url).send()?.bytes().len()))
}

async fn reqwest(plan: &Plan<'_>) -> Result<Sample, BoxError> {
    let client = reqwest::Client::new();
    plan.measure_async(async || Ok(client.get(plan.url).send().await?.bytes().await?.len())).await
}

fn reqwest_blocking(plan: &Plan<'_>) -> Result<Sample, BoxError> {
    let client = reqwest::blocking::Client::new();
    plan.measure(|| Ok(client.get(plan.url).send()?.bytes()?.len()))
}

fn ureq(plan: &Plan<'_>) -> Result<Sample, BoxError> {
    let agent = ureq::Agent::new_with_defaults();
    plan.measure(|| Ok(agent.get(plan.url).call()?.body_mut().read_to_vec()?.len()))
}

/// hyper alone: no URL to parse, no pool, no redirects. The connection is a task of its own, as hyper's guide has it.
async fn hyper(plan: &Plan<'_>) -> Result<Sample, BoxError> {
    let url: hyper::Uri = plan.url.parse()?;
    let host = host(&url)?;
    let stream = connect(host).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let get = async || {
        sender.ready().await?;
        let request = hyper::Request::get(url.path()).header("host", host).body(Empty::<Bytes>::new())?;
        let response = sender.send_request(request).await?;
        Ok(response.into_body().collect().await?.to_bytes().len())
    };
    plan.measure_async(get).await
}

/// The least that a client on tokio can do: the same bytes each time, one buffer, a parsed head, a counted body.
async fn bare(plan: &Plan<'_>) -> Result<Sample, BoxError> {
    let url: hyper::Uri = plan.url.parse()?;
    let mut stream = connect(host(&url)?).await?;
    let request = format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", url.path(), host(&url)?);
    let mut buffer = Vec::with_capacity(8 * 1024);
    let get = async || {
        stream.write_all(request.as_bytes()).await?;
        buffer.clear();
        let (head, length) = loop {
            read_more(&mut stream, &mut buffer).await?;
            if let Some(parsed) = parse(&buffer)? {
                break parsed;
            }
        };
        while buffer.len() < head + length {
            read_more(&mut stream, &mut buffer).await?;
        }
        Ok(buffer.len() - head)
    };
    plan.measure_async(get).await
}

async fn read_more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<(), BoxError> {
    match stream.read_buf(buffer).await? {
        0 => Err("the server closed the connection".into()),
        _ => Ok(()),
    }
}

/// The lengths of the head and of the body that it announces, if the head is complete.
fn parse(buffer: &[u8]) -> Result<Option<(usize, usize)>, BoxError> {
    let mut fields = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(head) = response.parse(buffer)? else { return Ok(None) };
    let length = response.headers.iter().find(|field| field.name.eq_ignore_ascii_case("content-length"));
    let length = std::str::from_utf8(length.ok_or("no Content-Length")?.value)?.parse()?;
    Ok(Some((head, length)))
}

fn host(url: &hyper::Uri) -> Result<&str, BoxError> {
    Ok(url.authority().ok_or("the URL has no host")?.as_str())
}

async fn connect(host: &str) -> Result<TcpStream, BoxError> {
    let stream = TcpStream::connect(host).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
