//! Bearer tokens (RFC 6750).

use std::fmt;

use http::header::AUTHORIZATION;

use super::{Auth, AuthFlow, Once, authorize};
use crate::headers::IntoHeaderValue;

/// Sends a token with every request.
///
/// ```
/// let auth = whimbrel::auth::Bearer::new("token");
/// assert_eq!(format!("{auth:?}"), "Bearer([secure])");
/// ```
#[derive(Clone)]
pub struct Bearer {
    token: String,
}

impl Bearer {
    /// For this token.
    pub fn new(token: impl Into<String>) -> Self {
        Self { token: token.into() }
    }
}

impl Auth for Bearer {
    fn flow(&self) -> Box<dyn AuthFlow> {
        let value = format!("Bearer {}", self.token);
        Once::boxed(move |request| {
            authorize(request, value.into_header_value(&AUTHORIZATION)?);
            Ok(())
        })
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer([secure])")
    }
}
