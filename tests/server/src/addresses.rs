use std::fmt;

use serde_json::json;

/// The base URLs of a server's ports, without a trailing slash, all on 127.0.0.1 if not said otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// HTTP/1.1 in clear, and HTTP/2 for clients that begin with its preface.
    pub http: String,
    /// The same port as `http`, on `[::1]`; `None` where the machine has no IPv6 loopback.
    pub http_v6: Option<String>,
    /// HTTP/1.1 or HTTP/2 over TLS, chosen by ALPN. The certificate is for `localhost`, 127.0.0.1 and ::1.
    pub https: String,
    /// The same URL as `http`, named for what a test wants from it.
    pub h2c: String,
    /// Bytes as the test orders them.
    pub raw: String,
    /// `raw` inside TLS (ALPN `http/1.1`).
    pub raw_tls: String,
    /// As `https`, but with a certificate for `wrong.example`.
    pub wrong_host: String,
    /// As `https`, but with a certificate that ended in 2001.
    pub expired: String,
    /// A port that refuses connections.
    pub refused: String,
    /// A port where connecting never finishes.
    pub stalled: String,
    /// A SOCKS proxy, as a `socks5://` URL.
    pub socks: String,
    /// The certificate of the authority that signed the certificates of this server.
    pub ca_pem: String,
}

impl Addresses {
    /// A JSON object with a member per field, on one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        json!({
            "http": self.http,
            "http_v6": self.http_v6,
            "https": self.https,
            "h2c": self.h2c,
            "raw": self.raw,
            "raw_tls": self.raw_tls,
            "wrong_host": self.wrong_host,
            "expired": self.expired,
            "refused": self.refused,
            "stalled": self.stalled,
            "socks": self.socks,
            "ca_pem": self.ca_pem,
        })
        .to_string()
    }
}

/// The address that most programs want: `http`.
impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.http)
    }
}
