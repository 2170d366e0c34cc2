//! Which path does what. The README has the same table with the parameters.

use std::{error::Error, fmt};

use hyper::StatusCode;

use crate::{
    auth, bodies,
    call::Call,
    cookies, digest, echo, encodings, faults, files, headers, redirects,
    reply::{self, Reply},
};

/// No answer at all: HTTP/1.1 closes the connection, HTTP/2 resets the stream.
#[derive(Debug)]
pub(crate) struct Abort;

impl fmt::Display for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the test asked for it")
    }
}

impl Error for Abort {}

pub(crate) async fn answer(call: Call) -> Result<Reply, Abort> {
    let path = call.parts.uri.path().to_owned();
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    Ok(match *segments.as_slice() {
        ["anything" | "get" | "post" | "put" | "patch" | "delete", ..] => echo::anything(call).await,
        ["delay", duration] => echo::delay(call, duration).await,
        ["headers"] => echo::headers(&call),
        ["upload"] => echo::upload(call).await,
        ["stats"] => reply::json(&call.connection.shared.stats()),

        ["status", code] => headers::status(&call, code),
        ["response-headers"] => headers::response_headers(&call),
        ["large-headers"] => headers::large(&call),

        ["redirect", count] => redirects::relative(&call, count),
        ["absolute-redirect", count] => redirects::absolute(&call, count),
        ["redirect-to"] => redirects::to(&call),

        ["cookies"] => cookies::show(&call),
        ["cookies", "set"] => cookies::set(&call),
        ["cookies", "delete"] => cookies::delete(&call),

        ["basic-auth", user, password] => auth::basic(&call, user, password),
        ["bearer"] => auth::bearer(&call),
        ["digest-auth", qop, user, password] => digest::auth(call, qop, user, password, "MD5").await,
        ["digest-auth", qop, user, password, algorithm] => digest::auth(call, qop, user, password, algorithm).await,

        [coding @ ("gzip" | "deflate" | "deflate-raw" | "br" | "zstd")] => encodings::encoded(call, coding).await,
        ["encoded", codings] => encodings::encoded(call, codings).await,
        ["encoding", "latin1"] => encodings::latin_1(),
        ["utf8"] => encodings::utf_8(),
        ["html"] => encodings::html(),
        ["json"] => encodings::json(),

        ["bytes", length] => bodies::bytes(&call, length),
        ["stream-bytes", length] => bodies::stream_bytes(&call, length),
        ["stream", lines] => bodies::stream(call, lines),
        ["drip"] => bodies::drip(&call).await,
        ["slow"] => bodies::slow(&call),
        ["sse"] => bodies::sse(&call),
        ["trailers"] => bodies::trailers(),

        ["early"] => faults::early(call),
        ["close-mid-body"] => faults::close_mid_body(&call),
        ["reset"] => faults::reset(&call).await,
        ["hang"] => faults::hang().await,
        ["abort"] => return Err(Abort),
        ["goaway"] => faults::goaway(&call),

        ["www", ..] => files::serve(call.connection.shared.www.as_deref(), &segments[1..]).await,
        ["pkg", ..] => files::serve(call.connection.shared.pkg.as_deref(), &segments[1..]).await,
        _ => reply::refuse(StatusCode::NOT_FOUND, "no such endpoint; see tests/server/README.md"),
    })
}
