//! One suite by capability: the same bodies on every target. Semantics run on a mock; `wire` talks to the example server.

mod auth;
mod bombs;
mod content;
mod cookies;
mod decoding;
mod digest;
mod errors;
mod hooks;
mod netrc;
mod peers;
mod properties;
mod redirects;
mod requests;
mod responses;
mod service;
mod support;
mod text;
mod urls;
mod vectors;
mod wire;

support::where_blocking! {
    mod blocking;
}
