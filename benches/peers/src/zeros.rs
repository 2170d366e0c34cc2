//! A body of zeros that is produced while it is sent, in the shape that each client asks for.

use std::convert::Infallible;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

use crate::measure::BoxError;

pub(crate) static PIECE: &[u8] = &[0; 64 * 1024];

pub(crate) struct Zeros {
    left: usize,
}

impl Zeros {
    pub(crate) fn new(length: usize) -> Self {
        Self { left: length }
    }

    fn take(&mut self, most: usize) -> Option<&'static [u8]> {
        let piece = &PIECE[..most.min(self.left).min(PIECE.len())];
        self.left -= piece.len();
        (!piece.is_empty()).then_some(piece)
    }

    fn next(&mut self) -> Option<Bytes> {
        self.take(PIECE.len()).map(Bytes::from_static)
    }
}

/// whimbrel
impl futures_core::Stream for Zeros {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.next().map(Ok))
    }
}

/// hyper and those on top of it
impl Body for Zeros {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.next().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}

/// Those that block
impl Read for Zeros {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let piece = self.take(buffer.len()).unwrap_or_default();
        buffer[..piece.len()].copy_from_slice(piece);
        Ok(piece.len())
    }
}
