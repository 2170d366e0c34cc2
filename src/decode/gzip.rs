//! gzip (RFC 1952, all members) and deflate (zlib's RFC 1950, or raw RFC 1951 as some servers send).

use std::io::Write;

#[cfg(feature = "gzip")]
use flate2::write::MultiGzDecoder;
#[cfg(feature = "deflate")]
use flate2::write::{DeflateDecoder, ZlibDecoder};

use super::{Decoder, failed};
use crate::error::Result;

/// gzip, any number of members one after the other.
#[cfg(feature = "gzip")]
pub(super) struct Gzip(MultiGzDecoder<Vec<u8>>);

#[cfg(feature = "gzip")]
impl Default for Gzip {
    fn default() -> Self {
        Self(MultiGzDecoder::new(Vec::new()))
    }
}

#[cfg(feature = "gzip")]
impl Decoder for Gzip {
    fn decode(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        self.0.write_all(bytes).map_err(|error| failed("gzip", error))?;
        Ok(std::mem::take(self.0.get_mut()))
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        self.0.try_finish().map_err(|_| failed("gzip", "it ends too early"))?;
        Ok(std::mem::take(self.0.get_mut()))
    }
}

/// deflate: which of the two it is shows in the first two bytes.
#[cfg(feature = "deflate")]
#[derive(Default)]
pub(super) enum Deflate {
    #[default]
    Unread,
    FirstByte(u8),
    Zlib(ZlibDecoder<Vec<u8>>),
    Raw(DeflateDecoder<Vec<u8>>),
}

#[cfg(feature = "deflate")]
impl Decoder for Deflate {
    fn decode(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        let held = match self {
            Self::FirstByte(first) => vec![*first],
            _ => Vec::new(),
        };
        let bytes = [held.as_slice(), bytes].concat();
        if matches!(self, Self::Unread | Self::FirstByte(_)) {
            *self = match bytes[..] {
                [] => Self::Unread,
                [first] => Self::FirstByte(first),
                [first, second, ..] => Self::of(first, second),
            };
        }
        self.write(&bytes).map_err(|error| failed("deflate", error))
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        let finished = match self {
            Self::Unread => Ok(Vec::new()),
            Self::FirstByte(_) => Err(std::io::ErrorKind::UnexpectedEof.into()),
            Self::Zlib(decoder) => decoder.try_finish().map(|()| std::mem::take(decoder.get_mut())),
            Self::Raw(decoder) => decoder.try_finish().map(|()| std::mem::take(decoder.get_mut())),
        };
        finished.map_err(|_| failed("deflate", "it ends too early"))
    }
}

#[cfg(feature = "deflate")]
impl Deflate {
    /// RFC 1950 2.2: method 8 in the low bits of the first byte, and the two together divisible by 31.
    fn of(first: u8, second: u8) -> Self {
        match first & 0x0f == 8 && u16::from_be_bytes([first, second]) % 31 == 0 {
            true => Self::Zlib(ZlibDecoder::new(Vec::new())),
            false => Self::Raw(DeflateDecoder::new(Vec::new())),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Unread | Self::FirstByte(_) => Ok(Vec::new()),
            Self::Zlib(decoder) => decoder.write_all(bytes).map(|()| std::mem::take(decoder.get_mut())),
            Self::Raw(decoder) => decoder.write_all(bytes).map(|()| std::mem::take(decoder.get_mut())),
        }
    }
}
