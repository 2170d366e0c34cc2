//! The same response, however it arrives.

use super::cases::{get, post};
use super::frame::*;
use super::server::Server;
use crate::support;

/// A response of every kind of frame.
fn response(stream: u32) -> Vec<u8> {
    [
        headers(stream, END_HEADERS, &[(":status", "103"), ("link", "</a>")]),
        frame(HEADERS, 0, stream, &block(&[(":status", "200"), ("x", "first")])),
        frame(CONTINUATION, END_HEADERS, stream, &block(&[("x", "second")])),
        ping(),
        data(stream, 0, "whole "),
        frame(0xbe, 0xff, 0, b"unknown"),
        window_update(0, 1),
        frame(DATA, PADDED, stream, b"\x04and sound\0\0\0\0"),
        headers(stream, WHOLE, &[("trailer", "yes")]),
    ]
    .concat()
}

support::test! {
    // C9: the pieces in which bytes are read mean nothing.
    async fn responses_are_read_alike_however_they_arrive() {
        for piece in (1..40).chain([100, 1_000]) {
            let server = Server::answering(move |wire, stream, _| {
                wire.piece = Some(piece);
                wire.send(response(stream));
            });
            let client = server.client();
            for _ in 0..2 {
                let response = client.get("http://host/its").send().await.unwrap();
                let fields = response.headers().joined("x").unwrap();
                assert_eq!((response.text().as_ref(), fields.as_str()), ("whole and sound", "first, second"), "{piece}");
            }
            assert_eq!(server.connections(), 1);
        }
    }

    // C9: a header block may be split at every byte (RFC 9113 4.3).
    async fn header_blocks_are_split_anywhere() {
        let whole = block(&[(":status", "200"), ("content-length", "2"), ("a-name", "and its value")]);
        for at in 0..=whole.len() {
            for empty in [0, 1] {
                let (first, rest) = (whole[..at].to_vec(), whole[at..].to_vec());
                let server = Server::answering(move |wire, stream, _| {
                    let nothing = frame(CONTINUATION, 0, stream, &[]).repeat(empty);
                    let end = frame(CONTINUATION, END_HEADERS, stream, &rest);
                    wire.send([frame(HEADERS, 0, stream, &first), nothing, end, data(stream, END_STREAM, "ok")].concat());
                });
                assert_eq!(get(&server.client(), "its").await.unwrap(), "ok", "{at}");
            }
        }
    }

    // C9: frames of several streams come in any order but their own.
    async fn streams_are_told_apart() {
        const STREAMS: usize = 9;
        for seed in 1..50_u64 {
            let mut open: Vec<Vec<Vec<u8>>> = Vec::new();
            let mut random = seed;
            let server = Server::new(move |wire, seen| {
                let Seen::Data { stream, length, is_end: true, .. } = seen else { return };
                let pieces = (0..*length).map(|piece| data(*stream, 0, format!("{length}.{piece} ")));
                let end = data(*stream, END_STREAM, "");
                open.push(std::iter::once(end).chain(pieces.rev()).chain([head(*stream)]).collect());
                while open.len() == STREAMS {
                    // xorshift
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    let left: Vec<usize> = (0..STREAMS).filter(|&at| !open[at].is_empty()).collect();
                    let Some(&at) = left.get(random as usize % left.len().max(1)) else { return };
                    wire.send(open[at].pop().unwrap());
                }
            });
            let client = server.client();
            let requests = (1..=STREAMS).map(|length| post(&client, "its", vec![b'x'; length]));
            let texts = support::join_all(requests).await;
            for (length, text) in (1..=STREAMS).zip(texts) {
                let wanted: String = (0..length).map(|piece| format!("{length}.{piece} ")).collect();
                assert_eq!(text.unwrap(), wanted, "seed {seed}");
            }
            assert_eq!(server.connections(), 1);
        }
    }
}
