//! `multipart/form-data` bodies, laid out byte for byte as HTTPX does (RFC 7578, HTML's escaping of names).

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::path::Path;

use bytes::Bytes;
use http::HeaderValue;

use crate::body::Body;
use crate::content::{Content, media_type};
use crate::error::{Error, ErrorKind, Result};
use crate::headers::Headers;

/// A `multipart/form-data` form: text fields and files, sent in the order they were added.
///
/// ```
/// use whimbrel::{Multipart, Part};
/// let form = Multipart::new().text("note", "hello").file("upload", Part::bytes("a,b\n1,2\n").file_name("table.csv"));
/// let request = whimbrel::Client::new().post("https://example.org/").multipart(form).build()?;
/// assert!(request.headers().get("content-type").unwrap().to_str().unwrap().starts_with("multipart/form-data; boundary="));
/// # Ok::<(), whimbrel::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Multipart {
    parts: Vec<(String, Part)>,
}

/// One part of a [`Multipart`] form.
pub struct Part {
    body: Body,
    file_name: Option<String>,
    content_type: Option<String>,
    headers: Vec<(String, String)>,
}

/// The content may be a secret, so that only its length is shown.
impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, body) = (&self.file_name, &self.body);
        f.debug_struct("Part").field("file_name", name).field("body", body).finish_non_exhaustive()
    }
}

impl Multipart {
    /// An empty form.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text field.
    pub fn text(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.file(name, Part::new(value.into()).no_file_name())
    }

    /// Adds a file. Without a file name of its own it is sent as `upload`, as in HTTPX.
    pub fn file(mut self, name: impl Into<String>, part: Part) -> Self {
        self.parts.push((name.into(), part));
        self
    }

    /// The encoded form. `boundary` comes from 16 random bytes, or from a Content-Type that the user set.
    pub(crate) fn encode(self, boundary: &str) -> Result<Content> {
        let mut bodies = Vec::with_capacity(3 * self.parts.len() + 1);
        for (name, part) in self.parts {
            bodies.push(part.head(&name, boundary)?.into());
            bodies.push(part.body);
            bodies.push("\r\n".into());
        }
        bodies.push(format!("--{boundary}--\r\n").into());
        let content_type = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"));
        let content_type = content_type.map_err(|_| {
            Error::new(ErrorKind::LocalProtocol, "The multipart boundary has characters that a header cannot carry")
        })?;
        Ok(Content { body: Body::concatenated(bodies), content_type: Some(content_type) })
    }
}

impl Part {
    /// A file of these bytes, named `upload` until [`Part::file_name`] or [`Part::no_file_name`] says otherwise.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self::new(bytes.into())
    }

    /// A file with this body, named `upload` likewise: [`Body::stream`], [`Body::from_fn`], or all that a body is made from.
    /// The form's length is known if that of every part is; else it goes out in chunks. It can be sent again if every part
    /// can.
    pub fn new(body: impl Into<Body>) -> Self {
        Self { body: body.into(), file_name: Some("upload".into()), content_type: None, headers: Vec::new() }
    }

    /// A file of the system's, under its own name, read while it is sent. Fails as [`Body::path`] does.
    ///
    /// ```
    /// use whimbrel::{Client, Multipart, Part};
    /// let form = Multipart::new().file("manifest", Part::path("Cargo.toml")?.content_type("application/toml"));
    /// let request = Client::new().post("https://example.org/").multipart(form).build()?;
    /// assert!(request.headers().contains("content-length"));
    /// # Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn path(path: impl AsRef<Path>) -> Result<Self> {
        let part = Self::new(Body::path(&path)?);
        Ok(match path.as_ref().file_name() {
            Some(name) => part.file_name(name.to_string_lossy()),
            None => part,
        })
    }

    /// The file's name, from which its content type is guessed too.
    pub fn file_name(self, name: impl Into<String>) -> Self {
        Self { file_name: Some(name.into()).filter(|name| !name.is_empty()), ..self }
    }

    /// Sends the part without a file name, and without a guessed content type (HTTPX's `None`).
    pub fn no_file_name(self) -> Self {
        Self { file_name: None, ..self }
    }

    /// The content type, in place of the one guessed from the name.
    pub fn content_type(self, content_type: impl Into<String>) -> Self {
        Self { content_type: Some(content_type.into()), ..self }
    }

    /// A further header of this part. A Content-Type among them wins over [`Part::content_type`].
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn head(&self, name: &str, boundary: &str) -> Result<String> {
        let mut head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", escape(name));
        if let Some(file_name) = &self.file_name {
            let _ = write!(head, "; filename=\"{}\"", escape(file_name));
        }
        for (name, value) in self.checked_headers()? {
            let _ = write!(head, "\r\n{name}: {value}");
        }
        head.push_str("\r\n\r\n");
        Ok(head)
    }

    /// The part's own headers, then its content type. A line break in either would forge a part, so both are checked.
    fn checked_headers(&self) -> Result<Vec<(String, String)>> {
        let mut headers = self.headers.clone();
        let typed = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if let Some(content_type) = self.guess().filter(|_| !typed) {
            headers.push(("Content-Type".into(), content_type.into_owned()));
        }
        let mut checked = Headers::new();
        headers.iter().try_for_each(|(name, value)| checked.append(name.as_str(), value.as_str()))?;
        Ok(headers)
    }

    fn guess(&self) -> Option<Cow<'_, str>> {
        let named = self.content_type.as_deref().map(Cow::Borrowed);
        named.or_else(|| {
            let guess = media_type::guess(self.file_name.as_deref()?);
            Some(guess.unwrap_or("application/octet-stream").into())
        })
    }
}

/// HTML's escaping of names: quotes and controls as `%XX`, backslashes doubled, the rest raw UTF-8.
fn escape(name: &str) -> String {
    name.chars().fold(String::new(), |mut escaped, c| {
        match c {
            '"' => escaped.push_str("%22"),
            '\\' => escaped.push_str("\\\\"),
            // 0x1B stays raw: it switches character sets in ISO-2022-JP (HTTPX keeps it too).
            '\0'..='\x1f' if c != '\x1b' => {
                let _ = write!(escaped, "%{:02X}", c as u32);
            }
            c => escaped.push(c),
        }
        escaped
    })
}

/// The boundary of a `multipart/form-data` Content-Type that the user set, without its quotes.
pub(crate) fn boundary_of(content_type: &HeaderValue) -> Option<String> {
    let text = content_type.to_str().ok()?;
    let mut sections = text.split(';').map(str::trim);
    if !sections.next()?.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = sections.find_map(|section| {
        let (name, value) = section.split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then(|| value.trim_matches('"').to_owned())
    })?;
    Some(boundary)
}

/// A boundary from 16 random bytes, which no body can hold by accident or on purpose.
pub(crate) fn boundary_from(random: [u8; 16]) -> String {
    random.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
