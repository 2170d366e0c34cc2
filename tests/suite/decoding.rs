//! Content codings, text and lines.

use std::io::Write;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use futures_core::Stream;
use whimbrel::{BoxError, Bytes, Client, ErrorKind, Response, StreamingResponse};

use crate::support;

/// "hello hello hello" in each coding, made by zlib, brotli and by hand (a raw zstd block).
const GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x90\x00\x80\x88\xf9\xe5\x11\x00\x00\x00";
const ZLIB: &[u8] = b"\x78\x9c\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x90\x00\x3a\x2e\x06\x7d";
const RAW_DEFLATE: &[u8] = b"\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x90\x00";
const BROTLI: &[u8] = b"\x1b\x10\x00\xf8\x8d\x94\x6e\xde\x44\x55\x86\x96\x6c\x20\x6f\x01\x4f\x1c\x60\x1c";
const ZSTD: &[u8] =
    b"\x28\xb5\x2f\xfd\x24\x11\x65\x00\x00\x30\x68\x65\x6c\x6c\x6f\x20\x01\x00\x31\x4a\x11\xa2\xed\x1e\x0c";
const CODED: [(&str, &[u8]); 7] = [
    ("gzip", GZIP),
    ("x-gzip", GZIP),
    (" GZip ", GZIP),
    ("deflate", ZLIB),
    ("deflate", RAW_DEFLATE),
    ("br", BROTLI),
    ("zstd", ZSTD),
];

/// Answers with these bytes under this Content-Encoding.
fn coded(coding: &str, body: Vec<u8>) -> Client {
    let coding = coding.trim().to_owned();
    support::mock(move |_| Response::new(200).with_header("content-encoding", &coding).with_body(body.clone()))
        .build()
        .unwrap()
}

async fn read(coding: &str, body: impl Into<Vec<u8>>) -> whimbrel::Result<String> {
    Ok(coded(coding, body.into()).get("http://h/").send().await?.text().into_owned())
}

/// The lines of tests/data/events.zst.
fn events() -> String {
    let word = |n: usize| if n % 2 == 1 { "tick".into() } else { "tock".repeat(n % 7) };
    (0..200).map(|n| format!("event {n} of the stream, which says {} again\n", word(n))).collect()
}

/// What the encoder has written once it has flushed each line, and all that it writes.
fn flushed<W: Write>(mut encoder: W, written: fn(&W) -> &Vec<u8>, end: fn(W) -> Vec<u8>) -> (usize, Vec<u8>) {
    for line in events().split_inclusive('\n') {
        encoder.write_all(line.as_bytes()).unwrap();
        encoder.flush().unwrap();
    }
    (written(&encoder).len(), end(encoder))
}

/// The events in each coding: how many bytes hold all of them, and all bytes.
fn coded_events() -> [(&'static str, (usize, Vec<u8>)); 5] {
    let best = flate2::Compression::best();
    let gzip = flate2::write::GzEncoder::new(Vec::new(), best);
    let zlib = flate2::write::ZlibEncoder::new(Vec::new(), best);
    let br = brotli::CompressorWriter::new(Vec::new(), 4096, 9, 22);
    let zstd = include_bytes!("../data/events.zst");
    let mut twice = flate2::write::GzEncoder::new(Vec::new(), best);
    twice.write_all(&zstd[..zstd.len() - 7]).unwrap();
    twice.flush().unwrap();
    let held = twice.get_ref().len();
    twice.write_all(&zstd[zstd.len() - 7..]).unwrap();
    [
        ("gzip", flushed(gzip, |gzip| gzip.get_ref(), |gzip| gzip.finish().unwrap())),
        ("deflate", flushed(zlib, |zlib| zlib.get_ref(), |zlib| zlib.finish().unwrap())),
        ("br", flushed(br, |br| br.get_ref(), |br| br.into_inner())),
        // An empty last block and the checksum follow.
        ("zstd", (zstd.len() - 7, zstd.to_vec())),
        ("zstd, gzip", (held, twice.finish().unwrap())),
    ]
}

/// A body that lets wait before each piece, and after the last.
struct Paused(std::vec::IntoIter<Vec<u8>>, bool);

impl Stream for Paused {
    type Item = Result<Bytes, BoxError>;
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.1 = !self.1;
        if self.1 {
            Poll::Pending
        } else {
            self.0.next().map_or(Poll::Pending, |piece| Poll::Ready(Some(Ok(piece.into()))))
        }
    }
}

