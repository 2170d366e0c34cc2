//! Basic (RFC 7617) and Bearer (RFC 6750) authentication. Digest has its own file.

use base64::{Engine, prelude::BASE64_STANDARD};
use hyper::{
    StatusCode,
    header::{AUTHORIZATION, WWW_AUTHENTICATE},
};
use serde_json::json;

use crate::{
    call::Call,
    query::{latin_1, percent_decode},
    reply::{self, Reply},
};

/// The credentials of a request that uses `scheme`; the scheme's case does not matter (RFC 9110 §11.1).
pub(crate) fn credentials(call: &Call, scheme: &str) -> Option<String> {
    let field = latin_1(call.parts.headers.get(AUTHORIZATION)?.as_bytes());
    let (named, credentials) = field.split_once(' ')?;
    named.eq_ignore_ascii_case(scheme).then(|| credentials.trim().to_owned())
}

/// A 401 with this challenge.
pub(crate) fn challenge(challenge: &str) -> Reply {
    let mut reply = reply::empty(StatusCode::UNAUTHORIZED);
    let added = reply::append(reply.headers_mut(), WWW_AUTHENTICATE.as_ref(), challenge.as_bytes());
    match added {
        Ok(()) => reply,
        Err(reason) => reply::bad_request(reason),
    }
}

pub(crate) fn basic(call: &Call, user: &str, password: &str) -> Reply {
    let user = percent_decode(user);
    let expected = BASE64_STANDARD.encode([&user, b":".as_slice(), &percent_decode(password)].concat());
    if credentials(call, "Basic").is_none_or(|given| given != expected) {
        return challenge("Basic realm=\"whimbrel\", charset=\"UTF-8\"");
    }
    reply::json(&json!({"authenticated": true, "user": String::from_utf8_lossy(&user)}))
}

/// Any token will do.
pub(crate) fn bearer(call: &Call) -> Reply {
    match credentials(call, "Bearer") {
        Some(token) => reply::json(&json!({"authenticated": true, "token": token})),
        None => challenge("Bearer realm=\"whimbrel\""),
    }
}
