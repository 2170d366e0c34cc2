//! What needs threads: clients that move between runtimes, and a server that is watched while it writes.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use whimbrel::{Client, Limits, Timeout};

use crate::support::server;

/// Clients of both kinds: HTTP/1.1, and HTTP/2, whose connections are driven by the runtime.
fn clients(limits: Limits) -> [Client; 2] {
    let builder = || Client::builder().limits(limits).timeout(Timeout::default().read(None));
    [builder().build().unwrap(), builder().http1(false).build().unwrap()]
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn connection(client: Client) -> whimbrel::Result<u64> {
    let response = client.get(format!("{}/anything", server().http)).send().await?;
    Ok(response.json::<Value>()?["connection"].as_u64().unwrap())
}

// N11: an idle connection belongs to its runtime, whether that still runs or not; elsewhere a new one is made.
#[test]
fn a_client_that_moves_to_another_runtime_connects_anew() {
    for client in clients(Limits::default()) {
        let (one, two) = (runtime(), runtime());
        let first = one.block_on(connection(client.clone())).unwrap();
        assert_eq!(one.block_on(connection(client.clone())).unwrap(), first);
        let second = two.block_on(connection(client.clone())).unwrap();
        assert_ne!(second, first);
        drop(one);
        assert_eq!(two.block_on(connection(client.clone())).unwrap(), second);
        drop(two);
        let three = runtime();
        assert_ne!(three.block_on(connection(client.clone())).unwrap(), second);
        assert_eq!(client.pool_stats().unwrap().open, 1);
    }
}

// N11: what was under way when a runtime ended is an error elsewhere, at once, and nobody waits for its room.
#[test]
fn a_response_does_not_outlive_its_runtime() {
    for client in clients(Limits::default().max_connections(1)) {
        response_of_an_ended_runtime(&client);
    }
}

fn response_of_an_ended_runtime(client: &Client) {
    let url = format!("{}/drip?numbytes=2&duration=60000", server().http);
    let one = runtime();
    let mut response = one.block_on(client.get(&url).timeout(Timeout::default().total(Duration::from_secs(9))).stream()).unwrap();
    // It waits for more already, timers and all.
    one.block_on(async {
        while let Ok(Ok(Some(_))) = tokio::time::timeout(Duration::from_millis(100), response.chunk()).await {}
    });
    drop(one);
    let two = runtime();
    let error = two.block_on(async { while response.chunk().await?.is_some() {} Ok::<(), whimbrel::Error>(()) }).unwrap_err();
    assert!(error.is_transport() && !error.is_timeout(), "{error:?}");
    drop(response);
    assert!(two.block_on(connection(client.clone())).is_ok());
    assert_eq!(client.pool_stats().unwrap().open, 1);
}

// N10, N11: a request that waits for a connection gets it when the runtime ends that had it.
#[test]
fn a_runtime_that_ends_gives_up_what_its_requests_held() {
    for client in clients(Limits::default().max_connections(1)) {
        ended_runtime_of_a_request(&client);
    }
}

fn ended_runtime_of_a_request(client: &Client) {
    let one = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    one.spawn(client.get(format!("{}/hang", server().http)).send());
    while client.pool_stats().unwrap().open == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let waiting = std::thread::spawn({
        let client = client.clone();
        move || runtime().block_on(connection(client))
    });
    while client.pool_stats().unwrap().waiting == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    one.shutdown_background();
    assert!(waiting.join().unwrap().is_ok());
}

// O6: what the application does not read stays with the server: no more is held here than one read.
#[test]
fn a_body_that_nobody_reads_stops_the_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let written = Arc::new(AtomicUsize::new(0));
    let count = written.clone();
    let server = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n").unwrap();
        while let Ok(bytes) = stream.write(&[b'x'; 16 * 1024]) {
            count.fetch_add(bytes, Ordering::Relaxed);
        }
    });
    runtime().block_on(async {
        let mut response = whimbrel::get(url).stream().await.unwrap();
        // A KiB now and then, while the system's buffers fill up.
        let mut before = 0;
        for _ in 0..100 {
            assert!(response.chunk().await.unwrap().unwrap().len() <= 128 * 1024);
            tokio::time::sleep(Duration::from_millis(20)).await;
            let now = written.load(Ordering::Relaxed);
            if now == before { break }
            before = now;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        let (written, read) = (written.load(Ordering::Relaxed), response.bytes_downloaded() as usize);
        // Linux lets a socket's two buffers grow to 10 MiB together.
        assert!(written - read < 16 << 20, "{written} bytes written, {read} read");
    });
    server.join().unwrap();
}
