//! Which charset a response's text is in.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use super::charset::{Charset, charset};
use crate::backend::{MaybeSend, MaybeSync};
use crate::headers::Headers;

/// What one response's text is in.
#[derive(Default)]
pub(crate) struct TextEncoding {
    /// By the program, for this response.
    pub(crate) set: Option<String>,
    /// By the client's configuration, if it has any.
    default: Option<Arc<DefaultEncoding>>,
    /// What `default` found in the content, once somebody asked.
    detected: OnceLock<Cow<'static, str>>,
}

/// What a client reads text in that does not tell.
#[derive(Default)]
pub(crate) struct DefaultEncoding {
    pub(crate) name: Option<String>,
    pub(crate) detect: Option<Box<dyn Detect>>,
}

/// The name of the charset that this content is in.
pub(crate) trait Detect: Fn(&[u8]) -> Cow<'static, str> + MaybeSend + MaybeSync {}
impl<F: Fn(&[u8]) -> Cow<'static, str> + MaybeSend + MaybeSync> Detect for F {}

impl DefaultEncoding {
    /// For all responses of a client; nothing where nothing was said.
    pub(crate) fn shared(self) -> Option<Arc<Self>> {
        (self.name.is_some() || self.detect.is_some()).then(|| Arc::new(self))
    }
}

impl TextEncoding {
    /// What another client, whose response a transport passes on, had found out is forgotten.
    pub(crate) fn set_default(&mut self, default: Option<Arc<DefaultEncoding>>) {
        (self.default, self.detected) = (default, OnceLock::new());
    }

    /// HTTPX's order, in which only charsets that are known count: the one set, Content-Type's, the one found in the content,
    /// if that is in memory, the client's default, UTF-8.
    pub(crate) fn choose(&self, headers: &Headers, content: Option<&[u8]>) -> (Cow<'_, str>, Charset) {
        let default = || self.default.as_ref()?.name.as_deref();
        let known = |name| Charset::named(name).map(|charset| (Cow::Borrowed(name), charset));
        let declared = || charset(headers).and_then(|name| Charset::named(&name).map(|it| (Cow::Owned(name), it)));
        let set = self.set.as_deref().and_then(known);
        let chosen = set.or_else(declared).or_else(|| self.detect(content?).and_then(known));
        chosen.or_else(|| default().and_then(known)).unwrap_or((Cow::Borrowed("utf-8"), Charset::Utf8))
    }

    /// Looks into the content once.
    fn detect(&self, content: &[u8]) -> Option<&str> {
        let detect = self.default.as_ref()?.detect.as_ref()?;
        Some(self.detected.get_or_init(|| detect(content)))
    }
}
