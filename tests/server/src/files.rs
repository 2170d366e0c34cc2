//! Static files for the browser tests.

use std::path::{Path, PathBuf};

use hyper::{
    StatusCode,
    header::{CACHE_CONTROL, HeaderValue},
};
use tokio::fs;

use crate::{
    query::percent_decode,
    reply::{self, Reply},
};

/// The file at `segments` below `root`, or the folder's `index.html`.
pub(crate) async fn serve(root: Option<&Path>, segments: &[&str]) -> Reply {
    let Some(mut path) = root.and_then(|root| locate(root, segments)) else {
        return not_found();
    };
    if fs::metadata(&path).await.is_ok_and(|found| found.is_dir()) {
        path.push("index.html");
    }
    let Ok(bytes) = fs::read(&path).await else {
        return not_found();
    };
    let mut reply = reply::content(content_type(&path), bytes);
    // The next run of the tests may have built another file of that name.
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

fn not_found() -> Reply {
    reply::refuse(StatusCode::NOT_FOUND, "no such file")
}

/// `None` for a segment that could lead out of `root`. An empty one is the end of a folder's URL.
fn locate(root: &Path, segments: &[&str]) -> Option<PathBuf> {
    let mut path = root.to_owned();
    for segment in segments.iter().filter(|segment| !segment.is_empty()) {
        let name = String::from_utf8(percent_decode(segment)).ok()?;
        if name == "." || name == ".." || name.contains(['/', '\\', ':', '\0']) {
            return None;
        }
        path.push(name);
    }
    Some(path)
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("ts" | "md" | "txt") => "text/plain; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_root() {
        for bad in [&["..", "x"][..], &["%2e%2e", "x"], &["a%2Fb"], &["..%5cx"], &["%00"], &["%ff"]] {
            assert_eq!(locate(Path::new("/root"), bad), None, "{bad:?}");
        }
        let good = locate(Path::new("/root"), &["a", "b%20c.js"]);
        assert_eq!(good, Some(PathBuf::from("/root/a/b c.js")));
    }
}
