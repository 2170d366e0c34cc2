//! Responses, header blocks, settings and frames that break the rules.

use whimbrel::ErrorKind::RemoteProtocol;

use super::cases::Want::{Connection, Stream, Text};
use super::cases::{Case, check};
use super::frame::*;
use crate::support;

/// A response with this field, besides a good status.
fn with(stream: u32, name: &str, value: &str) -> Vec<u8> {
    headers(stream, WHOLE, &[(":status", "200"), (name, value)])
}

/// A header block as it stands.
fn raw(stream: u32, block: &[u8]) -> Vec<u8> {
    frame(HEADERS, WHOLE, stream, &[&[0x88], block].concat())
}

support::test! {
    // C7
    async fn malformed_responses_are_errors() {
        let cases: &[Case] = &[
            ("a connection field", |it| with(it, "connection", "close"), Stream(RemoteProtocol)),
            ("keep-alive", |it| with(it, "keep-alive", "timeout=5"), Stream(RemoteProtocol)),
            ("proxy-connection", |it| with(it, "proxy-connection", "close"), Stream(RemoteProtocol)),
            ("transfer-encoding", |it| with(it, "transfer-encoding", "chunked"), Stream(RemoteProtocol)),
            ("upgrade", |it| with(it, "upgrade", "h2c"), Stream(RemoteProtocol)),
            ("te", |it| with(it, "te", "gzip"), Stream(RemoteProtocol)),
            ("no status", |it| headers(it, WHOLE, &[("x", "y")]), Stream(RemoteProtocol)),
            ("nothing", |it| headers(it, WHOLE, &[]), Stream(RemoteProtocol)),
            ("two statuses", |it| headers(it, WHOLE, &[(":status", "200"), (":status", "200")]), Stream(RemoteProtocol)),
            ("a late status", |it| headers(it, WHOLE, &[("x", "y"), (":status", "200")]), Stream(RemoteProtocol)),
            ("trailers that do not end it", |it| [head(it), headers(it, END_HEADERS, &[("x", "y")])].concat(), Stream(RemoteProtocol)),
            ("a connection field in the trailers", |it| [head(it), with(it, "connection", "close")].concat(), Stream(RemoteProtocol)),
            ("an upper-case name", |it| with(it, "X-Up", "y"), Connection(RemoteProtocol)),
            ("an upper-case name in the trailers", |it| [head(it), headers(it, WHOLE, &[("X", "y")])].concat(), Connection(RemoteProtocol)),
            ("an unknown pseudo-header", |it| with(it, ":what", "1"), Connection(RemoteProtocol)),
            ("CR in a value", |it| with(it, "x", "y\rz"), Connection(RemoteProtocol)),
            ("LF in a value", |it| with(it, "x", "y\nz"), Connection(RemoteProtocol)),
            ("NUL in a value", |it| with(it, "x", "y\0z"), Connection(RemoteProtocol)),
            ("a name with a space", |it| with(it, "x y", "z"), Connection(RemoteProtocol)),
            ("a name with a colon", |it| with(it, "x:", "z"), Connection(RemoteProtocol)),
            ("a name with CR", |it| with(it, "x\r", "z"), Connection(RemoteProtocol)),
            ("a name with bytes beyond ASCII", |it| with(it, "ü", "z"), Connection(RemoteProtocol)),
            ("an empty name", |it| with(it, "", "z"), Connection(RemoteProtocol)),
            ("a status of letters", |it| headers(it, WHOLE, &[(":status", "abc")]), Connection(RemoteProtocol)),
            ("a status of two digits", |it| headers(it, WHOLE, &[(":status", "20")]), Connection(RemoteProtocol)),
            ("a status of four digits", |it| headers(it, WHOLE, &[(":status", "2000")]), Connection(RemoteProtocol)),
            ("a status below 100", |it| headers(it, WHOLE, &[(":status", "099")]), Connection(RemoteProtocol)),
            ("obs-text in a value", |it| [with(it, "x", "é"), vec![]].concat(), Text("")),
            ("te: trailers", |it| with(it, "te", "trailers"), Text("")),
            ("a status of no meaning", |it| headers(it, WHOLE, &[(":status", "999")]), Text("")),
            // What h2 drops without a word, though it makes the response malformed (RFC 9113 8.1, 8.3).
            ("a pseudo-header of requests", |it| with(it, ":path", "/"), Text("")),
            ("a status in the trailers", |it| [head(it), headers(it, WHOLE, &[(":status", "500")])].concat(), Text("")),
            ("trailers", |it| [head(it), data(it, 0, "ok"), headers(it, WHOLE, &[("x", "y")])].concat(), Text("ok")),
        ];
        check(cases).await;
    }

    // C8
    async fn lengths_that_do_not_add_up_are_errors() {
        let cases: &[Case] = &[
            ("too little", |it| [headers(it, END_HEADERS, &[(":status", "200"), ("content-length", "3")]), data(it, END_STREAM, "ok")].concat(), Stream(RemoteProtocol)),
            ("too much", |it| [headers(it, END_HEADERS, &[(":status", "200"), ("content-length", "1")]), data(it, END_STREAM, "ok")].concat(), Stream(RemoteProtocol)),
            ("none of it", |it| with(it, "content-length", "1"), Stream(RemoteProtocol)),
            ("two lengths", |it| [headers(it, END_HEADERS, &[(":status", "200"), ("content-length", "2"), ("content-length", "3")]), data(it, END_STREAM, "ok")].concat(), Stream(RemoteProtocol)),
            ("a length of letters", |it| [headers(it, END_HEADERS, &[(":status", "200"), ("content-length", "x")]), data(it, END_STREAM, "ok")].concat(), Stream(RemoteProtocol)),
            ("a length with a sign", |it| [headers(it, END_HEADERS, &[(":status", "200"), ("content-length", "+2")]), data(it, END_STREAM, "ok")].concat(), Stream(RemoteProtocol)),
            ("trailers before the length is reached", |it| [headers(it, END_HEADERS, &[(":status", "200"), ("content-length", "3")]), data(it, 0, "ok"), headers(it, WHOLE, &[("x", "y")])].concat(), Stream(RemoteProtocol)),
            ("an interim response that ends it", |it| headers(it, WHOLE, &[(":status", "103")]), Stream(RemoteProtocol)),
            ("content before the head", |it| data(it, END_STREAM, "ok"), Connection(RemoteProtocol)),
            ("content behind an interim response", |it| [headers(it, END_HEADERS, &[(":status", "103")]), data(it, END_STREAM, "ok")].concat(), Connection(RemoteProtocol)),
            ("304 with the length of something else", |it| headers(it, WHOLE, &[(":status", "304"), ("content-length", "5")]), Text("")),
            ("the same length twice", |it| [headers(it, END_HEADERS, &[(":status", "200"), ("content-length", "2"), ("content-length", "2")]), data(it, END_STREAM, "ok")].concat(), Text("ok")),
            ("interim responses and then one", |it| [headers(it, END_HEADERS, &[(":status", "103"), ("link", "</a>")]), headers(it, END_HEADERS, &[(":status", "103")]), answer(it, "ok")].concat(), Text("ok")),
        ];
        check(cases).await;
    }

    // C3: what one header block did to the table holds for the next, so that an error is the connection's end (RFC 7541 2.3.3, 4.2, 5).
    async fn broken_header_compression_is_an_error() {
        let cases: &[Case] = &[
            ("a table larger than allowed", |it| raw(it, &[0x3f, 0xff, 0xff, 0x03]), Connection(RemoteProtocol)),
            ("a new size that comes late", |it| raw(it, &[0x00, 1, b'x', 1, b'y', 0x20]), Connection(RemoteProtocol)),
            ("index 0", |it| raw(it, &[0x80]), Connection(RemoteProtocol)),
            ("an index beyond the table", |it| raw(it, &[0xff, 0x00]), Connection(RemoteProtocol)),
            ("a name's index beyond the table", |it| raw(it, &[0x7f, 0x7f, 1, b'x']), Connection(RemoteProtocol)),
            ("a truncated integer", |it| raw(it, &[0xff]), Connection(RemoteProtocol)),
            ("an integer without end", |it| raw(it, &[0xff; 20]), Connection(RemoteProtocol)),
            ("a truncated name", |it| raw(it, &[0x00, 5, b'x']), Connection(RemoteProtocol)),
            ("a truncated value", |it| raw(it, &[0x00, 1, b'x', 9, b'y']), Connection(RemoteProtocol)),
            ("no value", |it| raw(it, &[0x00, 1, b'x']), Connection(RemoteProtocol)),
            ("Huffman padding of more than seven bits", |it| raw(it, &[0x00, 1, b'x', 0x82, 0x1f, 0xff]), Connection(RemoteProtocol)),
            ("Huffman padding of zeros", |it| raw(it, &[0x00, 1, b'x', 0x81, 0x18]), Connection(RemoteProtocol)),
            ("Huffman's end within", |it| raw(it, &[0x00, 1, b'x', 0x84, 0xff, 0xff, 0xff, 0xff]), Connection(RemoteProtocol)),
            ("Huffman's code", |it| raw(it, &[0x00, 1, b'x', 0x81, 0x1f]), Text("")),
        ];
        check(cases).await;
    }

    // C4
    async fn bad_settings_end_the_connection() {
        let cases: &[Case] = &[
            ("frames of no bytes", |_| settings(&[(FRAME_SIZE, 0)]), Connection(RemoteProtocol)),
            ("frames that are too small", |_| settings(&[(FRAME_SIZE, 16_383)]), Connection(RemoteProtocol)),
            ("frames that are too large", |_| settings(&[(FRAME_SIZE, 1 << 24)]), Connection(RemoteProtocol)),
            ("a window beyond 31 bits", |_| settings(&[(WINDOW, 1 << 31)]), Connection(RemoteProtocol)),
            ("push by two", |_| settings(&[(ENABLE_PUSH, 2)]), Connection(RemoteProtocol)),
            ("a stream's settings", |it| frame(SETTINGS, 0, it, &[0, 3, 0, 0, 0, 1]), Connection(RemoteProtocol)),
            ("five bytes", |_| frame(SETTINGS, 0, 0, &[0; 5]), Connection(RemoteProtocol)),
            ("an acknowledgement that says something", |_| frame(SETTINGS, ACK, 0, &[0; 6]), Connection(RemoteProtocol)),
            ("an acknowledgement of nothing", |_| frame(SETTINGS, ACK, 0, &[]), Connection(RemoteProtocol)),
            // It is no server's to say (RFC 9113 6.5.2). h2 lets it, and takes no push.
            ("push by the server", |it| [settings(&[(ENABLE_PUSH, 1)]), answer(it, "ok")].concat(), Text("ok")),
            ("unknown ones", |it| [settings(&[(0xfff, 9)]), answer(it, "ok")].concat(), Text("ok")),
            ("the same ones again", |it| [settings(&[(MAX_STREAMS, 100)]).repeat(3), answer(it, "ok")].concat(), Text("ok")),
        ];
        check(cases).await;
    }

    // C9
    async fn frames_out_of_order_are_errors() {
        let cases: &[Case] = &[
            ("a stream's window of no bytes more", |it| window_update(it, 0), Connection(RemoteProtocol)),
            ("a connection's window of no bytes more", |_| window_update(0, 0), Connection(RemoteProtocol)),
            ("a connection's window beyond 31 bits", |_| window_update(0, 0x7fff_ffff), Connection(RemoteProtocol)),
            ("three bytes of window", |it| frame(WINDOW_UPDATE, 0, it, &[0; 3]), Connection(RemoteProtocol)),
            ("as much padding as frame", |it| [head(it), frame(DATA, PADDED, it, &[1])].concat(), Connection(RemoteProtocol)),
            ("more padding than frame", |it| [head(it), frame(DATA, PADDED, it, &[9, 1, 2])].concat(), Connection(RemoteProtocol)),
            ("no padding where it should be", |it| [head(it), frame(DATA, PADDED, it, &[])].concat(), Connection(RemoteProtocol)),
            ("more padding than head", |it| frame(HEADERS, WHOLE | PADDED, it, &[9, 0x88]), Connection(RemoteProtocol)),
            ("a frame larger than allowed", |it| [head(it), data(it, 0, [0; 16_385])].concat(), Connection(RemoteProtocol)),
            ("content of the connection", |_| data(0, 0, "x"), Connection(RemoteProtocol)),
            ("a head of the connection", |_| headers(0, WHOLE, &[(":status", "200")]), Connection(RemoteProtocol)),
            ("a reset of the connection", |_| reset(0, CANCEL), Connection(RemoteProtocol)),
            ("a reset of three bytes", |it| frame(RST_STREAM, 0, it, &[0; 3]), Connection(RemoteProtocol)),
            ("content of a stream that nobody opened", |_| data(99, 0, "x"), Connection(RemoteProtocol)),
            ("a head of a stream that nobody opened", |_| headers(99, WHOLE, &[(":status", "200")]), Connection(RemoteProtocol)),
            ("a reset of a stream that nobody opened", |_| reset(99, CANCEL), Connection(RemoteProtocol)),
            ("a window of a stream that nobody opened", |_| window_update(99, 1), Connection(RemoteProtocol)),
            ("content of a stream of the server's", |_| data(2, 0, "x"), Connection(RemoteProtocol)),
            ("a head of a stream of the server's", |_| headers(2, WHOLE, &[(":status", "200")]), Connection(RemoteProtocol)),
            ("a push that was turned off", |it| frame(PUSH_PROMISE, END_HEADERS, it, &[0, 0, 0, 2, 0x82]), Connection(RemoteProtocol)),
            ("a ping of seven bytes", |_| frame(PING, 0, 0, &[0; 7]), Connection(RemoteProtocol)),
            ("a ping of a stream", |it| frame(PING, 0, it, &[0; 8]), Connection(RemoteProtocol)),
            ("a farewell of a stream", |it| frame(GOAWAY, 0, it, &[0; 8]), Connection(RemoteProtocol)),
            ("a farewell of seven bytes", |_| frame(GOAWAY, 0, 0, &[0; 7]), Connection(RemoteProtocol)),
            ("a continuation of nothing", |it| frame(CONTINUATION, END_HEADERS, it, &[0x88]), Connection(RemoteProtocol)),
            ("something else within a head", |it| [frame(HEADERS, 0, it, &[0x88]), ping()].concat(), Connection(RemoteProtocol)),
            ("another stream's continuation", |it| [frame(HEADERS, 0, it, &[0x88]), frame(CONTINUATION, END_HEADERS, 1, &[])].concat(), Connection(RemoteProtocol)),
            ("a priority of four bytes", |it| frame(PRIORITY, 0, it, &[0; 4]), Connection(RemoteProtocol)),
            ("padding", |it| [frame(HEADERS, END_HEADERS | PADDED, it, &[2, 0x88, 0, 0]), frame(DATA, END_STREAM | PADDED, it, b"\x03ok123")].concat(), Text("ok")),
            ("a priority", |it| [frame(PRIORITY, 0, it, &[0, 0, 0, 0, 9]), answer(it, "ok")].concat(), Text("ok")),
            ("content behind the end", |it| [answer(it, "ok"), data(it, 0, "x")].concat(), Text("ok")),
            ("a window behind the end", |it| [answer(it, "ok"), window_update(it, 1)].concat(), Text("ok")),
            ("an unknown frame", |it| [frame(0xbe, 0xff, it, &[0; 99]), answer(it, "ok")].concat(), Text("ok")),
        ];
        check(cases).await;
    }
}
