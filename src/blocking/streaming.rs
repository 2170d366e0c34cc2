//! Responses whose reading blocks.

use std::borrow::Cow;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use futures_io::{AsyncRead as _, AsyncWrite as _};

use super::Client;
use crate::connection::ConnectionInfo;
use crate::error::Result;
use crate::headers::Headers;
use crate::request::Request;
use crate::response::Response;

/// A [`crate::StreamingResponse`] whose reading blocks. It is also a [`std::io::Read`] of the content.
pub struct StreamingResponse {
    response: crate::StreamingResponse,
    client: Client,
    unread: Bytes,
}

impl StreamingResponse {
    pub(super) fn new(response: crate::StreamingResponse, client: Client) -> Self {
        Self { response, client, unread: Bytes::new() }
    }

    same! { response: StreamingResponse,
        status -> http::StatusCode, reason_phrase -> Cow<'_, str>, version -> Option<http::Version>, headers -> &Headers,
        url -> &url::Url, request -> &Request, history -> &[Response], extensions -> &http::Extensions,
        is_success -> bool, is_redirect -> bool, is_client_error -> bool, is_server_error -> bool, content_length -> Option<u64>, bytes_downloaded -> u64, encoding -> Cow<'_, str>,
        charset_encoding -> Option<String>, trailers -> Option<&Headers>, connection -> Option<&ConnectionInfo>
    }

    /// As [`crate::StreamingResponse::raise_for_status`].
    pub fn raise_for_status(&self) -> Result<&Self> {
        self.response.raise_for_status().map(|_| self)
    }

    /// As [`crate::StreamingResponse::chunk`].
    pub fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.client.block_on(pin!(self.response.chunk()))?
    }

    /// As [`crate::StreamingResponse::raw_chunk`].
    pub fn raw_chunk(&mut self) -> Result<Option<Bytes>> {
        self.client.block_on(pin!(self.response.raw_chunk()))?
    }

    /// As [`crate::StreamingResponse::set_encoding`].
    pub fn set_encoding(&mut self, encoding: impl Into<String>) {
        self.response.set_encoding(encoding);
    }

    /// As [`crate::StreamingResponse::text_stream`], as an iterator.
    pub fn text_stream(&mut self) -> impl Iterator<Item = Result<String>> + '_ {
        let Self { response, client, .. } = self;
        let mut text = response.text_stream();
        std::iter::from_fn(move || client.block_on(pin!(text.next())).unwrap_or_else(|error| Some(Err(error))))
    }

    /// As [`crate::StreamingResponse::lines`], as an iterator.
    pub fn lines(&mut self) -> impl Iterator<Item = Result<String>> + '_ {
        let Self { response, client, .. } = self;
        let mut lines = response.lines();
        std::iter::from_fn(move || client.block_on(pin!(lines.next())).unwrap_or_else(|error| Some(Err(error))))
    }

    /// As [`crate::StreamingResponse::chunks`], as an iterator.
    pub fn chunks(&mut self, size: usize) -> impl Iterator<Item = Result<Bytes>> + '_ {
        let Self { response, client, .. } = self;
        let mut chunks = response.chunks(size);
        std::iter::from_fn(move || client.block_on(pin!(chunks.next())).unwrap_or_else(|error| Some(Err(error))))
    }

    /// As [`crate::StreamingResponse::read`].
    pub fn read(self) -> Result<Response> {
        self.client.block_on(pin!(self.response.read()))?
    }

    /// As [`crate::StreamingResponse::upgrade`].
    pub fn upgrade(self) -> Result<Upgraded> {
        Ok(Upgraded { stream: self.response.upgrade()?, client: self.client })
    }
}

impl io::Read for StreamingResponse {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            self.unread = self.chunk().map_err(io::Error::other)?.unwrap_or_default();
        }
        let length = into.len().min(self.unread.len());
        self.unread.copy_to_slice(&mut into[..length]);
        Ok(length)
    }
}

/// A [`crate::Upgraded`] whose reading and writing block.
#[derive(Debug)]
pub struct Upgraded {
    stream: crate::Upgraded,
    client: Client,
}

impl Upgraded {
    fn block_on<T>(&mut self, poll: impl FnMut(Polled<'_>, &mut Context<'_>) -> Poll<io::Result<T>>) -> io::Result<T> {
        let (stream, mut poll) = (&mut self.stream, poll);
        let polling = pin!(poll_fn(|cx| poll(Pin::new(&mut *stream), cx)));
        self.client.block_on(polling).map_err(io::Error::other)?
    }
}

type Polled<'a> = Pin<&'a mut crate::Upgraded>;

impl io::Read for Upgraded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.block_on(|stream, cx| stream.poll_read(cx, into))
    }
}

impl io::Write for Upgraded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.block_on(|stream, cx| stream.poll_write(cx, bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.block_on(|stream, cx| stream.poll_flush(cx))
    }
}
