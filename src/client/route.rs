//! Where requests go: to the mount that the URL matches, else to the client's own transport.

use url::Url;

use crate::HttpTransport;
use crate::error::Result;
use crate::mounts::UrlPattern;
use crate::request::Request;
use crate::streaming::StreamingResponse;
use crate::transport::{Capabilities, Transport};

/// A transport and what it can do, which is asked once.
pub(super) struct Route {
    kind: Kind,
    pub(super) capabilities: Capabilities,
}

/// The target's own transport is called without a box.
enum Kind {
    Http(HttpTransport),
    Custom(Box<dyn Transport>),
}

impl Route {
    pub(super) fn http(transport: HttpTransport) -> Self {
        Self { capabilities: transport.capabilities(), kind: Kind::Http(transport) }
    }

    pub(super) fn custom(transport: Box<dyn Transport>) -> Self {
        Self { capabilities: transport.capabilities(), kind: Kind::Custom(transport) }
    }

    /// Whether the user wrote it, and so knows what it is for.
    pub(super) fn is_custom(&self) -> bool {
        matches!(self.kind, Kind::Custom(_))
    }

    pub(super) async fn send(&self, request: Request) -> Result<StreamingResponse> {
        match &self.kind {
            Kind::Http(transport) => transport.send(request).await,
            Kind::Custom(transport) => transport.send(request).await,
        }
    }
}

/// The client's transport and its mounts, in the order in which they are asked.
pub(super) struct Routes {
    pub(super) main: Route,
    mounts: Vec<(UrlPattern, Option<Route>)>,
}

impl Routes {
    /// Of two mounts for the same pattern the later one counts, as in a Python dict.
    pub(super) fn new(main: Route, given: Vec<(UrlPattern, Option<Box<dyn Transport>>)>) -> Self {
        let mut mounts: Vec<(UrlPattern, Option<Route>)> = Vec::new();
        for (pattern, transport) in given {
            mounts.retain(|(known, _)| *known != pattern);
            mounts.push((pattern, transport.map(Route::custom)));
        }
        mounts.sort_by_key(|(pattern, _)| pattern.priority());
        Self { main, mounts }
    }

    /// The first mount that matches; one without a transport leads back to the client's own.
    pub(super) fn of(&self, url: &Url) -> &Route {
        let mount = self.mounts.iter().find(|(pattern, _)| pattern.matches(url));
        mount.and_then(|(_, route)| route.as_ref()).unwrap_or(&self.main)
    }
}
