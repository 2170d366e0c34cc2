//! The cryptography that the program installs goes before that which the crate was built with.

use std::process::Command;

use rustls::CipherSuite::TLS13_CHACHA20_POLY1305_SHA256;
use rustls::crypto::{CryptoProvider, ring};
use whimbrel::TlsInfo;

use super::peer::{Authority, leaf, serve};

const INSTALLED: &str = "WHIMBREL_TEST_INSTALLED";

/// ring's, and a single cipher suite of it.
fn install() {
    let mut provider = ring::default_provider();
    provider.cipher_suites.retain(|suite| suite.suite() == TLS13_CHACHA20_POLY1305_SHA256);
    CryptoProvider::install_default(provider).expect("it is the first");
}

/// The cipher suite that a client of this program comes to.
fn cipher_suite() -> &'static str {
    let authority = Authority::new("authority");
    let url = serve(&authority.sign(&leaf(&[])));
    let response = whimbrel::block_on(async { authority.client().get(url).send().await });
    let response = response.expect("there is no runtime here").expect("it is trusted");
    response.extensions().get::<TlsInfo>().expect("it came over TLS").cipher_suite
}

#[test]
fn the_programs_own_cryptography_goes_first() {
    if std::env::var_os(INSTALLED).is_some() {
        install();
        assert_eq!(cipher_suite(), "TLS_CHACHA20_POLY1305_SHA256");
        return;
    }
    assert_eq!(cipher_suite(), "TLS_AES_256_GCM_SHA384");
    // In a process of its own, for it holds for all of it.
    let mut command = Command::new(std::env::current_exe().expect("the program has a path"));
    command.args(["--exact", "wire::tls::provider::the_programs_own_cryptography_goes_first"]);
    let output = command.env(INSTALLED, "1").output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
