//! Media types by file name. The table is Python's for common files, so that forms look as HTTPX sends them; a complete one
//! would be a third of the npm package.

const TYPES: &[(&str, &[&str])] = &[
    ("application/json", &["json"]),
    ("application/manifest+json", &["webmanifest"]),
    ("application/msword", &["doc"]),
    ("application/octet-stream", &["bin", "dll", "exe", "so"]),
    ("application/pdf", &["pdf"]),
    ("application/postscript", &["ps"]),
    ("application/vnd.apple.mpegurl", &["m3u8"]),
    ("application/vnd.ms-excel", &["xls"]),
    ("application/vnd.ms-powerpoint", &["ppt"]),
    ("application/wasm", &["wasm"]),
    ("application/x-sh", &["sh"]),
    ("application/x-tar", &["tar", "tgz", "tbz2", "txz"]),
    ("application/zip", &["zip"]),
    ("audio/3gpp", &["3gp", "3gpp"]),
    ("audio/3gpp2", &["3g2", "3gpp2"]),
    ("audio/aac", &["aac", "adts"]),
    ("audio/mpeg", &["mp3"]),
    ("audio/opus", &["opus"]),
    ("audio/x-wav", &["wav"]),
    ("image/avif", &["avif"]),
    ("image/bmp", &["bmp"]),
    ("image/gif", &["gif"]),
    ("image/heic", &["heic"]),
    ("image/heif", &["heif"]),
    ("image/jpeg", &["jpg", "jpeg"]),
    ("image/png", &["png"]),
    ("image/svg+xml", &["svg"]),
    ("image/tiff", &["tif", "tiff"]),
    ("image/vnd.microsoft.icon", &["ico"]),
    ("message/rfc822", &["eml"]),
    ("text/css", &["css"]),
    ("text/csv", &["csv"]),
    ("text/html", &["htm", "html"]),
    ("text/javascript", &["js", "mjs"]),
    ("text/markdown", &["md"]),
    ("text/plain", &["c", "srt", "txt"]),
    ("text/tab-separated-values", &["tsv"]),
    ("text/vtt", &["vtt"]),
    ("text/x-python", &["py"]),
    ("text/x-vcard", &["vcf"]),
    ("text/xml", &["xml"]),
    ("video/mp4", &["mp4"]),
    ("video/mpeg", &["mpeg", "mpg"]),
    ("video/quicktime", &["mov"]),
    ("video/webm", &["webm"]),
    ("video/x-msvideo", &["avi"]),
];

/// Endings that compress what the ending before them names.
const ENCODINGS: &[&str] = &["gz", "z", "bz2", "xz", "br"];

/// The media type that the name's ending stands for.
pub(crate) fn guess(file_name: &str) -> Option<&'static str> {
    let (rest, ending) = file_name.rsplit_once('.')?;
    let ending = ending.to_ascii_lowercase();
    if ENCODINGS.contains(&ending.as_str()) {
        return guess(rest);
    }
    let found = TYPES.iter().find(|(_, endings)| endings.contains(&ending.as_str()));
    found.map(|(media_type, _)| *media_type)
}

#[cfg(test)]
mod tests {
    use super::guess;

    #[test]
    fn endings_name_types() {
        for (name, media_type) in [
            ("a.txt", Some("text/plain")),
            ("a.b.JPG", Some("image/jpeg")),
            ("a.tar.gz", Some("application/x-tar")),
            ("a.tgz", Some("application/x-tar")),
            ("a.gz", None),
            ("a.unknown", None),
            ("txt", None),
            ("", None),
        ] {
            assert_eq!(guess(name), media_type, "{name}");
        }
    }
}
