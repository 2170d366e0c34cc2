//! Heads, as whimbrel has them and as `http` has them.

use std::borrow::Cow;

use http::Uri;
use http::header::HOST;
use http::request::Parts;
use url::Position;

use crate::error::{Error, ErrorKind, Result};
use crate::headers::Headers;
use crate::request::Request;
use crate::response::Head;
use crate::url_merge::host_value;

/// What a server would make of the request.
pub(super) fn parts(request: &Request, root_path: &str) -> Result<Parts> {
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.method = request.method().clone();
    parts.uri = uri(request, root_path)?;
    parts.extensions = request.extensions().clone();
    let full = |_| Error::new(ErrorKind::LimitExceeded, "These are more header fields than a service can be given");
    // A request built by hand may have none of its own.
    if !request.headers().contains(HOST) && request.url().has_host() {
        parts.headers.try_append(HOST, host_value(request.url())?).map_err(full)?;
    }
    for (name, value) in request.headers().iter() {
        parts.headers.try_append(name, value.clone()).map_err(full)?;
    }
    Ok(parts)
}

/// The origin-form (RFC 9112 3.2.1), without the path at which the service is mounted.
fn uri(request: &Request, root_path: &str) -> Result<Uri> {
    let target = below(root_path, &request.url()[Position::BeforePath..Position::AfterQuery]);
    // The URLs of some schemes have no path but a text, as data:text,x.
    let uri = Uri::try_from(target.as_ref()).ok().filter(|uri| uri.authority().is_none());
    uri.ok_or_else(|| Error::new(ErrorKind::InvalidUrl, "The URL has no path that a service could be given"))
}

fn below<'a>(root_path: &str, target: &'a str) -> Cow<'a, str> {
    match target.strip_prefix(root_path) {
        Some(rest) if rest.starts_with('/') => rest.into(),
        Some(rest) if rest.is_empty() || rest.starts_with('?') => format!("/{rest}").into(),
        _ => target.into(),
    }
}

pub(super) fn received(parts: http::response::Parts) -> Head {
    let mut headers = Headers::with_capacity(parts.headers.len());
    for (name, value) in &parts.headers {
        headers.push(name.clone(), value.clone());
    }
    Head { version: Some(parts.version), extensions: parts.extensions, ..Head::new(parts.status, headers) }
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn the_root_path_is_taken_off_at_a_slash_alone() {
        for (root_path, target, seen) in [
            ("", "/a?b", "/a?b"),
            ("", "", "/"),
            ("", "?b", "/?b"),
            ("", "//a", "//a"),
            ("/api", "/api", "/"),
            ("/api", "/api?b", "/?b"),
            ("/api", "/api/a?b", "/a?b"),
            ("/api", "/api//a", "//a"),
            ("/api", "/apian", "/apian"),
            ("/api", "/a/api", "/a/api"),
        ] {
            assert_eq!(below(root_path, target), seen, "{target} below {root_path}");
        }
    }
}
