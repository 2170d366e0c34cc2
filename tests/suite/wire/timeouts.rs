//! Every wait ends, with an error that names it.

use std::time::Duration;

use whimbrel::{Body, Client, Error, ErrorKind, Timeout};

use super::raw;
use crate::support::{self, SOCKETS, server};

const SHORT: Duration = Duration::from_millis(80);

/// A server that redirects twice, and lets wait each time.
fn three_hops(pause: u32) -> String {
    let server = server();
    let hop = |next: String| {
        let head = format!(
            "HTTP/1.1 302 Found\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 0\r\nLocation: {next}\r\n\r\n"
        );
        raw(&server, head, &format!("delay={pause}"))
    };
    hop(hop(format!("{}/delay/{pause}", server.http)))
}

/// What comes of a request, and how often it was polled.
async fn counting_polls<F: Future>(future: F) -> (F::Output, usize) {
    let (mut future, mut polls) = (std::pin::pin!(future), 0);
    let output = std::future::poll_fn(|cx| {
        polls += 1;
        future.as_mut().poll(cx)
    })
    .await;
    (output, polls)
}

/// A body that never comes.
struct Silence;

impl futures_core::Stream for Silence {
    type Item = Result<whimbrel::Bytes, whimbrel::BoxError>;
    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Pending
    }
}

