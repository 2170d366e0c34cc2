//! br (RFC 7932).

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::{Decoder, failed};
use crate::error::Result;

/// How much is decoded in one step.
const STEP: usize = 32 * 1024;

pub(super) struct Brotli {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    is_complete: bool,
}

impl Default for Brotli {
    fn default() -> Self {
        let allocate = StandardAlloc::default;
        // Windows larger than RFC 7932's 16 MiB are another format, which a server must not use for "br".
        Self { state: BrotliState::new_strict(allocate(), allocate(), allocate()), is_complete: false }
    }
}

impl Decoder for Brotli {
    fn decode(&mut self, input: &[u8], content: &mut Vec<u8>) -> Result<usize> {
        if self.is_complete {
            return if input.is_empty() { Ok(0) } else { Err(failed("br", "bytes follow its end")) };
        }
        content.resize(STEP, 0);
        let (mut unread, mut taken, mut room, mut written, mut total) = (input.len(), 0, STEP, 0, 0);
        let result = BrotliDecompressStream(
            &mut unread,
            &mut taken,
            input,
            &mut room,
            &mut written,
            content,
            &mut total,
            &mut self.state,
        );
        content.truncate(written);
        match result {
            BrotliResult::ResultFailure => return Err(failed("br", "it is malformed")),
            BrotliResult::ResultSuccess => self.is_complete = true,
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
        }
        Ok(taken)
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> Result<()> {
        if self.is_complete { Ok(()) } else { Err(failed("br", "it ends too early")) }
    }
}
