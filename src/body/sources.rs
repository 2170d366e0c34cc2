//! What bodies are produced from.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use super::{Body, BodyStream, Outgoing};
use crate::backend::FileReader;
use crate::error::BoxError;

/// Bytes go out in pieces of this size where somebody watches (HTTPX's chunk).
const PIECE: usize = 64 * 1024;

type Item = Result<Bytes, BoxError>;

/// Bytes in pieces.
pub(super) struct Slices(pub(super) Bytes);

impl Stream for Slices {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Item>> {
        let length = self.0.len().min(PIECE);
        Poll::Ready((length > 0).then(|| Ok(self.0.split_to(length))))
    }
}

/// What an iterator yields.
pub(super) struct Yielding<I>(pub(super) I);

/// An iterator is never polled, so that nothing depends on where it is.
impl<I> Unpin for Yielding<I> {}

impl<I: Iterator<Item: Into<Bytes>>> Stream for Yielding<I> {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Item>> {
        Poll::Ready(self.0.next().map(|piece| Ok(piece.into())))
    }
}

/// A file from its beginning to its end, opened when the first piece is asked for.
pub(super) struct FileStream {
    path: PathBuf,
    reader: Option<FileReader>,
    /// What the file still holds, if it has the length that was announced.
    left: Option<u64>,
}

impl FileStream {
    pub(super) fn new(path: PathBuf, length: Option<u64>) -> Self {
        Self { path, reader: None, left: length }
    }

    /// A body of another length than announced would be a request that the server misreads.
    fn checked(&mut self, piece: Bytes) -> Item {
        let Some(left) = &mut self.left else { return Ok(piece) };
        let change = match left.checked_sub(piece.len() as u64) {
            Some(0) | None if piece.is_empty() => return Ok(piece),
            Some(_) if piece.is_empty() => "shrank",
            None => "grew",
            Some(rest) => {
                *left = rest;
                return Ok(piece);
            }
        };
        Err(format!("the file '{}' {change} since its length was announced", self.path.display()).into())
    }
}

impl Stream for FileStream {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        let reader = match &mut self.reader {
            Some(reader) => reader,
            None => {
                let opened = FileReader::open(&self.path)?;
                self.reader.insert(opened)
            }
        };
        let piece = ready!(reader.poll_piece(PIECE, cx))?;
        let piece = self.checked(piece)?;
        Poll::Ready((!piece.is_empty()).then_some(Ok(piece)))
    }
}

/// Bodies one after the other, each opened when its turn comes.
pub(super) struct Concatenated {
    rest: VecDeque<Body>,
    now: Option<BodyStream>,
}

impl Concatenated {
    pub(super) fn new(bodies: Vec<Body>) -> Self {
        Self { rest: bodies.into(), now: None }
    }
}

impl Stream for Concatenated {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        loop {
            if let Some(now) = &mut self.now {
                match ready!(now.poll_next(cx)) {
                    Some(piece) => return Poll::Ready(Some(piece)),
                    None => self.now = None,
                }
            }
            let Some(mut next) = self.rest.pop_front() else { return Poll::Ready(None) };
            match next.take()? {
                Outgoing::Bytes(bytes) if bytes.is_empty() => {}
                Outgoing::Bytes(bytes) => return Poll::Ready(Some(Ok(bytes))),
                Outgoing::Stream(stream) => self.now = Some(stream),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(body: &mut Body) -> Result<Vec<u8>, String> {
        let read = crate::block_on(async { body.read().await.map(<[u8]>::to_vec) });
        read.unwrap().map_err(|error| error.to_string())
    }

    // L3: what a file does while it is sent.
    #[test]
    fn a_file_that_changes_ends_the_request() {
        let path = std::env::temp_dir().join(format!("whimbrel-body-{}", std::process::id()));
        for (before, after, outcome) in [
            ("0123456789", Some("01234"), Err("shrank")),
            ("01234", Some("0123456789"), Err("grew")),
            ("01234", None, Err("No such file")),
            ("01234", Some("43210"), Ok("43210")),
            ("", Some(""), Ok("")),
        ] {
            fs::write(&path, before).unwrap();
            let mut body = Body::path(&path).unwrap();
            match after {
                Some(after) => fs::write(&path, after).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            match (read(&mut body), outcome) {
                (Ok(bytes), Ok(expected)) => assert_eq!(bytes, expected.as_bytes()),
                (Err(error), Err(reason)) => assert!(error.contains(reason), "{error}"),
                (result, _) => panic!("{before} {after:?}: {result:?}"),
            }
        }
        fs::remove_file(&path).unwrap();
    }

    // A service of the same program needs no runtime, nor do the files that it is sent.
    #[test]
    fn a_file_is_read_where_there_is_no_runtime() {
        let mut body = Body::path("Cargo.toml").unwrap();
        let read =
            std::pin::pin!(body.read()).poll(&mut Context::from_waker(std::task::Waker::noop())).map(Result::unwrap);
        assert_eq!(read, Poll::Ready(&fs::read("Cargo.toml").unwrap()[..]));
    }

    // L3: what is no file at all.
    #[test]
    fn what_is_no_file_is_refused_and_a_device_has_no_length() {
        for path in ["/", "/no/such/file"] {
            assert_eq!(Body::path(path).unwrap_err().kind(), crate::ErrorKind::LocalProtocol);
        }
        assert_eq!(Body::path("/dev/zero").unwrap().length(), None);
    }
}
