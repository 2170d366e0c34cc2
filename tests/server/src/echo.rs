//! Answers that say what was asked.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::sleep;

use crate::{
    call::{Call, header_pairs},
    digest::hex,
    reply::{self, Reply},
};

pub(crate) async fn anything(call: Call) -> Reply {
    match describe(call).await {
        Ok(description) => reply::json(&description),
        Err(refusal) => refusal,
    }
}

pub(crate) async fn delay(call: Call, milliseconds: &str) -> Reply {
    let Ok(milliseconds) = milliseconds.parse() else {
        return reply::bad_request("/delay/{milliseconds}");
    };
    sleep(Duration::from_millis(milliseconds)).await;
    anything(call).await
}

pub(crate) fn headers(call: &Call) -> Reply {
    reply::json(&json!({"headers": header_pairs(&call.parts.headers)}))
}

/// The whole request as JSON.
///
/// # Errors
/// With an answer for a request whose body broke off.
pub(crate) async fn describe(call: Call) -> Result<Value, Reply> {
    let mut description = describe_head(&call);
    let (body, trailers) = read(call.body).await?;
    description["body"] = std::str::from_utf8(&body).map_or(Value::Null, Value::from);
    description["body_base64"] = BASE64_STANDARD.encode(&body).into();
    description["json"] = serde_json::from_slice(&body).unwrap_or(Value::Null);
    description["trailers"] = json!(trailers);
    Ok(description)
}

fn describe_head(call: &Call) -> Value {
    json!({
        "method": call.parts.method.as_str(),
        "target": call.target(),
        "url": call.url(),
        "version": format!("{:?}", call.parts.version),
        "headers": header_pairs(&call.parts.headers),
        "args": call.query.pairs(),
        "connection": call.connection.number,
        "remote": call.connection.remote.to_string(),
    })
}

type Trailers = Vec<(String, String)>;

async fn read(body: Incoming) -> Result<(Bytes, Trailers), Reply> {
    let collected = body.collect().await.map_err(|error| broken_off(&error))?;
    let trailers = collected.trailers().map(header_pairs).unwrap_or_default();
    Ok((collected.to_bytes(), trailers))
}

fn broken_off(error: &hyper::Error) -> Reply {
    reply::bad_request(&format!("the request body broke off: {error}"))
}

/// Reads the body piece by piece, so that its size does not matter.
pub(crate) async fn upload(call: Call) -> Reply {
    let mut body = call.body;
    let (mut hash, mut length, mut chunks) = (Sha256::new(), 0, 0);
    while let Some(frame) = body.frame().await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => return broken_off(&error),
        };
        if let Ok(data) = frame.into_data() {
            hash.update(&data);
            length += data.len();
            chunks += 1;
        }
    }
    reply::json(&json!({"length": length, "sha256": hex(&hash.finalize()), "chunks": chunks}))
}
