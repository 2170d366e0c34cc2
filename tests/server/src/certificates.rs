//! An authority of our own, made anew at each start, and the TLS settings of the ports it vouches for.

use std::{io, sync::Arc};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer},
    },
};

/// What ALPN offers on ports that speak both versions.
pub(crate) const BOTH: &[&str] = &["h2", "http/1.1"];
/// What ALPN offers on the raw port.
pub(crate) const HTTP_1: &[&str] = &["http/1.1"];

/// When a certificate holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    Expired,
    Valid,
}

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> io::Result<Self> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = named("whimbrel test authority", &[])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        CertifiedIssuer::self_signed(params, key).map(Self).map_err(io::Error::other)
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A TLS port whose certificate is for `hosts`.
    pub(crate) fn acceptor(&self, hosts: &[&str], validity: Validity, protocols: &[&str]) -> io::Result<TlsAcceptor> {
        let (certificate, key) = self.sign(hosts, validity)?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .map_err(io::Error::other)?;
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().into()).collect();
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    fn sign(
        &self,
        hosts: &[&str],
        validity: Validity,
    ) -> io::Result<(CertificateDer<'static>, PrivateKeyDer<'static>)> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = named("whimbrel test server", hosts)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // Python 3.13's and OpenSSL's strict modes refuse a leaf without it (RFC 5280 §4.2.1.1).
        params.use_authority_key_identifier_extension = true;
        if validity == Validity::Expired {
            params.not_before = date_time_ymd(2000, 1, 1);
            params.not_after = date_time_ymd(2001, 1, 1);
        }
        let certificate = params.signed_by(&key, &self.0).map_err(io::Error::other)?;
        Ok((certificate.der().clone(), PrivateKeyDer::Pkcs8(key.serialize_der().into())))
    }
}

/// `hosts` that read as IP addresses become IP names.
fn named(common_name: &str, hosts: &[&str]) -> io::Result<CertificateParams> {
    let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
    let mut params = CertificateParams::new(hosts).map_err(io::Error::other)?;
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, common_name);
    Ok(params)
}
