//! What comes back.

use serde_json::Value;
use whimbrel::Client;

use super::raw;
use crate::support::{self, SOCKETS, server};

support::test! {
    async fn every_coding_is_decoded_by_us_or_the_host() {
        for coding in ["gzip", "deflate", "br"] {
            let response = whimbrel::get(format!("{}/{coding}", server().http)).send().await.unwrap();
            assert_eq!(response.json::<Value>().unwrap()["method"], "GET", "{coding}");
        }
        if SOCKETS {
            let response = whimbrel::get(format!("{}/zstd", server().http)).send().await.unwrap();
            assert_eq!(response.json::<Value>().unwrap()["method"], "GET");
        }
    }

    async fn a_large_response_arrives_whole() {
        for path in ["/bytes/3000000?seed=1", "/stream-bytes/3000000?seed=1"] {
            let response = whimbrel::get(format!("{}{path}", server().http)).send().await.unwrap();
            assert_eq!(response.bytes().len(), 3_000_000);
            assert_eq!(response.bytes_downloaded(), 3_000_000);
        }
    }

    async fn statuses_without_a_body_have_none() {
        let client = Client::new();
        for status in [204, 304] {
            let response = client.get(format!("{}/status/{status}", server().http)).send().await.unwrap();
            assert_eq!((response.status().as_u16(), response.bytes().len()), (status, 0));
        }
    }

    async fn the_reason_is_the_servers() {
        let server = server();
        let response = whimbrel::get(raw(&server, "HTTP/1.1 299 Fine By Me\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 0\r\n\r\n", "")).send().await.unwrap();
        if SOCKETS {
            assert_eq!(response.reason_phrase(), "Fine By Me");
            assert_eq!(response.version(), Some(whimbrel::Version::HTTP_11));
        }
        assert_eq!(response.status().as_u16(), 299);
    }

    async fn elapsed_covers_the_body() {
        let response = whimbrel::get(format!("{}/slow?chunks=3&interval=30", server().http)).send().await.unwrap();
        assert!(response.elapsed().as_millis() >= 50, "{:?}", response.elapsed());
    }
}

support::where_sockets! {
    support::test! {
        // The host's parser decides.
        async fn interim_responses_are_passed_over() {
            let server = server();
            let answer = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
            assert_eq!(super::text(&raw(&server, answer, "")).await.unwrap(), "ok");
        }

        // F11
        async fn interim_responses_set_no_cookies() {
            let server = server();
            let client = server.client();
            let answer = "HTTP/1.1 103 Early Hints\r\nSet-Cookie: n=1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            client.get(raw(&server, answer, "")).send().await.unwrap();
            assert!(client.cookies().is_empty());
        }

        // The host decides when it shows an answer.
        // N4.
        async fn an_early_answer_is_delivered_while_the_upload_still_runs() {
            let server = server();
            let response = whimbrel::post(format!("{}/early?status=413", server.http)).content(vec![0; 8_000_000]).send().await.unwrap();
            assert_eq!(response.status(), 413);
        }
    }
}
