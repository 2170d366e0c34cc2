//! What text is read in that does not tell: HTTPX's `default_encoding`, a name or a function.

use super::ClientBuilder;
use crate::backend::{MaybeSend, MaybeSync};

impl ClientBuilder {
    /// The charset of text whose Content-Type names none that is known: UTF-8 by default, and where this one is unknown.
    ///
    /// Names are WHATWG's and Python's, as `"shift_jis"`, `"windows-1252"`, `"latin-1"`, `"utf_16_le"`, whatever their case and
    /// hyphens. UTF-8, UTF-16, UTF-32, ASCII and Latin-1 are always known, the others with the feature `charset`.
    pub fn default_encoding(mut self, encoding: impl Into<String>) -> Self {
        self.encoding.name = Some(encoding.into());
        self
    }

    /// Lets the function name the charset of text whose Content-Type names none that is known (HTTPX's callable
    /// `default_encoding`). It sees the whole content, once, and only when text is asked of a [`Response`](crate::Response): text
    /// that is streamed is read in [`default_encoding`](Self::default_encoding), and so is text for which the function gives a
    /// name that is unknown.
    ///
    /// With the feature `charset`, `whimbrel::detect_encoding` is such a function.
    ///
    /// ```
    /// # let transport = whimbrel::MockTransport::new(|_| whimbrel::Response::new(200).with_body(&b"na\xefve"[..]));
    /// # whimbrel::block_on(async {
    /// let guess = |content: &[u8]| if str::from_utf8(content).is_ok() { "utf-8" } else { "latin-1" };
    /// let client = whimbrel::Client::builder()
    ///     .detect_encoding(guess)
    /// #   .transport(transport)
    ///     .build()?;
    /// let response = client.get("https://example.org/").await?;
    /// assert_eq!((response.encoding().as_ref(), response.text().as_ref()), ("latin-1", "naïve"));
    /// # Ok::<(), whimbrel::Error>(()) })??; Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn detect_encoding<E>(mut self, detect: impl Fn(&[u8]) -> E + MaybeSend + MaybeSync + 'static) -> Self
    where
        E: Into<std::borrow::Cow<'static, str>>,
    {
        self.encoding.detect = Some(Box::new(move |content: &[u8]| detect(content).into()));
        self
    }
}
