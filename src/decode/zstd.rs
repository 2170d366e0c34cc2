//! zstd (RFC 8878): any number of frames, skippable ones included.

use std::hash::Hasher as _;
use std::io::{self, Read as _};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use twox_hash::XxHash64;

use super::{Decoder, failed};
use crate::error::Result;

/// RFC 9659: a receiver need not support a larger window, and a sender must not ask for one.
const MAX_WINDOW: u64 = 8 * 1024 * 1024;
/// RFC 8878 3.1.2: 0x184D2A50 to 0x184D2A5F.
const SKIPPABLE: u32 = 0x184D_2A50;
/// RFC 8878 3.1.1.2.3: no block has more content, and no piece either.
const PIECE: usize = 128 * 1024;

#[derive(Default)]
pub(super) struct Zstd {
    decoder: FrameDecoder,
    pending: Vec<u8>,
    /// How much of `pending` is done with: taken out once it is the larger part, for each removal moves the rest.
    taken: usize,
    state: State,
    /// So much content, the frame's last, the decoder keeps for what may repeat it.
    window: usize,
    /// How much of what the decoder keeps was given already.
    given: usize,
    /// Of the content that was given (RFC 8878 3.1.1: the checksum is its low half).
    hash: XxHash64,
}

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Between,
    Skipping(usize),
    Blocks {
        checksum: usize,
    },
    /// All blocks are decoded.
    Ending {
        checksum: usize,
    },
}

impl Decoder for Zstd {
    /// Takes all that there is, for a block is decoded when it is there whole; gives one piece.
    fn decode(&mut self, input: &[u8], content: &mut Vec<u8>) -> Result<usize> {
        if self.taken > self.pending.len() / 2 {
            self.pending.drain(..std::mem::take(&mut self.taken));
        }
        self.pending.extend_from_slice(input);
        while content.is_empty() && (self.give(content)? || self.step()?) {}
        Ok(input.len())
    }

