//! The client's own certificate, and its key in the forms that files have.

use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{Error as Tls, InconsistentKeys};

use super::provider::provider;
use crate::error::{Error, ErrorKind, Result};
use crate::tls::ClientCert;

const ENCRYPTED: (&str, &str) = ("-----BEGIN ENCRYPTED PRIVATE KEY-----", "-----END ENCRYPTED PRIVATE KEY-----");
/// OpenSSL's older form, whose key is a single MD5 of the password.
const OLD_ENCRYPTED: &str = "Proc-Type: 4,ENCRYPTED";

/// Both, and that they belong together.
pub(super) fn load(cert: &ClientCert) -> Result<Arc<dyn ResolvesClientCert>> {
    let chain = chain(&cert.chain)?;
    let key = private_key(&cert.key, cert.password.as_deref())?;
    let provider = provider()?;
    let certified = CertifiedKey::from_der(chain, key, &provider).map_err(|error| match error {
        Tls::InconsistentKeys(InconsistentKeys::KeyMismatch) => unusable("certificate", "its key is another one"),
        error => unusable("certificate", &error.to_string()),
    })?;
    Ok(Arc::new(SingleCertAndKey::from(certified)))
}

fn chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(unusable("certificate", "there is no PEM certificate in it")),
        Ok(chain) => Ok(chain),
        Err(error) => Err(unusable("certificate", &error.to_string())),
    }
}

/// PKCS#8, PKCS#1, SEC1; PKCS#8 encrypted.
fn private_key(pem: &[u8], password: Option<&str>) -> Result<PrivateKeyDer<'static>> {
    let text = String::from_utf8_lossy(pem);
    if let Some((_, rest)) = text.split_once(ENCRYPTED.0) {
        let body = rest.split_once(ENCRYPTED.1).map(|(body, _)| body);
        return decrypt(body.ok_or_else(|| unusable("key", "it is cut off"))?, password);
    }
    if text.contains(OLD_ENCRYPTED) {
        let reason = "it is encrypted in OpenSSL's old way; 'openssl pkcs8 -topk8' makes it a PKCS#8 key";
        return Err(unusable("key", reason));
    }
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| match error {
        rustls::pki_types::pem::Error::NoItemsFound => unusable("key", "there is no PEM private key in it"),
        error => unusable("key", &error.to_string()),
    })
}

#[cfg(feature = "encrypted-keys")]
fn decrypt(body: &str, password: Option<&str>) -> Result<PrivateKeyDer<'static>> {
    use base64::Engine as _;

    let password = password.ok_or_else(|| unusable("key", "it is encrypted, and no password was given"))?;
    let body: String = body.split_ascii_whitespace().collect();
    let der = base64::engine::general_purpose::STANDARD.decode(body);
    let der = der.map_err(|_| unusable("key", "it is no base64"))?;
    let info = pkcs8::EncryptedPrivateKeyInfoRef::try_from(der.as_slice());
    let info = info.map_err(|_| unusable("key", "its encryption is not PBES2; 'openssl pkcs8 -topk8' makes it so"))?;
    let key = info.decrypt(password).map_err(|_| unusable("key", "the password is wrong"))?;
    Ok(PrivateKeyDer::Pkcs8(key.as_bytes().to_vec().into()))
}

#[cfg(not(feature = "encrypted-keys"))]
fn decrypt(_: &str, _: Option<&str>) -> Result<PrivateKeyDer<'static>> {
    Err(Error::new(ErrorKind::Unsupported, "Encrypted keys of client certificates need the feature 'encrypted-keys'"))
}

/// The text of what is wrong never holds the key.
fn unusable(what: &str, reason: &str) -> Error {
    Error::new(ErrorKind::Tls, format!("The client's {what} cannot be used: {reason}"))
}
