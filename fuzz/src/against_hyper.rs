//! The same bytes to whimbrel and to hyper.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper::ext::ReasonPhrase;

use crate::differences::explain;
use crate::peer::Peer;
use crate::reply::{Outcome, Reply, alone, method, run};
use crate::script::{Ending, Script};

/// Both make the same of a response, or [`Difference`](crate::Difference) says why not.
pub fn against_hyper(bytes: &[u8]) {
    // Where nothing ends hyper waits for ever.
    let script = Script { ending: Ending::Close, ..Script::read(bytes) };
    let script = script.answering(script.joined());
    let (ours, theirs) = (alone(&script), hypers(&script));
    if !agree(&ours, &theirs) {
        let explained = explain(&script.answers[0], &method(script.letter), &ours, &theirs);
        let message = script.answers[0].escape_ascii();
        assert!(
            explained.is_some(),
            "a difference that is not listed:\n{message}\nwhimbrel {ours:?}\nhyper {theirs:?}"
        );
    }
}

/// Errors are alike: whose words are better is not the question.
fn agree(ours: &Outcome, theirs: &Option<Reply>) -> bool {
    match (ours, theirs) {
        (Ok(ours), Some(theirs)) => *theirs == Reply { headers: sorted(ours.headers.clone()), ..ours.clone() },
        (Err(_), None) => true,
        _ => false,
    }
}

/// hyper keeps the order of fields of one name alone.
fn sorted(mut headers: Vec<(String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    headers.sort_by(|(one, _), (other, _)| one.cmp(other));
    headers
}

/// What hyper makes of it; nothing is an error.
fn hypers(script: &Script) -> Option<Reply> {
    let peer = Peer::new(script.clone());
    run(async {
        // As many fields as whimbrel takes.
        let (mut sender, connection) =
            http1::Builder::new().max_headers(256).handshake(peer.connect()).await.expect("nothing is read yet");
        let request = hyper::Request::builder().method(method(script.letter)).uri("/").header("host", "127.0.0.1");
        let request = request.body(Empty::<Bytes>::new()).expect("it is a request");
        let (reply, _) = tokio::join!(async { read(sender.send_request(request).await.ok()?).await }, connection);
        reply
    })
}

async fn read(response: hyper::Response<hyper::body::Incoming>) -> Option<Reply> {
    let (head, body) = response.into_parts();
    let standard = || head.status.canonical_reason().unwrap_or_default().into();
    let own = head.extensions.get::<ReasonPhrase>();
    Some(Reply {
        status: head.status.as_u16(),
        version: head.version,
        reason: own.map_or_else(standard, |reason| String::from_utf8_lossy(reason.as_bytes())).into_owned(),
        headers: sorted(
            head.headers.iter().map(|(name, value)| (name.as_str().into(), value.as_bytes().to_vec())).collect(),
        ),
        body: body.collect().await.ok()?.to_bytes().to_vec(),
    })
}