    /// What the decoder keeps is shown before its time. Where that is not in one place, it is taken out and put in again, as
    /// blocks of bytes that stand for themselves.
    fn flush(&mut self, content: &mut Vec<u8>) -> Result<()> {
        let kept = self.decoder.can_collect();
        if matches!(self.state, State::Blocks { .. }) && kept > self.given {
            let mut view = View { from: self.given, length: kept, content };
            self.decoder.collect_to_writer(&mut view).map_err(|error| failed("zstd", error))?;
            if content.is_empty() {
                let all = self.decoder.collect().unwrap_or_default();
                all.chunks(PIECE).try_for_each(|piece| self.feed(&block_header(piece.len(), false), piece))?;
                content.extend_from_slice(all.get(self.given..).unwrap_or_default());
            }
            self.given = kept;
            self.hash.write(content);
        }
        Ok(())
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> Result<()> {
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

    /// Gives what nothing may repeat any more, a piece of it; false if there is none.
    fn give(&mut self, content: &mut Vec<u8>) -> Result<bool> {
        let (kept, needed) = match self.state {
            State::Blocks { .. } => (self.decoder.can_collect(), self.window),
            State::Ending { .. } => (self.decoder.can_collect(), 0),
            State::Between | State::Skipping(_) => return Ok(false),
        };
        let leaving = kept.saturating_sub(needed).min(PIECE);
        content.resize(leaving, 0);
        self.decoder.read_exact(content).map_err(|error| failed("zstd", error))?;
        let known = self.given.min(leaving);
        content.drain(..known);
        self.given -= known;
        self.hash.write(content);
        Ok(leaving > 0)
    }

    /// Takes the next frame header, block or piece of a skippable frame; false when more bytes are needed.
    fn step(&mut self) -> Result<bool> {
        match self.state {
            State::Between => self.frame_header(),
            State::Skipping(length) => Ok(self.skip(length)),
            State::Blocks { checksum } => self.block(checksum),
            State::Ending { checksum } => self.end(checksum),
        }
    }

    fn frame_header(&mut self) -> Result<bool> {
        let Some((magic, rest)) = self.rest().split_first_chunk::<4>() else { return Ok(false) };
        if u32::from_le_bytes(*magic) & !0xf == SKIPPABLE {
            let Some(length) = rest.first_chunk::<4>() else { return Ok(false) };
            self.state = State::Skipping(u32::from_le_bytes(*length) as usize);
            self.taken += 8;
            return Ok(true);
        }
        let Some(&[descriptor, window]) = rest.first_chunk::<2>() else { return Ok(false) };
        let length = header_length(descriptor);
        if self.rest().len() < length {
            return Ok(false);
        }
        let mut header = &self.pending[self.taken..][..length];
        self.decoder.set_max_window_size(MAX_WINDOW);
        self.decoder.reset(&mut header).map_err(|error| failed("zstd", error))?;
        self.taken += length;
        self.window = window_size(descriptor, window, self.decoder.content_size());
        (self.given, self.hash) = (0, XxHash64::with_seed(0));
        // RFC 8878 3.1.1.1.1: bit 2 of the descriptor announces a checksum of four bytes.
        self.state = State::Blocks { checksum: usize::from(descriptor & 4) };
        // After a last block, be it empty, the decoder gives all that it keeps when it is asked, and goes on all the same.
        self.feed(&block_header(0, true), &[0; 4])?;
        Ok(true)
    }

    fn skip(&mut self, length: usize) -> bool {
        let skipped = length.min(self.rest().len());
        self.taken += skipped;
        self.state = if skipped == length { State::Between } else { State::Skipping(length - skipped) };
        skipped == length
    }

    /// One block at a time, and only when it is there whole: the decoder reads blocking.
    fn block(&mut self, checksum: usize) -> Result<bool> {
        let Some(&[a, b, c]) = self.rest().first_chunk::<3>() else { return Ok(false) };
        let header = u32::from_le_bytes([a, b, c, 0]);
        let (is_last, is_run, size) = (header & 1 == 1, (header >> 1) & 3 == 1, (header >> 3) as usize);
        let needed = 3 + if is_run { 1 } else { size } + if is_last { checksum } else { 0 };
        if self.rest().len() < needed {
            return Ok(false);
        }
        let block = &self.pending[self.taken..][..needed];
        decode_block(&mut self.decoder, block)?;
        self.taken += needed;
        if is_last {
            self.state = State::Ending { checksum };
        }
        Ok(true)
    }

    /// All content was given.
    fn end(&mut self, checksum: usize) -> Result<bool> {
        if checksum > 0 && self.decoder.get_checksum_from_data() != Some(self.hash.finish() as u32) {
            return Err(failed("zstd", "its checksum is wrong"));
        }
        self.state = State::Between;
        Ok(true)
    }

    /// A block that is not the server's.
    fn feed(&mut self, header: &[u8], body: &[u8]) -> Result<()> {
        decode_block(&mut self.decoder, header.chain(body))
    }
}

fn decode_block(decoder: &mut FrameDecoder, block: impl io::Read) -> Result<()> {
    let decoded = decoder.decode_blocks(block, BlockDecodingStrategy::UptoBlocks(1));
    decoded.map(drop).map_err(|error| failed("zstd", error))
}

/// RFC 8878 3.1.1.2: of so many bytes as they are.
fn block_header(length: usize, is_last: bool) -> [u8; 3] {
    let [a, b, c, ..] = (length << 3 | usize::from(is_last)).to_le_bytes();
    [a, b, c]
}

/// RFC 8878 3.1.1.1: magic, descriptor, and what that says there is of window, dictionary and content size.
fn header_length(descriptor: u8) -> usize {
    let is_single = descriptor & 0x20 != 0;
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content_size = match descriptor >> 6 {
        0 => usize::from(is_single),
        bits => 1 << bits,
    };
    5 + usize::from(!is_single) + dictionary + content_size
}

/// RFC 8878 3.1.1.1.2. The decoder refused what is too large.
fn window_size(descriptor: u8, window: u8, content_size: u64) -> usize {
    let base = 1_u64 << (10 + (window >> 3));
    let size = if descriptor & 0x20 != 0 { content_size } else { base + base / 8 * u64::from(window & 7) };
    size.min(MAX_WINDOW) as usize
}

/// Copies what the decoder keeps from here on, if it shows all of it at once, and takes nothing out.
struct View<'a> {
    from: usize,
    length: usize,
    content: &'a mut Vec<u8>,
}

impl io::Write for View<'_> {
    fn write(&mut self, kept: &[u8]) -> io::Result<usize> {
        if kept.len() == self.length {
            self.content.extend_from_slice(kept.get(self.from..).unwrap_or_default());
        }
        Ok(0)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
