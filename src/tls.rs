//! TLS as users set it and see it: what is trusted and shown, and what a connection came to.

use std::fmt;

use bytes::Bytes;

/// What TLS connections trust, and what they show. Where the host speaks TLS (fetch, wasi:http) any of it is `Unsupported`.
///
/// Without it the roots are Mozilla's (`webpki-roots`), or, with `trust_env`, those of the files that `SSL_CERT_FILE`
/// and `SSL_CERT_DIR` name. They are loaded once per process, when the first TLS connection needs them. TLS 1.2 and 1.3 are
/// spoken. Sessions are resumed, from memory and within the client alone; no 0-RTT. Nobody is asked whether a certificate was
/// revoked: no list is fetched, and no OCSP server asked. Lists of one's own are [`add_crl_pem`](Self::add_crl_pem)'s.
///
/// What is given in PEM is read when the client is built: mistakes in it are errors of the kind `Tls` then.
///
/// The cryptography is what the program installed with `rustls::crypto::CryptoProvider::install_default` (of rustls 0.23) before
/// it is first needed; if it installed none, ring's with the feature `ring`, which is on by default; and AWS-LC's with the feature
/// `aws-lc-rs` where `ring` is off. With the feature `tls` alone there is only the first of them, and without that https://
/// is `Unsupported`. None of the features changes whom a client trusts.
///
/// ```
/// use whimbrel::{Client, ErrorKind, Tls, TlsVersion};
/// let tls = Tls::new().min_version(TlsVersion::Tls13).add_root_pem("-----BEGIN CERTIFICATE-----\n…");
/// let error = Client::builder().tls(tls).build().unwrap_err(); // That is no certificate.
/// assert_eq!(error.kind(), ErrorKind::Tls);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    pub(crate) roots: DefaultRoots,
    pub(crate) root_pems: Vec<Vec<u8>>,
    pub(crate) revocation_lists: Vec<RevocationList>,
    pub(crate) requires_revocation_status: bool,
    pub(crate) client_cert: Option<ClientCert>,
    pub(crate) accepts_any: bool,
    pub(crate) key_log: bool,
    pub(crate) min_version: Option<TlsVersion>,
    pub(crate) max_version: Option<TlsVersion>,
}

/// What is trusted besides the roots that are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum DefaultRoots {
    #[default]
    Mozilla,
    System,
    None,
}

/// Which certificates their authority took back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RevocationList {
    Der(Vec<u8>),
    Pem(Vec<u8>),
}

/// What the client says who it is with.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ClientCert {
    pub(crate) chain: Vec<u8>,
    pub(crate) key: Vec<u8>,
    pub(crate) password: Option<String>,
}

/// Key and password are secrets.
impl fmt::Debug for ClientCert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCert").finish_non_exhaustive()
    }
}

