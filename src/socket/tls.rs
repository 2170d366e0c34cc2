//! TLS by rustls: what is trusted, and the handshake.

use std::sync::{Arc, OnceLock};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::stream::Stream;
use crate::backend::{env_var, read_file, read_folder};
use crate::config::Tls;
use crate::error::{Error, ErrorKind, Result};

/// What a transport trusts, made when its first TLS connection needs it.
pub(super) struct TlsSettings {
    tls: Tls,
    trust_env: bool,
    config: OnceLock<Arc<ClientConfig>>,
}

/// The configuration of transports without settings of their own, and the roots: once per process.
static DEFAULT: OnceLock<Arc<ClientConfig>> = OnceLock::new();
static ROOTS: OnceLock<RootCertStore> = OnceLock::new();

impl TlsSettings {
    pub(super) fn new(tls: Tls, trust_env: bool) -> Self {
        Self { tls, trust_env, config: OnceLock::new() }
    }

    /// The handshake over an open connection, which may itself be TLS.
    pub(super) async fn handshake(&self, stream: impl Into<Stream>, url: &Url) -> Result<Stream> {
        let name = server_name(url)?;
        let connected = TlsConnector::from(self.config()?).connect(name, stream.into()).await;
        connected.map(|stream| Stream::Tls(Box::new(stream))).map_err(|error| handshake_error(url, error))
    }

    fn config(&self) -> Result<Arc<ClientConfig>> {
        let place = if self.tls == Tls::default() && self.trust_env { &DEFAULT } else { &self.config };
        if let Some(config) = place.get() {
            return Ok(config.clone());
        }
        let config = Arc::new(client_config(self.roots()?)?);
        Ok(place.get_or_init(|| config).clone())
    }

    fn roots(&self) -> Result<RootCertStore> {
        let mut roots = match self.trust_env {
            true => env_roots()?,
            false => None,
        }
        .unwrap_or_else(|| ROOTS.get_or_init(|| webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()).clone());
        for pem in &self.tls.root_pems {
            add_pem(&mut roots, pem, "the given root certificates")?;
        }
        Ok(roots)
    }
}

fn client_config(roots: RootCertStore) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder
        .map_err(|error| Error::new(ErrorKind::Tls, format!("TLS cannot be set up: {error}")).with_source(error))?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The certificates that SSL_CERT_FILE and SSL_CERT_DIR name; `None` when neither is set.
fn env_roots() -> Result<Option<RootCertStore>> {
    let given = |name| env_var(name).filter(|value| !value.is_empty());
    let (file, folder) = (given("SSL_CERT_FILE"), given("SSL_CERT_DIR"));
    if file.is_none() && folder.is_none() {
        return Ok(None);
    }
    let unreadable = |variable: &str, error: std::io::Error| {
        Error::new(ErrorKind::Tls, format!("{variable} cannot be read: {error}")).with_source(error)
    };
    let mut roots = RootCertStore::empty();
    if let Some(path) = file {
        let pem = read_file(&path).map_err(|error| unreadable("SSL_CERT_FILE", error))?;
        add_pem(&mut roots, &pem, "SSL_CERT_FILE")?;
    }
    for path in folder
        .map(|path| read_folder(&path))
        .transpose()
        .map_err(|error| unreadable("SSL_CERT_DIR", error))?
        .unwrap_or_default()
    {
        // A folder of certificates may hold other files, as OpenSSL's does.
        let _ = read_file(&path).map(|pem| add_pem(&mut roots, &pem, "SSL_CERT_DIR"));
    }
    Ok(Some(roots))
}

fn add_pem(roots: &mut RootCertStore, pem: &[u8], what: &str) -> Result<()> {
    let broken = |reason: String| Error::new(ErrorKind::Tls, format!("{what} cannot be used: {reason}"));
    let mut found = 0;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots
            .add(certificate.map_err(|error| broken(error.to_string()))?)
            .map_err(|error| broken(error.to_string()))?;
        found += 1;
    }
    if found == 0 { Err(broken("there is no PEM certificate in it".into())) } else { Ok(()) }
}

fn server_name(url: &Url) -> Result<ServerName<'static>> {
    match url.host() {
        Some(Host::Ipv4(address)) => Ok(ServerName::IpAddress(std::net::IpAddr::from(address).into())),
        Some(Host::Ipv6(address)) => Ok(ServerName::IpAddress(std::net::IpAddr::from(address).into())),
        // A trailing dot is DNS's, not part of the name in certificates.
        Some(Host::Domain(name)) => ServerName::try_from(name.trim_end_matches('.').to_owned())
            .map_err(|_| Error::new(ErrorKind::InvalidUrl, "The URL's host cannot be in a certificate").with_url(url)),
        None => Err(Error::new(ErrorKind::InvalidUrl, "The URL has no host").with_url(url)),
    }
}

/// rustls tells which check failed; here it is said in the user's words.
fn handshake_error(url: &Url, error: std::io::Error) -> Error {
    use rustls::{CertificateError as Certificate, Error as Tls};
    let host = url.host_str().unwrap_or_default();
    let reason = match error.get_ref().and_then(|inner| inner.downcast_ref::<Tls>()) {
        Some(Tls::InvalidCertificate(Certificate::UnknownIssuer)) => {
            "its certificate is from an issuer that is not trusted; Tls::add_root_pem adds one".to_owned()
        }
        Some(Tls::InvalidCertificate(Certificate::NotValidForName | Certificate::NotValidForNameContext { .. })) => {
            "its certificate is for another host".to_owned()
        }
        Some(Tls::InvalidCertificate(Certificate::Expired | Certificate::ExpiredContext { .. })) => {
            "its certificate has expired".to_owned()
        }
        Some(Tls::InvalidMessage(_)) => "it does not speak TLS on this port; try http://".to_owned(),
        _ if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "it closed the connection during the handshake".to_owned()
        }
        _ => error.to_string(),
    };
    Error::new(ErrorKind::Tls, format!("No TLS connection to '{host}': {reason}")).with_source(error).with_url(url)
}
