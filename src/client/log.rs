//! What programs that use `tracing` are told (feature `tracing`): a span for each request of the user's, HTTPX's line for each
//! response. Without the feature nothing is left of it.

pub(super) use told::*;

#[cfg(feature = "tracing")]
mod told {
    use std::future::Future;

    use tracing::{Instrument, Level};

    use crate::error::without_credentials;
    use crate::request::Request;
    use crate::streaming::StreamingResponse;

    /// What belongs to one request of the user's: redirects and auth rounds too.
    pub(in crate::client) struct Span(tracing::Span);

    impl Span {
        pub(in crate::client) fn of(request: &Request) -> Self {
            // Nobody pays for a text that nobody reads.
            if !tracing::enabled!(target: "whimbrel", Level::DEBUG) {
                return Self(tracing::Span::none());
            }
            let (method, url) = (request.method(), without_credentials(request.url()));
            Self(tracing::debug_span!(target: "whimbrel", "request", %method, %url))
        }

        pub(in crate::client) fn around<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
            future.instrument(self.0)
        }
    }

    /// Whatever a server calls its status, it does not reach a terminal raw (threat Q1).
    pub(in crate::client) fn response(response: &StreamingResponse) {
        if !tracing::enabled!(target: "whimbrel", Level::INFO) {
            return;
        }
        let version = response.version().map_or_else(|| "HTTP".to_owned(), |version| format!("{version:?}"));
        let (status, reason) = (response.status().as_u16(), response.reason_phrase());
        let (method, url) = (response.request().method(), without_credentials(response.request().url()));
        let reason = reason.escape_debug();
        tracing::info!(target: "whimbrel", "HTTP Request: {method} {url} \"{version} {status} {reason}\"");
    }

    /// An entry that is no host, address or network.
    pub(in crate::client) fn ignored_no_proxy(entries: &[String]) {
        for entry in entries {
            tracing::warn!(target: "whimbrel", "NO_PROXY: '{}' is left out, for it is no host or network", entry.escape_debug());
        }
    }
}

#[cfg(not(feature = "tracing"))]
mod told {
    use crate::request::Request;
    use crate::streaming::StreamingResponse;

    pub(in crate::client) struct Span;

    impl Span {
        pub(in crate::client) fn of(_: &Request) -> Self {
            Self
        }

        // A future is kilobytes, and a call would move them.
        #[inline(always)]
        pub(in crate::client) fn around<F>(self, future: F) -> F {
            future
        }
    }

    pub(in crate::client) fn response(_: &StreamingResponse) {}

    pub(in crate::client) fn ignored_no_proxy(_: &[String]) {}
}
