//! Fields behind a body (RFC 9110 6.5).

use std::sync::Arc;

use http::HeaderName;

use crate::backend::{MaybeSend, MaybeSync};
use crate::error::{Error, ErrorKind, Result};
use crate::headers::{Headers, IntoHeaderName, IntoHeaderValue};

/// What must be known before the body is read, or decides on where a message goes and ends and who may see it (RFC 9110 6.5.1):
/// behind a body such fields are not sent, and when they come they are left out. (Threat B8.)
const FORBIDDEN: &[&str] = &[
    // Framing and the connection.
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    // Routing.
    "host",
    "location",
    "max-forwards",
    // Controls, conditions and caches.
    "age",
    "cache-control",
    "date",
    "expect",
    "expires",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "pragma",
    "range",
    "retry-after",
    "vary",
    "warning",
    // Who is who.
    "authorization",
    "cookie",
    "proxy-authenticate",
    "proxy-authorization",
    "set-cookie",
    "set-cookie2",
    "www-authenticate",
    // How the body is read.
    "content-encoding",
    "content-range",
    "content-type",
];

/// Whether a field of this name may stand behind a body.
fn is_allowed(name: &HeaderName) -> bool {
    !FORBIDDEN.contains(&name.as_str())
}

/// A response's trailers: what came, without what must not come there.
#[allow(dead_code, reason = "of use where trailers are seen")]
pub(crate) fn received<'a>(fields: impl Iterator<Item = (&'a HeaderName, &'a http::HeaderValue)>) -> Headers {
    let mut trailers = Headers::new();
    for (name, value) in fields.filter(|(name, _)| is_allowed(name)) {
        trailers.push(name.clone(), value.clone());
    }
    trailers
}

/// A request's trailers, as the user gives them.
pub(crate) fn given<I, N, V>(fields: impl Fn() -> I + MaybeSend + MaybeSync + 'static) -> Arc<dyn Trailers>
where
    I: IntoIterator<Item = (N, V)>,
    N: IntoHeaderName,
    V: IntoHeaderValue,
{
    Arc::new(move || checked(fields()))
}

fn checked<N: IntoHeaderName, V: IntoHeaderValue>(fields: impl IntoIterator<Item = (N, V)>) -> Result<Headers> {
    let mut trailers = Headers::new();
    for (name, value) in fields {
        let name = name.into_header_name()?;
        if !is_allowed(&name) {
            let message =
                format!("The field '{name}' cannot stand behind a body (RFC 9110 6.5.1); send it as a header");
            return Err(Error::new(ErrorKind::LocalProtocol, message));
        }
        trailers.append(name, value)?;
    }
    Ok(trailers)
}

/// Says what stands behind a request's body, once the body has ended.
pub(crate) trait Trailers: Fn() -> Result<Headers> + MaybeSend + MaybeSync {}
impl<F: Fn() -> Result<Headers> + MaybeSend + MaybeSync> Trailers for F {}
