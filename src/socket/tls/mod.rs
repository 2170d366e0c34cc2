//! TLS by rustls: a transport's settings, and the handshake.

mod errors;
mod identity;
mod provider;
mod revocation;
mod roots;
mod verifier;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use rustls::client::ResolvesClientCert;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName};
use rustls::{CipherSuite, ClientConfig, ClientConnection, KeyLogFile, ProtocolVersion, SupportedProtocolVersion};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

pub(super) use self::errors::late_refusal;
use self::provider::provider;
use self::revocation::Revocation;
use super::stream::Stream;
use super::{sni, takes_over};
use crate::error::{Error, ErrorKind, Result};
use crate::request::Request;
use crate::tls::{SniHostname, Tls, TlsInfo, TlsVersion};

/// What is offered by ALPN, the preferred one first.
pub(super) type Protocols = &'static [&'static str];
/// What all transports without settings of their own offer.
const HTTP_1: Protocols = super::versions::Versions::new(true, false).protocols();
const DEFAULT_PROTOCOLS: Protocols = super::versions::Versions::new(true, cfg!(feature = "http2")).protocols();

/// A transport's TLS. What the user gave is read at once; the default roots are loaded when the first connection needs them.
///
/// Each has a configuration of its own, and with it a cache of sessions: who trusts differently, or shows another
/// certificate, never resumes another's session (threats D11 to D13).
pub(super) struct TlsSettings {
    tls: Tls,
    trust_env: bool,
    alpn: Protocols,
    given_roots: Vec<CertificateDer<'static>>,
    revocation_lists: Vec<CertificateRevocationListDer<'static>>,
    identity: Option<Arc<dyn ResolvesClientCert>>,
    config: OnceLock<Arc<ClientConfig>>,
}

/// Who is to be at the other end.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    url: &'a Url,
    /// Asked for and verified in place of the URL's host.
    name: Option<&'a SniHostname>,
    /// It is to speak HTTP/1.1, whatever else could be spoken.
    is_http1: bool,
}

impl<'a> From<&'a Url> for Target<'a> {
    fn from(url: &'a Url) -> Self {
        Self { url, name: None, is_http1: false }
    }
}

impl<'a> From<&'a Request> for Target<'a> {
    fn from(request: &'a Request) -> Self {
        Self { url: request.url(), name: sni(request), is_http1: takes_over(request) }
    }
}

/// The configuration of all transports without settings of their own.
static DEFAULT: OnceLock<Arc<ClientConfig>> = OnceLock::new();

impl TlsSettings {
    pub(super) fn new(tls: Tls, trust_env: bool, alpn: Protocols) -> Result<Self> {
        versions(&tls)?;
        roots::check(&tls)?;
        let given_roots = roots::given(&tls.root_pems)?;
        let revocation_lists = revocation::lists(&tls)?;
        let identity = tls.client_cert.as_ref().map(identity::load).transpose()?;
        Ok(Self { tls, trust_env, alpn, given_roots, revocation_lists, identity, config: OnceLock::new() })
    }

    /// The handshake over an open connection, which may itself be TLS: with the server of a request, or at a URL.
    pub(super) async fn handshake<'a>(
        &self,
        stream: impl Into<Stream>,
        target: impl Into<Target<'a>>,
    ) -> Result<Stream> {
        let target = target.into();
        let server_name = match target.name {
            Some(name) => given_name(name)?,
            None => host_name(target.url)?,
        };
        let connected = TlsConnector::from(self.config_for(target)?).connect(server_name, stream.into()).await;
        connected.map(|stream| Stream::Tls(Box::new(stream))).map_err(|error| errors::handshake(target, error))
    }

    /// Sessions are shared, for both are the same but for what is offered.
    fn config_for(&self, target: Target<'_>) -> Result<Arc<ClientConfig>> {
        let config = self.config()?;
        if !target.is_http1 || self.alpn == HTTP_1 {
            return Ok(config);
        }
        let mut config = ClientConfig::clone(&config);
        config.alpn_protocols = HTTP_1.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Ok(Arc::new(config))
    }

    fn config(&self) -> Result<Arc<ClientConfig>> {
        let is_default = self.tls == Tls::default() && self.trust_env && self.alpn == DEFAULT_PROTOCOLS;
        let place = if is_default { &DEFAULT } else { &self.config };
        if let Some(config) = place.get() {
            return Ok(config.clone());
        }
        let config = Arc::new(self.client_config()?);
        Ok(place.get_or_init(|| config).clone())
    }

    /// rustls' own defaults beside what is set here: sessions are resumed from memory, and there is no 0-RTT (threat D15).
    fn client_config(&self) -> Result<ClientConfig> {
        let provider = provider()?;
        let verifier = self.verifier(&provider)?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions(&self.tls)?)
            .map_err(errors::unusable)?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match &self.identity {
            Some(identity) => builder.with_client_cert_resolver(identity.clone()),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = self.alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        if self.tls.key_log && self.trust_env {
            config.key_log = Arc::new(KeyLogFile::new());
        }
        Ok(config)
    }

    fn verifier(&self, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
        if self.tls.accepts_any {
            return Ok(Arc::new(verifier::AcceptsAny::new(provider)));
        }
        let roots = roots::all(&self.tls, &self.given_roots, self.trust_env)?;
        let revocation = Revocation { lists: &self.revocation_lists, is_required: self.tls.requires_revocation_status };
        Ok(Arc::new(verifier::Verifier::new(roots, revocation, provider)?))
    }
}

