//! What a server answers to one request, and what becomes of that request, of another one on the same connection, and of the next.

use whimbrel::{Client, ErrorKind, Result};

use super::frame::{END_STREAM, answer, data, head};
use super::server::Server;

pub(super) enum Want {
    /// It is an answer.
    Text(&'static str),
    /// An error of this request alone.
    Stream(ErrorKind),
    /// The end of the connection, of which everybody on it is told. The next request opens another one.
    Connection(ErrorKind),
}

/// Its name, the frames that answer the request on this stream, and what comes of them.
pub(super) type Case = (&'static str, fn(u32) -> Vec<u8>, Want);

pub(super) async fn check(cases: &[Case]) {
    let mut wrong = Vec::new();
    for (name, frames, want) in cases {
        let server = beside_another(*frames);
        let client = server.client();
        let beside = client.get("http://host/its").stream().await.unwrap();
        let result = get(&client, "case").await;
        let beside = match beside.read().await {
            Ok(response) => Ok(response.text().into_owned()),
            Err(error) => Err(error),
        };
        let next = get(&client, "test").await;
        assert_eq!(next.unwrap(), "next", "{name}");
        let outcome = format!("{name}: {result:?}, beside it {beside:?}, over {} connections", server.connections());
        let is_alone = beside.as_ref().is_ok_and(|text| text == "beside") && server.connections() == 1;
        let is_over = beside.as_ref().is_err_and(|error| error.is_transport()) && server.connections() == 2;
        let is_wanted = match want {
            Want::Text(text) => result.is_ok_and(|it| it == *text) && is_alone,
            Want::Stream(kind) => result.is_err_and(|it| it.kind() == *kind) && is_alone,
            Want::Connection(kind) => result.is_err_and(|it| it.kind() == *kind) && is_over,
        };
        wrong.extend((!is_wanted).then_some(outcome));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Answers `/case` with the frames, in the middle of its answer to `/its`.
fn beside_another(frames: fn(u32) -> Vec<u8>) -> Server {
    let mut beside = 0;
    Server::answering(move |wire, stream, path| match path {
        "its" => {
            beside = stream;
            wire.send([head(stream), data(stream, 0, "be")].concat());
        }
        "case" => wire.send([frames(stream), data(beside, END_STREAM, "side")].concat()),
        _ => wire.send(answer(stream, "next")),
    })
}

pub(super) async fn get(client: &Client, path: &str) -> Result<String> {
    Ok(client.get(format!("http://host/{path}")).send().await?.text().into_owned())
}

pub(super) async fn post(client: &Client, path: &str, content: impl Into<whimbrel::Body>) -> Result<String> {
    Ok(client.post(format!("http://host/{path}")).content(content).send().await?.text().into_owned())
}
