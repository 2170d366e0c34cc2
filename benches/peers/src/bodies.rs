//! Large bodies, streamed: nobody has the whole of one in memory. A download is counted by who reads it, an upload by the
//! server, which answers with what arrived.

use std::io::Read;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, Uri};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::bare::Bare;
use crate::clients::{self, block_on, host};
use crate::get::handshake1;
use crate::measure::{BoxError, Plan, Sample};
use crate::zeros::{PIECE, Zeros};

pub(crate) fn download(peer: &str, plan: &Plan) -> Result<Sample, BoxError> {
    match peer {
        "whimbrel" => block_on(whimbrel_down(plan)),
        "hyper" => block_on(hyper_down(plan)),
        "hyper-util" => block_on(hyper_util_down(plan)),
        "reqwest" => block_on(reqwest_down(plan)),
        "bare" => block_on(bare_down(plan)),
        "whimbrel-blocking" => whimbrel_blocking_down(plan),
        "ureq" => ureq_down(plan),
        "reqwest-blocking" => reqwest_blocking_down(plan),
        "curl" => curl_down(plan),
        other => Err(format!("there is no peer '{other}' that downloads").into()),
    }
}

pub(crate) fn upload(peer: &str, plan: &Plan) -> Result<Sample, BoxError> {
    match peer {
        "whimbrel" => block_on(whimbrel_up(plan)),
        "hyper" => block_on(hyper_up(plan)),
        "hyper-util" => block_on(hyper_util_up(plan)),
        "reqwest" => block_on(reqwest_up(plan)),
        "bare" => block_on(bare_up(plan)),
        "whimbrel-blocking" => whimbrel_blocking_up(plan),
        "ureq" => ureq_up(plan),
        "reqwest-blocking" => reqwest_blocking_up(plan),
        "curl" => curl_up(plan),
        other => Err(format!("there is no peer '{other}' that uploads").into()),
    }
}

async fn whimbrel_down(plan: &Plan) -> Result<Sample, BoxError> {
    let client = clients::whimbrel(plan)?.build()?;
    let get = async || {
        let mut response = client.get(&plan.url).stream().await?;
        let mut length = 0;
        while let Some(chunk) = response.chunk().await? {
            length += chunk.len();
        }
        Ok(length)
    };
    plan.measure_async(get).await
}

async fn whimbrel_up(plan: &Plan) -> Result<Sample, BoxError> {
    let client = clients::whimbrel(plan)?.build()?;
    plan.measure_async(async || count(client.post(&plan.url).content(zeros(plan)).send().await?.bytes())).await
}

fn zeros(plan: &Plan) -> whimbrel::Body {
    let length = plan.length;
    whimbrel::Body::from_fn(move || Zeros::new(length), Some(length as u64))
}

fn whimbrel_blocking_down(plan: &Plan) -> Result<Sample, BoxError> {
    let client = clients::whimbrel(plan)?.build_blocking()?;
    plan.measure(|| {
        let mut response = client.get(&plan.url).stream()?;
        let mut length = 0;
        while let Some(chunk) = response.chunk()? {
            length += chunk.len();
        }
        Ok(length)
    })
}

fn whimbrel_blocking_up(plan: &Plan) -> Result<Sample, BoxError> {
    let client = clients::whimbrel(plan)?.build_blocking()?;
    plan.measure(|| count(client.post(&plan.url).content(zeros(plan)).send()?.bytes()))
}

async fn reqwest_down(plan: &Plan) -> Result<Sample, BoxError> {
    let client = clients::reqwest(plan)?;
    let get = async || {
        let mut response = client.get(&plan.url).send().await?;
        let mut length = 0;
        while let Some(chunk) = response.chunk().await? {
            length += chunk.len();
        }
        Ok(length)
    };
    plan.measure_async(get).await
}

async fn reqwest_up(plan: &Plan) -> Result<Sample, BoxError> {
    let client = clients::reqwest(plan)?;
    let post = async || {
        let body = reqwest::Body::wrap(Zeros::new(plan.length));
        count(&client.post(&plan.url).body(body).send().await?.bytes().await?)
    };
    plan.measure_async(post).await
}

fn reqwest_blocking_down(plan: &Plan) -> Result<Sample, BoxError> {
    let client = clients::reqwest_blocking(plan)?;
    plan.measure(|| drain(client.get(&plan.url).send()?))
}

fn reqwest_blocking_up(plan: &Plan) -> Result<Sample, BoxError> {
    let client = clients::reqwest_blocking(plan)?;
    plan.measure(|| {
        let body = reqwest::blocking::Body::sized(Zeros::new(plan.length), plan.length as u64);
        count(&client.post(&plan.url).body(body).send()?.bytes()?)
    })
}

fn ureq_down(plan: &Plan) -> Result<Sample, BoxError> {
    let agent = clients::ureq(plan)?;
    plan.measure(|| drain(agent.get(&plan.url).call()?.body_mut().as_reader()))
}

fn ureq_up(plan: &Plan) -> Result<Sample, BoxError> {
    let agent = clients::ureq(plan)?;
    plan.measure(|| {
        let mut zeros = Zeros::new(plan.length);
        let post = agent.post(&plan.url).header("content-length", plan.length.to_string());
        count(&post.send(ureq::SendBody::from_reader(&mut zeros))?.body_mut().read_to_vec()?)
    })
}

