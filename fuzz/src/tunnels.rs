//! What proxies answer before a tunnel is open, and the response that comes through it.

use bytes::Bytes;
use whimbrel::{ErrorKind, Proxy};

use crate::peer::Peer;
use crate::reply::{Outcome, client, reply, request, run};
use crate::script::Script;

/// An answer to CONNECT, then the response.
pub fn proxy_reply(bytes: &[u8]) {
    let script = Script::read(bytes);
    let open = check(&script, &Proxy::new("http://user:pass@proxy.example").tunnel_only(), 1);
    if let Some(answer) = open {
        assert!(answer.starts_with(b"HTTP/1.") && answer.ends_with(b"\n"), "{}", answer.escape_ascii());
    }
}

/// A handshake of SOCKS, then the response. The letter says which version.
pub fn socks_reply(bytes: &[u8]) {
    let script = Script::read(bytes);
    let url = match script.letter {
        b'4' => "socks4://user@proxy.example",
        b'a' => "socks4a://proxy.example",
        b'u' => "socks5://user:pass@proxy.example",
        _ => "socks5h://proxy.example",
    };
    if let Some(answer) = check(&script, &Proxy::new(url), 0) {
        let start: &[&[u8]] = match script.letter {
            b'4' | b'a' => &[b"\0\x5a"],
            b'u' => &[b"\x05\x02\x01\0\x05\0"],
            _ => &[b"\x05\0\x05\0"],
        };
        assert!(start.iter().any(|start| answer.starts_with(start)), "{}", answer.escape_ascii());
    }
}

/// The answer that opened the tunnel, if one did. What comes through it is what would come without a proxy, and not a byte of it
/// was read before it was asked for.
fn check(script: &Script, proxy: &Proxy, asked_before: usize) -> Option<Bytes> {
    let script = script.answering(script.joined());
    let (whole, open) = through(&script.whole(), proxy, asked_before);
    assert_eq!(through(&script, proxy, asked_before), (whole.clone(), open), "read alike in any pieces");
    let Some(open) = open else {
        assert!(matches!(whole, Err(ErrorKind::Proxy | ErrorKind::ConnectTimeout)), "{whole:?}");
        return None;
    };
    let bytes = &script.answers[0];
    assert_eq!(whole, direct(&script.answering(bytes.slice(open..))), "what comes through the tunnel");
    Some(bytes.slice(..open))
}

/// What comes of a request through a proxy, and how much had been read when it was sent.
fn through(script: &Script, proxy: &Proxy, asked_before: usize) -> (Outcome, Option<usize>) {
    let peer = Peer::eager(script.clone());
    let client = client(&peer).proxy(proxy.clone()).build().expect("the settings agree");
    let outcome = run(reply(request(&client, b'G')));
    (outcome, peer.asked_at().get(asked_before).copied())
}

fn direct(script: &Script) -> Outcome {
    let client = client(&Peer::eager(script.clone())).build().expect("the settings agree");
    run(reply(request(&client, b'G')))
}
