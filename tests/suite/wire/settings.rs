//! What only connections of our own can honour, on every target.

use std::net::IpAddr;
use std::time::Duration;

use whimbrel::{BoxFuture, Client, ClientBuilder, ErrorKind, HttpTransport, Resolver, Result};

use crate::support::{self, SOCKETS, UNIX_SOCKETS};

struct Nobody;

impl Resolver for Nobody {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

support::test! {
    async fn what_needs_sockets_of_our_own_says_so() {
        let kind = |builder: ClientBuilder| builder.build().err().map(|error| error.kind());
        let (expected, unix) = match (SOCKETS, UNIX_SOCKETS) {
            (true, true) => (None, None),
            (true, false) => (None, Some(ErrorKind::Unsupported)),
            (false, _) => (Some(ErrorKind::Unsupported), Some(ErrorKind::Unsupported)),
        };
        assert_eq!(kind(Client::builder().uds("/nowhere")), unix);
        assert_eq!(kind(Client::builder().tcp_keepalive(Duration::from_secs(60))), expected);
        assert_eq!(kind(Client::builder().retries(1)), expected);
        assert_eq!(kind(Client::builder().resolver(Nobody)), expected);
        assert_eq!(kind(Client::builder().resolve("h", [[127, 0, 0, 1].into()])), expected);
        assert_eq!(kind(Client::builder().connect_guard(|_| Ok(()))), expected);
        assert_eq!(HttpTransport::builder().retries(1).build().err().map(|error| error.kind()), expected);
        // Through a transport of the user's nothing of it would happen.
        assert_eq!(kind(support::echo().connect_guard(|_| Ok(()))), Some(ErrorKind::Unsupported));
        assert_eq!(kind(Client::builder().uds("/nowhere").proxy("http://127.0.0.1:1")), Some(ErrorKind::Unsupported));
    }
}
