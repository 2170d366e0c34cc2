//! What a server lets a client send: windows and numbers of requests at once; and what is given back by who gives up.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use whimbrel::{Body, Client, ErrorKind, Limits, Timeout};

use super::cases::{get, post};
use super::frame::*;
use super::server::{Server, Wire};
use crate::support;

const SOON: Duration = Duration::from_millis(100);

/// A client with one connection, and not much patience. By its pings the connection is known to live, whatever a request waits for.
fn with_one_connection(server: &Server) -> Client {
    let limits = Limits::default().max_connections(1);
    let timeout = Timeout::default().pool(SOON).write(SOON).read(SOON * 5);
    server.client_with(|builder| builder.limits(limits).timeout(timeout).http2_keep_alive(SOON / 5, SOON * 50))
}

/// Answers what is whole, but for `/case`.
fn answering_whole(hello: &[(u16, u32)], mut more: impl FnMut(&mut Wire, &Seen) + Send + 'static) -> Server {
    Server::saying(settings(hello), move |wire, seen| {
        more(wire, seen);
        match seen {
            Seen::Head { stream, path, is_end: true, .. } if path != "case" => wire.send(answer(*stream, "ok")),
            Seen::Data { stream, is_end: true, .. } => wire.send(answer(*stream, "ok")),
            Seen::Ping { payload } => wire.send(frame(PING, ACK, 0, payload)),
            _ => {}
        }
    })
}

