//! Responses that want more memory or time than they are worth (threats, group K, and E14, G12).

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use whimbrel::{Bytes, ClientBuilder, ErrorKind, Response, StreamingResponse};

use crate::support::{self, Endless};

const MIB: usize = 1 << 20;

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn br(content: &[u8]) -> Vec<u8> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 9, 22);
    encoder.write_all(content).unwrap();
    encoder.into_inner()
}

/// Blocks of 128 KiB that repeat one byte, in a window of so many bytes (RFC 8878 3.1.1.1.2).
fn zstd(blocks: usize, window: u8) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, window];
    (1..=blocks).for_each(|block| frame.extend([u8::from(block == blocks) | 2, 0, 16, 0]));
    frame
}

/// Eight megabytes in some kilobytes.
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let zeros = vec![0; 8 * MIB];
    let twice = gzip(&gzip(&zeros));
    vec![
        ("gzip", gzip(&zeros)),
        ("deflate", deflate(&zeros)),
        ("br", br(&zeros)),
        ("zstd", zstd(64, 0x50)),
        ("gzip, gzip", twice),
    ]
}

fn coded(coding: &str, body: impl Into<Bytes>) -> ClientBuilder {
    let (coding, body) = (coding.to_owned(), body.into());
    support::mock(move |_| Response::new(200).with_header("content-encoding", &coding).with_body(body.clone()))
}

/// Everything that reads a body.
const READERS: [&str; 5] = ["send", "chunk", "chunks", "lines", "read"];

async fn read(client: &whimbrel::Client, how: &str) -> whimbrel::Result<usize> {
    let mut response = match how {
        "send" => return client.get("http://h/").send().await.map(|response| response.bytes().len()),
        _ => client.get("http://h/").stream().await?,
    };
    let mut length = 0;
    match how {
        "chunk" => {
            while let Some(chunk) = response.chunk().await? {
                length += chunk.len()
            }
        }
        "chunks" => {
            let mut chunks = response.chunks(1000);
            while let Some(chunk) = chunks.next().await {
                length += chunk?.len()
            }
        }
        "lines" => {
            let mut lines = response.lines();
            while let Some(line) = lines.next().await {
                length += line?.len()
            }
        }
        _ => length = response.read().await?.bytes().len(),
    }
    Ok(length)
}

