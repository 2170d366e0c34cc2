//! Bodies that are read as they come.

use whimbrel::Client;

use crate::support::{self, server};

support::test! {
    async fn chunks_come_before_the_end() {
        let client = Client::new();
        let mut response = client.get(format!("{}/slow?chunks=3&interval=250", server().http)).stream().await.unwrap();
        let first = response.chunk().await.unwrap().unwrap();
        assert!(first.starts_with(b"chunk 0") && !first.ends_with(b"chunk 2\n"));
        let rest = response.read().await.unwrap();
        assert!(rest.text().ends_with("chunk 2\n"));
    }

    async fn lines_come_one_by_one() {
        let mut response = Client::new().get(format!("{}/stream/5", server().http)).stream().await.unwrap();
        let mut lines = response.lines();
        let mut ids = Vec::new();
        while let Some(line) = lines.next().await {
            let line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
            ids.push(line["id"].as_u64().unwrap());
        }
        assert_eq!(ids, [0, 1, 2, 3, 4]);
    }

    async fn a_dropped_response_ends_the_request() {
        let client = Client::new();
        let response = client.get(format!("{}/drip?numbytes=1000&duration=60000", server().http)).stream().await.unwrap();
        drop(response);
        assert!(client.get(format!("{}/get", server().http)).send().await.unwrap().is_success());
    }

    async fn progress_is_counted() {
        let mut response = Client::new().get(format!("{}/bytes/100000", server().http)).stream().await.unwrap();
        assert_eq!(response.content_length(), Some(100_000));
        let mut total = 0;
        while let Some(chunk) = response.chunk().await.unwrap() {
            total += chunk.len() as u64;
            assert_eq!(response.bytes_downloaded(), total);
        }
        assert_eq!(total, 100_000);
    }
}
