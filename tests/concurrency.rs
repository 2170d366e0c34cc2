//! Ten thousand requests through a hundred connections, some of them given up: all settle, and nothing is left. A program of its own,
//! for it counts the process's descriptors.
#![cfg(not(target_family = "wasm"))]

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use whimbrel::{Client, Limits, Timeout};

const REQUESTS: usize = 10_000;
const CONNECTIONS: usize = 100;

/// Numbers that look random and are the same each time (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

/// What becomes of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Read to its end.
    Read,
    /// Its response is dropped when the head is there.
    Unread,
    /// Dropped after so many milliseconds, wherever it is then.
    GivenUp(u64),
}

impl Fate {
    /// 5 % are given up, 5 % are not read.
    fn of(random: &mut Random) -> Self {
        match random.below(100) {
            0..5 => Self::GivenUp(random.below(200)),
            5..10 => Self::Unread,
            _ => Self::Read,
        }
    }
}

async fn send(client: Client, url: Arc<str>, number: usize, fate: Fate) {
    let length = number % 5_000;
    let url = format!("{url}/bytes/{length}?seed={number}");
    let whole = async {
        let response = client.get(&url).stream().await?;
        if fate == Fate::Unread {
            return Ok(None);
        }
        response.read().await.map(Some)
    };
    let given_up = async {
        match fate {
            Fate::GivenUp(after) => tokio::time::sleep(Duration::from_millis(after)).await,
            _ => std::future::pending().await,
        }
    };
    let settled: whimbrel::Result<_> = match select(std::pin::pin!(whole), std::pin::pin!(given_up)).await {
        Either::Left((settled, _)) => settled,
        Either::Right(_) => return,
    };
    match settled {
        Ok(Some(response)) => {
            let expected = whimbrel_server::pattern(number as u32, length);
            assert!(response.bytes()[..] == expected[..], "{url} has another's body");
        }
        Ok(None) => {}
        Err(error) => panic!("{url}: {error}"),
    }
}

/// How many descriptors the process has, its server's among them.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

async fn storm(url: Arc<str>, seed: u64) {
    let (mut random, before) = (Random(seed), descriptors());
    let limits = Limits::default().max_connections(CONNECTIONS).max_keepalive_connections(CONNECTIONS);
    let client =
        Client::builder().limits(limits).timeout(Timeout::none().total(Duration::from_secs(60))).build().unwrap();
    let mut requests = JoinSet::new();
    for number in 0..REQUESTS {
        requests.spawn(send(client.clone(), url.clone(), number, Fate::of(&mut random)));
    }
    while let Some(settled) = requests.join_next().await {
        settled.unwrap_or_else(|panic| panic!("seed {seed}: {panic}"));
        assert!(client.pool_stats().is_some_and(|stats| stats.open <= CONNECTIONS));
    }
    let stats = client.pool_stats().unwrap();
    assert_eq!((stats.waiting, stats.open), (0, stats.idle), "seed {seed}");
    // Most went over connections that were there.
    assert!(stats.reused > REQUESTS as u64 / 2, "{stats:?}");
    // The client is as good as new, and what it had is closed with it.
    send(client.clone(), url, 7, Fate::Read).await;
    client.close();
    assert_eq!(
        client.pool_stats().map(|stats| (stats.open, stats.idle, stats.waiting)),
        Some((0, 0, 0)),
        "seed {seed}"
    );
    // The server closes its ends when it sees ours closed.
    for _ in 0..500 {
        if descriptors() <= before {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("seed {seed}: {before} descriptors before, {} after", descriptors());
}

// N10, N12
#[test]
fn ten_thousand_requests_leave_nothing_behind() {
    let server =
        whimbrel_server::start_in_thread(whimbrel_server::Options::default()).expect("loopback ports are free");
    let url: Arc<str> = server.addresses().http.as_str().into();
    let one = Builder::new_current_thread().enable_all().build().unwrap();
    one.block_on(storm(url.clone(), 0x5DEE_CE66));
    let several = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    several.block_on(storm(url, 0x2545_F491));
}