support::test! {
    async fn a_server_that_never_answers_is_a_read_timeout() {
        let request = whimbrel::get(format!("{}/hang", server().http)).timeout(Timeout::default().read(SHORT));
        let error = request.send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReadTimeout, "{error}");
        assert!(error.to_string().contains("127.0.0.1"), "{error}");
    }

    async fn a_body_that_stops_is_a_read_timeout() {
        let url = format!("{}/drip?numbytes=2&duration=60000", server().http);
        let mut response = whimbrel::get(url).timeout(Timeout::default().read(SHORT)).stream().await.unwrap();
        let error = loop {
            match response.chunk().await {
                Ok(Some(_)) => continue,
                Ok(None) => panic!("the body is not over"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::ReadTimeout, "{error}");
    }

    // O1: a server that sends a little now and then.
    async fn a_slow_body_passes_the_read_timeout_but_not_the_total() {
        let url = format!("{}/slow?chunks=20&interval=40", server().http);
        let timeout = Timeout::default().read(Duration::from_secs(2)).total(Duration::from_millis(200));
        let error = whimbrel::get(url).timeout(timeout).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TotalTimeout, "{error}");
    }

    // O1: nor a minimum rate, which lets pass what is merely long.
    async fn a_response_has_to_keep_up_a_minimum_rate() {
        let drip = format!("{}/drip?numbytes=60&duration=6000", server().http);
        let timeout = Timeout::default().min_rate(1_000, Duration::from_millis(300));
        let error = whimbrel::get(&drip).timeout(timeout).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReadTimeout, "{error}");
        assert!(error.to_string().contains("fewer than 1000 bytes in 300ms"), "{error}");
        let slowly = whimbrel::get(format!("{}/slow?chunks=8&interval=100", server().http));
        assert!(slowly.timeout(Timeout::default().min_rate(8, Duration::from_millis(600))).send().await.is_ok());
        let large = whimbrel::get(format!("{}/bytes/1000000", server().http)).timeout(timeout).send().await.unwrap();
        assert_eq!(large.bytes().len(), 1_000_000);
    }

    // O3: the total covers redirects; what limits a phase begins anew with each request.
    async fn the_total_timeout_covers_redirects() {
        let client = Client::builder().follow_redirects(true).build().unwrap();
        let send = |timeout| client.get(three_hops(150)).timeout(timeout).send();
        if client.capabilities().redirects {
            let response = send(Timeout::all(Duration::from_millis(400))).await.unwrap();
            assert_eq!((response.status().as_u16(), response.history().len()), (200, 2));
        }
        let error = send(Timeout::default().total(Duration::from_millis(250))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TotalTimeout, "{error}");
        assert!(error.to_string().contains("within 250ms, the total timeout"), "{error}");
    }

    // O4: durations of any size.
    async fn extreme_timeouts_are_no_trouble() {
        let get = |duration: u32, timeout: Timeout| whimbrel::get(format!("{}/drip?numbytes=2&duration={duration}", server().http)).timeout(timeout).send();
        let ages = Timeout::all(Duration::MAX).total(Duration::MAX).min_rate(1, Duration::MAX);
        assert_eq!(get(20, ages).await.unwrap().text(), "**");
        assert_eq!(get(20, Timeout::none().min_rate(0, Duration::from_nanos(1))).await.unwrap().text(), "**");
        for nothing in [Timeout::all(Duration::ZERO), Timeout::none().total(Duration::ZERO), Timeout::none().read(Duration::ZERO), Timeout::none().min_rate(u64::MAX, Duration::ZERO)] {
            let error = get(60_000, nothing).await.unwrap_err();
            assert!(error.is_timeout(), "{nothing:?}: {error}");
        }
    }

    // O5: which phase, how long, where, and no secret.
    async fn an_error_names_its_phase_and_its_limit() {
        let there = |path: &str| format!("{}/{path}", server().http).replace("http://", "http://user:S3CR3T@");
        let check = |error: Error, kind, phase: &str| {
            assert_eq!((error.kind(), error.is_timeout()), (kind, true), "{error}");
            assert!(error.to_string().contains(&format!("within 80ms, the {phase} timeout")), "{error}");
            assert!(error.to_string().contains("http://127.0.0.1:") && !format!("{error} {error:?}").contains("S3CR3T"), "{error:?}");
        };
        let hang = |timeout| whimbrel::get(there("hang")).timeout(timeout).send();
        check(hang(Timeout::default().read(SHORT)).await.unwrap_err(), ErrorKind::ReadTimeout, "read");
        check(hang(Timeout::default().total(SHORT)).await.unwrap_err(), ErrorKind::TotalTimeout, "total");
        let drip = whimbrel::get(there("drip?numbytes=9&duration=60000")).timeout(Timeout::default().read(SHORT));
        check(drip.stream().await.unwrap().read().await.unwrap_err(), ErrorKind::ReadTimeout, "read");
        let stalled = server().stalled.replace("http://", "http://user:S3CR3T@");
        let error = whimbrel::get(stalled).timeout(Timeout::none().connect(SHORT)).send().await.unwrap_err();
        check(error, ErrorKind::ConnectTimeout, "connect");
    }

    // O7: as long as nothing happens, nothing is polled.
    async fn a_silent_server_costs_no_work() {
        let server = server();
        let limit = Timeout::none().total(Duration::from_millis(400));
        let send = |url: &str| counting_polls(whimbrel::get(format!("{}{url}", server.http)).timeout(limit).send());
        for url in ["/hang", "/drip?numbytes=2&duration=60000"] {
            let (sent, polls) = send(url).await;
            assert!(sent.unwrap_err().is_timeout() && polls <= 20, "{url}: {polls} polls");
        }
        let upload = whimbrel::put(format!("{}/hang", server.http)).content(Body::stream(Silence, None));
        if SOCKETS {
            let (sent, polls) = counting_polls(upload.timeout(limit).send()).await;
            assert!(sent.unwrap_err().is_timeout() && polls <= 20, "{polls} polls");
        }
        let (sent, polls) = counting_polls(whimbrel::get(&server.stalled).timeout(limit).send()).await;
        assert!(sent.unwrap_err().is_timeout() && polls <= 20, "{polls} polls");
    }

    async fn a_connection_that_never_stands_is_a_connect_timeout() {
        let timeout = Timeout::none().connect(SHORT);
        let error = whimbrel::get(server().stalled).timeout(timeout).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectTimeout, "{error}");
    }
}

