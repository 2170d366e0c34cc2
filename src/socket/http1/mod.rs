//! HTTP/1.1 (RFC 9112): a codec without IO (`encode`, `head`, `body`) and the exchange that drives it over a stream.

mod body;
mod drain;
mod encode;
mod exchange;
mod head;
mod limits;
#[cfg(test)]
mod splits;

pub(super) use body::BodyDecoder;
pub(super) use drain::drain;
pub(super) use encode::field as write_field;
pub(super) use exchange::{Exchange, MAX_INTERIM};
pub(super) use head::HeadReader;
pub(super) use limits::HeadLimits;

use crate::error::{Error, ErrorKind};

/// The response breaks HTTP's rules.
fn remote(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::RemoteProtocol, message)
}
