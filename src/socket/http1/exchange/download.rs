//! The response's body, read as it is asked for, while what is left of the request goes out.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::{Decoded, Exchange, MIN_READ, RECEIVE_BODY, read_error};
use crate::backend::now;
use crate::body::IncomingBody;
use crate::error::Result;
use crate::headers::Headers;

const MAX_READ: usize = 128 * 1024;

impl IncomingBody for Exchange {
    fn poll_chunk(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let polled = self.poll_body(cx);
        if let Poll::Ready(Some(Err(error))) = &polled {
            self.trace.failed(RECEIVE_BODY, error);
            self.lease.release(false, now());
        }
        polled
    }

    fn trailers(&self) -> Option<&Headers> {
        self.body.trailers()
    }
}

impl Exchange {
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        if self.lease.is_released() {
            return Poll::Ready(None);
        }
        loop {
            self.poll_upload_aside(cx)?;
            match self.body.decode(&mut self.lease.connection().read)? {
                Decoded::Data(bytes) => {
                    if self.body.is_end() {
                        // Now, and not when the reader asks once more.
                        self.release(now());
                    }
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Decoded::End => {
                    self.release(now());
                    return Poll::Ready(None);
                }
                Decoded::NeedMore => {}
            }
            let room = usize::try_from(self.body.remaining()).unwrap_or(MAX_READ).clamp(MIN_READ, MAX_READ);
            match self.poll_fill(room, cx) {
                Poll::Ready(Ok(0)) => {
                    self.body.end_of_stream()?;
                    self.keep_alive = false;
                    self.release(now());
                    return Poll::Ready(None);
                }
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(read_error(error)))),
                Poll::Pending => return self.poll_patience(cx).map(|error| Some(Err(error))),
            }
        }
    }
}
