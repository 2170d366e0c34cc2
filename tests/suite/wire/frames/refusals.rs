//! Requests that a server does not take, breaks off or leaves unanswered; and which of them are sent again.

use std::time::Duration;

use whimbrel::{Client, ErrorKind, Timeout};

use super::cases::{get, post};
use super::frame::*;
use super::server::{Server, Wire};
use crate::support;

/// Does this to each request for `/case` on the first so many connections, and answers everything else.
fn refusing(connections: usize, refusal: impl Fn(&mut Wire, u32) + Send + 'static) -> Server {
    Server::answering(move |wire, stream, path| match path {
        "case" if wire.number < connections => refusal(wire, stream),
        _ => wire.send(answer(stream, "ok")),
    })
}

/// How many requests came.
fn requests(server: &Server) -> usize {
    server.count(|seen| matches!(seen, Seen::Head { .. }))
}

/// A request under way on the server's only connection, whose answer has begun: `/its`.
async fn begun(client: &Client) -> whimbrel::StreamingResponse {
    client.get("http://host/its").stream().await.unwrap()
}

support::test! {
    // C13: what is above the last stream was not looked at, and goes to another connection, whatever it does; what is below is answered.
    async fn a_farewell_names_what_was_taken() {
        let mut below = 0;
        let server = Server::answering(move |wire, stream, path| match path {
            "its" => {
                below = stream;
                wire.send([head(stream), data(stream, 0, "be")].concat());
            }
            // Twice: what is still to come, and what was taken (RFC 9113 6.8).
            "case" if wire.number == 0 => wire.send(
                [goaway(0x7fff_ffff, NO_ERROR), goaway(below, NO_ERROR), data(below, END_STREAM, "low")].concat(),
            ),
            _ => wire.send(answer(stream, "above")),
        });
        let client = server.client();
        let below = begun(&client).await;
        assert_eq!(post(&client, "case", "content").await.unwrap(), "above");
        assert_eq!(below.read().await.unwrap().text(), "below");
        assert_eq!((server.connections(), requests(&server)), (2, 3));
    }

    // C13
    async fn what_was_taken_is_not_sent_again() {
        let server = refusing(9, |wire, stream| {
            wire.send(goaway(stream, INTERNAL_ERROR));
            wire.close();
        });
        let error = post(&server.client(), "case", "x").await.unwrap_err();
        assert_eq!((error.kind(), requests(&server)), (ErrorKind::RemoteProtocol, 1), "{error}");
    }

    // C13: of fifty requests on a connection that goes away none fails, nor when there are more such connections than repeats.
    async fn connections_that_go_away_are_left_by_all() {
        let server = refusing(1, |wire, _| wire.send(goaway(0, NO_ERROR)));
        let client = server.client();
        let all = support::join_all((0..50).map(|_| post(&client, "case", "x"))).await;
        assert!(all.iter().all(|text| text.as_ref().is_ok_and(|text| text == "ok")), "{all:?}");
        assert_eq!(server.connections(), 2);

        let held = Server::saying(settings(&[(MAX_STREAMS, 2)]), |wire, seen| {
            if let Seen::Head { stream, path, .. } = seen {
                wire.send(if path == "its" { head(*stream) } else { answer(*stream, "ok") });
            }
        });
        let client = held.client();
        let mut under_way = support::join_all((0..16).map(|_| begun(&client))).await;
        assert_eq!(held.connections(), 8);
        for number in 0..8 {
            held.act(number, |wire| wire.send(goaway(3, NO_ERROR)));
        }
        // Every other one makes room on its connection, which is offered until somebody looks.
        let mut turn = 0;
        under_way.retain(|_| { turn += 1; turn % 2 == 0 });
        assert_eq!(post(&client, "case", "x").await.unwrap(), "ok");
        assert_eq!(held.connections(), 9);
    }

    // C13, C14: a server that refuses whatever comes is heard after a few attempts.
    async fn refusals_without_end_end() {
        for last in [None, Some(0)] {
            let server = refusing(99, move |wire, stream| match last {
                Some(last) => wire.send(goaway(last, ENHANCE_YOUR_CALM)),
                None => wire.send(reset(stream, REFUSED_STREAM)),
            });
            let error = post(&server.client(), "case", "x").await.unwrap_err();
            assert_eq!((error.kind(), requests(&server)), (ErrorKind::RemoteProtocol, 4), "{error}");
        }
    }

    // C14
    async fn resets_say_what_may_be_sent_again() {
        let mut is_first = true;
        let server = Server::answering(move |wire, stream, _| {
            wire.send(if std::mem::take(&mut is_first) { reset(stream, REFUSED_STREAM) } else { answer(stream, "ok") });
        });
        assert_eq!(post(&server.client(), "case", "x").await.unwrap(), "ok");
        assert_eq!((requests(&server), server.connections()), (2, 1));

        for reason in [NO_ERROR, INTERNAL_ERROR, CANCEL, ENHANCE_YOUR_CALM, HTTP_1_1_REQUIRED, 99] {
            for begins in [false, true] {
                let server = refusing(9, move |wire, stream| {
                    wire.send(if begins { [head(stream), data(stream, 0, "be")].concat() } else { Vec::new() });
                    wire.send(reset(stream, reason));
                });
                let client = server.client();
                let error = post(&client, "case", "x").await.unwrap_err();
                assert_eq!((error.kind(), requests(&server)), (ErrorKind::RemoteProtocol, 1), "{reason}: {error}");
                assert_eq!(error.to_string().contains("http2(false)"), reason == HTTP_1_1_REQUIRED, "{error}");
                assert_eq!((get(&client, "its").await.unwrap(), server.connections()), ("ok".into(), 1));
            }
        }
    }

    // C14, C15: a complete response is one, whatever becomes of the stream behind it, and of the rest of the upload (RFC 9113 8.1).
    async fn a_reset_behind_a_complete_response_is_none() {
        for reason in [NO_ERROR, CANCEL, INTERNAL_ERROR] {
            let server = refusing(9, move |wire, stream| wire.send([answer(stream, "early"), reset(stream, reason)].concat()));
            let client = server.client();
            assert_eq!(get(&client, "case").await.unwrap(), "early");
            assert_eq!(post(&client, "case", vec![b'x'; 1 << 20]).await.unwrap(), "early");
            assert_eq!((post(&client, "its", "x").await.unwrap(), server.connections()), ("ok".into(), 1));
        }
    }

    // C16
    async fn who_speaks_something_else_is_told_apart_at_once() {
        let junk = b"\xde\xad\xbe\xef".repeat(2_500_000);
        for hello in [b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec(), b"220 mail.example ESMTP\r\n".to_vec(), junk] {
            let server = Server::saying(hello, |_, _| ());
            let error = get(&server.client(), "case").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::RemoteProtocol);
            assert!(error.to_string().contains("perhaps it does not speak HTTP/2"), "{error}");
        }
        let server = Server::saying(Vec::new(), |wire, _| wire.close());
        let error = get(&server.client(), "case").await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::RemoteProtocol | ErrorKind::Read | ErrorKind::Connect), "{error}");
        // Settings that never come are missed by nobody but those who want to share the connection.
        let server = Server::saying(Vec::new(), |wire, seen| {
            if let Seen::Head { stream, .. } = seen {
                wire.send(answer(*stream, "ok"));
            }
        });
        let client = server.client();
        let all = support::join_all((0..5).map(|_| get(&client, "case"))).await;
        assert!(all.iter().all(Result::is_ok) && server.connections() == 1, "{all:?}");
    }

    // C17: a server that answers no ping is given up, and all that wait for it are told.
    async fn a_silent_connection_is_given_up() {
        let pings = |server: &Server| {
            let often = Duration::from_millis(30);
            server.client_with(|builder| builder.http2_keep_alive(often, often))
        };
        let server = refusing(1, |_, _| ());
        let client = pings(&server);
        let all = support::join_all((0..5).map(|_| post(&client, "case", "x"))).await;
        for error in all.into_iter().map(Result::unwrap_err) {
            assert_eq!(error.kind(), ErrorKind::ReadTimeout);
            assert!(error.to_string().contains("http2_keep_alive"), "{error}");
        }
        assert_eq!((post(&client, "case", "x").await.unwrap(), server.connections()), ("ok".into(), 2));

        let mut pings_answered = 0;
        let server = Server::new(move |wire, seen| match seen {
            Seen::Ping { .. } if pings_answered == 3 => wire.send(answer(1, "late")),
            Seen::Ping { payload } => {
                pings_answered += 1;
                wire.send(frame(PING, ACK, 0, payload));
            }
            _ => {}
        });
        assert_eq!(get(&pings(&server), "case").await.unwrap(), "late");
    }

    // C20: one connection serves one origin, so that there is nothing to be sent again.
    async fn a_misdirected_request_is_an_answer() {
        let server = Server::answering(|wire, stream, _| wire.send(headers(stream, WHOLE, &[(":status", "421")])));
        let client = server.client();
        for host in ["one", "two"] {
            assert_eq!(client.get(format!("http://{host}/case")).send().await.unwrap().status(), 421);
        }
        assert_eq!((server.connections(), requests(&server)), (2, 2));
    }

    // C13: a server that closes an idle connection harms no request, not even one that must not be sent twice.
    async fn a_connection_closed_while_idle_is_not_used() {
        for farewell in [Vec::new(), goaway(1, NO_ERROR)] {
            let server = Server::answering(|wire, stream, _| wire.send(answer(stream, "ok")));
            let client = server.client();
            get(&client, "its").await.unwrap();
            server.act(0, |wire| {
                wire.send(farewell);
                wire.close();
            });
            assert_eq!(post(&client, "case", "x").await.unwrap(), "ok");
            assert_eq!((server.connections(), requests(&server)), (2, 2));
        }
    }

    // C17: who waits in vain on a connection where nothing comes at all leaves it, for the next request would wait for the same.
    async fn a_timeout_ends_a_silent_connection_alone() {
        for (interval, connections) in [(Duration::from_millis(10), 1), (Duration::from_secs(60), 2)] {
            let server = Server::new(|wire, seen| match seen {
                Seen::Head { stream, path, .. } if path != "case" => wire.send(answer(*stream, "ok")),
                Seen::Ping { payload } => wire.send(frame(PING, ACK, 0, payload)),
                _ => {}
            });
            let timeout = Timeout::default().read(Duration::from_millis(100));
            let client = server.client_with(|builder| builder.timeout(timeout).http2_keep_alive(interval, Duration::from_secs(5)));
            get(&client, "its").await.unwrap();
            assert_eq!(get(&client, "case").await.unwrap_err().kind(), ErrorKind::ReadTimeout);
            assert_eq!((get(&client, "its").await.unwrap(), server.connections()), ("ok".into(), connections));
        }
    }
}
