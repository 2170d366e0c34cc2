//! What is known of a response before its body is read.

use std::borrow::Cow;

use http::{Extensions, StatusCode, Version};
use url::Url;

use super::StreamingResponse;
use crate::connection::ConnectionInfo;
use crate::error::Result;
use crate::headers::Headers;
use crate::request::Request;
use crate::response::Response;

impl StreamingResponse {
    /// The status code.
    pub fn status(&self) -> StatusCode {
        self.parts.head.status
    }

    /// The reason phrase: the server's where the transport shows it, else the standard one.
    pub fn reason_phrase(&self) -> Cow<'_, str> {
        self.parts.head.reason_phrase()
    }

    /// 2xx.
    pub fn is_success(&self) -> bool {
        self.parts.head.status.is_success()
    }

    /// 3xx.
    pub fn is_redirect(&self) -> bool {
        self.parts.head.status.is_redirection()
    }

    /// 4xx.
    pub fn is_client_error(&self) -> bool {
        self.parts.head.status.is_client_error()
    }

    /// 5xx.
    pub fn is_server_error(&self) -> bool {
        self.parts.head.status.is_server_error()
    }

    /// The response itself if it is a success (2xx), else an error of kind `Status` with HTTPX's text.
    pub fn raise_for_status(&self) -> Result<&Self> {
        self.parts.head.check_success(Some(self.url())).map(|()| self)
    }

    /// [`raise_for_status`](Self::raise_for_status) by value, at the end of a chain.
    pub fn error_for_status(self) -> Result<Self> {
        self.raise_for_status()?;
        Ok(self)
    }

    /// The HTTP version, where the transport can see it.
    pub fn version(&self) -> Option<Version> {
        self.parts.head.version
    }

    /// The header fields as they came.
    pub fn headers(&self) -> &Headers {
        &self.parts.head.headers
    }

    /// The header fields, to change, as response hooks do. What they say of the body counts until it is read.
    pub fn headers_mut(&mut self) -> &mut Headers {
        &mut self.parts.head.headers
    }

    /// The URL that answered.
    pub fn url(&self) -> &Url {
        self.parts.head.final_url.as_ref().unwrap_or(self.parts.request.url())
    }

    /// The request that was answered.
    pub fn request(&self) -> &Request {
        &self.parts.request
    }

    /// The responses before this one, oldest first.
    pub fn history(&self) -> &[Response] {
        &self.parts.history
    }

    /// Values that the transport attached.
    pub fn extensions(&self) -> &Extensions {
        &self.parts.head.extensions
    }

    /// The fields that came behind the body, once it has been read to its end. See [`Response::trailers`].
    pub fn trailers(&self) -> Option<&Headers> {
        self.parts.body.trailers()
    }

    /// The connection that it comes by, where it is one of our own.
    pub fn connection(&self) -> Option<&ConnectionInfo> {
        self.parts.head.connection.as_ref()
    }

    /// How many bytes of body have come over the wire so far.
    pub fn bytes_downloaded(&self) -> u64 {
        self.parts.downloaded
    }

    /// The length that the server announced, before decoding.
    pub fn content_length(&self) -> Option<u64> {
        self.headers().get("content-length")?.to_str().ok()?.parse().ok()
    }
}
