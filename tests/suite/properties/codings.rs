//! Content codings: what others encode is decoded, whatever the pieces it comes in, and no bytes break a decoder.

use std::io::Write;
use std::sync::Arc;

use brotli::CompressorWriter;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;
use proptest::sample::select;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use whimbrel::{BoxFuture, Client, ErrorKind, Request, Response, Result, StreamingResponse, Transport};

use super::{Pieces, at_once, bytes, check};
use crate::support;

/// Ways to encode; `deflate` is sent in two formats, and a gzip file may have several members.
#[derive(Clone, Copy, Debug)]
enum Coding {
    Brotli,
    Gzip,
    GzipMembers,
    RawDeflate,
    Zlib,
    Zstd,
}

impl Coding {
    fn any() -> impl Strategy<Value = Self> {
        select(vec![Self::Brotli, Self::Gzip, Self::GzipMembers, Self::RawDeflate, Self::Zlib, Self::Zstd])
    }

    fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip | Self::GzipMembers => "gzip",
            Self::RawDeflate | Self::Zlib => "deflate",
            Self::Zstd => "zstd",
        }
    }

    fn encode(self, body: &[u8]) -> Vec<u8> {
        let level = Compression::fast();
        match self {
            Self::Brotli => written(CompressorWriter::new(Vec::new(), 4096, 1, 16), body, CompressorWriter::into_inner),
            Self::Gzip => written(GzEncoder::new(Vec::new(), level), body, |encoder| encoder.finish().unwrap()),
            Self::GzipMembers => {
                let (first, second) = body.split_at(body.len() / 2);
                [Self::Gzip.encode(first), Self::Gzip.encode(second)].concat()
            }
            Self::RawDeflate => {
                written(DeflateEncoder::new(Vec::new(), level), body, |encoder| encoder.finish().unwrap())
            }
            Self::Zlib => written(ZlibEncoder::new(Vec::new(), level), body, |encoder| encoder.finish().unwrap()),
            Self::Zstd => compress_to_vec(body, CompressionLevel::Fastest),
        }
    }
}

fn written<W: Write>(mut encoder: W, body: &[u8], finish: impl Fn(W) -> Vec<u8>) -> Vec<u8> {
    encoder.write_all(body).unwrap();
    finish(encoder)
}

/// Answers with this body, in pieces of these sizes.
#[derive(Clone)]
struct InPieces(Arc<(String, Vec<u8>, Vec<usize>)>);

impl Transport for InPieces {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<StreamingResponse>> {
        let (codings, body, sizes) = &*self.0;
        let head = Response::new(200).with_header("content-encoding", codings);
        let response = StreamingResponse::with_stream(request, head, Pieces::of(body, sizes));
        Box::pin(std::future::ready(Ok(response)))
    }
}

fn read(codings: String, body: Vec<u8>, sizes: Vec<usize>) -> Result<Response> {
    let transport = InPieces(Arc::new((codings, body, sizes)));
    at_once(Client::builder().transport(transport).build().unwrap().get("http://h/").send())
}

/// What compresses well, and what does not.
fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![bytes(400), (bytes(8), 0..200usize).prop_map(|(piece, times)| piece.repeat(times))]
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![3 => 0..4usize, 1 => 0..200usize], 0..40)
}

support::test! {
    // K6.
    async fn what_is_encoded_is_decoded_whatever_the_pieces() {
        check((body(), prop::collection::vec(Coding::any(), 0..=5), sizes()), |(body, codings, sizes)| {
            let encoded = codings.iter().fold(body.clone(), |body, coding| coding.encode(&body));
            let names: Vec<_> = codings.iter().map(|coding| coding.name()).collect();
            assert_eq!(read(names.join(", "), encoded, sizes).unwrap().bytes(), &body);
        });
    }

    // K5.
    async fn what_was_changed_or_cut_is_an_error_or_some_body() {
        check((body(), Coding::any(), any::<prop::sample::Index>(), any::<Option<u8>>()), |(body, coding, at, byte)| {
            let mut encoded = coding.encode(&body);
            let at = at.index(encoded.len());
            match byte {
                Some(byte) => encoded[at] ^= byte,
                None => encoded.truncate(at),
            }
            match read(coding.name().into(), encoded, vec![]) {
                Ok(response) => assert!(byte.is_some() || at == 0 || response.bytes() == &body),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Decoding, "{error}"),
            }
        });
    }

    // K5.
    async fn no_bytes_break_a_decoder() {
        let start = select(vec![&b""[..], b"\x1f\x8b\x08\0", b"\x78\x9c", b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18", b"\x1b"]);
        let codings = prop::collection::vec(select(vec!["gzip", "deflate", "br", "zstd", "x-gzip", "what"]), 1..3);
        check((codings, start, bytes(64), sizes()), |(codings, start, rest, sizes)| {
            let read = read(codings.join(","), [start, rest.as_slice()].concat(), sizes);
            assert!(read.err().is_none_or(|error| error.kind() == ErrorKind::Decoding));
        });
    }
}
