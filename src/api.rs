//! The one-shot functions: a client for one request, without pooling between calls.

use http::Method;

use crate::client::{Client, RequestBuilder};
use crate::url_merge::IntoUrl;

/// A request with a client of its own. See [`Client::request`].
pub fn request(method: impl TryInto<Method>, url: impl IntoUrl) -> RequestBuilder {
    Client::new().request(method, url)
}

/// One function per verb, all alike.
macro_rules! verbs {
    ($($verb:ident $method:ident),*) => { $(
        #[doc = concat!("A `", stringify!($method), "` request with a client of its own.\n\n```no_run\n# async fn program() -> whimbrel::Result<()> {\n",
            "let response = whimbrel::", stringify!($verb), "(\"https://www.example.org/\").await?;\n# Ok(()) }\n```")]
        pub fn $verb(url: impl IntoUrl) -> RequestBuilder {
            Client::new().$verb(url)
        }
    )* };
}

verbs!(get GET, options OPTIONS, head HEAD, post POST, put PUT, patch PATCH, delete DELETE);
