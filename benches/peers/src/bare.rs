//! What all clients are measured by: tokio's socket, and httparse for the head.

use std::sync::Arc;

use hyper::Uri;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::clients::{self, host, is_tls};
use crate::get::{Get, measure};
use crate::measure::{BoxError, Plan, Sample};

/// The least that a client on tokio can do: the same bytes each time, one buffer, a parsed head, a counted body.
pub(crate) struct Bare<S> {
    pub(crate) stream: S,
    request: String,
    buffer: Vec<u8>,
}

pub(crate) async fn get(plan: &Plan) -> Result<Sample, BoxError> {
    let url: Uri = plan.url.parse()?;
    let config = Arc::new(clients::tls_config(plan, &[])?);
    match is_tls(plan) {
        true if plan.reuse => {
            let open = async || Ok(Bare::new(clients::connect_tls(host(&url)?, config.clone()).await?, &url)?);
            measure(plan, open).await
        }
        true => measure(plan, async || Ok(BareOnce(config.clone(), url.clone()))).await,
        false => measure(plan, async || Bare::new(clients::connect(host(&url)?).await?, &url)).await,
    }
}

/// A connection for each request; the configuration remembers the TLS sessions.
struct BareOnce(Arc<rustls::ClientConfig>, Uri);

impl Get for BareOnce {
    async fn get(&mut self) -> Result<usize, BoxError> {
        Bare::new(clients::connect_tls(host(&self.1)?, self.0.clone()).await?, &self.1)?.get().await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Bare<S> {
    pub(crate) fn new(stream: S, url: &Uri) -> Result<Self, BoxError> {
        let request = format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", url.path(), host(url)?);
        Ok(Self { stream, request, buffer: Vec::with_capacity(8 * 1024) })
    }

    /// How many bytes of the body there are already, and how many there will be.
    pub(crate) async fn send(&mut self) -> Result<(usize, usize), BoxError> {
        self.stream.write_all(self.request.as_bytes()).await?;
        self.head().await
    }

    pub(crate) async fn head(&mut self) -> Result<(usize, usize), BoxError> {
        self.buffer.clear();
        loop {
            self.read_more().await?;
            if let Some((head, length)) = parse(&self.buffer)? {
                return Ok((self.buffer.len() - head, length));
            }
        }
    }

    pub(crate) async fn read_more(&mut self) -> Result<usize, BoxError> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err("the server closed the connection".into()),
            read => Ok(read),
        }
    }

    pub(crate) fn body(&self, length: usize) -> &[u8] {
        &self.buffer[self.buffer.len() - length..]
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Get for Bare<S> {
    async fn get(&mut self) -> Result<usize, BoxError> {
        let (mut read, length) = self.send().await?;
        while read < length {
            read += self.read_more().await?;
        }
        Ok(read)
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
