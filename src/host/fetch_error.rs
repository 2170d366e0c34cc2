//! What fetch's rejections mean.

use std::time::Duration;

use js_sys::Reflect;
use wasm_bindgen::JsValue;

use crate::deadline::timed_out;
use crate::error::{Error, ErrorKind};

/// fetch was rejected before there was a response. Node tells the cause by a code; browsers tell nothing.
pub(super) fn fetch_error(thrown: JsValue) -> Error {
    let (code, text) = describe(&thrown);
    let kind = if text.contains("bad port") {
        // fetch blocks ports of other protocols.
        ErrorKind::Unsupported
    } else {
        kind_of(code.as_deref().unwrap_or_default())
    };
    let hint = match (&code, kind) {
        (None, _) => {
            "; the host tells no more: no connection, a bad certificate, or an origin that CORS does not allow"
        }
        (_, ErrorKind::Tls) => "; the certificate is not trusted, or is for another host",
        _ => "",
    };
    Error::new(kind, format!("The host could not make the request: {text}{hint}"))
}

/// The body broke off.
pub(super) fn read_error(thrown: JsValue) -> Error {
    let (_, text) = describe(&thrown);
    Error::new(ErrorKind::Read, format!("The response could not be read to its end: {text}"))
}

/// A timeout of ours ended the request.
pub(super) fn aborted(kind: ErrorKind, limit: Duration) -> Error {
    timed_out(kind, "The server sent nothing", limit)
}

/// The codes of Node's and undici's errors.
fn kind_of(code: &str) -> ErrorKind {
    match code {
        // Given before looking it up, to a name that no resolver takes: getaddrinfo EINVAL.
        "ENOTFOUND" | "EAI_AGAIN" | "EAI_FAIL" | "EINVAL" => ErrorKind::Dns,
        "UND_ERR_CONNECT_TIMEOUT" | "ETIMEDOUT" => ErrorKind::ConnectTimeout,
        "UND_ERR_HEADERS_TIMEOUT" | "UND_ERR_BODY_TIMEOUT" => ErrorKind::ReadTimeout,
        "UND_ERR_SOCKET" | "UND_ERR_RES_CONTENT_LENGTH_MISMATCH" => ErrorKind::RemoteProtocol,
        "UND_ERR_HEADERS_OVERFLOW" | "HPE_HEADER_OVERFLOW" => ErrorKind::LimitExceeded,
        "ECONNRESET" | "EPIPE" => ErrorKind::Read,
        "UND_ERR_INVALID_ARG" | "UND_ERR_NOT_SUPPORTED" => ErrorKind::Unsupported,
        code if code.starts_with("HPE_") => ErrorKind::RemoteProtocol,
        code if code.contains("CERT") || code.contains("TLS") || code.contains("SSL") => ErrorKind::Tls,
        // OpenSSL's name for a failed check, as Node passes it on.
        "UNABLE_TO_VERIFY_LEAF_SIGNATURE" => ErrorKind::Tls,
        _ => ErrorKind::Connect,
    }
}

/// The code of the error or its cause, and their texts. Whatever was thrown, it need not be an Error.
fn describe(thrown: &JsValue) -> (Option<String>, String) {
    let property = |value: &JsValue, name: &str| Reflect::get(value, &name.into()).ok();
    let text = |value: &JsValue| property(value, "message").and_then(|message| message.as_string());
    let cause = property(thrown, "cause").filter(|cause| cause.is_object());
    let code = cause.iter().chain([thrown]).find_map(|value| property(value, "code")?.as_string());
    let texts: Vec<_> = [Some(thrown.clone()), cause].iter().flatten().filter_map(text).collect();
    let shown = if texts.is_empty() { format!("{thrown:?}") } else { texts.join(": ") };
    (code.clone(), code.map_or(shown.clone(), |code| format!("{shown} [{code}]")))
}