async fn hyper_util_down(plan: &Plan) -> Result<Sample, BoxError> {
    let client = clients::hyper_util::<Empty<Bytes>>(plan)?;
    let url: Uri = plan.url.parse()?;
    plan.measure_async(async || frames(client.get(url.clone()).await?).await).await
}

async fn hyper_util_up(plan: &Plan) -> Result<Sample, BoxError> {
    let client = clients::hyper_util(plan)?;
    let url: Uri = plan.url.parse()?;
    let post = async || {
        let response = client.request(Request::post(url.clone()).body(Zeros::new(plan.length))?).await?;
        count(&response.into_body().collect().await?.to_bytes())
    };
    plan.measure_async(post).await
}

async fn hyper_down(plan: &Plan) -> Result<Sample, BoxError> {
    let url: Uri = plan.url.parse()?;
    let mut sender = handshake1(clients::connect(host(&url)?).await?).await?;
    let get = async || {
        sender.ready().await?;
        let request = Request::get(url.path()).header("host", host(&url)?).body(Empty::<Bytes>::new())?;
        frames(sender.send_request(request).await?).await
    };
    plan.measure_async(get).await
}

async fn hyper_up(plan: &Plan) -> Result<Sample, BoxError> {
    let url: Uri = plan.url.parse()?;
    let mut sender = handshake1(clients::connect(host(&url)?).await?).await?;
    let post = async || {
        sender.ready().await?;
        let request = Request::post(url.path()).header("host", host(&url)?).body(Zeros::new(plan.length))?;
        count(&sender.send_request(request).await?.into_body().collect().await?.to_bytes())
    };
    plan.measure_async(post).await
}

async fn frames(response: Response<Incoming>) -> Result<usize, BoxError> {
    let (mut body, mut length) = (response.into_body(), 0);
    while let Some(frame) = body.frame().await {
        length += frame?.data_ref().map_or(0, Bytes::len);
    }
    Ok(length)
}

/// The read loop that others are measured by.
async fn bare_down(plan: &Plan) -> Result<Sample, BoxError> {
    let url: Uri = plan.url.parse()?;
    let mut bare = Bare::new(clients::connect(host(&url)?).await?, &url)?;
    let mut buffer = vec![0; PIECE.len()];
    let get = async || {
        let (mut read, length) = bare.send().await?;
        while read < length {
            match bare.stream.read(&mut buffer).await? {
                0 => return Err("the server closed the connection".into()),
                more => read += more,
            }
        }
        Ok(read)
    };
    plan.measure_async(get).await
}

async fn bare_up(plan: &Plan) -> Result<Sample, BoxError> {
    let url: Uri = plan.url.parse()?;
    let mut bare = Bare::new(clients::connect(host(&url)?).await?, &url)?;
    let head =
        format!("POST {} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n", url.path(), host(&url)?, plan.length);
    let post = async || {
        bare.stream.write_all(head.as_bytes()).await?;
        for start in (0..plan.length).step_by(PIECE.len()) {
            bare.stream.write_all(&PIECE[..PIECE.len().min(plan.length - start)]).await?;
        }
        // The sink answers in one piece.
        let (read, _) = bare.head().await?;
        count(bare.body(read))
    };
    plan.measure_async(post).await
}

fn curl_down(plan: &Plan) -> Result<Sample, BoxError> {
    let mut easy = curl::easy::Easy2::new(Counter::default());
    clients::curl(&mut easy, plan)?;
    plan.measure(|| {
        easy.perform()?;
        Ok(std::mem::take(&mut easy.get_mut().0))
    })
}

fn curl_up(plan: &Plan) -> Result<Sample, BoxError> {
    let mut easy = curl::easy::Easy::new();
    easy.url(&plan.url)?;
    easy.post(true)?;
    easy.post_field_size(plan.length as u64)?;
    easy.upload_buffer_size(PIECE.len())?;
    // The server would have to answer `Expect: 100-continue` first, which no other peer sends.
    let mut headers = curl::easy::List::new();
    headers.append("Expect:")?;
    easy.http_headers(headers)?;
    plan.measure(|| {
        let (mut zeros, mut answer) = (Zeros::new(plan.length), Vec::new());
        let mut transfer = easy.transfer();
        transfer.read_function(|buffer| Ok(zeros.read(buffer).unwrap_or_default()))?;
        transfer.write_function(|data| {
            answer.extend_from_slice(data);
            Ok(data.len())
        })?;
        transfer.perform()?;
        drop(transfer);
        count(&answer)
    })
}

#[derive(Default)]
struct Counter(usize);

impl curl::easy::Handler for Counter {
    fn write(&mut self, data: &[u8]) -> Result<usize, curl::easy::WriteError> {
        self.0 += data.len();
        Ok(data.len())
    }
}

fn drain(mut reader: impl Read) -> Result<usize, BoxError> {
    let (mut buffer, mut length) = (vec![0; PIECE.len()], 0);
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(length),
            read => length += read,
        }
    }
}

/// What the server says that it received.
fn count(answer: &[u8]) -> Result<usize, BoxError> {
    Ok(std::str::from_utf8(answer)?.trim().parse()?)
}
