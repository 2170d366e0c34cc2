//! Basic authentication (RFC 7617).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use percent_encoding::percent_decode_str;
use url::Url;

use super::{Auth, AuthFlow, Once};
use crate::error::{Error, ErrorKind, Result};

/// Sends user and password, in UTF-8, with every request.
///
/// ```
/// let auth = whimbrel::auth::Basic::new("user", "pass");
/// assert_eq!(format!("{auth:?}"), "Basic([secure])");
/// ```
#[derive(Clone)]
pub struct Basic {
    user: String,
    password: String,
}

impl Basic {
    /// For this user and password.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: user.into(), password: password.into() }
    }

    /// The credentials in a URL, if it has any (`http://user:pass@…`).
    pub(crate) fn from_url(url: &Url) -> Option<Self> {
        if url.username().is_empty() && url.password().is_none() {
            return None;
        }
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        Some(Self::new(decode(url.username()), decode(url.password().unwrap_or_default())))
    }

    fn value(&self) -> Result<HeaderValue> {
        let illegal = |text: &str| text.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
        if self.user.contains(':') || illegal(&self.user) || illegal(&self.password) {
            return Err(Error::new(
                ErrorKind::LocalProtocol,
                "Basic auth cannot carry a user name with a colon, nor line breaks or NUL (RFC 7617 2)",
            ));
        }
        let encoded = format!("Basic {}", STANDARD.encode(format!("{}:{}", self.user, self.password)));
        let mut value = HeaderValue::try_from(encoded).map_err(|error| {
            Error::new(ErrorKind::LocalProtocol, "Basic credentials do not fit a header").with_source(error)
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl Auth for Basic {
    fn flow(&self) -> Box<dyn AuthFlow> {
        let value = self.value();
        Once::boxed(move |request| {
            request.headers_mut().remove(AUTHORIZATION);
            request.headers_mut().push(AUTHORIZATION, value?);
            Ok(())
        })
    }
}

impl fmt::Debug for Basic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Basic([secure])")
    }
}
