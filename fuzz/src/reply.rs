//! What comes of a request.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use whimbrel::{Client, ClientBuilder, ErrorKind, Method, RequestBuilder, Result, StreamingResponse, Version};

use crate::peer::Peer;
use crate::script::Script;

/// A response, whole, as it came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) version: Version,
    pub(crate) reason: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

pub(crate) type Outcome = std::result::Result<Reply, ErrorKind>;

/// More than any target may take by the clock of its runtime. Nobody waits for it: that clock goes on at once where all sleep.
const FOREVER: Duration = Duration::from_secs(3600);

thread_local! {
    /// One for all, for making it takes longer than what it drives.
    static RUNTIME: Runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime of timers alone needs nothing of the system");
}

/// Drives the future with a clock that leaps to the next timer. A future that nothing would ever wake has hung.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let within = async { tokio::time::timeout(FOREVER, future).await.expect("it hangs") };
    RUNTIME.with(|runtime| runtime.block_on(within))
}

/// A client that this peer answers, and nobody else.
pub(crate) fn client(peer: &Peer) -> ClientBuilder {
    Client::builder().trust_env(false).network_backend(peer.clone())
}

pub(crate) async fn reply(request: RequestBuilder) -> Outcome {
    read(request.stream().await).await.map_err(|error| error.kind())
}

pub(crate) async fn read(response: Result<StreamingResponse>) -> Result<Reply> {
    let mut response = response?;
    let mut body = Vec::new();
    while let Some(piece) = response.raw_chunk().await? {
        assert!(!piece.is_empty(), "pieces of nothing");
        body.extend_from_slice(&piece);
    }
    assert!(response.raw_chunk().await?.is_none(), "there is something behind the end");
    let headers = response.headers().iter();
    Ok(Reply {
        status: response.status().as_u16(),
        version: response.version().expect("sockets show it"),
        reason: response.reason_phrase().into_owned(),
        headers: headers.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect(),
        body,
    })
}

/// What comes of one request to the script's first answer.
pub(crate) fn alone(script: &Script) -> Outcome {
    let client = client(&Peer::new(script.clone())).build().expect("the settings agree");
    run(reply(request(&client, script.letter)))
}

/// The request that a letter stands for.
pub(crate) fn request(client: &Client, letter: u8) -> RequestBuilder {
    match letter {
        b'P' | b'p' => client.post(URL).content("a body of some length"),
        letter => client.request(method(letter), URL),
    }
}

pub(crate) fn method(letter: u8) -> Method {
    if letter.eq_ignore_ascii_case(&b'H') { Method::HEAD } else { Method::GET }
}

/// An address, which no proxy has to look up.
pub(crate) const URL: &str = "http://127.0.0.1/";

/// What holds for any response that passes for one.
pub(crate) fn check(reply: &Reply, message: &[u8]) {
    assert!((200..1000).contains(&reply.status), "status {}", reply.status);
    assert!(reply.headers.len() <= 256, "{} fields", reply.headers.len());
    for (name, value) in &reply.headers {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        assert!(!name.is_empty() && name.bytes().all(is_token), "the name {name:?}");
        assert!(value.iter().all(|&byte| byte == b'\t' || byte >= b' ' && byte != 0x7F), "the value {value:?}");
    }
    let size: usize = reply.headers.iter().map(|(name, value)| name.len() + value.len() + 1).sum();
    assert!(size + reply.body.len() <= message.len(), "more came out than went in");
}
