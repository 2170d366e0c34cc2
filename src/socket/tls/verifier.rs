//! Who a server may be: whom the roots vouch for, or anybody.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error as Tls, OtherError, RootCertStore, SignatureScheme};

use super::errors;
use super::revocation::Revocation;
use crate::error::{Error, ErrorKind, Result};

/// webpki's, which also tells self-signed certificates from those of unknown issuers.
#[derive(Debug)]
pub(super) struct Verifier {
    webpki: Arc<WebPkiServerVerifier>,
    provider: Arc<CryptoProvider>,
}

/// Why a certificate is not trusted: nobody but itself vouches for it.
#[derive(Debug)]
pub(super) struct SelfSigned;

impl fmt::Display for SelfSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the certificate is self-signed")
    }
}

impl std::error::Error for SelfSigned {}

impl Verifier {
    pub(super) fn new(
        roots: RootCertStore,
        revocation: Revocation<'_>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self> {
        if roots.is_empty() {
            return Err(Error::new(ErrorKind::Tls, "No root certificate was found, so that no server can be trusted"));
        }
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        let webpki = revocation.add_to(builder).build();
        Ok(Self { webpki: webpki.map_err(errors::unusable)?, provider: provider.clone() })
    }

    /// Whether it would be right if it were trusted itself.
    fn is_self_signed(&self, certificate: &CertificateDer<'_>, name: &ServerName<'_>, now: UnixTime) -> bool {
        let mut itself = RootCertStore::empty();
        if itself.add(certificate.clone().into_owned()).is_err() {
            return false;
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(itself), self.provider.clone()).build();
        let verified = verifier.map(|verifier| verifier.verify_server_cert(certificate, &[], name, &[], now));
        !matches!(verified, Err(_) | Ok(Err(Tls::InvalidCertificate(CertificateError::UnknownIssuer))))
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Tls> {
        let verified = self.webpki.verify_server_cert(end_entity, intermediates, name, ocsp, now);
        match verified {
            Err(Tls::InvalidCertificate(CertificateError::UnknownIssuer))
                if self.is_self_signed(end_entity, name, now) =>
            {
                Err(CertificateError::Other(OtherError(Arc::new(SelfSigned))).into())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Tls> {
        self.webpki.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Tls> {
        self.webpki.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}

/// `verify(false)`: any certificate, for any name. The server still has to have its key, so that nobody can show a copy,
/// unless the certificate is of a kind that cannot be read (X.509 v1).
#[derive(Debug)]
pub(super) struct AcceptsAny(WebPkiSupportedAlgorithms);

impl AcceptsAny {
    pub(super) fn new(provider: &CryptoProvider) -> Self {
        Self(provider.signature_verification_algorithms)
    }
}

fn unless_unreadable(checked: Result<HandshakeSignatureValid, Tls>) -> Result<HandshakeSignatureValid, Tls> {
    match checked {
        Err(Tls::InvalidCertificate(CertificateError::BadEncoding | CertificateError::Other(_))) => {
            Ok(HandshakeSignatureValid::assertion())
        }
        checked => checked,
    }
}

impl ServerCertVerifier for AcceptsAny {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Tls> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Tls> {
        unless_unreadable(verify_tls12_signature(message, certificate, signature, &self.0))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Tls> {
        unless_unreadable(verify_tls13_signature(message, certificate, signature, &self.0))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
