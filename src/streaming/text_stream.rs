//! A body as text.

use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::{Lines, StreamingResponse};
use crate::decode::text::{Charset, Decoder, charset};
use crate::error::{Error, Result};

impl StreamingResponse {
    /// The charset that streamed text is read in: as [`Response::encoding`](crate::Response::encoding), but for what the content
    /// itself would tell.
    pub fn encoding(&self) -> Cow<'_, str> {
        self.parts.encoding.choose(self.headers(), None).0
    }

    /// As [`Response::set_encoding`](crate::Response::set_encoding), for [`text_stream`](Self::text_stream),
    /// [`lines`](Self::lines) and the [`Response`](crate::Response) that [`read`](Self::read) makes.
    pub fn set_encoding(&mut self, encoding: impl Into<String>) {
        self.parts.encoding.set = Some(encoding.into());
    }

    /// As [`Response::charset_encoding`](crate::Response::charset_encoding).
    pub fn charset_encoding(&self) -> Option<String> {
        charset(self.headers())
    }

    /// The content as text in [`encoding`](Self::encoding), as it comes: together the pieces are what
    /// [`Response::text`](crate::Response::text) is in that charset. A character that is cut comes whole with the next piece, what
    /// is malformed becomes U+FFFD, and no piece is empty.
    ///
    /// ```
    /// # let client = whimbrel::Client::builder().transport(whimbrel::MockTransport::new(|_| whimbrel::Response::new(200).with_text("a\nb"))).build()?;
    /// # whimbrel::block_on(async {
    /// let mut response = client.get("https://example.org/novel").stream().await?;
    /// let mut text = response.text_stream();
    /// while let Some(piece) = text.next().await {
    ///     print!("{}", piece?);
    /// }
    /// # Ok::<(), whimbrel::Error>(()) })??; Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn text_stream(&mut self) -> TextStream<'_> {
        let (_, charset) = self.parts.encoding.choose(self.headers(), None);
        TextStream::new(self, charset)
    }

    /// The same line by line, split at `\n`, `\r\n` and `\r` alone, without them. A line is kept in memory until it ends; one of more than
    /// 64 MiB is a `LimitExceeded` error.
    pub fn lines(&mut self) -> Lines<'_> {
        Lines::new(self.text_stream())
    }
}

/// The content as text, piece by piece, see [`StreamingResponse::text_stream`]. Also a `Stream`.
pub struct TextStream<'a> {
    response: &'a mut StreamingResponse,
    /// Until the end.
    decoder: Option<Decoder>,
}

impl<'a> TextStream<'a> {
    fn new(response: &'a mut StreamingResponse, charset: Charset) -> Self {
        Self { response, decoder: Some(Decoder::new(charset)) }
    }
}

impl TextStream<'_> {
    /// The next piece, `None` at the end.
    pub async fn next(&mut self) -> Option<Result<String>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Nothing more is read, because of this error.
    pub(super) fn end(&mut self, error: Error) -> Error {
        self.decoder = None;
        self.response.fail(error)
    }

    /// Adds the next piece to the text, which may be one without a whole character.
    pub(super) fn poll_push(&mut self, cx: &mut Context<'_>, text: &mut String) -> Poll<Option<Result<()>>> {
        let Some(decoder) = &mut self.decoder else { return Poll::Ready(None) };
        match ready!(self.response.poll_content(cx)) {
            Some(Ok(bytes)) => text.push_str(&decoder.push(&bytes)),
            Some(Err(error)) => {
                self.decoder = None;
                return Poll::Ready(Some(Err(error)));
            }
            None => text.push_str(&self.decoder.take().map(Decoder::finish).unwrap_or_default()),
        }
        Poll::Ready(Some(Ok(())))
    }
}

impl Stream for TextStream<'_> {
    type Item = Result<String>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut text = String::new();
        loop {
            match ready!(self.poll_push(cx, &mut text)) {
                Some(Ok(())) if text.is_empty() => {}
                pushed => return Poll::Ready(pushed.map(|pushed| pushed.map(|()| text))),
            }
        }
    }
}