impl Tls {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts the certificates in this PEM text as well.
    pub fn add_root_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.root_pems.push(pem.as_ref().to_vec());
        self
    }

    /// Trusts the certificates in this PEM text and those of [`add_root_pem`](Self::add_root_pem), and none besides: not
    /// Mozilla's, the system's or the environment's.
    pub fn only_roots_pem(self, pem: impl AsRef<[u8]>) -> Self {
        Self { roots: DefaultRoots::None, ..self }.add_root_pem(pem)
    }

    /// Trusts what the operating system trusts instead of Mozilla's list. `SSL_CERT_FILE` and `SSL_CERT_DIR` replace it, too.
    ///
    /// It needs the feature `system-roots`; without it the client's `build` says `Unsupported`.
    pub fn system_roots(self) -> Self {
        Self { roots: DefaultRoots::System, ..self }
    }

    /// Refuses the certificates that this list takes back, or the lists, if the text holds several (`X509 CRL`, RFC 5280 §5).
    ///
    /// The whole chain is looked up, but for its root: a server is refused, too, when one of the authorities between was
    /// revoked. Each list counts for the authority that signed it, and for those distribution points that it names. Whoever is
    /// in no given list passes, and a list counts beyond its `nextUpdate`, unless
    /// [`require_revocation_status`](Self::require_revocation_status) says otherwise. Lists are not fetched: give the client
    /// of today the list of today. With `verify(false)` they play no part.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tls = whimbrel::Tls::new().add_crl_pem(std::fs::read("authority.crl.pem")?);
    /// let client = whimbrel::Client::builder().tls(tls).build()?;
    /// # Ok(()) }
    /// ```
    pub fn add_crl_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.revocation_lists.push(RevocationList::Pem(pem.as_ref().to_vec()));
        self
    }

    /// [`add_crl_pem`](Self::add_crl_pem) for one list in DER, which is how authorities publish it.
    pub fn add_crl_der(mut self, der: impl AsRef<[u8]>) -> Self {
        self.revocation_lists.push(RevocationList::Der(der.as_ref().to_vec()));
        self
    }

    /// Whether each certificate has to be looked up, no by default: with `true` those that no given list speaks for are refused,
    /// and so is all that a list beyond its `nextUpdate` speaks for. Without a list the client's `build` is an error then.
    pub fn require_revocation_status(self, required: bool) -> Self {
        Self { requires_revocation_status: required, ..self }
    }

    /// Shows this certificate, with those that lead to its root behind it, to servers that ask for one (mutual TLS).
    ///
    /// The key may be PKCS#8, PKCS#1 or SEC1, and PKCS#8 may be encrypted with the password: PBES2, OpenSSL's default, with the
    /// feature `encrypted-keys`. For a key that is not encrypted the password plays no part. A client of its own for each
    /// identity keeps their connections and sessions apart.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (chain, key) = (std::fs::read("client.pem")?, std::fs::read("client.key")?);
    /// let tls = whimbrel::Tls::new().client_cert_pem(chain, key, None);
    /// let client = whimbrel::Client::builder().tls(tls).build()?;
    /// # Ok(()) }
    /// ```
    pub fn client_cert_pem(self, chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>, password: Option<&str>) -> Self {
        let password = password.map(str::to_owned);
        let (chain, key) = (chain.as_ref().to_vec(), key.as_ref().to_vec());
        Self { client_cert: Some(ClientCert { chain, key, password }), ..self }
    }

    /// Whether certificates are verified, yes by default (HTTPX's `verify`).
    ///
    /// **Dangerous: with `false` any certificate will do, for any host.** Whoever stands between the client and the server
    /// can read and change everything, passwords and cookies included. To reach a server with a certificate of its own, trust
    /// that with [`add_root_pem`](Self::add_root_pem); to reach it under another name there is [`SniHostname`]. It holds for
    /// this client alone, which shares neither connections nor sessions with others.
    pub fn verify(self, verify: bool) -> Self {
        Self { accepts_any: !verify, ..self }
    }

    /// Writes the secrets of each session into the file that the environment's `SSLKEYLOGFILE` names, for Wireshark and the
    /// like. Off by default; without the variable, or with `trust_env(false)`, nothing is written.
    ///
    /// Whoever has the file can read what was sent.
    pub fn key_log(self, on: bool) -> Self {
        Self { key_log: on, ..self }
    }

    /// Speaks no version before this one. By default TLS 1.2.
    pub fn min_version(self, version: TlsVersion) -> Self {
        Self { min_version: Some(version), ..self }
    }

    /// Speaks no version after this one. By default TLS 1.3.
    pub fn max_version(self, version: TlsVersion) -> Self {
        Self { max_version: Some(version), ..self }
    }
}

/// A version of TLS. Those before 1.2 are not spoken: they are broken (RFC 8996).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TlsVersion {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}

/// The name that TLS asks for and verifies in place of the URL's host, for one request: an extension (HTTPX's `sni_hostname`).
///
/// For servers that are reached by an address, or under a name that their certificate does not have. The Host header stays
/// the URL's. The name may be an IP address; then the server is told none. Redirects to another origin do without it. With
/// `http://` it means nothing, and where the host speaks TLS (fetch, wasi:http) it is `Unsupported`.
///
/// ```
/// let client = whimbrel::Client::new();
/// let name = whimbrel::SniHostname("www.example.org".into());
/// let request = client.get("https://192.0.2.1/").header("host", "www.example.org").extension(name).build()?;
/// # Ok::<(), whimbrel::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SniHostname(pub String);

/// What the handshake came to: an extension of each response that came over TLS of our own.
///
/// ```
/// # async fn show() -> whimbrel::Result<()> {
/// let response = whimbrel::get("https://example.org/").await?;
/// if let Some(tls) = response.extensions().get::<whimbrel::TlsInfo>() {
///     println!("{} with {}, {} bytes of certificate", tls.version, tls.cipher_suite, tls.peer_certificate.len());
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsInfo {
    /// The server's own certificate, as DER. With `verify(false)` nobody vouches for what is in it.
    pub peer_certificate: Bytes,
    /// The version that both sides speak.
    pub version: TlsVersion,
    /// The cipher suite by IANA's name, as `TLS_AES_256_GCM_SHA384`.
    pub cipher_suite: &'static str,
    /// The protocol that the server chose by ALPN, as `http/1.1`. `None` if it chose none.
    pub alpn: Option<&'static str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    // S7.
    #[test]
    fn no_secret_is_shown() {
        let tls = Tls::new().client_cert_pem("CHAIN", "TOPSECRET", Some("hunter2"));
        let shown = format!("{tls:?} {tls:#?}");
        let bytes = |text: &str| format!("{:?}", text.as_bytes()).trim_matches(['[', ']']).to_owned();
        assert!(shown.contains("ClientCert"), "{shown}");
        for secret in ["hunter2", "TOPSECRET", &bytes("hunter2"), &bytes("TOPSECRET")] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
