//! Messages without end, and handshakes that fail again and again.
#![expect(clippy::disallowed_methods, reason = "it is measured where TLS is our own: natively")]

use std::io::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use whimbrel::{Client, ErrorKind, Tls};

use super::openssl::Server;
use super::peer::{self, Authority, leaf, serve_doing, self_signed};
use super::versions::answering;
use crate::support;

/// What is not over by then has no end.
const SOON: Duration = Duration::from_secs(3);

support::test! {
    // D9: records that say nothing, before the handshake and in place of it, for as long as somebody reads.
    async fn records_that_say_nothing_are_not_read_for_ever() {
        for (record, what) in [
            (&b"\x16\x03\x03\x00\x00"[..], "empty parts of a handshake"),
            (b"\x15\x03\x03\x00\x02\x01\x5a", "warnings"),
            (b"\x14\x03\x03\x00\x01\x01", "changes of cipher"),
        ] {
            let many = record.repeat(1_000);
            let url = answering(move |mut stream| while stream.write_all(&many).is_ok() {});
            let start = Instant::now();
            let error = whimbrel::get(url).send().await.expect_err(what);
            assert!(error.kind() == ErrorKind::Tls && start.elapsed() < SOON, "{what}: {error:?}");
        }
    }

    // D9: each asks for an answer.
    async fn updates_of_keys_are_counted() {
        let authority = Authority::new("authority");
        for (updates, is_right) in [
            ((|stream| drop(stream.conn.refresh_traffic_keys())) as fn(&mut peer::Stream), true),
            (|stream| (0..1_000).for_each(|_| drop((stream.conn.refresh_traffic_keys(), stream.flush()))), false),
        ] {
            let url = serve_doing(&authority.sign(&leaf(&[])), |_| (), updates);
            let start = Instant::now();
            let sent = authority.client().get(url).send().await;
            assert!(sent.is_ok() == is_right && start.elapsed() < SOON, "{sent:?}");
        }
    }

    // D9: after the handshake. What they bring is kept for a few servers alone, a few of each.
    async fn tickets_are_read_past() {
        let authority = Authority::new("authority");
        let url = serve_doing(&authority.sign(&leaf(&[])), |config| config.send_tls13_tickets = 500, |_| ());
        let (client, start) = (authority.client(), Instant::now());
        for _ in 0..2 {
            peer::get(&client, &url).await;
        }
        assert!(start.elapsed() < SOON);
    }
}

/// What the program holds of the machine's memory, in bytes. Linux tells.
fn resident() -> Option<usize> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(pages.split(' ').nth(1)?.parse::<usize>().ok()? * 4096)
}

/// So many handshakes that come to nothing.
fn fail(client: &Client, url: &str, times: usize) {
    let failed = whimbrel::block_on(async {
        for _ in 0..times {
            assert_eq!(client.get(url).send().await.unwrap_err().kind(), ErrorKind::Tls);
        }
    });
    failed.expect("there is no runtime here");
}

const ALONE: &str = "WHIMBREL_TEST_ALONE";

// D17: a thousand times, after what is filled once is full. A quarter of a kilobyte that is kept of each would show.
#[test]
fn handshakes_that_fail_leave_nothing_behind() {
    if std::env::var_os(ALONE).is_none() {
        // In a process of its own, for other tests take memory too.
        let mut command = Command::new(std::env::current_exe().expect("the program has a path"));
        command.args(["--exact", "wire::tls::floods::handshakes_that_fail_leave_nothing_behind", "--nocapture"]);
        let output = command.env(ALONE, "1").output().expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let server = Server::start(&self_signed(&leaf(&[])), None, &[]);
    let client = peer::client(Tls::new().only_roots_pem(Authority::new("another").pem()));
    fail(&client, &server.url, 300);
    let before = resident();
    fail(&client, &server.url, 1_000);
    let grown = resident().zip(before).map(|(after, before)| after.saturating_sub(before));
    assert!(grown.is_none_or(|bytes| bytes < 1 << 18), "{grown:?} bytes more");
}
