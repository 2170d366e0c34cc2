//! Which certificates no longer count: the lists that the user gives (RFC 5280 §5). Nobody else is asked.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::{ServerCertVerifierBuilder, WebPkiServerVerifier};
use rustls::pki_types::CertificateRevocationListDer;
use rustls::pki_types::pem::PemObject;

use super::provider::provider;
use crate::error::{Error, ErrorKind, Result};
use crate::tls::{RevocationList, Tls};

/// What a verifier is to know.
pub(super) struct Revocation<'a> {
    pub(super) lists: &'a [CertificateRevocationListDer<'static>],
    pub(super) is_required: bool,
}

impl Revocation<'_> {
    pub(super) fn add_to(&self, builder: ServerCertVerifierBuilder) -> ServerCertVerifierBuilder {
        let builder = builder.with_crls(self.lists.iter().cloned());
        match self.is_required {
            true => builder.enforce_revocation_expiration(),
            false => builder.allow_unknown_revocation_status(),
        }
    }
}

/// The given lists, each of which can be read.
pub(super) fn lists(tls: &Tls) -> Result<Vec<CertificateRevocationListDer<'static>>> {
    let mut lists = Vec::new();
    for list in &tls.revocation_lists {
        match list {
            RevocationList::Der(der) => lists.push(der.clone().into()),
            RevocationList::Pem(pem) => lists.extend(in_pem(pem)?),
        }
    }
    match lists.is_empty() {
        // Without a list nothing would be looked up, and everything pass.
        true if tls.requires_revocation_status => {
            Err(unusable("require_revocation_status needs one, and none is given"))
        }
        true => Ok(lists),
        false => try_out(&lists).map(|()| lists),
    }
}

fn in_pem(pem: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>> {
    let lists: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(pem).collect();
    match lists {
        Ok(lists) if lists.is_empty() => Err(unusable("there is no PEM certificate revocation list in it")),
        Ok(lists) => Ok(lists),
        Err(error) => Err(unusable(&error.to_string())),
    }
}

/// By a verifier that nobody will use: rustls reads lists nowhere else. Who it trusts plays no part.
fn try_out(lists: &[CertificateRevocationListDer<'static>]) -> Result<()> {
    let anyone: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().take(1).cloned().collect();
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(anyone), provider()?);
    verifier.with_crls(lists.iter().cloned()).build().map(drop).map_err(|error| unusable(&error.to_string()))
}

fn unusable(reason: &str) -> Error {
    Error::new(ErrorKind::Tls, format!("The given revocation lists cannot be used: {reason}"))
}
