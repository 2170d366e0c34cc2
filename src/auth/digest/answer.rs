//! The answer to a Digest challenge (RFC 7616 3.4), computed from values alone.

use http::HeaderValue;

use super::hash::Hash;
use super::terms::{Qop, Terms};
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::request::Request;

/// One use of a nonce: its count, and the client's own nonce.
pub(super) struct Turn {
    pub(super) count: u32,
    pub(super) cnonce: String,
}

/// The value of the Authorization field, its parameters in HTTPX's order.
pub(super) fn authorization(
    terms: &Terms,
    credentials: &Credentials,
    request: &Request,
    turn: &Turn,
) -> Result<HeaderValue> {
    // As it is sent, for the server compares the two (RFC 7616 3.4.6).
    let uri = request.target()?;
    let mut fields = Fields(b"Digest ".to_vec());
    fields.username(terms, credentials);
    fields.quoted("realm", &terms.realm);
    fields.quoted("nonce", &terms.nonce);
    fields.quoted("uri", uri.as_bytes());
    fields.quoted("response", response(terms, credentials, request, turn)?.as_bytes());
    fields.token("algorithm", &terms.algorithm);
    if let Some(opaque) = &terms.opaque {
        fields.quoted("opaque", opaque);
    }
    if let Some(qop) = terms.qop {
        fields.token("qop", qop.name());
        fields.token("nc", &format!("{:08x}", turn.count));
        fields.quoted("cnonce", turn.cnonce.as_bytes());
    }
    if terms.userhash {
        fields.token("userhash", "true");
    }
    HeaderValue::from_bytes(&fields.0).map_err(|_| {
        Error::new(ErrorKind::LocalProtocol, "Digest credentials cannot hold control characters")
            .with_url(request.url())
    })
}

/// RFC 7616 3.4.1; without a qop RFC 2069's.
fn response(terms: &Terms, credentials: &Credentials, request: &Request, turn: &Turn) -> Result<String> {
    let secret = secret(terms, credentials, turn);
    let asked = asked(terms, request)?;
    let (secret, nonce, asked) = (secret.as_bytes(), terms.nonce.as_slice(), asked.as_bytes());
    Ok(match terms.qop {
        None => terms.hash.of(&[secret, nonce, asked]),
        Some(qop) => {
            let count = format!("{:08x}", turn.count);
            terms.hash.of(&[secret, nonce, count.as_bytes(), turn.cnonce.as_bytes(), qop.name().as_bytes(), asked])
        }
    })
}

/// H(A1) (RFC 7616 3.4.2). Names and passwords are UTF-8, whether the server says so or not.
fn secret(terms: &Terms, credentials: &Credentials, turn: &Turn) -> String {
    let secret = terms.hash.of(&[credentials.user.as_bytes(), &terms.realm, credentials.password.as_bytes()]);
    match terms.session {
        true => terms.hash.of(&[secret.as_bytes(), &terms.nonce, turn.cnonce.as_bytes()]),
        false => secret,
    }
}

/// H(A2) (RFC 7616 3.4.3).
fn asked(terms: &Terms, request: &Request) -> Result<String> {
    let target = request.target()?;
    let (method, uri) = (request.method().as_str().as_bytes(), target.as_bytes());
    if terms.qop != Some(Qop::AuthInt) {
        return Ok(terms.hash.of(&[method, uri]));
    }
    let body = request.body().as_bytes().ok_or_else(|| {
        let message = "Digest auth-int covers the body, which is a stream here; give bytes to send it";
        Error::new(ErrorKind::BodyConsumed, message).with_url(request.url())
    })?;
    Ok(terms.hash.of(&[method, uri, terms.hash.of(&[body]).as_bytes()]))
}

/// Parameters with commas between them.
struct Fields(Vec<u8>);

impl Fields {
    /// RFC 7616 3.4.4. A name beyond ASCII is written as RFC 8187 has it for servers that know RFC 7616, else in UTF-8.
    fn username(&mut self, terms: &Terms, credentials: &Credentials) {
        let user = credentials.user.as_bytes();
        match () {
            () if terms.userhash => self.quoted("username", user_hash(terms.hash, user, &terms.realm).as_bytes()),
            () if terms.utf8 && !credentials.user.is_ascii() => {
                let encoded = percent_encoding::percent_encode(user, percent_encoding::NON_ALPHANUMERIC);
                self.token("username*", &format!("UTF-8''{encoded}"));
            }
            () => self.quoted("username", user),
        }
    }

    /// Quotes and backslashes are escaped, so that no value can end its quotes (RFC 9110 5.6.4).
    fn quoted(&mut self, name: &str, value: &[u8]) {
        self.name(name);
        self.0.push(b'"');
        for &byte in value {
            if matches!(byte, b'"' | b'\\') {
                self.0.push(b'\\');
            }
            self.0.push(byte);
        }
        self.0.push(b'"');
    }

    fn token(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.extend_from_slice(value.as_bytes());
    }

    fn name(&mut self, name: &str) {
        if !self.0.ends_with(b" ") {
            self.0.extend_from_slice(b", ");
        }
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(b'=');
    }
}

fn user_hash(hash: Hash, user: &[u8], realm: &[u8]) -> String {
    hash.of(&[user, realm])
}
