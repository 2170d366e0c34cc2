//! Content codings (RFC 9110 8.4.1): bytes off the wire in, content out.

#[cfg(feature = "br")]
mod brotli;
#[cfg(any(feature = "gzip", feature = "deflate"))]
mod gzip;
pub(crate) mod text;
#[cfg(feature = "zstd")]
mod zstd;

use bytes::{Buf, Bytes};

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

/// One content coding being undone, a piece at a time: a few bytes may stand for gigabytes.
trait Decoder: Send {
    /// Takes what it can of the input and appends some of the content, 128 KiB or so at most. Says how much it took; with
    /// nothing taken and nothing appended it needs more.
    fn decode(&mut self, input: &[u8], content: &mut Vec<u8>) -> Result<usize>;

    /// What of the content waits for more to come, though all of its bytes are here: nobody knows when more comes.
    fn flush(&mut self, _: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }

    /// The rest of the content once the input has ended; an error if it ended too early.
    fn finish(&mut self, content: &mut Vec<u8>) -> Result<()>;
}

/// All codings of a response, undone in reverse order. An empty body has nothing to decode.
#[derive(Default)]
pub(crate) struct Decoders {
    stages: Vec<Stage>,
    started: bool,
}

/// A decoder and what it has not taken yet.
struct Stage {
    decoder: Box<dyn Decoder>,
    input: Bytes,
    is_ended: bool,
    is_finished: bool,
}

/// What decoding came to.
pub(crate) enum Decoded {
    Content(Bytes),
    NeedMore,
    End,
}

impl Decoders {
    /// By Content-Encoding. Names that are not codings we know are passed over, as in HTTPX.
    pub(crate) fn of(headers: &Headers) -> Result<Self> {
        let codings = headers.get_list("content-encoding").map(text).collect::<Vec<_>>().join(",");
        let named: Vec<_> = codings.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        if named.len() > MAX_CODINGS {
            let message =
                format!("The response has {} content codings; at most {MAX_CODINGS} are decoded", named.len());
            return Err(Error::new(ErrorKind::Decoding, message));
        }
        let stages = named.iter().rev().filter_map(|name| decoder(name)).map(Stage::new).collect();
        Ok(Self { stages, started: false })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }

    /// The next bytes off the wire; to be given when more are needed.
    pub(crate) fn push(&mut self, bytes: Bytes) {
        self.started = true;
        if let Some(first) = self.stages.first_mut() {
            first.input = bytes;
        }
    }

    /// No more bytes come.
    pub(crate) fn end(&mut self) {
        match self.started {
            true => self.stages.iter_mut().take(1).for_each(|first| first.is_ended = true),
            false => self.stages.iter_mut().for_each(|stage| stage.is_finished = true),
        }
    }

    /// The next piece of content.
    pub(crate) fn pull(&mut self) -> Result<Decoded> {
        pull(&mut self.stages)
    }

    /// What more bytes are not needed for, after all. To be asked when more are needed and none are there yet.
    pub(crate) fn flush(&mut self) -> Result<Option<Bytes>> {
        flush(&mut self.stages)
    }
}

/// What the last of these stages gives.
fn pull(stages: &mut [Stage]) -> Result<Decoded> {
    let Some((last, before)) = stages.split_last_mut() else { return Ok(Decoded::End) };
    loop {
        if let Some(content) = last.step()? {
            return Ok(Decoded::Content(content));
        }
        match (last.is_finished, last.is_ended, before.is_empty()) {
            (true, ..) => return Ok(Decoded::End),
            (false, true, _) => {}
            (false, false, true) => return Ok(Decoded::NeedMore),
            (false, false, false) => match pull(before)? {
                Decoded::Content(input) => last.input = input,
                Decoded::NeedMore => return Ok(Decoded::NeedMore),
                Decoded::End => last.is_ended = true,
            },
        }
    }
}

/// What the last of these stages holds back, for the others held it back.
fn flush(stages: &mut [Stage]) -> Result<Option<Bytes>> {
    let Some((last, before)) = stages.split_last_mut() else { return Ok(None) };
    if let Some(input) = flush(before)? {
        last.input = input;
        if let Some(content) = last.step()? {
            return Ok(Some(content));
        }
    }
    let mut content = Vec::new();
    last.decoder.flush(&mut content)?;
    Ok(some(content))
}

fn some(content: Vec<u8>) -> Option<Bytes> {
    (!content.is_empty()).then(|| content.into())
}

impl Stage {
    fn new(decoder: Box<dyn Decoder>) -> Self {
        Self { decoder, input: Bytes::new(), is_ended: false, is_finished: false }
    }

    /// A piece of content, if the input that is here gives one.
    fn step(&mut self) -> Result<Option<Bytes>> {
        let mut content = Vec::new();
        while content.is_empty() && !self.is_finished {
            let taken = self.decoder.decode(&self.input, &mut content)?;
            self.input.advance(taken);
            if taken > 0 || !content.is_empty() {
                continue;
            }
            if !self.is_ended {
                break;
            }
            self.is_finished = true;
            self.decoder.finish(&mut content)?;
        }
        Ok(some(content))
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
