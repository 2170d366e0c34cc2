//! One request on its way to an answer.

use std::sync::Arc;

use hyper::{
    Request, Version,
    body::Incoming,
    header::{HOST, HeaderMap},
    http::request::Parts,
};

use crate::{
    query::{Query, latin_1},
    shared::{Connection, Kind},
};

pub(crate) struct Call {
    pub(crate) parts: Parts,
    pub(crate) body: Incoming,
    pub(crate) query: Query,
    pub(crate) connection: Arc<Connection>,
}

impl Call {
    pub(crate) fn new(request: Request<Incoming>, connection: Arc<Connection>) -> Self {
        let (parts, body) = request.into_parts();
        let query = Query::form(parts.uri.query().unwrap_or_default());
        Self { parts, body, query, connection }
    }

    /// The request target as it came: HTTP/2's `:path`, or the second word of the request line.
    pub(crate) fn target(&self) -> String {
        match self.parts.uri.path_and_query() {
            Some(path) if self.parts.version == Version::HTTP_2 => path.to_string(),
            _ => self.parts.uri.to_string(),
        }
    }

    /// `scheme://host` as the client named it.
    pub(crate) fn origin(&self) -> String {
        let scheme = if self.connection.kind == Kind::Https { "https" } else { "http" };
        let host = self.parts.headers.get(HOST).map(|host| latin_1(host.as_bytes()));
        // HTTP/2 has the host in `:authority` (RFC 9113 §8.3.1).
        let authority = self.parts.uri.authority().map(ToString::to_string);
        format!("{scheme}://{}", authority.or(host).unwrap_or_default())
    }

    /// The whole URL. An absolute-form target is one already (RFC 9112 §3.2.2).
    pub(crate) fn url(&self) -> String {
        match self.parts.uri.path_and_query() {
            Some(path) => format!("{}{path}", self.origin()),
            None => self.target(),
        }
    }
}

/// Name and value of every field, in hyper's order: as sent, with repeated names drawn together.
pub(crate) fn header_pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let pairs = headers.iter();
    pairs.map(|(name, value)| (name.to_string(), latin_1(value.as_bytes()))).collect()
}
