//! The Link header (RFC 8288).

use std::collections::BTreeMap;

/// A link of a response, see [`Response::links`](crate::Response::links).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Where it leads, as it was written: often relative to the response's URL.
    pub url: String,
    /// Its parameters, `rel` among them, names in lower case.
    pub params: BTreeMap<String, String>,
}

/// The links of a Link header.
pub(crate) fn parse(value: &str) -> Vec<Link> {
    let mut links = Vec::new();
    let mut rest = value;
    // What stands outside of <…> and belongs to none is passed over.
    while let Some((_, after)) = rest.split_once('<') {
        let Some((url, after)) = after.split_once('>') else { break };
        let (params, after) = parameters(after);
        links.push(Link { url: url.trim().to_owned(), params });
        rest = after;
    }
    links
}

/// `; name=value; name="quoted value"` up to the comma that ends the link, and what follows it.
fn parameters(text: &str) -> (BTreeMap<String, String>, &str) {
    let mut params = BTreeMap::new();
    let mut rest = text.trim_start();
    while let Some(after) = rest.strip_prefix(';') {
        let end = after.find(['=', ';', ',']).unwrap_or(after.len());
        let name = after[..end].trim().to_ascii_lowercase();
        let (value, after) = match after[end..].strip_prefix('=') {
            Some(after) => parameter_value(after.trim_start()),
            None => (String::new(), &after[end..]),
        };
        if !name.is_empty() {
            // Of several parameters of one name the first counts (RFC 8288 3.3).
            params.entry(name).or_insert(value);
        }
        rest = after.trim_start();
    }
    (params, rest.strip_prefix(',').unwrap_or(rest))
}

/// A token, or a quoted string in which a comma ends nothing.
fn parameter_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',']).unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let (mut value, mut escaped) = (String::new(), false);
    for (at, letter) in quoted.char_indices() {
        match letter {
            '"' if !escaped => return (value, &quoted[at + 1..]),
            '\\' if !escaped => escaped = true,
            letter => {
                escaped = false;
                value.push(letter);
            }
        }
    }
    (value, "")
}
