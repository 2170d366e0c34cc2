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
pub(super) struct Gzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    /// Something was written since the last flush.
    is_holding: bool,
}

#[cfg(feature = "gzip")]
impl Default for Gzip {
    fn default() -> Self {
        Self { decoder: MultiGzDecoder::new(Vec::new()), is_holding: false }
    }
}

#[cfg(feature = "gzip")]
impl Decoder for Gzip {
    /// A single write takes no more than fills its buffer of 32 KiB, which the next one, or the flush, hands over.
    fn decode(&mut self, input: &[u8], content: &mut Vec<u8>) -> Result<usize> {
        let taken = self.decoder.write(input).map_err(|error| failed("gzip", error))?;
        self.is_holding |= taken > 0;
        content.append(self.decoder.get_mut());
        Ok(taken)
    }

    fn flush(&mut self, content: &mut Vec<u8>) -> Result<()> {
        if std::mem::take(&mut self.is_holding) {
            self.decoder.flush().map_err(|error| failed("gzip", error))?;
            content.append(self.decoder.get_mut());
        }
        Ok(())
    }

    fn finish(&mut self, content: &mut Vec<u8>) -> Result<()> {
        let finished = self.decoder.try_finish();
        finished.map_err(|_| failed("gzip", "it ends too early, or its checksum is wrong"))?;
        content.append(self.decoder.get_mut());
        Ok(())
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
    fn decode(&mut self, input: &[u8], content: &mut Vec<u8>) -> Result<usize> {
        match (&mut *self, input) {
            (Self::Unread, [first, ..]) => {
                *self = Self::FirstByte(*first);
                Ok(1)
            }
            (Self::FirstByte(first), [second, ..]) => {
                let first = *first;
                *self = Self::of(first, *second);
                self.inflate(&[first], content)?;
                self.inflate(input, content)
            }
            (Self::Unread | Self::FirstByte(_) | Self::Ended, []) => Ok(0),
            (Self::Reading(_) | Self::Ended, _) => self.inflate(input, content),
        }
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Unread | Self::Ended => Ok(()),
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

    fn inflate(&mut self, input: &[u8], content: &mut Vec<u8>) -> Result<usize> {
        let Self::Reading(inflater) = self else { return Err(failed("deflate", "bytes follow its end")) };
        content.reserve(STEP);
        let (read, written) = (inflater.total_in(), content.len());
        let status = inflater.decompress_vec(input, content, FlushDecompress::None);
        let status = status.map_err(|error| failed("deflate", error))?;
        // At most as many as were given.
        let taken = (inflater.total_in() - read) as usize;
        match status {
            Status::StreamEnd => *self = Self::Ended,
            // A preset dictionary, which HTTP does not know.
            _ if taken == 0 && content.len() == written && !input.is_empty() => {
                return Err(failed("deflate", "it cannot go on"));
            }
            _ => {}
        }
        Ok(taken)
    }
}
