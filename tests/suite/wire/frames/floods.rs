//! More of everything than anybody needs.

use std::time::Duration;

use whimbrel::ErrorKind::{LimitExceeded, RemoteProtocol};
use whimbrel::{ErrorKind, Limits, Timeout};

use super::cases::Want::{Connection, Stream, Text};
use super::cases::{Case, check, get};
use super::frame::*;
use super::server::Server;
use crate::support;

const MANY: usize = 100_000;

/// A header block in frames as large as they may be.
fn in_frames(stream: u32, block: &[u8]) -> Vec<u8> {
    let mut pieces = block.chunks(16_384).peekable();
    let (mut frames, mut kind, mut flags) = (Vec::new(), HEADERS, END_STREAM);
    while let Some(piece) = pieces.next() {
        let end = if pieces.peek().is_none() { END_HEADERS } else { 0 };
        frames.extend(frame(kind, flags | end, stream, piece));
        (kind, flags) = (CONTINUATION, 0);
    }
    frames
}

/// So many fields of so many bytes.
fn fields(stream: u32, count: usize, length: usize) -> Vec<u8> {
    let value = "y".repeat(length);
    in_frames(stream, &[vec![0x88], block(&[("x", &value)]).repeat(count)].concat())
}

support::test! {
    // C1: CONTINUATION without end.
    async fn a_head_without_end_is_an_error() {
        let cases: &[Case] = &[
            ("no bytes", |it| [frame(HEADERS, 0, it, &[0x88]), frame(CONTINUATION, 0, it, &[]).repeat(MANY)].concat(), Connection(RemoteProtocol)),
            ("one byte, a field", |it| [frame(HEADERS, 0, it, &[0x88]), frame(CONTINUATION, 0, it, &[0x90]).repeat(MANY)].concat(), Connection(RemoteProtocol)),
            ("one byte of a field", |it| [frame(HEADERS, 0, it, &[0x88, 0, 0x7f, 0xff]), frame(CONTINUATION, 0, it, b"x").repeat(MANY)].concat(), Connection(RemoteProtocol)),
            ("all of them full", |it| [frame(HEADERS, 0, it, &[0x88]), frame(CONTINUATION, 0, it, &[0x90; 16_384]).repeat(1_000)].concat(), Connection(RemoteProtocol)),
            ("a name of a megabyte", |it| in_frames(it, &[&[0x88, 0][..], &string(&[b'x'; 1 << 20]), b"\x01y"].concat()), Connection(RemoteProtocol)),
        ];
        check(cases).await;
    }

    // C2: what is small on the wire and large behind it; and A2, more names than `http::HeaderMap` has room for.
    async fn heads_have_the_limits_of_http_1() {
        let cases: &[Case] = &[
            ("a large field, called up by a byte", |it| in_frames(it, &[&[0x88, 0x40, 1, b'x'][..], &string(&[b'y'; 4_000]), &[0xbe; 16_000]].concat()), Connection(RemoteProtocol)),
            ("fields of a byte", |it| in_frames(it, &[&[0x88][..], &[0x90; 1_000_000]].concat()), Connection(RemoteProtocol)),
            ("somewhat too large", |it| fields(it, 200, 700), Stream(LimitExceeded)),
            ("one field too many", |it| fields(it, 257, 1), Stream(LimitExceeded)),
            ("one field too large", |it| fields(it, 1, 66_000), Stream(LimitExceeded)),
            ("much too large", |it| fields(it, 320, 900), Stream(RemoteProtocol)),
            ("as many as may be", |it| fields(it, 256, 400), Text("")),
            ("as large as may be", |it| fields(it, 2, 65_000), Text("")),
        ];
        check(cases).await;
        let server = Server::answering(|wire, stream, _| {
            let names: Vec<String> = (0..40_000).map(|number| format!("x{number}")).collect();
            let list: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "y")).collect();
            wire.send(in_frames(stream, &[vec![0x88], block(&list)].concat()));
        });
        let limits = Limits::default().max_head_size(4 << 20).max_head_fields(40_000);
        let error = get(&server.client_with(|builder| builder.limits(limits)), "case").await.unwrap_err();
        assert_eq!(error.kind(), RemoteProtocol);
        let larger = Limits::default().max_head_size(1 << 20).max_head_fields(1_000);
        let server = Server::answering(|wire, stream, _| wire.send(fields(stream, 320, 900)));
        assert_eq!(get(&server.client_with(|builder| builder.limits(larger)), "case").await.unwrap(), "");
        let error = get(&server.client(), "case").await.unwrap_err().to_string();
        assert!(error.contains("Limits::max_head_size"), "{error}");
    }

    // C5
    async fn floods_are_read_through_or_end_the_connection() {
        let cases: &[Case] = &[
            ("settings", |it| [settings(&[(MAX_STREAMS, 100)]).repeat(MANY), answer(it, "ok")].concat(), Text("ok")),
            ("pings", |it| [ping().repeat(MANY), answer(it, "ok")].concat(), Text("ok")),
            ("answers to pings", |it| [frame(PING, ACK, 0, &[0; 8]).repeat(MANY), answer(it, "ok")].concat(), Text("ok")),
            ("priorities", |it| [frame(PRIORITY, 0, it, &[0, 0, 0, 0, 9]).repeat(MANY), answer(it, "ok")].concat(), Text("ok")),
            ("a connection's windows", |it| [window_update(0, 1).repeat(MANY), answer(it, "ok")].concat(), Text("ok")),
            ("a stream's windows", |it| [window_update(it, 1).repeat(MANY), answer(it, "ok")].concat(), Text("ok")),
            ("unknown frames", |it| [frame(0xbe, 0, 0, &[0; 20]).repeat(MANY), answer(it, "ok")].concat(), Text("ok")),
            ("origins", |it| [frame(0xc, 0, 0, b"\0\x0dhttps://a.com").repeat(MANY), answer(it, "ok")].concat(), Text("ok")),
            ("resets", |it| [answer(it, "ok"), reset(it, CANCEL).repeat(MANY)].concat(), Text("ok")),
            ("content of no bytes", |it| [head(it), data(it, 0, "").repeat(MANY)].concat(), Connection(RemoteProtocol)),
            ("padding", |it| [head(it), frame(DATA, PADDED, it, &[0]).repeat(MANY)].concat(), Connection(RemoteProtocol)),
            ("heads behind the end", |it| [answer(it, "ok"), headers(it, WHOLE, &[(":status", "200")]).repeat(MANY)].concat(), Text("ok")),
        ];
        check(cases).await;
    }

    // C5: a server that never stops keeps nobody from looking at the clock.
    async fn endless_floods_leave_time_for_timeouts_and_for_others() {
        for flood in [ping(), settings(&[]), frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 9]), frame(0xbe, 0, 0, b"?")] {
            let server = Server::answering(move |wire, stream, path| match path {
                "case" => {
                    wire.piece = Some(500);
                    wire.send_for_ever(flood.repeat(1_000));
                }
                _ => wire.send(answer(stream, "ok")),
            });
            let client = server.client_with(|builder| builder.timeout(Timeout::default().read(Duration::from_millis(100))));
            let error = get(&client, "case").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ReadTimeout, "{error}");
            assert_eq!(get(&Server::answering(|wire, stream, _| wire.send(answer(stream, "ok"))).client(), "its").await.unwrap(), "ok");
        }
    }

    // A14: interim responses are counted.
    async fn interim_responses_are_counted() {
        let cases: &[Case] = &[
            ("16", |it| [headers(it, END_HEADERS, &[(":status", "103")]).repeat(16), answer(it, "ok")].concat(), Text("ok")),
            ("17", |it| [headers(it, END_HEADERS, &[(":status", "103")]).repeat(17), answer(it, "ok")].concat(), Stream(RemoteProtocol)),
            ("many", |it| headers(it, END_HEADERS, &[(":status", "103")]).repeat(MANY), Stream(RemoteProtocol)),
        ];
        check(cases).await;
    }
}
