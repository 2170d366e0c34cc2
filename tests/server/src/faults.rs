//! Servers that answer too soon, too little or not at all.

use std::{future::pending, io, time::Duration};

use http_body_util::BodyExt;
use hyper::{
    Version,
    body::Incoming,
    header::{CONNECTION, CONTENT_LENGTH, HeaderValue},
};
use tokio::time::sleep;

use crate::{
    call::Call,
    headers::final_status,
    pattern::pattern,
    reply::{self, Reply},
};

/// Time for bytes that were handed over to reach the client.
const DELIVERY: Duration = Duration::from_millis(50);

/// `/early?status=413`: an answer before the request body has been read.
pub(crate) fn early(call: Call) -> Reply {
    let code = call.query.number("status").unwrap_or(413);
    let Some(status) = final_status(code) else {
        return reply::bad_request("status is no final status");
    };
    tokio::spawn(drain(call.body));
    reply::refuse(status, "answered early")
}

/// Reads slowly, and not at once: the first read would make hyper send `100 Continue` before the answer.
/// While somebody holds the body, hyper keeps the connection.
async fn drain(mut body: Incoming) {
    sleep(DELIVERY).await;
    while let Some(Ok(_)) = body.frame().await {
        sleep(Duration::from_millis(10)).await;
    }
}

/// `/close-mid-body?send=10&length=100`: declares a length, sends less, and ends the connection (in HTTP/2 the stream).
pub(crate) fn close_mid_body(call: &Call) -> Reply {
    let send: usize = call.query.number("send").unwrap_or(10);
    let length: u64 = call.query.number("length").unwrap_or(100);
    let mut reply = reply::stream("application/octet-stream", move |mut pipe| async move {
        pipe.send_data(pattern(0, send.min(1 << 24)).into()).await?;
        sleep(DELIVERY).await;
        pipe.abort(io::Error::other("the test asked for it"));
        Ok(())
    });
    reply.headers_mut().insert(CONTENT_LENGTH, length.into());
    reply
}

/// A TCP reset in place of an answer.
pub(crate) async fn reset(call: &Call) -> Reply {
    call.connection.reset.notify_one();
    hang().await
}

/// No answer, ever.
pub(crate) async fn hang() -> Reply {
    pending().await
}

/// An answer, and the connection takes no more requests.
pub(crate) fn goaway(call: &Call) -> Reply {
    let mut reply = reply::content("text/plain", "ok");
    if call.parts.version == Version::HTTP_2 {
        call.connection.finish.notify_one();
    } else {
        reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    reply
}
