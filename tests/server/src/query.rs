//! Percent-decoding and query parameters, as bytes.

use std::str::FromStr;

/// The parameters of a query, decoded, in order.
#[derive(Debug, Default)]
pub(crate) struct Query(pub(crate) Vec<(Vec<u8>, Vec<u8>)>);

impl Query {
    /// As HTML forms are read: `+` is a space.
    pub(crate) fn form(query: &str) -> Self {
        Self::parse(&query.replace('+', "%20"))
    }

    /// As RFC 3986 reads it: `+` is a plus.
    pub(crate) fn literal(query: &str) -> Self {
        Self::parse(query)
    }

    fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        Self(pairs.map(decode_pair).collect())
    }

    /// The first value of `name`.
    pub(crate) fn bytes(&self, name: &str) -> Option<&[u8]> {
        let found = self.0.iter().find(|(key, _)| key == name.as_bytes());
        found.map(|(_, value)| value.as_slice())
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.bytes(name).map(lossy)
    }

    pub(crate) fn number<T: FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }

    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        let texts = self.0.iter().map(|(name, value)| (lossy(name), lossy(value)));
        texts.collect()
    }
}

fn decode_pair(pair: &str) -> (Vec<u8>, Vec<u8>) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    (percent_decode(name), percent_decode(value))
}

/// Escapes that are not two hexadecimal digits stay as they are, as in the WHATWG URL standard.
pub(crate) fn percent_decode(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        match (first, escape(tail)) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                rest = &tail[2..];
            }
            _ => {
                decoded.push(*first);
                rest = tail;
            }
        }
    }
    decoded
}

fn escape(digits: &[u8]) -> Option<u8> {
    let [high, low, ..] = digits else { return None };
    let value = char::from(*high).to_digit(16)? * 16 + char::from(*low).to_digit(16)?;
    u8::try_from(value).ok()
}

fn lossy(bytes: impl AsRef<[u8]>) -> String {
    String::from_utf8_lossy(bytes.as_ref()).into_owned()
}

/// Each byte as the character of the same number, so that a JSON string can carry any bytes.
pub(crate) fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plus_is_a_space_only_in_forms() {
        assert_eq!(Query::form("a=1+2").bytes("a"), Some(b"1 2".as_slice()));
        assert_eq!(Query::literal("a=1+2").bytes("a"), Some(b"1+2".as_slice()));
    }

    #[test]
    fn broken_escapes_stay() {
        assert_eq!(percent_decode("%41%4%zz%"), b"A%4%zz%");
        assert_eq!(percent_decode("%E9%0d%0A"), b"\xE9\r\n");
    }
}