/// It begins, and is not done at once.
async fn has_to_wait(mut future: Pin<&mut impl Future>) {
    std::future::poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

fn cancels(server: &Server) -> usize {
    server.count(|seen| matches!(seen, Seen::Reset { reason: CANCEL, .. }))
}

support::test! {
    // C10: who is not read times out; the others go on, as long as they send no content.
    async fn a_window_that_stays_shut_is_a_write_timeout() {
        let server = answering_whole(&[(MAX_STREAMS, 9)], |_, _| ());
        let client = with_one_connection(&server);
        for length in [1 << 20, 1] {
            let (stuck, other) = (post(&client, "it", vec![b'x'; length]), get(&client, "its"));
            let mut stuck = std::pin::pin!(stuck);
            let other = async {
                // It is the first to be sent, and uses the connection's window up.
                std::future::poll_fn(|cx| { let _ = stuck.as_mut().poll(cx); Poll::Ready(()) }).await;
                other.await
            }.await;
            assert_eq!(other.unwrap(), "ok");
            let error = stuck.await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WriteTimeout, "{error}");
        }
        server.act(0, |wire| wire.send(window_update(0, 1 << 20)));
        assert_eq!(post(&client, "it", "x").await.unwrap(), "ok");
        assert_eq!((server.connections(), cancels(&server)), (1, 2));
    }

    // C10
    async fn a_window_of_a_byte_is_used() {
        let server = answering_whole(&[(MAX_STREAMS, 9), (WINDOW, 1)], |wire, seen| {
            if let Seen::Data { stream, length, is_end: false, .. } = seen {
                assert!(*length <= 1);
                wire.send([window_update(*stream, 1), window_update(0, 1)].concat());
            }
        });
        assert_eq!(post(&server.client(), "it", vec![b'x'; 2_000]).await.unwrap(), "ok");
        assert!(server.count(|seen| matches!(seen, Seen::Data { length: 1, .. })) == 2_000);
    }

    // C9: a window beyond 31 bits is its stream's end; a smaller one than was used up is waited out (RFC 9113 6.9.2).
    async fn windows_that_change_under_way_are_kept_to() {
        let server = answering_whole(&[(MAX_STREAMS, 9)], |wire, seen| {
            if let Seen::Head { stream, path, .. } = seen && path == "case" {
                wire.send(window_update(*stream, 0x7fff_ffff));
            }
        });
        let client = with_one_connection(&server);
        let error = post(&client, "case", vec![b'x'; 1 << 20]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RemoteProtocol, "{error}");
        assert_eq!((get(&client, "its").await.unwrap(), server.connections()), ("ok".into(), 1));

        let mut is_first = true;
        let server = answering_whole(&[(MAX_STREAMS, 9)], move |wire, seen| {
            if let Seen::Data { stream, .. } = seen && std::mem::take(&mut is_first) {
                wire.send([settings(&[(WINDOW, 0)]), window_update(*stream, 200_000), window_update(0, 200_000)].concat());
            }
        });
        assert_eq!(post(&server.client(), "it", vec![b'x'; 150_000]).await.unwrap(), "ok");
    }

    // C9: more content than a client made room for.
    async fn content_beyond_the_window_is_an_error() {
        for (each, requests, connections) in [(600, 1, 1), (400, 3, 2)] {
            let server = Server::answering(move |wire, stream, path| match path {
                "case" => wire.send([head(stream), data(stream, 0, [0; 16_384]).repeat(each)].concat()),
                _ => wire.send(answer(stream, "ok")),
            });
            let client = server.client();
            let unread = support::join_all((0..requests).map(|_| client.get("http://host/case").stream())).await;
            // More than a stream's window is that stream's error; more than the connection's is everybody's.
            let _ = get(&client, "its").await;
            for response in unread {
                assert_eq!(response.unwrap().read().await.unwrap_err().kind(), ErrorKind::RemoteProtocol);
            }
            assert_eq!((get(&client, "its").await.unwrap(), server.connections()), ("ok".into(), connections));
        }
    }

    // C11: no request at once, then some: the requests wait in line, and no longer than they may.
    async fn requests_wait_for_a_server_that_takes_none() {
        let server = answering_whole(&[(MAX_STREAMS, 9)], |wire, seen| {
            if let Seen::Head { stream, path, .. } = seen && path == "case" {
                wire.send([settings(&[(MAX_STREAMS, 0)]), head(*stream)].concat());
            }
        });
        let client = with_one_connection(&server);
        let _under_way = client.get("http://host/case").stream().await.unwrap();
        let error = get(&client, "its").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PoolTimeout, "{error}");
        let mut waiting = std::pin::pin!(get(&client, "its"));
        has_to_wait(waiting.as_mut()).await;
        server.act(0, |wire| wire.send(settings(&[(MAX_STREAMS, 2)])));
        assert_eq!((waiting.await.unwrap(), server.connections()), ("ok".into(), 1));
        assert_eq!(client.pool_stats().unwrap().waiting, 0);
    }

    // C13: the connection ends while whoever is on it does something else: its room is for who waits.
    async fn a_connection_that_ends_makes_room_for_who_waits() {
        let server = answering_whole(&[(MAX_STREAMS, 1)], |wire, seen| {
            if let Seen::Head { stream, path, .. } = seen && path == "case" {
                wire.send(head(*stream));
            }
        });
        let client = with_one_connection(&server);
        let _under_way = client.get("http://host/case").stream().await.unwrap();
        let mut waiting = std::pin::pin!(get(&client, "its"));
        has_to_wait(waiting.as_mut()).await;
        server.act(0, Wire::close);
        assert_eq!((waiting.await.unwrap(), server.connections()), ("ok".into(), 2));
    }

    // C11
    async fn a_server_may_take_fewer_from_now_on() {
        let server = answering_whole(&[(MAX_STREAMS, 2)], |wire, seen| {
            if matches!(seen, Seen::Head { path, .. } if path == "case") {
                wire.send(settings(&[(MAX_STREAMS, 1)]));
            }
        });
        let client = with_one_connection(&server);
        let all = support::join_all([get(&client, "case"), get(&client, "its")]).await;
        assert_eq!(all[0].as_ref().unwrap_err().kind(), ErrorKind::ReadTimeout);
        assert!(all[1].as_ref().err().is_none_or(|error| error.kind() == ErrorKind::PoolTimeout), "{all:?}");
        assert_eq!((get(&client, "its").await.unwrap(), server.connections()), ("ok".into(), 1));
    }

    // C11: never more at once than the server takes, and everybody has a turn.
    async fn requests_take_turns() {
        for most in [1, 3] {
            let mut open = Vec::new();
            let server = Server::saying(settings(&[(MAX_STREAMS, most)]), move |wire, seen| {
                if let Seen::Head { stream, .. } = seen {
                    open.push(*stream);
                    assert!(open.len() <= most as usize, "{open:?} at once");
                    // All of them are kept waiting until no more may come.
                    if open.len() == most as usize {
                        open.drain(..).for_each(|stream| wire.send(answer(stream, "ok")));
                    }
                }
            });
            let limits = Limits::default().max_connections(1);
            let client = server.client_with(|builder| builder.limits(limits));
            let all = support::join_all((0..198).map(|_| get(&client, "its"))).await;
            assert!(all.iter().all(Result::is_ok), "{all:?}");
            let stats = client.pool_stats().unwrap();
            assert_eq!((server.connections(), stats.waiting, stats.idle), (1, 0, 1));
        }
    }

    // C19: who drops a request gives its place on the connection back, tells the server, and takes its upload along.
    async fn a_dropped_request_is_cancelled() {
        struct Source(Arc<AtomicBool>);
        impl Drop for Source {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        impl futures_core::Stream for Source {
            type Item = Result<whimbrel::Bytes, whimbrel::BoxError>;
            fn poll_next(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<Option<Self::Item>> {
                Poll::Pending
            }
        }
        let server = answering_whole(&[(MAX_STREAMS, 1)], |_, _| ());
        let client = with_one_connection(&server);
        get(&client, "its").await.unwrap();
        for (turn, has_source) in [false, true].into_iter().enumerate() {
            let is_dropped = Arc::new(AtomicBool::new(!has_source));
            let content = if has_source { Body::stream(Source(is_dropped.clone()), None) } else { Body::empty() };
            let mut request = Box::pin(post(&client, "case", content));
            // Both it and its connection have their turns, until the server has seen it.
            let seen = |server: &Server| server.count(|seen| matches!(seen, Seen::Head { path, .. } if path == "case"));
            std::future::poll_fn(|cx| {
                assert!(request.as_mut().poll(cx).is_pending());
                if seen(&server) > turn { Poll::Ready(()) } else { Poll::Pending }
            }).await;
            drop(request);
            assert!(is_dropped.load(Ordering::Relaxed));
            assert_eq!(get(&client, "its").await.unwrap(), "ok");
            assert_eq!((server.connections(), cancels(&server)), (1, turn + 1));
        }
    }
}