support::where_sockets! {
    support::test! {
        // O1, O6: while the application does something else, nobody waits.
        async fn the_read_timer_does_not_run_between_reads() {
            let (head, hello) = ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "hello");
            let step = format!("step={}&pause=800", head.len() + hello.len());
            let url = raw(&server(), format!("{head}{hello}world"), &step);
            let limit = Duration::from_millis(400);
            for timeout in [Timeout::default().read(limit), Timeout::default().min_rate(5, limit)] {
                let mut response = whimbrel::get(&url).timeout(timeout).stream().await.unwrap();
                assert_eq!(response.chunk().await.unwrap().unwrap(), "hello");
                {
                    let mut chunk = std::pin::pin!(response.chunk());
                    let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(chunk.as_mut().poll(cx).is_ready())).await;
                    assert!(!polled);
                }
                whimbrel::get(format!("{}/delay/600", server().http)).send().await.unwrap();
                assert_eq!(response.chunk().await.unwrap().unwrap(), "world");
            }
        }

        // O1: a head has to keep up the rate as well, from its first byte on.
        async fn a_head_has_to_keep_up_a_minimum_rate() {
            let head = format!("HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 0\r\n\r\n", "y".repeat(60));
            let get = |per| {
                let url = raw(&server(), &head, "delay=300&step=10&pause=50");
                whimbrel::get(url).timeout(Timeout::default().min_rate(15, Duration::from_millis(per))).send()
            };
            assert!(get(200).await.is_ok());
            assert_eq!(get(30).await.unwrap_err().kind(), ErrorKind::ReadTimeout);
        }

        // O7: nor does who waits for a connection, or for a server that does not read.
        async fn waiting_costs_no_work() {
            let limit = Timeout::none().total(Duration::from_millis(300));
            let client = Client::builder().limits(whimbrel::Limits::default().max_connections(1)).build().unwrap();
            let _held = client.get(format!("{}/drip?numbytes=2&duration=60000", server().http)).stream().await.unwrap();
            let (sent, polls) = counting_polls(client.get(format!("{}/get", server().http)).timeout(limit).send()).await;
            assert!(sent.unwrap_err().is_timeout() && polls <= 20, "{polls} polls");
            let url = format!("{}/raw?data=&read=never&after=hold", server().raw);
            let upload = whimbrel::post(url).content(vec![0; 50_000_000]).timeout(limit);
            let (sent, polls) = counting_polls(upload.send()).await;
            assert!(sent.unwrap_err().is_timeout() && polls <= 1_000, "{polls} polls");
        }

        // An upload that is always ready leaves room for the response and the timers.
        async fn an_answer_is_seen_while_an_upload_never_waits() {
            let body = || whimbrel::Body::stream(support::Endless, None);
            let limit = Timeout::default().total(Duration::from_secs(3));
            let request = |path: &str| whimbrel::post(format!("{}/{path}", server().http)).content(body()).timeout(limit);
            assert_eq!(request("early?status=413").send().await.unwrap().status(), 413);
            let limit = Timeout::default().total(Duration::from_millis(300));
            let error = request("hang").timeout(limit).send().await.unwrap_err();
            assert!(error.is_timeout(), "{error:?}");
        }

        // fetch does not tell how far the upload is.
        async fn a_server_that_reads_nothing_is_a_write_timeout() {
            let url = format!("{}/raw?data=&read=never&after=hold", server().raw);
            let request = whimbrel::post(url).content(vec![0; 50_000_000]).timeout(Timeout::default().write(SHORT));
            assert_eq!(request.send().await.unwrap_err().kind(), ErrorKind::WriteTimeout);
        }

        // The host keeps the connections.
        async fn a_full_pool_is_a_pool_timeout() {
            let limits = whimbrel::Limits::default().max_connections(1);
            let client = whimbrel::Client::builder().limits(limits).timeout(Timeout::default().pool(SHORT)).build().unwrap();
            let url = format!("{}/slow?chunks=2&interval=1000", server().http);
            let held = client.get(&url).stream().await.unwrap();
            assert_eq!(client.get(&url).send().await.unwrap_err().kind(), ErrorKind::PoolTimeout);
            drop(held);
            assert!(client.get(format!("{}/get", server().http)).send().await.is_ok());
        }
    }
}
