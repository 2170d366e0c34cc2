//! Whom a client trusts: Mozilla's list, the system's, the environment's, and what the user gives.

use std::io;
use std::sync::OnceLock;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::backend::{env_var, read_file, read_folder, split_paths};
use crate::error::{Error, ErrorKind, Result};
use crate::tls::{DefaultRoots, Tls};

/// Loaded once per process.
static MOZILLA: OnceLock<RootCertStore> = OnceLock::new();
#[cfg(feature = "system-roots")]
static SYSTEM: OnceLock<RootCertStore> = OnceLock::new();

/// Whether this build of the crate can do it.
pub(super) fn check(tls: &Tls) -> Result<()> {
    if tls.roots == DefaultRoots::System && !cfg!(feature = "system-roots") {
        return Err(Error::new(ErrorKind::Unsupported, "Tls::system_roots needs the feature 'system-roots'"));
    }
    Ok(())
}

/// The certificates that the user gave.
pub(super) fn given(pems: &[Vec<u8>]) -> Result<Vec<CertificateDer<'static>>> {
    let mut found = Vec::new();
    for pem in pems {
        found.extend(certificates(pem, "the given root certificates")?);
    }
    Ok(found)
}

pub(super) fn all(tls: &Tls, given: &[CertificateDer<'static>], trust_env: bool) -> Result<RootCertStore> {
    let mut roots = defaults(tls.roots, trust_env)?;
    // They were tried before, by `certificates`.
    roots.add_parsable_certificates(given.iter().cloned());
    Ok(roots)
}

fn defaults(roots: DefaultRoots, trust_env: bool) -> Result<RootCertStore> {
    if roots == DefaultRoots::None {
        return Ok(RootCertStore::empty());
    }
    if trust_env && let Some(roots) = environment()? {
        return Ok(roots);
    }
    match roots {
        DefaultRoots::System => system(),
        _ => Ok(MOZILLA.get_or_init(|| webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()).clone()),
    }
}

/// The certificates that SSL_CERT_FILE and SSL_CERT_DIR name; `None` when neither is set.
fn environment() -> Result<Option<RootCertStore>> {
    let (file, folders) = (given_variable("SSL_CERT_FILE"), given_variable("SSL_CERT_DIR"));
    if file.is_none() && folders.is_none() {
        return Ok(None);
    }
    let mut roots = RootCertStore::empty();
    if let Some(path) = file {
        let pem = read_file(&path).map_err(|error| unreadable("SSL_CERT_FILE", error))?;
        roots.add_parsable_certificates(certificates(&pem, "SSL_CERT_FILE")?);
    }
    for folder in folders.map(|folders| split_paths(&folders)).unwrap_or_default() {
        for path in read_folder(&folder).map_err(|error| unreadable("SSL_CERT_DIR", error))? {
            // A folder of certificates may hold other files, as OpenSSL's does.
            let found = read_file(&path).ok().and_then(|pem| certificates(&pem, "SSL_CERT_DIR").ok());
            roots.add_parsable_certificates(found.unwrap_or_default());
        }
    }
    Ok(Some(roots))
}

fn given_variable(name: &str) -> Option<String> {
    env_var(name).filter(|value| !value.is_empty())
}

fn unreadable(variable: &str, error: io::Error) -> Error {
    Error::new(ErrorKind::Tls, format!("{variable} cannot be read: {error}")).with_source(error)
}

/// The operating system's. What of it nobody can read is passed over: stores hold old and odd ones.
#[cfg(feature = "system-roots")]
fn system() -> Result<RootCertStore> {
    if let Some(roots) = SYSTEM.get() {
        return Ok(roots.clone());
    }
    // The crate reads these two itself, and by now whoever trusts the environment has: the rest asked not to.
    if ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().any(|name| given_variable(name).is_some()) {
        let message = "The system's roots cannot be told from those of SSL_CERT_FILE and SSL_CERT_DIR, which trust_env(false) forbids";
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let loaded = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(loaded.certs);
    if roots.is_empty() {
        let reason = loaded.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
        return Err(Error::new(ErrorKind::Tls, format!("The system has no root certificates{reason}")));
    }
    Ok(SYSTEM.get_or_init(|| roots).clone())
}

/// Refused by `check`, when the client was built.
#[cfg(not(feature = "system-roots"))]
fn system() -> Result<RootCertStore> {
    Ok(RootCertStore::empty())
}

/// All certificates of a PEM text, each fit to be a root, and one at least.
fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>> {
    let broken = |reason: String| Error::new(ErrorKind::Tls, format!("{what} cannot be used: {reason}"));
    let (mut found, mut tried) = (Vec::new(), RootCertStore::empty());
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| broken(error.to_string()))?;
        tried.add(certificate.clone()).map_err(|error| broken(error.to_string()))?;
        found.push(certificate);
    }
    if found.is_empty() { Err(broken("there is no PEM certificate in it".into())) } else { Ok(found) }
}
