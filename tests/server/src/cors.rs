//! Everything that lets a page from anywhere talk to this server (WHATWG Fetch §3.3).

use hyper::{
    HeaderMap, Method, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
        ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
        ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, ORIGIN,
    },
};

use crate::reply::{self, Reply};

/// Enough for any page; a test of very many headers is no test of CORS.
const MOST_EXPOSED: usize = 64;

/// The answer to a preflight request. An OPTIONS request that asks nothing of CORS is an ordinary request.
pub(crate) fn preflight(headers: &HeaderMap, method: &Method) -> Option<Reply> {
    if method != Method::OPTIONS {
        return None;
    }
    let wanted = headers.get(ACCESS_CONTROL_REQUEST_METHOD)?.clone();
    let mut reply = reply::empty(StatusCode::NO_CONTENT);
    let answer = reply.headers_mut();
    answer.insert(ACCESS_CONTROL_ALLOW_METHODS, wanted);
    if let Some(names) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    allow(answer, headers.get(ORIGIN).cloned());
    Some(reply)
}

/// Lets `origin`, or everybody, read the answer and each of its header fields.
pub(crate) fn allow(headers: &mut HeaderMap, origin: Option<HeaderValue>) {
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed(headers));
    // `*` is not allowed together with credentials (Fetch §3.3.5).
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    } else {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    headers.insert("access-control-allow-private-network", HeaderValue::from_static("true"));
}

/// `*`, and the names one by one because with credentials `*` is a name like any other.
fn exposed(headers: &HeaderMap) -> HeaderValue {
    let always = ["*", "content-length", "date"];
    let names = headers.keys().map(|name| name.as_str()).filter(|name| !always.contains(name));
    let list: Vec<&str> = always.into_iter().chain(names.take(MOST_EXPOSED)).collect();
    HeaderValue::from_str(&list.join(", ")).unwrap_or(HeaderValue::from_static("*"))
}

/// The same as `allow`, as lines for the raw port. A preflight's questions are answered alike.
pub(crate) fn lines(field: impl Fn(&str) -> Option<String>) -> String {
    let mut lines = match field("origin") {
        Some(origin) => format!("Access-Control-Allow-Origin: {origin}\r\nAccess-Control-Allow-Credentials: true\r\n"),
        None => "Access-Control-Allow-Origin: *\r\n".to_owned(),
    };
    if let Some(method) = field("access-control-request-method") {
        lines.push_str(&format!("Access-Control-Allow-Methods: {method}\r\n"));
    }
    if let Some(names) = field("access-control-request-headers") {
        lines.push_str(&format!("Access-Control-Allow-Headers: {names}\r\n"));
    }
    lines.push_str(
        "Access-Control-Expose-Headers: *, content-length, content-type\r\n\
         Access-Control-Allow-Private-Network: true\r\n",
    );
    lines
}
