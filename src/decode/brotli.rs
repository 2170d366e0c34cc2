//! br (RFC 7932).

use std::io::Write;

use brotli_decompressor::DecompressorWriter;

use super::{Decoder, failed};
use crate::error::Result;

/// How much is decoded in one step.
const STEP: usize = 16 * 1024;

pub(super) struct Brotli(DecompressorWriter<Vec<u8>>);

impl Default for Brotli {
    fn default() -> Self {
        Self(DecompressorWriter::new(Vec::new(), STEP))
    }
}

impl Decoder for Brotli {
    fn decode(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        self.0.write_all(bytes).map_err(|error| failed("br", error))?;
        Ok(std::mem::take(self.0.get_mut()))
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        self.0.close().map_err(|_| failed("br", "it ends too early"))?;
        Ok(std::mem::take(self.0.get_mut()))
    }
}
