//! Encoding of request bodies into content and the headers that describe it.

mod finite;
pub(crate) mod framing;
pub(crate) mod media_type;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderValue, Method};
use serde::Serialize;

use crate::body::Body;
use crate::error::{Error, ErrorKind, Result};
use crate::headers::Headers;

/// Compact JSON in UTF-8, as HTTPX sends it. NaN and the infinities, which JSON does not have, are errors, and so is a value of
/// more levels than the stack has room for.
pub(crate) fn json(value: &impl Serialize) -> Result<Bytes> {
    value.serialize(finite::Finite::default()).map_err(unserializable)?;
    serde_json::to_vec(value).map(Bytes::from).map_err(unserializable)
}

fn unserializable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    let message = format!("The value cannot be sent as JSON: {error}");
    Error::new(ErrorKind::LocalProtocol, message).with_source(error)
}

/// The headers that HTTPX adds to a request by itself (1.2): Host first, Content-Length 0 behind it where a body is
/// expected but absent, the body's own headers at the end. What the user set stays.
pub(crate) fn auto_headers(headers: &mut Headers, method: &Method, host: Option<HeaderValue>, content: &Content) {
    let framed = headers.find(&CONTENT_LENGTH).is_some() || headers.find(&TRANSFER_ENCODING).is_some();
    if content.body.is_empty() && expects_body(method) && !framed {
        headers.push_front(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    if let Some(host) = host.filter(|_| headers.find(&http::header::HOST).is_none()) {
        headers.push_front(http::header::HOST, host);
    }
    if !content.body.is_empty() && !framed {
        match content.body.length() {
            Some(length) => headers.push(CONTENT_LENGTH, HeaderValue::from(length)),
            None => headers.push(TRANSFER_ENCODING, HeaderValue::from_static("chunked")),
        }
    }
    if let Some(content_type) = content.content_type.clone().filter(|_| headers.find(&CONTENT_TYPE).is_none()) {
        headers.push(CONTENT_TYPE, content_type);
    }
}

/// Whether a request of this method says that it has no body, too (RFC 9110 8.6).
pub(crate) fn expects_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// A body and what describes it.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) body: Body,
    pub(crate) content_type: Option<HeaderValue>,
}

impl Content {
    pub(crate) fn of_type(bytes: Bytes, content_type: &'static str) -> Self {
        Self { body: bytes.into(), content_type: Some(HeaderValue::from_static(content_type)) }
    }
}