fn versions(tls: &Tls) -> Result<Vec<&'static SupportedProtocolVersion>> {
    let known = [(TlsVersion::Tls12, &rustls::version::TLS12), (TlsVersion::Tls13, &rustls::version::TLS13)];
    let is_allowed =
        |version| tls.min_version.is_none_or(|min| min <= version) && tls.max_version.is_none_or(|max| version <= max);
    let allowed: Vec<_> = known.into_iter().filter(|&(version, _)| is_allowed(version)).map(|(_, v)| v).collect();
    match allowed.is_empty() {
        true => {
            Err(Error::new(ErrorKind::Tls, "No version of TLS is left: Tls::min_version is above Tls::max_version"))
        }
        false => Ok(allowed),
    }
}

/// One normal form of the host for both, what the server is told and what its certificate must have (threat D3).
fn host_name(url: &Url) -> Result<ServerName<'static>> {
    let host = url.host().ok_or_else(|| Error::new(ErrorKind::InvalidUrl, "The URL has no host").with_url(url))?;
    server_name(&host)
        .ok_or_else(|| Error::new(ErrorKind::InvalidUrl, "The URL's host cannot be in a certificate").with_url(url))
}

/// Read as the host of a URL is.
fn given_name(SniHostname(name): &SniHostname) -> Result<ServerName<'static>> {
    let invalid = || Error::new(ErrorKind::Tls, "The extension SniHostname holds no host name");
    Host::parse(name).ok().as_ref().and_then(server_name).ok_or_else(invalid)
}

fn server_name<S: AsRef<str>>(host: &Host<S>) -> Option<ServerName<'static>> {
    match host {
        Host::Ipv4(address) => Some(ServerName::IpAddress(std::net::IpAddr::from(*address).into())),
        Host::Ipv6(address) => Some(ServerName::IpAddress(std::net::IpAddr::from(*address).into())),
        // A trailing dot is DNS's, not part of the name in certificates.
        Host::Domain(name) => ServerName::try_from(name.as_ref().trim_end_matches('.').to_owned()).ok(),
    }
}

/// What the handshake came to.
pub(super) fn info(session: &ClientConnection) -> Option<TlsInfo> {
    let certificate = session.peer_certificates()?.first()?;
    Some(TlsInfo {
        peer_certificate: Bytes::copy_from_slice(certificate),
        version: match session.protocol_version()? {
            ProtocolVersion::TLSv1_2 => TlsVersion::Tls12,
            _ => TlsVersion::Tls13,
        },
        cipher_suite: iana_name(session.negotiated_cipher_suite()?.suite()),
        alpn: match session.alpn_protocol() {
            Some(b"http/1.1") => Some("http/1.1"),
            // What was offered is all that a server may choose.
            Some(_) => Some("h2"),
            None => None,
        },
    })
}

/// rustls names those of TLS 1.3 in its own way.
fn iana_name(suite: CipherSuite) -> &'static str {
    match suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => "TLS_AES_128_GCM_SHA256",
        CipherSuite::TLS13_AES_256_GCM_SHA384 => "TLS_AES_256_GCM_SHA384",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => "TLS_CHACHA20_POLY1305_SHA256",
        other => other.as_str().unwrap_or("unknown"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // D18: run with every set of features that the tests are run with, and true in each.
    #[test]
    fn features_change_nothing_that_nobody_asked_for() {
        let settings = TlsSettings::new(Tls::new(), false, DEFAULT_PROTOCOLS).unwrap();
        let roots = roots::all(&settings.tls, &[], false).unwrap();
        assert_eq!(roots.len(), webpki_roots::TLS_SERVER_ROOTS.len());
        if !cfg!(any(feature = "ring", feature = "aws-lc-rs")) {
            assert_eq!(settings.client_config().unwrap_err().kind(), ErrorKind::Unsupported);
            return;
        }
        let config = settings.client_config().unwrap();
        assert!(!config.key_log.will_log("CLIENT_TRAFFIC_SECRET_0") && !config.enable_early_data);
        // ring has no post-quantum key exchange; AWS-LC stands behind it.
        let groups = &config.crypto_provider().kx_groups;
        let is_ring = !groups.iter().any(|group| group.name() == rustls::NamedGroup::X25519MLKEM768);
        assert_eq!(is_ring, cfg!(feature = "ring"), "{groups:?}");
    }
}
