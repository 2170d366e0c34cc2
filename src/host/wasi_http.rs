//! HTTP by the host's `wasi:http/outgoing-handler`.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use url::{Position, Url};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method as WasiMethod, OutgoingBody,
    OutgoingRequest, RequestOptions, Scheme,
};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

use super::{RECEIVE_BODY, REQUEST, check_request};
use crate::backend::Ready;
use crate::body::{BodyStream, Incoming, IncomingBody as ReadBody, Outgoing, failed_source};
use crate::config::Timeout;
use crate::content::framing::framing;
use crate::deadline::{Patience, timed_out, within};
use crate::error::{Error, ErrorKind, Result};
use crate::headers::Headers;
use crate::request::Request;
use crate::response::Head;
use crate::streaming::StreamingResponse;
use crate::trace::Trace;
use crate::url_merge::host_value;

/// One request by the host.
pub(super) struct WasiHttp;

/// Hosts refuse these, for they manage the connection. Our own defaults among them are left to the host.
const HOST_FIELDS: &[&str] = &[
    "connection",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

impl WasiHttp {
    pub(super) async fn send(&self, mut request: Request) -> Result<StreamingResponse> {
        let trace = request.trace().clone();
        match trace.around(REQUEST, "", exchange(&mut request)).await {
            Ok((head, body)) => Ok(StreamingResponse::from_parts(request, head, body)),
            Err(error) => Err(error.with_url(request.url())),
        }
    }
}

async fn exchange(request: &mut Request) -> Result<(Head, Incoming)> {
    check_request(request, "wasi:http")?;
    check_method(request.method())?;
    let timeout = request.timeout();
    let outgoing = outgoing_request(request)?;
    let body = outgoing.body().map_err(|()| refused("a body"))?;
    let source = request.body_mut().take()?;
    let response = handle(outgoing, Some(options(timeout))).map_err(http_error)?;
    let mut upload = Upload(Some(Box::pin(upload(body, source, timeout))));
    let mut ready = Ready::new(response.subscribe());
    let mut patience = Patience::default();
    // The host's own timers vary from host to host; ours makes sure of the kind. The host connects first.
    let limit = timeout.read.map(|read| read.saturating_add(timeout.connect.unwrap_or_default()));
    poll_fn(|cx| {
        // The body goes out while the answer is awaited, which may come before its end. That it cannot be written, the
        // answer explains: an early response, or why there was no connection.
        if let Poll::Ready(Err(error)) = upload.poll(cx)
            && error.kind() != ErrorKind::Write
        {
            return Poll::Ready(Err(error));
        }
        if Pin::new(&mut ready).poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        // As long as the user produces, nobody is late.
        if upload.is_over() { patience.poll(limit, cx).map(|()| Err(late(limit))) } else { Poll::Pending }
    })
    .await?;
    drop(ready);
    receive(answered(&response)?, request, upload)
}

fn late(limit: Option<Duration>) -> Error {
    timed_out(ErrorKind::ReadTimeout, "The server sent nothing", limit.unwrap_or_default())
}

/// The rest of the request, which may still go out while the response is read.
struct Upload(Option<Pin<Box<dyn Future<Output = Result<()>>>>>);

impl Upload {
    /// Ready once, when it is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let Some(upload) = &mut self.0 else { return Poll::Pending };
        let result = ready!(upload.as_mut().poll(cx));
        self.0 = None;
        Poll::Ready(result)
    }

    fn is_over(&self) -> bool {
        self.0.is_none()
    }
}

fn outgoing_request(request: &Request) -> Result<OutgoingRequest> {
    framing(request.headers(), request.body())?;
    let url = request.url();
    let outgoing = OutgoingRequest::new(fields(request)?);
    outgoing.set_method(&wasi_method(request.method())).map_err(|()| refused("this method"))?;
    let scheme = if url.scheme() == "https" { Scheme::Https } else { Scheme::Http };
    outgoing.set_scheme(Some(&scheme)).map_err(|()| refused("this scheme"))?;
    let authority = &url[Position::BeforeHost..Position::AfterPort];
    outgoing.set_authority(Some(authority)).map_err(|()| refused("this host"))?;
    let target = &url[Position::BeforePath..Position::AfterQuery];
    outgoing.set_path_with_query(Some(target)).map_err(|()| refused("this path"))?;
    Ok(outgoing)
}

