//! Cookies, with nothing remembered here.

use hyper::{
    StatusCode,
    header::{COOKIE, LOCATION, SET_COOKIE},
};
use serde_json::{Map, Value, json};

use crate::{
    call::Call,
    query::latin_1,
    reply::{self, Reply},
};

/// The cookies received: as an object (of two with one name the last), and as pairs in their order.
pub(crate) fn show(call: &Call) -> Reply {
    let pairs = received(call);
    let object: Map<String, Value> = pairs.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    reply::json(&json!({"cookies": object, "pairs": pairs}))
}

fn received(call: &Call) -> Vec<(String, String)> {
    // HTTP/2 may split the field into several (RFC 9113 §8.2.3).
    let fields = call.parts.headers.get_all(COOKIE).iter();
    let fields: Vec<String> = fields.map(|field| latin_1(field.as_bytes())).collect();
    let pairs = fields.iter().flat_map(|field| field.split("; "));
    pairs.map(pair).collect()
}

fn pair(text: &str) -> (String, String) {
    let (name, value) = text.split_once('=').unwrap_or(("", text));
    (name.to_owned(), value.to_owned())
}

pub(crate) fn set(call: &Call) -> Reply {
    send_to_cookies(call, |name, value| [name, b"=", value, b"; Path=/"].concat())
}

pub(crate) fn delete(call: &Call) -> Reply {
    send_to_cookies(call, |name, _| [name, b"=; Max-Age=0; Path=/"].concat())
}

fn send_to_cookies(call: &Call, cookie: impl Fn(&[u8], &[u8]) -> Vec<u8>) -> Reply {
    let mut reply = reply::empty(StatusCode::FOUND);
    let location = (LOCATION, b"/cookies".to_vec());
    let cookies = call.query.0.iter().map(|(name, value)| (SET_COOKIE, cookie(name, value)));
    for (field, value) in std::iter::once(location).chain(cookies) {
        if let Err(reason) = reply::append(reply.headers_mut(), field.as_ref(), &value) {
            return reply::bad_request(reason);
        }
    }
    reply
}
