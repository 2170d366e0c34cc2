//! Header fields in the order they were given.

use std::fmt;

use http::{HeaderName, HeaderValue};

use crate::error::{Error, ErrorKind, Result};

/// An ordered, case-insensitive list of header fields in which a name may occur several times (HTTPX's `Headers`).
///
/// It keeps the order, which `http::HeaderMap` does not, and has no upper bound at which it panics. HTTP/1.1 sends the
/// names in `Title-Case`.
///
/// ```
/// let mut headers = whimbrel::Headers::new();
/// headers.append("Accept", "text/html")?;
/// headers.append("accept", "*/*")?;
/// assert_eq!(headers.get("ACCEPT").unwrap(), "text/html");
/// assert_eq!(headers.joined("accept").unwrap(), "text/html, */*");
/// # Ok::<(), whimbrel::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    fields: Vec<(HeaderName, HeaderValue)>,
}

impl Headers {
    /// No fields.
    pub const fn new() -> Self {
        Self { fields: Vec::new() }
    }

    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { fields: Vec::with_capacity(capacity) }
    }

    /// Adds a field at the end. Fails with `LocalProtocol` on a name or value that HTTP does not allow.
    pub fn append(&mut self, name: impl IntoHeaderName, value: impl IntoHeaderValue) -> Result<()> {
        let name = name.into_header_name()?;
        let value = value.into_header_value(&name)?;
        self.fields.push((name, value));
        Ok(())
    }

    /// Replaces the first field of the name where it stands and drops the others; adds it at the end when there is none.
    pub fn insert(&mut self, name: impl IntoHeaderName, value: impl IntoHeaderValue) -> Result<()> {
        let name = name.into_header_name()?;
        let value = value.into_header_value(&name)?;
        self.put(name, value);
        Ok(())
    }

    /// [`Headers::insert`] of what is already a name and a value.
    pub(crate) fn put(&mut self, name: HeaderName, value: HeaderValue) {
        match self.fields.iter().position(|(known, _)| *known == name) {
            None => self.fields.push((name, value)),
            Some(at) => {
                self.fields[at].1 = value;
                let mut index = 0;
                self.fields.retain(|(known, _)| {
                    index += 1;
                    index - 1 <= at || *known != name
                });
            }
        }
    }

    pub(crate) fn push(&mut self, name: HeaderName, value: HeaderValue) {
        self.fields.push((name, value));
    }

    pub(crate) fn push_front(&mut self, name: HeaderName, value: HeaderValue) {
        self.fields.insert(0, (name, value));
    }

    /// Removes all fields of the name and returns the first of them.
    pub fn remove(&mut self, name: impl AsRef<str>) -> Option<HeaderValue> {
        let name = name.as_ref();
        let first = self.get(name).cloned()?;
        self.fields.retain(|(known, _)| !known.as_str().eq_ignore_ascii_case(name));
        Some(first)
    }

    /// For each name in `other`: drops this list's fields of that name and adds the other's at the end.
    pub fn update(&mut self, other: &Headers) {
        self.fields.retain(|(name, _)| other.find(name).is_none());
        self.fields.extend(other.fields.iter().cloned());
    }

    /// The first value of the name.
    pub fn get(&self, name: impl AsRef<str>) -> Option<&HeaderValue> {
        let name = name.as_ref();
        self.fields.iter().find(|(known, _)| known.as_str().eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// [`Headers::get`] for a name that is known already: those that HTTP defines compare as numbers.
    pub(crate) fn find(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// [`Headers::get_list`] for a name that is known already.
    pub(crate) fn find_all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a HeaderValue> {
        self.fields.iter().filter(move |(known, _)| known == name).map(|(_, value)| value)
    }

    /// All values of the name, in order.
    pub fn get_list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a HeaderValue> {
        self.fields.iter().filter(move |(known, _)| known.as_str().eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All values of the name as one list, joined by `", "`; bytes that are not UTF-8 are read as Latin-1.
    pub fn joined(&self, name: impl AsRef<str>) -> Option<String> {
        let values: Vec<_> = self.get_list(name.as_ref()).map(text).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// Whether there is a field of the name.
    pub fn contains(&self, name: impl AsRef<str>) -> bool {
        self.get(name).is_some()
    }

    /// The fields in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&HeaderName, &HeaderValue)> {
        self.fields.iter().map(|(name, value)| (name, value))
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// The value as text: UTF-8 if it is, else Latin-1, which HTTP's bytes were before (RFC 9110 5.5).
pub(crate) fn text(value: &HeaderValue) -> String {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => value.as_bytes().iter().map(|&byte| byte as char).collect(),
    }
}

/// What may stand as a header name: `&str`, `String` or [`HeaderName`].
pub trait IntoHeaderName {
    /// The name, or `LocalProtocol`.
    fn into_header_name(self) -> Result<HeaderName>;
}

impl IntoHeaderName for HeaderName {
    fn into_header_name(self) -> Result<HeaderName> {
        Ok(self)
    }
}

impl IntoHeaderName for &str {
    fn into_header_name(self) -> Result<HeaderName> {
        HeaderName::from_bytes(self.as_bytes()).map_err(|_| {
            let message =
                format!("Illegal header name {self:?}: only letters, digits and !#$%&'*+-.^_`|~ may be in it");
            Error::new(ErrorKind::LocalProtocol, message)
        })
    }
}

impl IntoHeaderName for String {
    fn into_header_name(self) -> Result<HeaderName> {
        self.as_str().into_header_name()
    }
}

/// What may stand as a header value: text (sent as UTF-8), bytes or [`HeaderValue`].
pub trait IntoHeaderValue {
    /// The value, or `LocalProtocol`. The error names the field and never shows the value.
    fn into_header_value(self, name: &HeaderName) -> Result<HeaderValue>;
}

impl IntoHeaderValue for HeaderValue {
    fn into_header_value(self, _: &HeaderName) -> Result<HeaderValue> {
        Ok(self)
    }
}

impl IntoHeaderValue for &[u8] {
    fn into_header_value(self, name: &HeaderName) -> Result<HeaderValue> {
        // RFC 9110 5.5: white space around a value is not part of it, so sending it would change what was meant.
        let padded =
            self.first().is_some_and(|b| b" \t".contains(b)) || self.last().is_some_and(|b| b" \t".contains(b));
        match HeaderValue::from_bytes(self) {
            Ok(value) if !padded => Ok(value),
            _ => {
                let reason = if padded { "white space around it" } else { "a line break or another control character" };
                Err(Error::new(ErrorKind::LocalProtocol, format!("Illegal value for header '{name}': {reason}")))
            }
        }
    }
}

impl IntoHeaderValue for &str {
    fn into_header_value(self, name: &HeaderName) -> Result<HeaderValue> {
        self.as_bytes().into_header_value(name)
    }
}

impl IntoHeaderValue for String {
    fn into_header_value(self, name: &HeaderName) -> Result<HeaderValue> {
        self.as_bytes().into_header_value(name)
    }
}

impl IntoHeaderValue for &String {
    fn into_header_value(self, name: &HeaderName) -> Result<HeaderValue> {
        self.as_bytes().into_header_value(name)
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.fields.iter().map(|(name, value)| Field(name, value))).finish()
    }
}

struct Field<'a>(&'a HeaderName, &'a HeaderValue);

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = matches!(self.0.as_str(), "authorization" | "proxy-authorization" | "cookie" | "set-cookie");
        match secret {
            true => write!(f, "{}: [secure]", self.0),
            false => write!(f, "{}: {:?}", self.0, self.1),
        }
    }
}
