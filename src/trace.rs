//! What happens to a request on its way, told to whoever listens: a function of the user's, and `tracing` (feature `tracing`).

use std::fmt::{self, Display};
use std::future::Future;
use std::sync::Arc;

use crate::backend::{MaybeSend, MaybeSync};
use crate::error::Result;

/// A point on a request's way, as [`RequestBuilder::trace`](crate::RequestBuilder::trace) is told of it (HTTPX's `trace`
/// extension). Shown, it is HTTPX's name: `http11.send_request_headers.started`.
///
/// Our own connections have `connection.connect_tcp`, `connection.connect_unix_socket`, `connection.start_tls`,
/// `connection.retry`, `proxy.start_tls` (with the proxy itself), `proxy.connect`, `socks.setup_socks5_connection`,
/// `socks.setup_socks4_connection`, `http11.send_request_headers`, `http11.send_request_body`,
/// `http11.receive_response_headers`, `http11.receive_response_body` and `http11.response_closed`. Where the host speaks
/// HTTP, there is `host.request` and `host.receive_response_body` alone.
#[derive(Clone, Copy)]
pub struct TraceEvent<'a> {
    point: &'static str,
    stage: TraceStage,
    info: &'a dyn Display,
}

/// What became of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TraceStage {
    /// It begins.
    Started,
    /// It went well.
    Complete,
    /// It failed; so does the request, or it is tried otherwise.
    Failed,
}

impl TraceEvent<'_> {
    /// The point without its stage: `connection.connect_tcp`.
    pub fn point(&self) -> &'static str {
        self.point
    }

    /// Whether it begins, went well or failed.
    pub fn stage(&self) -> TraceStage {
        self.stage
    }

    /// What is known about it, for people: the address, the status, the error. Never credentials.
    pub fn info(&self) -> String {
        self.info.to_string()
    }
}

impl Display for TraceEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            TraceStage::Started => "started",
            TraceStage::Complete => "complete",
            TraceStage::Failed => "failed",
        };
        write!(f, "{}.{stage}", self.point)
    }
}

impl fmt::Debug for TraceEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} ({})", self.info)
    }
}

/// `dyn` allows one trait and the auto traits; this stands for the sum that the target needs.
pub(crate) trait Listener: Fn(&TraceEvent<'_>) + MaybeSend + MaybeSync {}
impl<F: Fn(&TraceEvent<'_>) + MaybeSend + MaybeSync> Listener for F {}

/// Tells of a request's way. Without a listener, and without the feature, it is a look at a null pointer.
#[derive(Clone, Default)]
pub(crate) struct Trace(Option<Arc<dyn Listener>>);

impl Trace {
    pub(crate) fn new(listener: impl Fn(&TraceEvent<'_>) + MaybeSend + MaybeSync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    pub(crate) fn started(&self, point: &'static str, info: impl Display) {
        self.tell(point, TraceStage::Started, &info);
    }

    pub(crate) fn complete(&self, point: &'static str, info: impl Display) {
        self.tell(point, TraceStage::Complete, &info);
    }

    pub(crate) fn failed(&self, point: &'static str, info: impl Display) {
        self.tell(point, TraceStage::Failed, &info);
    }

    /// Tells of the future's beginning and of its end.
    pub(crate) async fn around<T>(
        &self,
        point: &'static str,
        info: impl Display,
        future: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        self.started(point, &info);
        let result = future.await;
        match &result {
            Ok(_) => self.complete(point, info),
            Err(error) => self.failed(point, error),
        }
        result
    }

    #[inline]
    fn tell(&self, point: &'static str, stage: TraceStage, info: &dyn Display) {
        if self.0.is_some() || cfg!(feature = "tracing") {
            self.tell_of(&TraceEvent { point, stage, info });
        }
    }

    #[cold]
    fn tell_of(&self, event: &TraceEvent<'_>) {
        #[cfg(feature = "tracing")]
        match event.stage {
            TraceStage::Failed => tracing::debug!(target: "whimbrel::trace", info = %event.info, "{event}"),
            _ => tracing::trace!(target: "whimbrel::trace", info = %event.info, "{event}"),
        }
        if let Some(listener) = &self.0 {
            listener(event);
        }
    }
}
