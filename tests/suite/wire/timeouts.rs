//! Every wait ends, with an error that names it.

use std::time::Duration;

use whimbrel::{ErrorKind, Timeout};

use crate::support::{self, server};

const SHORT: Duration = Duration::from_millis(80);

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

    async fn a_slow_body_passes_the_read_timeout_but_not_the_total() {
        let url = format!("{}/slow?chunks=20&interval=40", server().http);
        let timeout = Timeout::default().read(Duration::from_secs(2)).total(Duration::from_millis(200));
        let error = whimbrel::get(url).timeout(timeout).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TotalTimeout, "{error}");
    }

    async fn a_connection_that_never_stands_is_a_connect_timeout() {
        let timeout = Timeout::none().connect(SHORT);
        let error = whimbrel::get(server().stalled).timeout(timeout).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectTimeout, "{error}");
    }
}

support::where_sockets! {
    support::test! {
        // O6: while the application does something else, nobody waits.
        async fn the_read_timer_does_not_run_between_reads() {
            let (head, hello) = ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "hello");
            let step = format!("step={}&pause=800", head.len() + hello.len());
            let url = super::raw(&server(), format!("{head}{hello}world"), &step);
            let limit = Timeout::default().read(Duration::from_millis(400));
            let mut response = whimbrel::get(url).timeout(limit).stream().await.unwrap();
            assert_eq!(response.chunk().await.unwrap().unwrap(), "hello");
            {
                let mut chunk = std::pin::pin!(response.chunk());
                let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(chunk.as_mut().poll(cx).is_ready())).await;
                assert!(!polled);
            }
            whimbrel::get(format!("{}/delay/600", server().http)).send().await.unwrap();
            assert_eq!(response.chunk().await.unwrap().unwrap(), "world");
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
