//! The server, seen from plain sockets.

mod bodies;
mod faults;
mod http;
mod http2;
mod ports;
mod raw;
mod socks;
mod tls;
mod wire;
