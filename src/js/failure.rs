//! Errors on their way to JavaScript, which makes its own classes of them.

use js_sys::Object;
use wasm_bindgen::JsValue;

use crate::error::Error;
use crate::host::set;

/// `{ kind, message, url, status }`. None of them holds credentials.
pub(super) fn failure(error: Error) -> JsValue {
    let failure = Object::new();
    // The kind's own name, one for all targets.
    set(&failure, "kind", &format!("{:?}", error.kind()).into());
    set(&failure, "message", &error.to_string().into());
    set(&failure, "url", &error.url().map(url::Url::as_str).into());
    set(&failure, "status", &error.status().map(|status| status.as_u16()).into());
    failure.into()
}
