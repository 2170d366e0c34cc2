//! What a server asks for in a Digest challenge (RFC 7616 3.3).

use http::header::WWW_AUTHENTICATE;

use super::hash::Hash;
use crate::auth::challenge::Challenge;
use crate::error::{Error, ErrorKind, Result};
use crate::headers::Headers;

/// A challenge that can be answered.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub(super) realm: Vec<u8>,
    pub(super) nonce: Vec<u8>,
    pub(super) opaque: Option<Vec<u8>>,
    /// As the server writes it, to be repeated.
    pub(super) algorithm: String,
    pub(super) hash: Hash,
    /// `-sess`: the secret is made anew for each nonce.
    pub(super) session: bool,
    pub(super) qop: Option<Qop>,
    /// The credentials were right, the nonce is too old.
    pub(super) stale: bool,
    /// The server wants the user name hashed.
    pub(super) userhash: bool,
    /// The server reads UTF-8, and so RFC 7616's way to write other user names.
    pub(super) utf8: bool,
}

/// What is protected: the request line, or the body too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Qop {
    Auth,
    AuthInt,
}

impl Qop {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }

    /// The one to use out of a list: `auth`, which needs no body, before `auth-int`.
    fn choose(list: &[u8]) -> Result<Self> {
        let offered: Vec<_> = list.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).collect();
        let known = [Self::Auth, Self::AuthInt].into_iter().find(|qop| offered.contains(&qop.name().as_bytes()));
        known.ok_or_else(|| unexpected("qop", list))
    }
}

impl Terms {
    /// The first Digest challenge that can be answered, for servers put the one that they prefer first (RFC 7616 3.7).
    /// `None` if there is no Digest challenge; the first one's error if none can be answered.
    pub(super) fn choose(headers: &Headers) -> Result<Option<Self>> {
        let mut first = None;
        let challenges = headers.find_all(&WWW_AUTHENTICATE).flat_map(|field| Challenge::list(field.as_bytes()));
        for challenge in challenges.filter(|challenge| challenge.scheme == "digest") {
            match Self::read(&challenge) {
                Ok(terms) => return Ok(Some(terms)),
                Err(error) => first = first.or(Some(error)),
            }
        }
        first.map_or(Ok(None), Err)
    }

    fn read(challenge: &Challenge) -> Result<Self> {
        let bytes = |name: &str| challenge.parameter(name).map(|value| value.map(<[u8]>::to_vec));
        let is = |name: &str, wanted: &str| {
            let value = challenge.parameter(name);
            value.map(|value| value.is_some_and(|value| value.eq_ignore_ascii_case(wanted.as_bytes())))
        };
        let missing = || Error::new(ErrorKind::RemoteProtocol, "Malformed Digest WWW-Authenticate header");
        let algorithm = String::from_utf8_lossy(challenge.parameter("algorithm")?.unwrap_or(b"MD5")).into_owned();
        let (hash, session) = algorithm_of(&algorithm)?;
        Ok(Self {
            realm: bytes("realm")?.ok_or_else(missing)?,
            nonce: bytes("nonce")?.filter(|nonce| !nonce.is_empty()).ok_or_else(missing)?,
            opaque: bytes("opaque")?,
            algorithm,
            hash,
            session,
            qop: challenge.parameter("qop")?.map(Qop::choose).transpose()?,
            stale: is("stale", "true")?,
            userhash: is("userhash", "true")?,
            utf8: is("charset", "UTF-8")?,
        })
    }
}

/// The hash, and whether it is a `-sess` one.
fn algorithm_of(name: &str) -> Result<(Hash, bool)> {
    let base = name.len().checked_sub(5).and_then(|at| name.split_at_checked(at));
    let base = base.filter(|(_, end)| end.eq_ignore_ascii_case("-sess")).map(|(base, _)| base);
    let hash = Hash::named(base.unwrap_or(name)).ok_or_else(|| unexpected("algorithm", name.as_bytes()))?;
    Ok((hash, base.is_some()))
}

/// HTTPX's text. What the server wrote is shown escaped, and not all of it.
fn unexpected(what: &str, value: &[u8]) -> Error {
    let shown = value[..value.len().min(40)].escape_ascii();
    Error::new(ErrorKind::RemoteProtocol, format!("Unexpected {what} value \"{shown}\" in digest auth"))
}
