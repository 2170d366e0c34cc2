//! Basic authentication (RFC 7617).

use std::fmt;

use url::Url;

use super::{Auth, AuthFlow, Once, authorize};
use crate::credentials::Credentials;
use crate::error::Result;
use crate::request::Request;

/// Sends user and password, in UTF-8, with every request.
///
/// ```
/// let auth = whimbrel::auth::Basic::new("user", "pass");
/// assert_eq!(format!("{auth:?}"), "Basic([secure])");
/// ```
#[derive(Clone)]
pub struct Basic {
    credentials: Credentials,
}

impl Basic {
    /// For this user and password.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { credentials: Credentials::new(user, password) }
    }

    /// The credentials in a URL, if it has any (`http://user:pass@…`).
    pub(crate) fn from_url(url: &Url) -> Option<Self> {
        Credentials::of(url).map(|credentials| Self { credentials })
    }

    /// Puts the credentials into the request.
    pub(super) fn authorize(&self, request: &mut Request) -> Result<()> {
        authorize(request, self.credentials.basic()?);
        Ok(())
    }
}

impl Auth for Basic {
    fn flow(&self) -> Box<dyn AuthFlow> {
        let basic = self.clone();
        Once::boxed(move |request| basic.authorize(request))
    }
}

impl fmt::Debug for Basic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Basic([secure])")
    }
}
