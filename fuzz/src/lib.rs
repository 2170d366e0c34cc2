//! What the fuzz targets do with the bytes that libFuzzer makes up: a function each, which panics where whimbrel breaks one of
//! its promises. Everything goes through the public interface; connections are made by `ClientBuilder::network_backend`.

mod against_hyper;
mod chunked_body;
mod content_coding;
mod differences;
mod exchange;
mod fields;
mod peer;
mod reply;
mod script;
mod text;
mod tunnels;

pub use against_hyper::against_hyper;
pub use chunked_body::chunked_body;
pub use content_coding::content_coding;
pub use differences::Difference;
pub use exchange::{exchange, response_head};
pub use fields::{challenge, header_fields, netrc, set_cookie};
pub use text::text;
pub use tunnels::{proxy_reply, socks_reply};

/// A target's name, and what it does with some bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All targets. Each has a folder of seeds and a file in `fuzz_targets`.
pub const TARGETS: &[Target] = &[
    ("response_head", response_head),
    ("chunked_body", chunked_body),
    ("exchange", exchange),
    ("proxy_reply", proxy_reply),
    ("socks_reply", socks_reply),
    ("against_hyper", against_hyper),
    ("content_coding", content_coding),
    ("set_cookie", set_cookie),
    ("challenge", challenge),
    ("header_fields", header_fields),
    ("text", text),
    ("netrc", netrc),
];
