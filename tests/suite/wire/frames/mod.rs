//! HTTP/2, frame by frame: what a server may do to a client (docs/threats.md, group C).

mod cases;
mod floods;
mod frame;
mod limits;
mod malformed;
mod refusals;
mod server;
mod splits;
