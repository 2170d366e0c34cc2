//! Basic authentication (RFC 7617).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use url::Url;

use super::{Auth, AuthFlow, Once, authorize, check_credentials};
use crate::error::{Error, ErrorKind, Result};
use crate::request::Request;

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
        Some(Self::new(Self::user_of(url), decode(url.password().unwrap_or_default())))
    }

    /// The user that a URL names; empty if it names none.
    pub(super) fn user_of(url: &Url) -> String {
        decode(url.username())
    }

    /// Puts the credentials into the request.
    pub(super) fn authorize(&self, request: &mut Request) -> Result<()> {
        authorize(request, self.value()?);
        Ok(())
    }

    fn value(&self) -> Result<HeaderValue> {
        check_credentials(&self.user, &self.password)?;
        if self.user.contains(':') {
            let message = "Basic auth cannot carry a user name with a colon (RFC 7617 2)";
            return Err(Error::new(ErrorKind::LocalProtocol, message));
        }
        let encoded = format!("Basic {}", STANDARD.encode(format!("{}:{}", self.user, self.password)));
        HeaderValue::try_from(encoded).map_err(|error| {
            Error::new(ErrorKind::LocalProtocol, "Basic credentials do not fit a header").with_source(error)
        })
    }
}

impl Auth for Basic {
    fn flow(&self) -> Box<dyn AuthFlow> {
        let basic = self.clone();
        Once::boxed(move |request| basic.authorize(request))
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

impl fmt::Debug for Basic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Basic([secure])")
    }
}
