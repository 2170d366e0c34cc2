//! From the bytes off the wire to content, within the limits.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::CONTENT_ENCODING;

use super::StreamingResponse;
use crate::body::Incoming;
use crate::decode::{Decoded, Decoders};
use crate::error::{Error, ErrorKind, Result};

/// How the bytes off the wire become content.
pub(super) enum Decoding {
    /// Not looked at yet.
    Unknown,
    /// There is nothing to decode.
    Off,
    /// The host decoded already.
    ByHost,
    On(Decoders),
    Finished,
}

impl StreamingResponse {
    pub(super) fn poll_raw(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let polled = self.parts.body.poll_chunk(cx);
        let is_late = match &polled {
            // A body that is always ready would otherwise never meet its deadline.
            Poll::Ready(Some(Ok(_))) => self.parts.deadline.is_over(),
            Poll::Ready(_) => false,
            Poll::Pending => self.parts.deadline.poll(cx).is_ready(),
        };
        match polled {
            _ if is_late => Poll::Ready(Some(Err(self.fail(self.parts.deadline.passed())))),
            Poll::Pending => self.poll_pace(cx).map(|error| Some(Err(self.fail(error)))),
            Poll::Ready(Some(Ok(bytes))) => {
                if let Some(pace) = &mut self.parts.pace {
                    pace.count(bytes.len());
                }
                self.parts.downloaded += if self.parts.counted { 0 } else { bytes.len() as u64 };
                Poll::Ready(Some(Ok(bytes)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(self.fail(error)))),
            Poll::Ready(None) => {
                if let Some(connection) = &mut self.parts.head.connection {
                    connection.end();
                }
                Poll::Ready(None)
            }
        }
    }

    /// O1: the body lets wait, and that for too long already.
    fn poll_pace(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        self.parts.pace.as_mut().map_or(Poll::Pending, |pace| pace.poll(cx))
    }

    pub(super) fn poll_content(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        if matches!(self.parts.decoders, Decoding::Unknown) {
            self.parts.decoders = self.choose_decoders().map_err(|error| self.fail(error))?;
        }
        loop {
            let decoders = match &mut self.parts.decoders {
                Decoding::Finished => return Poll::Ready(None),
                Decoding::On(decoders) => decoders,
                Decoding::ByHost => {
                    let content = ready!(self.poll_raw(cx));
                    return Poll::Ready(content.map(|content| content.and_then(|content| self.within_limit(content))));
                }
                _ => return self.poll_raw(cx),
            };
            match decoders.pull() {
                Ok(Decoded::Content(content)) => return Poll::Ready(Some(self.within_limit(content))),
                Ok(Decoded::NeedMore) => {}
                Ok(Decoded::End) => {
                    self.parts.decoders = Decoding::Finished;
                    return Poll::Ready(None);
                }
                Err(error) => return Poll::Ready(Some(Err(self.fail(error)))),
            }
            let Poll::Ready(raw) = self.poll_raw(cx) else { return self.poll_flush() };
            let raw = raw.transpose()?;
            let Decoding::On(decoders) = &mut self.parts.decoders else { return Poll::Ready(None) };
            match raw {
                Some(bytes) => decoders.push(bytes),
                None => decoders.end(),
            }
        }
    }

    /// The body lets wait: what is decoded so far is not kept back.
    fn poll_flush(&mut self) -> Poll<Option<Result<Bytes>>> {
        let Decoding::On(decoders) = &mut self.parts.decoders else { return Poll::Pending };
        match decoders.flush() {
            Ok(Some(content)) => Poll::Ready(Some(self.within_limit(content))),
            Ok(None) => Poll::Pending,
            Err(error) => Poll::Ready(Some(Err(self.fail(error)))),
        }
    }

    /// K3: whichever way it is read, however little it was on the wire, and in no more time than is left.
    fn within_limit(&mut self, content: Bytes) -> Result<Bytes> {
        self.parts.decoded += content.len() as u64;
        match self.parts.max_decoded_size {
            Some(most) if self.parts.decoded > most => {
                let message =
                    format!("The response has more than {most} bytes once decoded; max_decoded_size allows more");
                Err(self.fail(Error::new(ErrorKind::LimitExceeded, message)))
            }
            _ if self.parts.deadline.is_over() => Err(self.fail(self.parts.deadline.passed())),
            _ => Ok(content),
        }
    }

    /// Nothing comes after an error.
    pub(super) fn fail(&mut self, error: Error) -> Error {
        self.parts.decoders = Decoding::Finished;
        self.parts.body = Incoming::Bytes(Bytes::new());
        error.with_url(self.parts.request.url())
    }

    fn choose_decoders(&self) -> Result<Decoding> {
        if self.parts.head.headers.find(&CONTENT_ENCODING).is_none() {
            return Ok(Decoding::Off);
        }
        let decoders = Decoders::of(&self.parts.head.headers)?;
        Ok(if decoders.is_empty() { Decoding::Off } else { Decoding::On(decoders) })
    }
}
