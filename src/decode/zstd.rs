//! zstd (RFC 8878): any number of frames, skippable ones included.

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::{Decoder, failed};
use crate::error::Result;

/// RFC 9659: a receiver need not support a larger window, and a sender must not ask for one.
const MAX_WINDOW: u64 = 8 * 1024 * 1024;
/// RFC 8878 3.1.1.1: magic, descriptor, window, dictionary and size together are at most this long.
const LONGEST_FRAME_HEADER: usize = 18;
/// RFC 8878 3.1.2: 0x184D2A50 to 0x184D2A5F.
const SKIPPABLE: u32 = 0x184D_2A50;

#[derive(Default)]
pub(super) struct Zstd {
    decoder: FrameDecoder,
    pending: Vec<u8>,
    /// How much of `pending` is done with: taken out once it is the larger part, for each removal moves the rest.
    taken: usize,
    state: State,
}

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Between,
    Skipping(usize),
    Blocks {
        checksum: usize,
    },
}

impl Decoder for Zstd {
    /// Takes all that there is, for a block is decoded when it is there whole; gives one block.
    fn decode(&mut self, input: &[u8], content: &mut Vec<u8>) -> Result<usize> {
        if self.taken > self.pending.len() / 2 {
            self.pending.drain(..std::mem::take(&mut self.taken));
        }
        self.pending.extend_from_slice(input);
        while content.is_empty() && self.step(false, content)? {}
        Ok(input.len())
    }

    fn finish(&mut self, content: &mut Vec<u8>) -> Result<()> {
        // What is left is shorter than a frame's longest header.
        while self.step(true, content)? {}
        match (self.state, self.rest().is_empty()) {
            (State::Between, true) => Ok(()),
            _ => Err(failed("zstd", "it ends too early")),
        }
    }
}

impl Zstd {
    fn rest(&self) -> &[u8] {
        &self.pending[self.taken..]
    }

    /// Takes the next frame header, block or piece of a skippable frame; false when more bytes are needed.
    fn step(&mut self, last: bool, content: &mut Vec<u8>) -> Result<bool> {
        match self.state {
            State::Between => self.frame_header(last),
            State::Skipping(length) => Ok(self.skip(length)),
            State::Blocks { checksum } => self.block(checksum, content),
        }
    }

    fn frame_header(&mut self, last: bool) -> Result<bool> {
        let Some((magic, rest)) = self.rest().split_first_chunk::<4>() else { return Ok(false) };
        if u32::from_le_bytes(*magic) & !0xf == SKIPPABLE {
            let Some(length) = rest.first_chunk::<4>() else { return Ok(false) };
            self.state = State::Skipping(u32::from_le_bytes(*length) as usize);
            self.taken += 8;
            return Ok(true);
        }
        if self.rest().len() < LONGEST_FRAME_HEADER && !last {
            // The shortest frame, an empty one, is shorter than the longest header: look again at the end.
            return Ok(false);
        }
        // RFC 8878 3.1.1.1.1: bit 2 of the descriptor announces a checksum of four bytes.
        let checksum = rest.first().map_or(0, |descriptor| usize::from(descriptor & 4));
        let mut unread = &self.pending[self.taken..];
        self.decoder.set_max_window_size(MAX_WINDOW);
        self.decoder.reset(&mut unread).map_err(|error| failed("zstd", error))?;
        let read = self.rest().len() - unread.len();
        self.taken += read;
        self.state = State::Blocks { checksum };
        Ok(true)
    }

    fn skip(&mut self, length: usize) -> bool {
        let skipped = length.min(self.rest().len());
        self.taken += skipped;
        self.state = if skipped == length { State::Between } else { State::Skipping(length - skipped) };
        skipped == length
    }

    /// One block at a time, and only when it is there whole: the decoder reads blocking.
    fn block(&mut self, checksum: usize, content: &mut Vec<u8>) -> Result<bool> {
        let Some(&[a, b, c]) = self.rest().first_chunk::<3>() else { return Ok(false) };
        let header = u32::from_le_bytes([a, b, c, 0]);
        let (is_last, is_run, size) = (header & 1 == 1, (header >> 1) & 3 == 1, (header >> 3) as usize);
        let needed = 3 + if is_run { 1 } else { size } + if is_last { checksum } else { 0 };
        if self.rest().len() < needed {
            return Ok(false);
        }
        let block = &self.pending[self.taken..][..needed];
        self.decoder
            .decode_blocks(block, BlockDecodingStrategy::UptoBlocks(1))
            .map_err(|error| failed("zstd", error))?;
        self.taken += needed;
        content.extend(self.decoder.collect().unwrap_or_default());
        if is_last {
            if checksum > 0 && self.decoder.get_checksum_from_data() != self.decoder.get_calculated_checksum() {
                return Err(failed("zstd", "its checksum is wrong"));
            }
            self.state = State::Between;
        }
        Ok(true)
    }
}
