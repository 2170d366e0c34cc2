//! Query parameters: an ordered list in which a name may occur several times.

use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Python's `quote_plus`, which HTTPX 0.28 uses: everything but letters, digits and `_.-~`; the space becomes `+` after.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~').remove(b' ');

/// An ordered list of query parameters, grouped by name (HTTPX's `QueryParams`). Setting returns a new list.
///
/// ```
/// let params = whimbrel::QueryParams::parse("a=1&b=2&a=3").set("b", "x y");
/// assert_eq!(params.to_string(), "a=1&a=3&b=x+y");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryParams {
    items: Vec<(String, Vec<String>)>,
}

impl QueryParams {
    /// No parameters.
    pub const fn new() -> Self {
        Self { items: Vec::new() }
    }

    /// Reads `a=1&b=2`; `+` is a space, invalid UTF-8 becomes U+FFFD, a leading `?` is part of the first name.
    pub fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decode(name), decode(value)))
            .collect()
    }

    /// The first value of the name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_list(name).first().map(String::as_str)
    }

    /// All values of the name.
    pub fn get_list(&self, name: &str) -> &[String] {
        self.items.iter().find(|(known, _)| known == name).map_or(&[], |(_, values)| values)
    }

    /// With this as the only value of the name, at the name's place.
    pub fn set(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        *self.values(name.into()) = vec![value.to_string()];
        self
    }

    /// With one more value of the name.
    pub fn add(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.values(name.into()).push(value.to_string());
        self
    }

    /// Without the name.
    pub fn remove(mut self, name: &str) -> Self {
        self.items.retain(|(known, _)| known != name);
        self
    }

    /// With the other's values in place of this list's for every name that the other has.
    pub fn merge(mut self, other: &QueryParams) -> Self {
        let places = self.places();
        for (name, values) in &other.items {
            match places.get(name) {
                Some(&at) => self.items[at].1.clone_from(values),
                None => self.items.push((name.clone(), values.clone())),
            }
        }
        self
    }

    /// All name and value pairs in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.items.iter().flat_map(|(name, values)| values.iter().map(move |value| (name.as_str(), value.as_str())))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Where each name stands. Asked once for many names, so that the time grows with their number alone.
    fn places(&self) -> BTreeMap<String, usize> {
        let mut places = BTreeMap::new();
        // One by one: collecting sorts first, and the sort is larger than all the rest of this file (npm package).
        for (at, (name, _)) in self.items.iter().enumerate() {
            places.insert(name.clone(), at);
        }
        places
    }

    fn values(&mut self, name: String) -> &mut Vec<String> {
        let at = self.items.iter().position(|(known, _)| *known == name).unwrap_or(self.items.len());
        if at == self.items.len() {
            self.items.push((name, Vec::new()));
        }
        &mut self.items[at].1
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// `name=value&…`, also the encoding of forms.
impl fmt::Display for QueryParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { "&" };
            write!(f, "{separator}{}={}", encode(name), encode(value))?;
        }
        Ok(())
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, QUERY).to_string().replace(' ', "+")
}

impl<N: Into<String>, V: fmt::Display> FromIterator<(N, V)> for QueryParams {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let (mut params, mut places) = (Self::new(), BTreeMap::new());
        for (name, value) in pairs {
            let name = name.into();
            let at = *places.entry(name.clone()).or_insert(params.items.len());
            if at == params.items.len() {
                params.items.push((name, Vec::new()));
            }
            params.items[at].1.push(value.to_string());
        }
        params
    }
}
