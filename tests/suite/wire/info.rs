//! What is told beside the response: interim responses, the connection, how long each phase took.

use std::time::Duration;

use whimbrel::{Client, ErrorKind};

use super::raw;
use crate::support::{self, OWN_TLS, SOCKETS, server};

support::test! {
    async fn a_response_tells_of_its_connection() {
        let (client, server) = (Client::new(), server());
        let url = format!("{}/delay/60", server.http);
        let first = client.get(&url).send().await.unwrap();
        let again = client.get(&url).send().await.unwrap();
        assert_eq!((first.connection().is_some(), again.connection().is_some()), (SOCKETS, SOCKETS));
        let (Some(first), Some(again)) = (first.connection(), again.connection()) else { return };
        assert_eq!(format!("http://{}", first.remote_address().unwrap()), server.http);
        assert!(first.local_address().unwrap().ip().is_loopback());
        assert_eq!((first.is_reused(), again.is_reused(), first.tls().is_none()), (false, true, true));
        assert_eq!(first.local_address(), again.local_address());
        let (opened, kept) = (first.timings(), again.timings());
        assert!(opened.connect.is_some() && opened.dns.is_none() && opened.tls.is_none(), "{opened:?}");
        assert!(kept.connect.is_none() && kept.dns.is_none(), "{kept:?}");
        for timings in [opened, kept] {
            assert!(timings.wait >= Duration::from_millis(50) && timings.send < timings.wait, "{timings:?}");
            assert_eq!(timings.receive, Some(Duration::ZERO));
        }
    }

    async fn a_body_takes_its_time() {
        let mut response = whimbrel::get(format!("{}/slow?chunks=3&interval=30", server().http)).stream().await.unwrap();
        let receive = |response: &whimbrel::StreamingResponse| response.connection().map(|connection| connection.timings().receive);
        assert_eq!(receive(&response), SOCKETS.then_some(None));
        while response.chunk().await.unwrap().is_some() {}
        assert!(receive(&response).is_none_or(|took| took.unwrap() >= Duration::from_millis(50)));
        let read = response.read().await.unwrap();
        assert!(read.connection().is_none_or(|connection| connection.timings().receive.unwrap() < read.elapsed()));
    }

    async fn names_and_tls_take_time_too() {
        let server = server();
        let url = |url: &str| format!("{}/get", url.replace("127.0.0.1", "localhost"));
        let response = server.client().get(url(&server.http)).send().await.unwrap();
        assert_eq!(response.connection().map(|connection| connection.timings().dns.is_some()), SOCKETS.then_some(true));
        if OWN_TLS {
            let response = server.client().get(url(&server.https)).send().await.unwrap();
            let connection = response.connection().unwrap();
            assert!(connection.timings().tls.unwrap() > Duration::ZERO);
            assert_eq!(connection.tls(), response.extensions().get());
        }
    }

    async fn mocks_have_no_connection() {
        let response = support::echo().build().unwrap().get("http://h/").send().await.unwrap();
        assert!(response.connection().is_none() && response.trailers().is_none());
    }

    // A host hides them.
    async fn interim_responses_are_shown() {
        let (server, client) = (server(), Client::new());
        let answer = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Again\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        let (log, told) = support::log();
        let request = client.get(raw(&server, answer, "")).on_informational(move |interim| {
            log(format!("{} {} {:?}", interim.status().as_u16(), interim.reason_phrase(), interim.headers().get("link")));
        });
        match request.send().await {
            Ok(response) => {
                assert_eq!(response.text(), "ok");
                assert_eq!(told(), [r#"103 Early Hints Some("</x>")"#, "102 Processing None", "103 Again None"]);
            }
            Err(error) => assert!(!SOCKETS && error.kind() == ErrorKind::Unsupported, "{error}"),
        }
    }
}

support::where_sockets! {
    support::test! {
        async fn a_client_is_shown_them_unless_a_request_is() {
            let (log, told) = support::log();
            let of_the_request = log.clone();
            let client = Client::builder().on_informational(move |interim| log(format!("client {}", interim.status()))).build().unwrap();
            let url = raw(&server(), "HTTP/1.1 103 E\r\n\r\nHTTP/1.1 204 No\r\n\r\n", "");
            client.get(&url).send().await.unwrap();
            let request = client.get(&url).on_informational(move |interim| of_the_request(format!("request {}", interim.status())));
            request.send().await.unwrap();
            client.send(whimbrel::Request::new(whimbrel::Method::GET, url.parse().unwrap())).await.unwrap();
            assert_eq!(told(), ["client 103 Early Hints", "request 103 Early Hints", "client 103 Early Hints"]);
        }

        // A14: they are told of as they come, and sixteen is enough.
        async fn no_more_are_shown_than_allowed() {
            let (log, told) = support::log();
            let url = raw(&server(), "", "flood=HTTP%2F1.1%20103%20E%0D%0A%0D%0A&times=100000");
            let request = whimbrel::get(url).on_informational(move |interim| log(interim.status().to_string()));
            assert_eq!(request.send().await.unwrap_err().kind(), ErrorKind::RemoteProtocol);
            assert_eq!(told().len(), 16);
        }
    }
}
