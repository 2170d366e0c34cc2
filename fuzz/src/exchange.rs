//! Requests and responses over connections, whole.

use std::time::Duration;

use tokio::time::Instant;
use whimbrel::{Client, ErrorKind};

use crate::peer::Peer;
use crate::reply::{Outcome, alone, check, client, read, request, run};
use crate::script::Script;

/// One response: it is read alike whichever way its bytes arrive.
pub fn response_head(bytes: &[u8]) {
    let script = Script::read(bytes);
    let whole = alone(&script.whole());
    assert_eq!(alone(&script), whole, "read alike in any pieces");
    match whole {
        Ok(reply) => check(&reply, &script.answers[0]),
        Err(kind) => check_kind(kind),
    }
}

/// Requests one after the other, on connections that are kept where they can be: each response is made of the answer to its own
/// request and of nothing else, whoever dropped the ones before half-read.
pub fn exchange(bytes: &[u8]) {
    // A pause could stand before what nobody asked for. A client cannot tell that from the next response.
    let script = Script::read(bytes).without_pauses();
    for script in [script.whole(), script] {
        let peer = Peer::new(script.clone());
        let client = client(&peer).build().expect("the settings agree");
        for (answer, outcome) in run(converse(&client, &peer, &script)) {
            assert_eq!(outcome, alone(&script.only(answer)), "the answer {}", script.answers[answer].escape_ascii());
        }
        check_pool(&client);
    }
}

/// Which answer each outcome is of. In lower case a letter drops every second response with its body unread.
async fn converse(client: &Client, peer: &Peer, script: &Script) -> Vec<(usize, Outcome)> {
    let mut outcomes = Vec::new();
    for number in 0.. {
        let answered = peer.answered();
        if answered == script.answers.len() {
            break;
        }
        let started = Instant::now();
        let response = request(client, script.letter).stream().await;
        if number % 2 == 1 || !script.letter.is_ascii_lowercase() {
            let outcome = read(response).await.map_err(|error| error.kind());
            outcomes.push((peer.answered() - 1, outcome));
        }
        assert!(peer.answered() > answered, "each request is asked");
        // A silence of the peer's, and another after a request was repeated; and what is drained in between.
        assert!(started.elapsed() <= Duration::from_secs(11), "{:?}", started.elapsed());
    }
    outcomes
}

fn check_pool(client: &Client) {
    let stats = client.pool_stats().expect("it is ours");
    assert_eq!((stats.open, stats.waiting), (stats.idle, 0), "all are given back");
    client.close();
    assert_eq!(client.pool_stats().expect("it is ours").open, 0, "all are closed");
}

/// What may go wrong where connecting cannot.
pub(crate) fn check_kind(kind: ErrorKind) {
    use ErrorKind::{LimitExceeded, Read, ReadTimeout, RemoteProtocol};
    assert!(matches!(kind, LimitExceeded | Read | ReadTimeout | RemoteProtocol), "{kind:?}");
}