/// It would open a tunnel, which the host has no words for.
fn check_method(method: &Method) -> Result<()> {
    if *method == Method::CONNECT { Err(refused("CONNECT")) } else { Ok(()) }
}

fn fields(request: &Request) -> Result<Fields> {
    let fields = Fields::new();
    for (name, value) in request.headers().iter() {
        if HOST_FIELDS.contains(&name.as_str()) {
            check_default(name, value, request.url())?;
            continue;
        }
        fields.append(name.as_str(), value.as_bytes()).map_err(|error| {
            Error::new(ErrorKind::Unsupported, format!("The host refuses the header '{name}': {error}"))
        })?;
    }
    Ok(fields)
}

/// What the client adds by itself is dropped here; what the user set on purpose is an error.
fn check_default(name: &HeaderName, value: &HeaderValue, url: &Url) -> Result<()> {
    let default = match name.as_str() {
        "host" => *value == host_value(url)?,
        "connection" => value == "keep-alive",
        "transfer-encoding" => value == "chunked",
        _ => false,
    };
    if default {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Unsupported, format!("Header '{name}' cannot be set: wasi:http leaves it to the host")))
}

fn options(timeout: Timeout) -> RequestOptions {
    let options = RequestOptions::new();
    let nanoseconds = |limit: Option<Duration>| limit.and_then(|limit| u64::try_from(limit.as_nanos()).ok());
    // A host that does not know a timer says so; our own timer holds all the same.
    let _ = options.set_connect_timeout(nanoseconds(timeout.connect));
    let _ = options.set_first_byte_timeout(nanoseconds(timeout.read));
    let _ = options.set_between_bytes_timeout(nanoseconds(timeout.read));
    options
}

fn wasi_method(method: &Method) -> WasiMethod {
    match method.as_str() {
        "GET" => WasiMethod::Get,
        "HEAD" => WasiMethod::Head,
        "POST" => WasiMethod::Post,
        "PUT" => WasiMethod::Put,
        "DELETE" => WasiMethod::Delete,
        "OPTIONS" => WasiMethod::Options,
        "TRACE" => WasiMethod::Trace,
        "PATCH" => WasiMethod::Patch,
        other => WasiMethod::Other(other.to_owned()),
    }
}

/// Writes the body and ends it. The stream must be gone before the body is finished.
async fn upload(body: OutgoingBody, source: Outgoing, timeout: Timeout) -> Result<()> {
    let stream = body.write().map_err(|()| refused("a body"))?;
    let trailers = match source {
        Outgoing::Bytes(bytes) => write(&stream, &bytes, timeout).await.map(|()| None)?,
        Outgoing::Stream(source) => write_stream(&stream, source, timeout).await?,
    };
    drop(stream);
    OutgoingBody::finish(body, trailers).map_err(http_error)
}

/// Returns what goes out behind it.
async fn write_stream(stream: &OutputStream, mut source: BodyStream, timeout: Timeout) -> Result<Option<Fields>> {
    while let Some(piece) = poll_fn(|cx| source.poll_next(cx)).await {
        write(stream, &piece.map_err(failed_source)?, timeout).await?;
    }
    let Some(trailers) = source.trailers()? else { return Ok(None) };
    let fields = Fields::new();
    for (name, value) in trailers.iter() {
        fields.append(name.as_str(), value.as_bytes()).map_err(|_| refused("this trailer"))?;
    }
    Ok(Some(fields))
}

