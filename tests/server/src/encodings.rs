//! Content codings, character encodings, and a few fixed documents.

use std::io::{self, Write};

use brotli::CompressorWriter;
use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use hyper::header::CONTENT_ENCODING;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use crate::{
    call::Call,
    echo::describe,
    pattern::pattern,
    reply::{self, Reply},
};

/// The plain body is in memory; a decompression bomb needs no more.
const LARGEST: usize = 1 << 28;

/// `/encoded/{codings}?size=&seed=`: the echo or a body of that size, in these codings one after the other.
pub(crate) async fn encoded(call: Call, codings: &str) -> Reply {
    let (content_type, mut body) = match call.query.number("size") {
        Some(size) => ("application/octet-stream", plain(size, call.query.number("seed"))),
        None => match describe(call).await {
            Ok(description) => ("application/json", description.to_string().into_bytes()),
            Err(refusal) => return refusal,
        },
    };
    for coding in codings.split(',') {
        body = match encode(coding, &body) {
            Ok(body) => body,
            Err(error) => return reply::bad_request(&error.to_string()),
        };
    }
    let mut reply = reply::content(content_type, body);
    // HTTP's name for a bare DEFLATE stream and for one in zlib's format is the same (RFC 9110 §8.4.1.2).
    let names = codings.replace("deflate-raw", "deflate").replace(',', ", ");
    match reply::append(reply.headers_mut(), CONTENT_ENCODING.as_ref(), names.as_bytes()) {
        Ok(()) => reply,
        Err(reason) => reply::bad_request(reason),
    }
}

/// Very compressible without a seed, not at all with one.
fn plain(size: usize, seed: Option<u32>) -> Vec<u8> {
    let size = size.min(LARGEST);
    match seed {
        Some(seed) => pattern(seed, size),
        None => b"whimbrel ".iter().copied().cycle().take(size).collect(),
    }
}

/// A coding that nobody knows leaves the bytes alone, so that a test can send any name.
fn encode(coding: &str, body: &[u8]) -> io::Result<Vec<u8>> {
    match coding {
        "gzip" | "x-gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(body)?;
            encoder.finish()
        }
        "deflate" => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(body)?;
            encoder.finish()
        }
        "deflate-raw" => {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(body)?;
            encoder.finish()
        }
        "br" => {
            let mut encoder = CompressorWriter::new(Vec::new(), 4096, 5, 22);
            encoder.write_all(body)?;
            Ok(encoder.into_inner())
        }
        "zstd" => Ok(compress_to_vec(body, CompressionLevel::Fastest)),
        _ => Ok(body.to_vec()),
    }
}

/// Not UTF-8, and labelled so.
pub(crate) fn latin_1() -> Reply {
    reply::content("text/plain; charset=iso-8859-1", b"caf\xE9 \xBD \xFCber\n".as_slice())
}

pub(crate) fn utf_8() -> Reply {
    reply::content("text/plain; charset=utf-8", "Numenius phaeopus – Regenbrachvogel, チュウシャクシギ, café 🐦\n")
}

pub(crate) fn html() -> Reply {
    reply::content(
        "text/html; charset=utf-8",
        "<!doctype html>\n<title>whimbrel</title>\n<h1>A small wader</h1>\n<p>It crosses oceans.\n",
    )
}

pub(crate) fn json() -> Reply {
    reply::content(
        "application/json",
        r#"{"bird":"whimbrel","species":"Numenius phaeopus","eggs":4,"migrates":true,"nest":null}"#,
    )
}