support::test! {
    // K3, K11: one limit for every coding and every way to read.
    async fn what_decodes_to_more_than_the_limit_is_an_error() {
        for (coding, body) in bombs() {
            for how in READERS {
                let client = coded(coding, body.clone()).max_decoded_size(MIB as u64).build().unwrap();
                let error = read(&client, how).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{coding} {how}: {error}");
                assert!(error.to_string().contains("max_decoded_size"), "{error}");
            }
            let enough = coded(coding, body.clone()).max_decoded_size(8 * MIB as u64).build().unwrap();
            assert_eq!(read(&enough, "send").await.unwrap(), 8 * MIB, "{coding}");
            let unlimited = coded(coding, body).max_decoded_size(None).build().unwrap();
            assert_eq!(read(&unlimited, "chunk").await.unwrap(), 8 * MIB, "{coding}");
        }
    }

    // K1: content comes in pieces, however much a few bytes stand for.
    async fn a_few_bytes_do_not_become_one_large_piece() {
        for (coding, body) in bombs() {
            let client = coded(coding, body).build().unwrap();
            let mut response = client.get("http://h/").stream().await.unwrap();
            while let Some(piece) = response.chunk().await.unwrap() {
                assert!(piece.len() <= 2 * MIB, "{coding}: a piece of {} bytes", piece.len());
            }
        }
    }

    async fn decoding_ends_with_the_total_timeout() {
        let client = coded("zstd", zstd(8000, 0x50)).max_decoded_size(None);
        let total = whimbrel::Timeout::none().total(std::time::Duration::from_millis(20));
        let error = read(&client.timeout(total).build().unwrap(), "chunk").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TotalTimeout);
    }

    // K2: whether in one line or in many.
    async fn codings_past_five_are_refused() {
        let many = support::mock(|_| (0..1000).fold(Response::new(200), |response, _| response.with_header("content-encoding", "gzip")));
        assert_eq!(read(&many.build().unwrap(), "send").await.unwrap_err().kind(), ErrorKind::Decoding);
        assert_eq!(read(&coded(&"gzip,".repeat(1000), "").build().unwrap(), "send").await.unwrap_err().kind(), ErrorKind::Decoding);
    }

    // K4: RFC 9659's 8 MiB, and no more.
    async fn a_window_of_zstd_is_limited() {
        assert_eq!(read(&coded("zstd", zstd(1, 0x68)).build().unwrap(), "send").await.unwrap(), 128 * 1024);
        assert_eq!(read(&coded("zstd", zstd(1, 0x70)).build().unwrap(), "send").await.unwrap_err().kind(), ErrorKind::Decoding);
        assert_eq!(read(&coded("zstd", zstd(1, 0xff)).build().unwrap(), "send").await.unwrap_err().kind(), ErrorKind::Decoding);
    }

    // K5.
    async fn damage_is_never_read_over() {
        let content: Vec<u8> = (0..20_000_u32).flat_map(|number| (number % 251).to_le_bytes()).collect();
        for (coding, body) in [("gzip", gzip(&content)), ("deflate", deflate(&content))] {
            // The checksums at the end, the length behind gzip's, the header's method.
            for at in [2, body.len() - 8, body.len() - 5, body.len() - 4, body.len() - 1] {
                let mut damaged = body.clone();
                damaged[at] ^= 0x55;
                let read = read(&coded(coding, damaged).build().unwrap(), "send").await;
                let changes_nothing = coding == "gzip" && at == 2 && read.is_ok();
                assert!(changes_nothing || read.is_err_and(|error| error.kind() == ErrorKind::Decoding), "{coding} at {at}");
            }
        }
        // A preset dictionary (FDICT), gzip's reserved flags, zstd's dictionary, deflate's block of type 3.
        let broken: [(&str, &[u8]); 4] = [
            ("deflate", b"\x78\xbb\x00\x00\x00\x01\x03\x00"),
            ("gzip", b"\x1f\x8b\x09\x00\x00\x00\x00\x00\x00\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
            ("zstd", b"\x28\xb5\x2f\xfd\x01\x50\x07\x01\x00\x00"),
            ("deflate", b"\x78\x9c\x07\x00\x00\x00"),
        ];
        for (coding, body) in broken {
            let error = read(&coded(coding, body).build().unwrap(), "send").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decoding, "{coding} {body:?}");
        }
    }

    // K6: what follows the end is an error, for it is in no coding.
    async fn nothing_may_follow_the_end() {
        for (coding, mut body) in bombs().into_iter().filter(|(coding, _)| *coding != "gzip, gzip") {
            body.extend(b"garbage that is long enough for any header");
            let error = read(&coded(coding, body).build().unwrap(), "send").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decoding, "{coding}");
        }
    }

    // K8: a hundred thousand empty members and frames take time, not stack.
    async fn many_members_need_no_stack() {
        let (member, frame) = (gzip(b""), [0x28, 0xb5, 0x2f, 0xfd, 0, 0, 1, 0, 0]);
        for (coding, body) in [("gzip", member.repeat(100_000)), ("zstd", frame.repeat(100_000))] {
            assert_eq!(read(&coded(coding, body).build().unwrap(), "send").await.unwrap(), 0, "{coding}");
        }
    }

    // K9.
    async fn no_body_needs_no_decoding() {
        for (method, status) in [("GET", 204), ("GET", 304), ("HEAD", 200), ("GET", 200)] {
            for coding in ["gzip", "deflate", "br", "zstd", "GZip", "x-gzip", "identity", " gzip , identity"] {
                let client = support::mock(move |_| Response::new(status).with_header("content-encoding", coding)).build().unwrap();
                let response = client.request(method, "http://h/").send().await.unwrap();
                assert_eq!(response.bytes().len(), 0, "{method} {status} {coding}");
            }
        }
    }

    // K3, E14, G12: a redirect's and a refusal's body are kept as far as they are short, and never decoded further.
    async fn bodies_on_the_way_are_read_for_a_little_while() {
        for (status, bomb) in [(302, gzip(&vec![b'x'; 8 * MIB])), (401, gzip(&vec![b'x'; 8 * MIB])), (302, b"no gzip at all".to_vec())] {
            let answer = move |request: &whimbrel::Request| match request.url().path() {
                "/" if !request.headers().contains("authorization") => Response::new(status)
                    .with_header("location", "/to")
                    .with_header("www-authenticate", "Digest realm=\"r\", nonce=\"n\"")
                    .with_header("content-encoding", "gzip")
                    .with_body(bomb.clone()),
                _ => Response::new(200).with_text("there"),
            };
            let client = support::mock(answer).follow_redirects(true).max_decoded_size(MIB as u64);
            let response = client.auth(whimbrel::auth::Digest::new("u", "p")).build().unwrap().get("http://h/").send().await.unwrap();
            assert_eq!(response.text(), "there");
            let kept = response.history()[0].bytes();
            assert!(kept.is_empty() || (kept.len() == 64 * 1024 && kept.iter().all(|byte| *byte == b'x')), "{status}: {}", kept.len());
        }
    }

    // E14.
    async fn an_endless_redirect_body_is_dropped() {
        let hops = Arc::new(AtomicUsize::new(0));
        let client = whimbrel::Client::builder().transport(EndlessRedirects(hops.clone())).follow_redirects(true).build().unwrap();
        let response = client.get("http://h/").send().await.unwrap();
        assert_eq!((response.text().as_ref(), hops.load(Ordering::SeqCst)), ("there", 2));
        assert_eq!(response.history()[0].bytes().len(), 64 * 1024);
    }
}

/// Redirects once, with a body that never ends.
struct EndlessRedirects(Arc<AtomicUsize>);

impl whimbrel::Transport for EndlessRedirects {
    fn send(&self, request: whimbrel::Request) -> whimbrel::BoxFuture<'_, whimbrel::Result<StreamingResponse>> {
        let response = match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => {
                let head = Response::new(302).with_header("location", "/to");
                StreamingResponse::with_stream(request, head, Endless)
            }
            _ => StreamingResponse::new(request, Response::new(200).with_text("there")),
        };
        Box::pin(std::future::ready(Ok(response)))
    }
}
