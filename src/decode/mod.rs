//! Content codings (RFC 9110 8.4.1): bytes off the wire in, content out.

#[cfg(feature = "br")]
mod brotli;
#[cfg(any(feature = "gzip", feature = "deflate"))]
mod gzip;
pub(crate) mod text;
#[cfg(feature = "zstd")]
mod zstd;

use crate::error::{Error, ErrorKind, Result};
use crate::headers::{Headers, text};

/// What the client offers to decode, in HTTPX's order.
pub(crate) const ACCEPT_ENCODING: &[&str] = &[
    #[cfg(feature = "gzip")]
    "gzip",
    #[cfg(feature = "deflate")]
    "deflate",
    #[cfg(feature = "br")]
    "br",
    #[cfg(feature = "zstd")]
    "zstd",
];

/// More codings than this on one response are an attack on memory (CVE-2025-66418).
const MAX_CODINGS: usize = 5;

/// One content coding being undone.
trait Decoder: Send {
    /// The content of these bytes, as far as it is complete.
    fn decode(&mut self, bytes: &[u8]) -> Result<Vec<u8>>;

    /// The rest of the content once the bytes have ended; an error if they ended too early.
    fn finish(&mut self) -> Result<Vec<u8>>;
}

/// All codings of a response, undone in reverse order. An empty body has nothing to decode.
#[derive(Default)]
pub(crate) struct Decoders {
    chain: Vec<Box<dyn Decoder>>,
    started: bool,
}

impl Decoders {
    /// By Content-Encoding. Names that are not codings we know are passed over, as in HTTPX.
    pub(crate) fn of(headers: &Headers) -> Result<Self> {
        let mut chain = Vec::new();
        let codings = headers.get_list("content-encoding").map(text).collect::<Vec<_>>().join(",");
        let named: Vec<_> = codings.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        if named.len() > MAX_CODINGS {
            let message =
                format!("The response has {} content codings; at most {MAX_CODINGS} are decoded", named.len());
            return Err(Error::new(ErrorKind::Decoding, message));
        }
        chain.extend(named.iter().rev().filter_map(|name| decoder(name)));
        Ok(Self { chain, started: false })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.chain.is_empty()
    }

    pub(crate) fn decode(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        self.started = true;
        self.chain.iter_mut().try_fold(bytes.to_vec(), |bytes, decoder| decoder.decode(&bytes))
    }

    pub(crate) fn finish(&mut self) -> Result<Vec<u8>> {
        if !self.started {
            return Ok(Vec::new());
        }
        self.chain.iter_mut().try_fold(Vec::new(), |rest, decoder| {
            let mut content = if rest.is_empty() { Vec::new() } else { decoder.decode(&rest)? };
            content.append(&mut decoder.finish()?);
            Ok(content)
        })
    }
}

fn decoder(name: &str) -> Option<Box<dyn Decoder>> {
    match name.to_ascii_lowercase().as_str() {
        #[cfg(feature = "gzip")]
        "gzip" | "x-gzip" => Some(Box::new(gzip::Gzip::default())),
        #[cfg(feature = "deflate")]
        "deflate" => Some(Box::new(gzip::Deflate::default())),
        #[cfg(feature = "br")]
        "br" => Some(Box::new(brotli::Brotli::default())),
        #[cfg(feature = "zstd")]
        "zstd" => Some(Box::new(zstd::Zstd::default())),
        _ => None,
    }
}

/// The one text of all decoders, with the coding's name.
#[cfg(any(feature = "gzip", feature = "deflate", feature = "br", feature = "zstd"))]
fn failed(coding: &str, reason: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Decoding, format!("The response's {coding} content is broken: {reason}"))
}
