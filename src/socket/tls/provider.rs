//! The cryptography: the program's own choice, ring's or AWS-LC's.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

use crate::error::{Error, ErrorKind, Result};

/// What the program installed for all of rustls, or else what this crate was built with, ring's first: who turns on a feature
/// adds a way, and takes no other one away (threat D18).
pub(super) fn provider() -> Result<Arc<CryptoProvider>> {
    CryptoProvider::get_default().cloned().or_else(built_in).ok_or_else(|| {
        let message = "There is no cryptography for TLS: turn on the feature 'ring' or 'aws-lc-rs', or install a provider with \
            rustls::crypto::CryptoProvider::install_default";
        Error::new(ErrorKind::Unsupported, message)
    })
}

#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
fn built_in() -> Option<Arc<CryptoProvider>> {
    #[cfg(not(feature = "ring"))]
    use rustls::crypto::aws_lc_rs::default_provider;
    #[cfg(feature = "ring")]
    use rustls::crypto::ring::default_provider;

    static PROVIDER: std::sync::OnceLock<Arc<CryptoProvider>> = std::sync::OnceLock::new();
    Some(PROVIDER.get_or_init(|| Arc::new(default_provider())).clone())
}

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
fn built_in() -> Option<Arc<CryptoProvider>> {
    None
}
