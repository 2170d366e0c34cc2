//! A user and a password, and how they stand in URLs and headers (RFC 3986 3.2.1, RFC 7617).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::error::{Error, ErrorKind, Result};

/// A user and a password. They have no `Debug`, so that nothing shows them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl Credentials {
    pub(crate) fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: user.into(), password: password.into() }
    }

    /// Those in a URL, if it has any (`http://user:pass@…`).
    pub(crate) fn of(url: &Url) -> Option<Self> {
        let none = url.username().is_empty() && url.password().is_none();
        (!none).then(|| Self::new(decode(url.username()), decode(url.password().unwrap_or_default())))
    }

    /// Fails with `LocalProtocol` on what could end a header field.
    pub(crate) fn check(&self) -> Result<()> {
        let illegal = |text: &str| text.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
        match illegal(&self.user) || illegal(&self.password) {
            true => {
                Err(Error::new(ErrorKind::LocalProtocol, "Credentials cannot hold line breaks or NUL (RFC 7617 2)"))
            }
            false => Ok(()),
        }
    }

    /// As the Basic scheme sends them, in UTF-8.
    pub(crate) fn basic(&self) -> Result<HeaderValue> {
        self.check()?;
        if self.user.contains(':') {
            let message = "Basic auth cannot carry a user name with a colon (RFC 7617 2)";
            return Err(Error::new(ErrorKind::LocalProtocol, message));
        }
        let encoded = format!("Basic {}", STANDARD.encode(format!("{}:{}", self.user, self.password)));
        let mut value = HeaderValue::try_from(encoded).map_err(|error| {
            Error::new(ErrorKind::LocalProtocol, "Basic credentials do not fit a header").with_source(error)
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
