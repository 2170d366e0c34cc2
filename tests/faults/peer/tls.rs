//! TLS around another peer: rustls' server, over bytes.

use std::io::{Read as _, Write as _};
use std::sync::{Arc, OnceLock};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::ServerSessionMemoryCache;
use rustls::{ServerConfig, ServerConnection};

use super::{Peer, Sent};
use crate::fault::End;

pub(crate) struct Tls<P> {
    session: ServerConnection,
    inner: P,
    is_over: bool,
}

impl<P: Peer> Tls<P> {
    pub(crate) fn new(inner: P) -> Self {
        let session = ServerConnection::new(identity().1.clone()).expect("the configuration is whole");
        Self { session, inner, is_over: false }
    }

    /// False once the client broke TLS's rules.
    fn decrypt(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let read = self.session.read_tls(&mut bytes);
            if !matches!(read, Ok(1..)) || self.session.process_new_packets().is_err() {
                return false;
            }
            let mut heard = Vec::new();
            // The end of what there is, is no end.
            let _ = self.session.reader().read_to_end(&mut heard);
            if !heard.is_empty() {
                self.answer(&heard);
            }
        }
        true
    }

    fn answer(&mut self, heard: &[u8]) {
        let mut sent = Sent::default();
        self.inner.receive(heard, &mut sent);
        let bytes: Vec<u8> = sent.bytes.into();
        self.session.writer().write_all(&bytes).expect("its buffer has no limit");
        if sent.end.is_some() {
            self.session.send_close_notify();
            self.is_over = true;
        }
    }
}

impl<P: Peer> Peer for Tls<P> {
    fn receive(&mut self, bytes: &[u8], sent: &mut Sent) {
        let is_good = self.decrypt(bytes);
        let mut out = Vec::new();
        while self.session.wants_write() {
            self.session.write_tls(&mut out).expect("memory takes everything");
        }
        sent.bytes.extend(out);
        if self.is_over || !is_good {
            sent.end = Some(End::Cut);
        }
    }
}

/// The authority's certificate, which clients are to trust.
pub(crate) fn authority() -> &'static str {
    &identity().0
}

/// Signatures by Ed25519 are of one length, so that a case is the same each time.
fn identity() -> &'static (String, Arc<ServerConfig>) {
    static IDENTITY: OnceLock<(String, Arc<ServerConfig>)> = OnceLock::new();
    IDENTITY.get_or_init(|| {
        let key = || KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("keys can be made");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, key()).expect("an authority can be made");
        let (params, own) = (CertificateParams::new(["a.test".to_owned(), "b.test".to_owned()]), key());
        let leaf = params.and_then(|params| params.signed_by(&own, &issuer)).expect("it can sign");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.expect("ring has both versions").with_no_client_auth();
        let key = PrivateKeyDer::try_from(own.serialize_der()).expect("it is PKCS#8");
        let mut config = builder.with_single_cert(vec![leaf.der().clone()], key).expect("they belong together");
        // Enough for the connections of a case, and little to hold.
        config.session_storage = ServerSessionMemoryCache::new(32);
        (issuer.pem(), Arc::new(config))
    })
}
