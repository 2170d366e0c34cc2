//! Digest authentication, RFC 7616, and RFC 2069 where a test asks for no qop.

use std::{
    collections::HashMap,
    fmt::Write,
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use http_body_util::BodyExt;
use hyper::StatusCode;
use md5::Md5;
use serde_json::json;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512, Sha512_256};

use crate::{
    auth::{challenge, credentials},
    call::Call,
    query::percent_decode,
    reply::{self, Reply},
};

const REALM: &str = "whimbrel";

/// The nonces given out, each with the highest count it was used with.
#[derive(Debug, Default)]
pub(crate) struct Nonces(Mutex<HashMap<String, u64>>);

impl Nonces {
    fn fresh(&self) -> String {
        let mut nonces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // No secret is behind it: the time and the number of nonces make it unique.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let nonce = hex(&Md5::digest(format!("{}-{}", now.as_nanos(), nonces.len())));
        nonces.insert(nonce.clone(), 0);
        nonce
    }

    /// Takes note of a use; `false` for an unknown nonce and for a count seen before (RFC 7616 §3.4, `nc`).
    /// RFC 2069 has no count, so there a nonce may be used again.
    fn accept(&self, nonce: &str, count: Option<u64>) -> bool {
        let mut nonces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(highest) = nonces.get_mut(nonce) else {
            return false;
        };
        let Some(count) = count else { return true };
        let accepted = count > *highest;
        *highest = count.max(*highest);
        accepted
    }
}

/// `/digest-auth/{qop}/{user}/{password}/{algorithm}`. A qop other than `none` goes into the challenge as it is.
pub(crate) async fn auth(mut call: Call, qop: &str, user: &str, password: &str, algorithm: &str) -> Reply {
    let Some(hash) = Hash::named(algorithm) else {
        return reply::refuse(
            StatusCode::NOT_FOUND,
            "algorithm: MD5, SHA-1, SHA-256, SHA-512, SHA-512-256, with or without -sess",
        );
    };
    let Ok(body) = (&mut call.body).collect().await else { return reply::bad_request("the body broke off") };
    let [qop, user, password] = [qop, user, password].map(text);
    let userhash = call.query.bytes("userhash").is_some();
    let body = hash.of_bytes(&body.to_bytes());
    let expected = Expected { hash, algorithm, qop: &qop, user: &user, password: &password, userhash, body };
    match credentials(&call, "Digest").map(|given| expected.verdict(&call, &parameters(&given))) {
        Some(Verdict::Right) => reply::json(&json!({"authenticated": true, "user": user})),
        Some(Verdict::Stale) => expected.challenge(&call, ", stale=true"),
        Some(Verdict::Wrong) | None => expected.challenge(&call, ""),
    }
}

fn text(segment: &str) -> String {
    String::from_utf8_lossy(&percent_decode(segment)).into_owned()
}

enum Verdict {
    Right,
    /// The password is right, but the nonce or its count is used up.
    Stale,
    Wrong,
}

/// What the client has to know, and how it has to prove it.
struct Expected<'a> {
    hash: Hash,
    algorithm: &'a str,
    qop: &'a str,
    user: &'a str,
    password: &'a str,
    /// The name comes hashed, RFC 7616 §3.4.4.
    userhash: bool,
    /// H(entity-body), for `auth-int`.
    body: String,
}

