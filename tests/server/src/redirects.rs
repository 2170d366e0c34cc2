//! Redirects.

use hyper::header::LOCATION;

use crate::{
    call::Call,
    headers::final_status,
    reply::{self, Reply},
};

/// `/redirect/{n}`: n redirects, by path alone, that end at `/anything`.
pub(crate) fn relative(call: &Call, count: &str) -> Reply {
    count_down(call, count, "redirect", "")
}

/// `/absolute-redirect/{n}`: the same with whole URLs.
pub(crate) fn absolute(call: &Call, count: &str) -> Reply {
    count_down(call, count, "absolute-redirect", &call.origin())
}

fn count_down(call: &Call, count: &str, name: &str, origin: &str) -> Reply {
    // The query goes along so that `status_code` holds for the whole chain.
    let query = call.parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    match count.parse::<u64>() {
        Ok(0 | 1) => redirect(call, Some(format!("{origin}/anything{query}").as_bytes())),
        Ok(count) => redirect(call, Some(format!("{origin}/{name}/{}{query}", count - 1).as_bytes())),
        Err(_) => reply::bad_request("/redirect/{count}"),
    }
}

/// `/redirect-to?url=&status_code=`: any bytes as the location, or none without `url`.
pub(crate) fn to(call: &Call) -> Reply {
    redirect(call, call.query.bytes("url"))
}

fn redirect(call: &Call, location: Option<&[u8]>) -> Reply {
    let code = call.query.number("status_code").unwrap_or(302);
    let Some(status) = final_status(code) else {
        return reply::bad_request("status_code is no final status");
    };
    let mut reply = reply::empty(status);
    let added = location.map(|to| reply::append(reply.headers_mut(), LOCATION.as_ref(), to));
    match added {
        Some(Err(reason)) => reply::bad_request(reason),
        _ => reply,
    }
}
