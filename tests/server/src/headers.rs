//! Answers whose status and header fields the test chooses.

use hyper::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use serde_json::json;

use crate::{
    call::{Call, header_pairs},
    reply::{self, Reply},
};

/// Written by hyper itself, which panics when they contradict the body. The raw port has no such scruples.
const FRAMING: &[&str] = &["content-length", "transfer-encoding"];

/// `http::HeaderMap` holds at most 24,576 names; leave room for CORS.
const MOST_HEADERS: usize = 24_000;

/// `/status/{code}?Name=value`: an empty answer with these fields.
pub(crate) fn status(call: &Call, code: &str) -> Reply {
    let Some(status) = code.parse().ok().and_then(final_status) else {
        return reply::bad_request("/status/{200..=999}; for others see /raw");
    };
    let mut reply = reply::empty(status);
    match append_query(call, reply.headers_mut()) {
        Ok(()) => reply,
        Err(reason) => reply::bad_request(reason),
    }
}

/// 1xx are no answers: hyper refuses to send them as such.
pub(crate) fn final_status(code: u16) -> Option<StatusCode> {
    StatusCode::from_u16(code).ok().filter(|status| !status.is_informational())
}

/// `/response-headers?Name=value`: these fields, and the same as JSON.
pub(crate) fn response_headers(call: &Call) -> Reply {
    let mut headers = HeaderMap::new();
    if let Err(reason) = append_query(call, &mut headers) {
        return reply::bad_request(reason);
    }
    let mut reply = reply::json(&json!({"headers": header_pairs(&headers)}));
    if headers.contains_key(CONTENT_TYPE) {
        reply.headers_mut().remove(CONTENT_TYPE);
    }
    reply.headers_mut().extend(headers);
    reply
}

fn append_query(call: &Call, headers: &mut HeaderMap) -> Result<(), &'static str> {
    for (name, value) in &call.query.0 {
        if FRAMING.iter().any(|framing| name.eq_ignore_ascii_case(framing.as_bytes())) {
            return Err("framing headers are the raw port's business");
        }
        reply::append(headers, name, value)?;
    }
    Ok(())
}

/// `/large-headers?count=10&size=1000`: `x-large-0` and so on, each value of that size.
pub(crate) fn large(call: &Call) -> Reply {
    let count = call.query.number("count").unwrap_or(10).min(MOST_HEADERS);
    let value = vec![b'a'; call.query.number("size").unwrap_or(1000)];
    let mut reply = reply::content("text/plain", "ok");
    for index in 0..count {
        let name = format!("x-large-{index}");
        if let Err(reason) = reply::append(reply.headers_mut(), name.as_bytes(), &value) {
            return reply::bad_request(reason);
        }
    }
    reply
}
