//! HTTP/2 (RFC 9113) by `h2`: connections that several requests share, what drives them, and a request's exchange on one.

mod connection;
mod errors;
mod exchange;
mod message;
mod pings;
mod silence;
mod turns;
mod upload;

pub(super) use self::connection::{Begun, Connection, Settings, begin, drive};
pub(super) use self::exchange::Exchange;