impl Expected<'_> {
    fn challenge(&self, call: &Call, stale: &str) -> Reply {
        let qop = match self.qop {
            "none" => String::new(),
            qop => format!(", qop=\"{qop}\""),
        };
        let userhash = if self.userhash { ", charset=UTF-8, userhash=true" } else { "" };
        let nonce = call.connection.shared.nonces.fresh();
        challenge(&format!(
            "Digest realm=\"{REALM}\", nonce=\"{nonce}\", opaque=\"6f7061717565\", \
             algorithm={}{qop}{userhash}{stale}",
            self.algorithm,
        ))
    }

    fn verdict(&self, call: &Call, given: &HashMap<String, String>) -> Verdict {
        let field = |name: &str| given.get(name).map_or("", String::as_str);
        // The target must be the one really asked for (RFC 7616 §3.4.6), the response that of §3.4.1.
        let right = field("username") == self.username()
            && self.userhash == given.get("userhash").is_some_and(|given| given == "true")
            && field("realm") == REALM
            && field("opaque") == "6f7061717565"
            && field("uri") == call.target()
            && given.get("algorithm").is_none_or(|name| name.eq_ignore_ascii_case(self.algorithm))
            && self.qop_fits(given.get("qop"))
            && field("response") == self.response(call.parts.method.as_str(), &field);
        let count = given.get("nc").map(|count| u64::from_str_radix(count, 16).unwrap_or(0));
        match right {
            false => Verdict::Wrong,
            true if call.connection.shared.nonces.accept(field("nonce"), count) => Verdict::Right,
            true => Verdict::Stale,
        }
    }

    /// `auth` and `auth-int` are understood, out of whatever list was offered.
    fn qop_fits(&self, given: Option<&String>) -> bool {
        match given {
            None => self.qop == "none",
            Some(given) => {
                ["auth", "auth-int"].contains(&given.as_str())
                    && self.qop.split(',').any(|offered| offered.trim() == given)
            }
        }
    }

    fn username(&self) -> String {
        match self.userhash {
            true => self.hash.of(&format!("{}:{REALM}", self.user)),
            false => self.user.to_owned(),
        }
    }

    fn response<'a>(&self, method: &str, field: &impl Fn(&str) -> &'a str) -> String {
        let secret = self.secret(field("nonce"), field("cnonce"));
        let request = match field("qop") {
            "auth-int" => format!("{method}:{}:{}", field("uri"), self.body),
            _ => format!("{method}:{}", field("uri")),
        };
        let request = self.hash.of(&request);
        let freshness = match field("qop") {
            "" => field("nonce").to_owned(),
            qop => format!("{}:{}:{}:{qop}", field("nonce"), field("nc"), field("cnonce")),
        };
        self.hash.of(&format!("{secret}:{freshness}:{request}"))
    }

    /// H(A1), RFC 7616 §3.4.2.
    fn secret(&self, nonce: &str, cnonce: &str) -> String {
        let secret = self.hash.of(&format!("{}:{REALM}:{}", self.user, self.password));
        if self.algorithm.to_ascii_lowercase().ends_with("-sess") {
            return self.hash.of(&format!("{secret}:{nonce}:{cnonce}"));
        }
        secret
    }
}

#[derive(Clone, Copy)]
enum Hash {
    Md5,
    Sha1,
    Sha256,
    Sha512,
    Sha512t256,
}

impl Hash {
    fn named(algorithm: &str) -> Option<Self> {
        let name = algorithm.to_ascii_uppercase();
        Some(match name.strip_suffix("-SESS").unwrap_or(&name) {
            "MD5" => Self::Md5,
            "SHA" | "SHA-1" => Self::Sha1,
            "SHA-256" => Self::Sha256,
            "SHA-512" => Self::Sha512,
            "SHA-512-256" => Self::Sha512t256,
            _ => return None,
        })
    }

    fn of(self, text: &str) -> String {
        self.of_bytes(text.as_bytes())
    }

    fn of_bytes(self, text: &[u8]) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(text)),
            Self::Sha1 => hex(&Sha1::digest(text)),
            Self::Sha256 => hex(&Sha256::digest(text)),
            Self::Sha512 => hex(&Sha512::digest(text)),
            Self::Sha512t256 => hex(&Sha512_256::digest(text)),
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `name=token` and `name="quoted"`, separated by commas (RFC 9110 §11.4). What does not parse ends the list.
fn parameters(mut text: &str) -> HashMap<String, String> {
    let mut parameters = HashMap::new();
    while let Some((name, rest)) = text.split_once('=') {
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => token(rest),
        };
        parameters.insert(name.trim().to_ascii_lowercase(), value);
        text = rest.trim_start().trim_start_matches(',');
    }
    parameters
}

fn token(text: &str) -> (String, &str) {
    let end = text.find(',').unwrap_or(text.len());
    (text[..end].trim().to_owned(), &text[end..])
}

/// The value up to the closing quote, and what follows the quote.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((index, character)) = chars.next() {
        match character {
            '"' => return (value, &text[index + 1..]),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            _ => value.push(character),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_pairs_and_commas_in_quotes_are_read() {
        let read = parameters(r#"username="a\"b, c", nc=00000001 , uri="/x?y=1""#);
        assert_eq!(read["username"], "a\"b, c");
        assert_eq!(read["nc"], "00000001");
        assert_eq!(read["uri"], "/x?y=1");
    }

    /// The example of RFC 2617 §3.5.
    #[test]
    fn the_response_is_that_of_the_rfc() {
        let ha1 = Hash::Md5.of("Mufasa:testrealm@host.com:Circle Of Life");
        let ha2 = Hash::Md5.of("GET:/dir/index.html");
        let nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093:00000001:0a4f113b:auth";
        let response = Hash::Md5.of(&format!("{ha1}:{nonce}:{ha2}"));
        assert_eq!(response, "6629fae49393a05397450978507c4ef1");
    }
}