/// All content that these pieces of a body give which then lets wait for more.
async fn available(coding: &str, pieces: Vec<Vec<u8>>) -> Vec<u8> {
    let (polls, head) = (4 * pieces.len() + 1000, Response::new(200).with_header("content-encoding", coding));
    let request = Client::new().get("http://h/").build().unwrap();
    let mut response = StreamingResponse::with_stream(request, head, Paused(pieces.into_iter(), false));
    let (mut content, mut stream) = (Vec::new(), pin!(response.bytes_stream()));
    std::future::poll_fn(|cx| {
        for _ in 0..polls {
            if let Poll::Ready(piece) = stream.as_mut().poll_next(cx) {
                content.extend(piece.expect("it does not end").expect("it is well-formed"));
            }
        }
        Poll::Ready(())
    })
    .await;
    content
}

support::test! {
    // Else who waits for the next event waits for ever.
    async fn content_is_there_as_soon_as_its_bytes_are() {
        for (coding, (length, body)) in coded_events() {
            for size in [3, 100, 10_000] {
                let content = available(coding, body[..length].chunks(size).map(<[u8]>::to_vec).collect()).await;
                assert!(content == events().as_bytes(), "{coding}: {} of {} bytes", content.len(), events().len());
                let all = available(coding, body.chunks(size).map(<[u8]>::to_vec).collect()).await;
                assert!(all == content, "{coding}");
            }
            assert!(read(coding, body).await.unwrap() == events(), "{coding}");
        }
    }

    // K6, K9
    async fn every_coding_is_decoded() {
        for (coding, body) in CODED {
            assert_eq!(read(coding, body).await.unwrap(), "hello hello hello", "{coding}");
        }
    }

    // K5
    async fn a_truncated_body_is_an_error_at_every_byte() {
        for (coding, body) in CODED {
            for end in 1..body.len() {
                let error = read(coding, &body[..end]).await.err();
                assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Decoding), "{coding} cut at {end}");
            }
        }
    }

    // K5
    async fn garbage_is_an_error() {
        for coding in ["gzip", "deflate", "br", "zstd"] {
            assert_eq!(read(coding, [0xff; 64]).await.unwrap_err().kind(), ErrorKind::Decoding, "{coding}");
        }
    }

    // K6
    async fn all_members_and_frames_are_decoded() {
        assert_eq!(read("gzip", [GZIP, GZIP].concat()).await.unwrap().len(), 34);
        let skippable = b"\x50\x2a\x4d\x18\x02\x00\x00\x00xx".as_slice();
        assert_eq!(read("zstd", [skippable, ZSTD, skippable, ZSTD].concat()).await.unwrap().len(), 34);
    }

    // K9
    async fn an_empty_body_needs_no_decoding() {
        assert_eq!(read("gzip", []).await.unwrap(), "");
    }

    // K9
    async fn unknown_codings_are_left_alone() {
        assert_eq!(read("identity", *b"as it is").await.unwrap(), "as it is");
        assert_eq!(read("mystery", *b"as it is").await.unwrap(), "as it is");
    }

    // K2
    async fn more_than_five_codings_are_an_attack() {
        assert_eq!(read("gzip, gzip, gzip, gzip, gzip, gzip", GZIP).await.unwrap_err().kind(), ErrorKind::Decoding);
    }

    async fn downloaded_bytes_are_counted_before_decoding() {
        let response = coded("gzip", GZIP.to_vec()).get("http://h/").send().await.unwrap();
        assert_eq!((response.bytes_downloaded(), response.bytes().len()), (GZIP.len() as u64, 17));
    }

    async fn lines_end_at_every_kind_of_line_end() {
        let client = support::mock(|_| Response::new(200).with_body("a\rb\r\nc\n\nd\u{2028}e")).build().unwrap();
        let mut response = client.get("http://h/").stream().await.unwrap();
        let mut lines = response.lines();
        let mut seen = Vec::new();
        while let Some(line) = lines.next().await {
            seen.push(line.unwrap());
        }
        assert_eq!(seen, ["a", "b", "c", "", "d\u{2028}e"]);
    }

    async fn many_empty_blocks_are_read() {
        let mut body = b"\x28\xb5\x2f\xfd\x00\x00".to_vec();
        body.extend([0; 3].repeat(100_000));
        body.extend([1, 0, 0]);
        assert_eq!(read("zstd", body).await.unwrap(), "");
    }
}
