//! What clients sent, kept until somebody asks.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::query::latin_1;

/// A request as it arrived.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) raw: Vec<u8>,
    /// The sizes of the socket reads that delivered it.
    pub(super) reads: Vec<usize>,
    /// `false` when the connection ended before the request did.
    pub(super) complete: bool,
}

impl Request {
    fn json(&self) -> Value {
        json!({
            "raw": latin_1(&self.raw),
            "base64": BASE64_STANDARD.encode(&self.raw),
            "reads": self.reads,
            "complete": self.complete,
        })
    }
}

#[derive(Debug)]
struct Recorded {
    connection: u64,
    requests: Vec<Request>,
    closed: bool,
    closed_by_client: bool,
}

impl Recorded {
    fn json(&self) -> Value {
        json!({
            "connection": self.connection,
            "requests": self.requests.iter().map(Request::json).collect::<Vec<_>>(),
            "closed": self.closed,
            "closed_by_client": self.closed_by_client,
        })
    }
}

/// Per id the connections on which it was asked for.
#[derive(Debug, Default)]
pub(crate) struct Records(Mutex<HashMap<String, Vec<Recorded>>>);

impl Records {
    pub(super) fn add(&self, id: &str, connection: u64, request: Request) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recorded = records.entry(id.to_owned()).or_default();
        match recorded.iter_mut().find(|recorded| recorded.connection == connection) {
            Some(known) => known.requests.push(request),
            None => {
                recorded.push(Recorded { connection, requests: vec![request], closed: false, closed_by_client: false })
            }
        }
    }

    /// The connection has ended.
    pub(super) fn close(&self, connection: u64, by_client: bool) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all = records.values_mut().flatten();
        for recorded in all.filter(|recorded| recorded.connection == connection) {
            recorded.closed = true;
            recorded.closed_by_client = by_client;
        }
    }

    pub(super) fn json(&self, id: &str) -> Value {
        let records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = records.get(id).into_iter().flatten().map(Recorded::json);
        json!({"connections": connections.collect::<Vec<_>>()})
    }
}