async fn write(stream: &OutputStream, mut bytes: &[u8], timeout: Timeout) -> Result<()> {
    while !bytes.is_empty() {
        let room = stream.check_write().map_err(write_error)?;
        if room == 0 {
            let room = async {
                Ready::new(stream.subscribe()).await;
                Ok(())
            };
            let late = |limit| timed_out(ErrorKind::WriteTimeout, "The server took none of the request", limit);
            within(timeout.write, late, room).await?;
            continue;
        }
        let (now, rest) = bytes.split_at(bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
        stream.write(now).map_err(write_error)?;
        bytes = rest;
    }
    stream.flush().map_err(write_error)
}

fn write_error(error: StreamError) -> Error {
    Error::new(ErrorKind::Write, format!("The request could not be sent: {error}"))
}

fn answered(response: &FutureIncomingResponse) -> Result<IncomingResponse> {
    match response.get() {
        Some(Ok(Ok(response))) => Ok(response),
        Some(Ok(Err(error))) => Err(http_error(error)),
        _ => Err(Error::new(ErrorKind::Read, "The host handed over no response")),
    }
}

fn receive(response: IncomingResponse, request: &Request, upload: Upload) -> Result<(Head, Incoming)> {
    let status = StatusCode::from_u16(response.status()).map_err(|_| {
        Error::new(ErrorKind::RemoteProtocol, format!("The response's status is {}", response.status()))
    })?;
    let mut headers = Headers::new();
    let malformed = || Error::new(ErrorKind::RemoteProtocol, "The host handed over a malformed header");
    for (name, value) in response.headers().entries() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| malformed())?;
        headers.push(name, HeaderValue::from_bytes(&value).map_err(|_| malformed())?);
    }
    let body = response.consume().map_err(|()| refused("reading the body"))?;
    let stream = body.stream().map_err(|()| refused("reading the body"))?;
    let body = HostBody {
        reading: None,
        stream,
        _body: body,
        _response: response,
        upload,
        timeout: request.timeout(),
        patience: Patience::default(),
        trace: request.trace().clone(),
        is_started: false,
    };
    Ok((Head::new(status, headers), Incoming::Stream(Box::pin(body))))
}

/// A body that the host reads. Fields are dropped in order: children before what they came from.
struct HostBody {
    reading: Option<Ready>,
    stream: InputStream,
    _body: IncomingBody,
    _response: IncomingResponse,
    upload: Upload,
    timeout: Timeout,
    patience: Patience,
    trace: Trace,
    is_started: bool,
}

const MAX_READ: u64 = 64 * 1024;

impl ReadBody for HostBody {
    fn poll_chunk(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let body = &mut *self;
        if !std::mem::replace(&mut body.is_started, true) {
            body.trace.started(RECEIVE_BODY, "");
        }
        // What fails there shows in the response, if at all.
        let _ = body.upload.poll(cx);
        loop {
            match body.stream.read(MAX_READ) {
                Ok(bytes) if bytes.is_empty() => {
                    let stream = &body.stream;
                    let reading = body.reading.get_or_insert_with(|| Ready::new(stream.subscribe()));
                    if Pin::new(reading).poll(cx).is_pending() {
                        let limit = body.timeout.read;
                        ready!(body.patience.poll(limit, cx));
                        return Poll::Ready(Some(Err(late(limit))));
                    }
                    body.reading = None;
                }
                Ok(bytes) => {
                    // Left in the reactor, it would wake the program for ever once the body has ended.
                    body.reading = None;
                    body.patience.reset();
                    return Poll::Ready(Some(Ok(bytes.into())));
                }
                Err(StreamError::Closed) => {
                    body.trace.complete(RECEIVE_BODY, "");
                    return Poll::Ready(None);
                }
                Err(error) => {
                    body.trace.failed(RECEIVE_BODY, &error);
                    let message = format!("The response could not be read to its end: {error}");
                    return Poll::Ready(Some(Err(Error::new(ErrorKind::Read, message))));
                }
            }
        }
    }
}

fn refused(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("The host's wasi:http refuses {what}"))
}

/// The host's error codes are many; these are the kinds that users tell apart.
fn http_error(code: ErrorCode) -> Error {
    let kind = match &code {
        ErrorCode::DnsTimeout | ErrorCode::DnsError(_) => ErrorKind::Dns,
        ErrorCode::ConnectionTimeout => ErrorKind::ConnectTimeout,
        ErrorCode::ConnectionReadTimeout | ErrorCode::HttpResponseTimeout => ErrorKind::ReadTimeout,
        ErrorCode::ConnectionWriteTimeout => ErrorKind::WriteTimeout,
        ErrorCode::TlsProtocolError | ErrorCode::TlsCertificateError | ErrorCode::TlsAlertReceived(_) => ErrorKind::Tls,
        ErrorCode::ConnectionTerminated | ErrorCode::HttpResponseIncomplete | ErrorCode::HttpProtocolError => {
            ErrorKind::RemoteProtocol
        }
        ErrorCode::HttpRequestDenied | ErrorCode::HttpRequestMethodInvalid | ErrorCode::HttpRequestUriInvalid => {
            ErrorKind::Unsupported
        }
        // Hosts without a code for it say it in words.
        ErrorCode::InternalError(Some(words)) if words.contains("certificate") => ErrorKind::Tls,
        _ => ErrorKind::Connect,
    };
    Error::new(kind, format!("The host could not make the request: {code}"))
}
