//! Real connections to the example server, on every target.

mod auth;
mod faults;
mod info;
mod injection;
mod proxy;
mod requests;
mod responses;
mod settings;
mod socks;
mod streaming;
mod targets;
mod timeouts;
mod tls;
mod trace;
mod trailers;
mod upgrades;

// Where a response ends and which connection serves whom: the host's own affair where it speaks HTTP.
support::where_sockets! {
    mod connect;
    mod continues;
    mod frames;
    mod framing;
    mod http2;
    mod http2_protocol;
    mod limits;
    mod network;
    mod persistence;
    mod pool;
}

support::where_unix_sockets! {
    mod unix;
}

support::where_sockets! {
    support::where_threads! {
        mod runtimes;
    }
}

support::where_own_tls! {
    mod proxy_tls;
}

use serde_json::Value;

use crate::support::{self, Server, percent};

/// The URL of the raw port that answers with exactly these bytes.
pub(crate) fn raw(server: &Server, data: impl AsRef<[u8]>, parameters: &str) -> String {
    format!("{}/raw?data={}&{parameters}", server.raw, percent(data.as_ref()))
}

/// What the raw port recorded under this id.
pub(crate) async fn recorded(server: &Server, id: &str) -> Value {
    let url = format!("{}/recorded/{id}", server.raw);
    whimbrel::get(url).send().await.unwrap().json().unwrap()
}

/// Sends a GET and returns the response's text, or the error.
pub(crate) async fn text(url: &str) -> whimbrel::Result<String> {
    Ok(whimbrel::get(url).send().await?.text().into_owned())
}
