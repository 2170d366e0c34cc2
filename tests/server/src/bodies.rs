//! Bodies by length, by piece and by time.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::{
    HeaderMap,
    body::Bytes,
    header::{CACHE_CONTROL, CONTENT_LENGTH, HeaderValue, TRAILER},
};
use serde_json::json;
use tokio::time::sleep;

use crate::{
    call::{Call, header_pairs},
    pattern::{Framing, PatternBody},
    reply::{self, Reply},
};

const BINARY: &str = "application/octet-stream";

/// `/bytes/{n}?seed=`, with a length.
pub(crate) fn bytes(call: &Call, length: &str) -> Reply {
    pattern(call, length, Framing::Length)
}

/// `/stream-bytes/{n}?seed=&chunk=`, the same without.
pub(crate) fn stream_bytes(call: &Call, length: &str) -> Reply {
    pattern(call, length, Framing::Chunked)
}

fn pattern(call: &Call, length: &str, framing: Framing) -> Reply {
    let Ok(length) = length.parse() else {
        return reply::bad_request("the last segment is a number of bytes");
    };
    let seed = call.query.number("seed").unwrap_or(0);
    let chunk = call.query.number("chunk").unwrap_or(16 * 1024);
    reply::typed(BINARY, PatternBody::new(seed, length, chunk, framing).boxed_unsync())
}

/// `/stream/{n}`: a line of JSON after the other.
pub(crate) fn stream(call: Call, lines: &str) -> Reply {
    let Ok(lines) = lines.parse::<u64>() else {
        return reply::bad_request("/stream/{lines}");
    };
    reply::stream("application/x-ndjson", |mut pipe| async move {
        for id in 0..lines {
            let line = json!({"id": id, "url": call.url(), "headers": header_pairs(&call.parts.headers)});
            pipe.send_data(format!("{line}\n").into()).await?;
        }
        Ok(())
    })
}

/// `/drip?numbytes=10&duration=1000&delay=0`: `*` by `*`, with a length, evenly over the duration.
pub(crate) async fn drip(call: &Call) -> Reply {
    let count: u32 = call.query.number("numbytes").unwrap_or(10);
    let interval = milliseconds(call, "duration", 1000) / count.max(1);
    sleep(milliseconds(call, "delay", 0)).await;
    let mut reply = reply::stream(BINARY, move |mut pipe| async move {
        for _ in 0..count {
            pipe.send_data(Bytes::from_static(b"*")).await?;
            sleep(interval).await;
        }
        Ok(())
    });
    reply.headers_mut().insert(CONTENT_LENGTH, count.into());
    reply
}

/// `/slow?chunks=3&interval=100`: the lines `chunk 0` and so on, with a pause before each but the first.
pub(crate) fn slow(call: &Call) -> Reply {
    let chunks: u64 = call.query.number("chunks").unwrap_or(3);
    let interval = milliseconds(call, "interval", 100);
    reply::stream("text/plain; charset=utf-8", move |mut pipe| async move {
        for index in 0..chunks {
            if index > 0 {
                sleep(interval).await;
            }
            pipe.send_data(format!("chunk {index}\n").into()).await?;
        }
        Ok(())
    })
}

/// `/sse?count=3&interval=100`: server-sent events.
pub(crate) fn sse(call: &Call) -> Reply {
    let count: u64 = call.query.number("count").unwrap_or(3);
    let interval = milliseconds(call, "interval", 100);
    let mut reply = reply::stream("text/event-stream", move |mut pipe| async move {
        for id in 0..count {
            if id > 0 {
                sleep(interval).await;
            }
            let event = format!("id: {id}\nevent: tick\ndata: {{\"n\":{id}}}\n\n");
            pipe.send_data(event.into()).await?;
        }
        Ok(())
    });
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

/// Hyper sends trailers over HTTP/1.1 only to a client that says `TE: trailers` (RFC 9110 §6.5.1).
pub(crate) fn trailers() -> Reply {
    let mut reply = reply::stream("text/plain", |mut pipe| async move {
        pipe.send_data(Bytes::from_static(b"body with trailers\n")).await?;
        let mut trailers = HeaderMap::new();
        trailers.insert("x-checksum", HeaderValue::from_static("abc123"));
        trailers.insert("x-rows", HeaderValue::from_static("7"));
        pipe.send_trailers(trailers).await
    });
    reply.headers_mut().insert(TRAILER, HeaderValue::from_static("x-checksum, x-rows"));
    reply
}

fn milliseconds(call: &Call, name: &str, default: u64) -> Duration {
    Duration::from_millis(call.query.number(name).unwrap_or(default))
}
