//! Making answers.

use std::io;

use http_body_util::{
    BodyExt, Full,
    channel::{Channel, SendError, Sender},
    combinators::UnsyncBoxBody,
};
use hyper::{
    HeaderMap, Response, StatusCode,
    body::Bytes,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};
use serde_json::Value;

pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;
pub(crate) type Reply = Response<Body>;
/// The writing end of a streamed body.
pub(crate) type Pipe = Sender<Bytes, io::Error>;

pub(crate) fn json(value: &Value) -> Reply {
    content("application/json", value.to_string())
}

pub(crate) fn content(content_type: &'static str, bytes: impl Into<Bytes>) -> Reply {
    let full = Full::new(bytes.into()).map_err(|never| match never {});
    typed(content_type, full.boxed_unsync())
}

pub(crate) fn typed(content_type: &'static str, body: Body) -> Reply {
    let mut reply = Response::new(body);
    let value = HeaderValue::from_static(content_type);
    reply.headers_mut().insert(CONTENT_TYPE, value);
    reply
}

pub(crate) fn empty(status: StatusCode) -> Reply {
    let none = Full::default().map_err(|never| match never {});
    let mut reply = Response::new(none.boxed_unsync());
    *reply.status_mut() = status;
    reply
}

pub(crate) fn refuse(status: StatusCode, reason: &str) -> Reply {
    let mut reply = content("text/plain; charset=utf-8", format!("{reason}\n"));
    *reply.status_mut() = status;
    reply
}

pub(crate) fn bad_request(reason: &str) -> Reply {
    refuse(StatusCode::BAD_REQUEST, reason)
}

/// A body that `write` produces while it is being sent. The body is complete when `write` lets go of the pipe.
pub(crate) fn stream<F>(content_type: &'static str, write: impl FnOnce(Pipe) -> F) -> Reply
where
    F: Future<Output = Result<(), SendError>> + Send + 'static,
{
    let (pipe, body) = Channel::new(1);
    tokio::spawn(write(pipe));
    typed(content_type, body.boxed_unsync())
}

/// Adds a field whose name or value a test chose.
///
/// # Errors
/// With the sentence for the test's author when HTTP cannot carry it.
pub(crate) fn append(headers: &mut HeaderMap, name: &[u8], value: &[u8]) -> Result<(), &'static str> {
    let name = HeaderName::from_bytes(name).map_err(|_| "not a header name; see /raw")?;
    let value = HeaderValue::from_bytes(value).map_err(|_| "not a header value; see /raw")?;
    let added = headers.try_append(name, value);
    added.map(drop).map_err(|_| "too many headers; see /raw")
}
