//! What goes wrong with HTTP/2, in whimbrel's words.

use std::io;

use h2::Reason;

use super::connection::{Connection, Lost};
use crate::error::{Error, ErrorKind};

/// The server did not even take the connection's beginning.
pub(super) fn not_opened(error: h2::Error) -> Error {
    let message = format!("HTTP/2 could not begin on the connection: {}", shown(&error));
    Error::new(ErrorKind::Connect, message).with_source(error)
}

/// A request, or its response, failed.
pub(super) fn failed(connection: &Connection, error: h2::Error) -> Error {
    if let Some(Lost(keep_alive)) = connection.shared.lost.get() {
        let message = format!(
            "The server did not answer a ping within {:?}, the timeout of http2_keep_alive: the connection was given up",
            keep_alive.timeout
        );
        return Error::new(ErrorKind::ReadTimeout, message);
    }
    let (kind, message) = match error.get_io() {
        Some(io) if is_end(io) => {
            (ErrorKind::RemoteProtocol, "The server disconnected without sending a complete response".into())
        }
        Some(_) => (ErrorKind::Read, format!("The HTTP/2 connection broke: {}", shown(&error))),
        None if !is_the_connections(&error) && !error.is_reset() => {
            (ErrorKind::LocalProtocol, format!("HTTP/2 cannot send the request: {}", shown(&error)))
        }
        None if error.is_remote() => (ErrorKind::RemoteProtocol, refused(&error)),
        None => (ErrorKind::RemoteProtocol, broken(&error)),
    };
    Error::new(kind, message).with_source(error)
}

/// What the server said.
fn refused(error: &h2::Error) -> String {
    let shown = shown(error);
    match error.reason() {
        Some(Reason::HTTP_1_1_REQUIRED) => {
            format!("The server wants HTTP/1.1 for this request: http2(false) speaks it ({shown})")
        }
        _ if error.is_go_away() => format!("The server closes the connection and did not take the request: {shown}"),
        _ => format!("The server broke the request off: {shown}"),
    }
}

/// What the server did.
fn broken(error: &h2::Error) -> String {
    let shown = shown(error);
    let why = match error.reason() {
        // What `h2` says, in no other way, of a head that it does not read through.
        _ if shown.contains("header_list_way_too_large") || shown.contains("too_many_continuations") => {
            ": it sends a head far beyond Limits::max_head_size"
        }
        Some(Reason::FRAME_SIZE_ERROR) => "; perhaps it does not speak HTTP/2",
        Some(Reason::ENHANCE_YOUR_CALM) => "; it sends too much of what is of no use",
        _ if error.is_reset() => ": its response is malformed, or its head far beyond Limits::max_head_size",
        _ => "",
    };
    format!("The server breaks the rules of HTTP/2{why} ({shown})")
}

/// How `h2` tells that the connection ended.
fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof)
}

/// Whether the server has not looked at the request, so that it may be sent again, whatever it does (RFC 9113 8.7): its stream is
/// above the last one that a GOAWAY names, it was refused, or it never left.
pub(super) fn is_untouched(error: &h2::Error) -> bool {
    let is_refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
    error.is_remote() && (error.is_go_away() || is_refused)
}

/// Whether it is the connection that failed, and not what was asked of it.
pub(super) fn is_the_connections(error: &h2::Error) -> bool {
    error.is_io() || error.is_go_away()
}

/// Whether it concerns the connection, and with it all that would come.
pub(super) fn is_final(error: &h2::Error) -> bool {
    !error.is_reset()
}

/// Not longer than a line, whatever the server put into it.
fn shown(error: &h2::Error) -> String {
    const MOST: usize = 200;
    let text = error.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
