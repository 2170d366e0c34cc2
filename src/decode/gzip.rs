//! gzip (RFC 1952, all members) and deflate (zlib's RFC 1950, or raw RFC 1951 as some servers send).

#[cfg(feature = "gzip")]
use std::io::Write;

#[cfg(feature = "gzip")]
use flate2::write::MultiGzDecoder;
#[cfg(feature = "deflate")]
use flate2::{Decompress, FlushDecompress, Status};

use super::{Decoder, failed};
use crate::error::Result;

/// How much room there is for one step.
#[cfg(feature = "deflate")]
const STEP: usize = 16 * 1024;

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
    Reading(Decompress),
    Ended,
}

#[cfg(feature = "deflate")]
impl Decoder for Deflate {
    fn decode(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        match (&mut *self, bytes) {
            (_, []) => {}
            (Self::Unread, [first]) => *self = Self::FirstByte(*first),
            (Self::Unread, [first, second, ..]) => {
                *self = Self::of(*first, *second);
                self.inflate(bytes, &mut content)?;
            }
            (Self::FirstByte(first), [second, ..]) => {
                let first = *first;
                *self = Self::of(first, *second);
                self.inflate(&[first], &mut content)?;
                self.inflate(bytes, &mut content)?;
            }
            (Self::Reading(_) | Self::Ended, _) => self.inflate(bytes, &mut content)?,
        }
        Ok(content)
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        match self {
            Self::Unread | Self::Ended => Ok(Vec::new()),
            Self::FirstByte(_) | Self::Reading(_) => Err(failed("deflate", "it ends too early")),
        }
    }
}

#[cfg(feature = "deflate")]
impl Deflate {
    /// RFC 1950 2.2: method 8 in the low bits of the first byte, and the two together divisible by 31.
    fn of(first: u8, second: u8) -> Self {
        let zlib = first & 0x0f == 8 && u16::from_be_bytes([first, second]).is_multiple_of(31);
        Self::Reading(Decompress::new(zlib))
    }

    fn inflate(&mut self, mut bytes: &[u8], content: &mut Vec<u8>) -> Result<()> {
        let Self::Reading(inflater) = self else { return Err(failed("deflate", "bytes follow its end")) };
        loop {
            content.reserve(STEP);
            let (read, written) = (inflater.total_in(), content.len());
            let status = inflater.decompress_vec(bytes, content, FlushDecompress::None);
            let status = status.map_err(|error| failed("deflate", error))?;
            // At most as many as were given.
            bytes = &bytes[(inflater.total_in() - read) as usize..];
            match status {
                Status::StreamEnd if bytes.is_empty() => break,
                Status::StreamEnd => return Err(failed("deflate", "bytes follow its end")),
                // Room was left: it gave what it had.
                _ if bytes.is_empty() && content.len() < content.capacity() => return Ok(()),
                // A preset dictionary, which HTTP does not know.
                _ if inflater.total_in() == read && content.len() == written => {
                    return Err(failed("deflate", "it cannot go on"));
                }
                _ => {}
            }
        }
        *self = Self::Ended;
        Ok(())
    }
}
