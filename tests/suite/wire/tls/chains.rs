//! Certificates that are made to cost time. They end soon, in an error that is short.
#![expect(clippy::disallowed_methods, reason = "it is measured where TLS is our own: natively")]

use std::time::{Duration, Instant};

use rcgen::{
    CertifiedIssuer, GeneralSubtree, KeyPair, NameConstraints, PKCS_RSA_SHA256, PublicKeyData,
    SignatureAlgorithm, SigningKey,
};
use whimbrel::ErrorKind;

use super::peer::{Authority, Identity, authority, leaf, serve};
use crate::support;

/// webpki's limits come to 90 ms, and to ten times that where it is not optimized; the rest is for a busy machine.
const LONGEST: Duration = Duration::from_millis(if cfg!(debug_assertions) { 5_000 } else { 300 });

/// So long that nobody should check its signatures. It makes none that is right.
struct LargeKey(Vec<u8>);

impl LargeKey {
    /// RSA of 16,384 bits: a sequence of a modulus and the exponent 65,537.
    fn new() -> Self {
        let mut der = vec![0x30, 0x82, 0x08, 0x0a, 0x02, 0x82, 0x08, 0x01, 0x00];
        der.extend([0xc5; 2048]);
        der.extend([0x02, 0x03, 0x01, 0x00, 0x01]);
        Self(der)
    }
}

impl PublicKeyData for LargeKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

impl SigningKey for LargeKey {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(vec![0x5a; 2048])
    }
}

/// A server's certificate for these names, with the chain behind it.
fn signed<K: SigningKey>(issuer: &CertifiedIssuer<'_, K>, names: &[&str], behind: &[String]) -> Identity {
    let key = KeyPair::generate().unwrap();
    let chain = leaf(names).signed_by(&key, issuer).unwrap().pem() + &behind.concat();
    Identity { chain, key: key.serialize_pem() }
}

/// A hundred authorities of one name, each of which any other may have signed.
fn cross_signed() -> Identity {
    let issuer = |above: &CertifiedIssuer<'static, KeyPair>| {
        CertifiedIssuer::signed_by(authority("any"), KeyPair::generate().unwrap(), above).unwrap()
    };
    let mut issuers = vec![CertifiedIssuer::self_signed(authority("any"), KeyPair::generate().unwrap()).unwrap()];
    for _ in 1..100 {
        issuers.push(issuer(issuers.last().expect("there is the first")));
    }
    let behind: Vec<_> = issuers.iter().map(|issuer| issuer.pem()).collect();
    signed(&issuers[99], &[], &behind)
}

/// Each of so many names is to be compared with each of so many constraints.
fn constrained(root: &Authority) -> Identity {
    let names: Vec<_> = (0..600).map(|number| format!("host-{number}.example")).collect();
    let subtrees = names.iter().map(|name| GeneralSubtree::DnsName(name.clone()));
    let mut params = authority("between");
    params.name_constraints =
        Some(NameConstraints { permitted_subtrees: subtrees.collect(), excluded_subtrees: Vec::new() });
    let between = CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), root.issuer()).unwrap();
    signed(&between, &names.iter().map(String::as_str).collect::<Vec<_>>(), &[between.pem()])
}

fn of_a_large_key(root: &Authority) -> Identity {
    let between = CertifiedIssuer::signed_by(authority("between"), LargeKey::new(), root.issuer()).unwrap();
    signed(&between, &[], &[between.pem()])
}

support::test! {
    // D6.
    async fn chains_that_cost_time_end_soon() {
        let root = Authority::new("root");
        let client = root.client();
        for (identity, words) in [
            (cross_signed(), "cannot be verified (MaximumPathBuildCallsExceeded)"),
            (constrained(&root), "cannot be verified (MaximumNameConstraintComparisonsExceeded)"),
            (of_a_large_key(&root), "a signature is wrong"),
        ] {
            let url = serve(&identity);
            let start = Instant::now();
            let error = client.get(&url).send().await.unwrap_err();
            let took = start.elapsed();
            assert!(error.kind() == ErrorKind::Tls && error.to_string().contains(words), "{words}: {error}");
            assert!(took < LONGEST, "{words}: {took:?}");
            assert!(format!("{error:?}").len() < 800, "{error:?}");
        }
    }
}
