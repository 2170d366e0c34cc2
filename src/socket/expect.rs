//! `Expect: 100-continue` (RFC 9110 10.1.1): a body that waits until the server asks for it.

use std::time::Duration;

use http::header::EXPECT;

use crate::request::Request;

/// How long a body waits; many servers do not know that they should ask. It is curl's.
pub(super) const CONTINUE: Duration = Duration::from_secs(1);

/// Whether the request's body is to be asked for.
pub(super) fn awaits_continue(request: &Request) -> bool {
    request.headers().find(&EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}
