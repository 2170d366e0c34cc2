//! Errors on their way to JavaScript, which makes its own classes of them.

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

use crate::error::Error;

/// `{ kind, message, url, status }`. None of them holds credentials.
pub(super) fn failure(error: Error) -> JsValue {
    let failure = Object::new();
    set(&failure, "kind", kind_name(&error));
    set(&failure, "message", error.to_string());
    set(&failure, "url", error.url().map(url::Url::as_str));
    set(&failure, "status", error.status().map(|status| status.as_u16()));
    failure.into()
}

pub(super) fn set(object: &Object, name: &str, value: impl Into<JsValue>) {
    // Setting a property of a plain object of our own does not fail.
    let _ = Reflect::set(object, &name.into(), &value.into());
}

/// The kind's own name, one for all targets.
fn kind_name(error: &Error) -> String {
    format!("{:?}", error.kind())
}
