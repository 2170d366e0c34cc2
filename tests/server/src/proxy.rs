//! The http port as a proxy: tunnels to loopback addresses. (Requests for other hosts it answers itself.)

use base64::{Engine, prelude::BASE64_STANDARD};
use hyper::{
    Request, StatusCode,
    body::Incoming,
    header::{PROXY_AUTHENTICATE, PROXY_AUTHORIZATION},
    upgrade,
};
use hyper_util::rt::TokioIo;
use tokio::{io::copy_bidirectional, net::TcpStream};

use crate::reply::{self, Reply};

/// Opens the tunnel that CONNECT asks for. Credentials are not needed, but wrong ones are refused.
pub(crate) async fn connect(request: Request<Incoming>) -> Reply {
    let right = format!("Basic {}", BASE64_STANDARD.encode("user:pass"));
    if request.headers().get(PROXY_AUTHORIZATION).is_some_and(|given| given.as_bytes() != right.as_bytes()) {
        return challenge();
    }
    let Some(authority) = request.uri().authority().cloned() else { return reply::bad_request("CONNECT host:port") };
    if !matches!(authority.host(), "127.0.0.1" | "[::1]" | "localhost") {
        return reply::empty(StatusCode::FORBIDDEN);
    }
    match TcpStream::connect(authority.as_str()).await {
        Ok(stream) => tunnel(request, stream),
        Err(_) => reply::empty(StatusCode::BAD_GATEWAY),
    }
}

fn challenge() -> Reply {
    let mut refusal = reply::empty(StatusCode::PROXY_AUTHENTICATION_REQUIRED);
    refusal.headers_mut().insert(PROXY_AUTHENTICATE, "Basic realm=\"proxy\"".parse().expect("it is ASCII"));
    refusal
}

/// The tunnel lives as long as its ends: it is nobody's child.
fn tunnel(request: Request<Incoming>, mut origin: TcpStream) -> Reply {
    tokio::spawn(async move {
        if let Ok(client) = upgrade::on(request).await {
            // An end that goes away ends it.
            let _ = copy_bidirectional(&mut TokioIo::new(client), &mut origin).await;
        }
    });
    reply::empty(StatusCode::OK)
}
