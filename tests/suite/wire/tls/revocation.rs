//! Certificates that their authority took back.

use rcgen::{
    CertificateRevocationListParams, CrlDistributionPoint, CrlIssuingDistributionPoint, KeyIdMethod, RevokedCertParams,
    SerialNumber, date_time_ymd,
};
use whimbrel::{Client, ErrorKind, Tls};

use super::peer::{self, Authority, Identity, client, leaf, serve};
use crate::support;

const REVOKED: u64 = 7;

/// What the authority publishes: that the certificate of this number counts no longer.
fn list(serial: u64) -> CertificateRevocationListParams {
    let revoked = RevokedCertParams {
        serial_number: SerialNumber::from(serial),
        revocation_time: date_time_ymd(2020, 1, 1),
        reason_code: None,
        invalidity_date: None,
    };
    CertificateRevocationListParams {
        this_update: date_time_ymd(2020, 1, 1),
        next_update: date_time_ymd(3000, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: vec![revoked],
        key_identifier_method: KeyIdMethod::Sha256,
    }
}

/// A server's certificate of this number, whose lists are published at these places.
fn numbered(authority: &Authority, serial: u64, places: &[&str]) -> Identity {
    let mut params = leaf(&[]);
    params.serial_number = Some(SerialNumber::from(serial));
    params.crl_distribution_points = places.iter().map(|&place| point(place)).collect();
    authority.sign(&params)
}

fn point(place: &str) -> CrlDistributionPoint {
    CrlDistributionPoint { uris: vec![place.to_owned()] }
}

/// What a client comes to at a server with this identity.
async fn outcome(tls: Tls, identity: &Identity) -> Result<(), String> {
    let sent = client(tls).get(serve(identity)).send().await;
    sent.map(drop).map_err(|error| {
        assert_eq!(error.kind(), ErrorKind::Tls, "{error:?}");
        error.to_string()
    })
}

fn says<T: std::fmt::Debug>(outcome: Result<T, String>, words: &str) {
    let error = outcome.expect_err(words);
    assert!(error.contains(words), "{words}: {error}");
}

support::test! {
    // D5.
    async fn a_revoked_certificate_is_refused() {
        let authority = Authority::new("authority");
        let list = authority.revoke(&list(REVOKED));
        let (good, revoked) = (numbered(&authority, 1, &[]), numbered(&authority, REVOKED, &[]));
        let ours = || Tls::new().only_roots_pem(authority.pem());
        for tls in [ours().add_crl_pem(list.pem().unwrap()), ours().add_crl_der(list.der())] {
            for tls in [tls.clone(), tls.require_revocation_status(true)] {
                says(outcome(tls.clone(), &revoked).await, "was revoked");
                assert_eq!(outcome(tls, &good).await, Ok(()));
            }
        }
        // Nobody asks where there is no list, and with `verify(false)`.
        for tls in [ours(), ours().add_crl_der(list.der()).verify(false)] {
            assert_eq!(outcome(tls, &revoked).await, Ok(()));
        }
    }

    // D5.
    async fn a_revoked_authority_vouches_for_nobody() {
        let root = Authority::new("root");
        let between = root.below_numbered("between", REVOKED);
        let mut identity = numbered(&between, 1, &[]);
        identity.chain.push_str(&between.pem());
        let tls = Tls::new().only_roots_pem(root.pem());
        assert_eq!(outcome(tls.clone(), &identity).await, Ok(()));
        says(outcome(tls.add_crl_der(root.revoke(&list(REVOKED)).der()), &identity).await, "was revoked");
    }

    // D5: several distribution points, each with a list of its own.
    async fn each_place_that_a_certificate_names_counts() {
        let authority = Authority::new("authority");
        let identity = numbered(&authority, REVOKED, &["http://one.invalid/", "http://two.invalid/"]);
        for place in ["http://one.invalid/", "http://two.invalid/"] {
            let mut list = list(REVOKED);
            list.issuing_distribution_point =
                Some(CrlIssuingDistributionPoint { distribution_point: point(place), scope: None });
            let tls = Tls::new().only_roots_pem(authority.pem()).add_crl_der(authority.revoke(&list).der());
            says(outcome(tls, &identity).await, "was revoked");
        }
    }

    // D5.
    async fn what_no_list_speaks_for_passes_unless_it_must_not() {
        let (authority, another) = (Authority::new("authority"), Authority::new("another"));
        let (good, revoked) = (numbered(&authority, 1, &[]), numbered(&authority, REVOKED, &[]));
        let ours = || Tls::new().only_roots_pem(authority.pem());
        let elsewhere = ours().add_crl_der(another.revoke(&list(REVOKED)).der());
        assert_eq!(outcome(elsewhere.clone(), &revoked).await, Ok(()));
        says(outcome(elsewhere.require_revocation_status(true), &revoked).await, "no given list says whether");
        // Of yesteryear: what was revoked stays so.
        let mut old = list(REVOKED);
        old.next_update = date_time_ymd(2021, 1, 1);
        let old = ours().add_crl_der(authority.revoke(&old).der());
        says(outcome(old.clone(), &revoked).await, "was revoked");
        assert_eq!(outcome(old.clone(), &good).await, Ok(()));
        says(outcome(old.require_revocation_status(true), &good).await, "out of date");
    }

    // A list that somebody else signed in the authority's name.
    async fn a_forged_list_is_not_believed() {
        let authority = Authority::new("authority");
        let forged = Authority::new("authority").revoke(&list(REVOKED));
        let tls = Tls::new().only_roots_pem(authority.pem()).add_crl_der(forged.der());
        says(outcome(tls, &numbered(&authority, REVOKED, &[])).await, "but not its signature");
    }

    async fn lists_that_are_none_are_an_error_of_the_builder() {
        let certificate = Authority::new("authority").pem();
        for (tls, words) in [
            (Tls::new().add_crl_pem(""), "no PEM certificate revocation list"),
            (Tls::new().add_crl_pem(&certificate), "no PEM certificate revocation list"),
            (Tls::new().add_crl_pem("-----BEGIN X509 CRL-----\n!\n-----END X509 CRL-----\n"), "cannot be used"),
            (Tls::new().add_crl_pem("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"), "cannot be used"),
            (Tls::new().add_crl_der(certificate), "cannot be used"),
            (Tls::new().require_revocation_status(true), "none is given"),
        ] {
            let error = Client::builder().tls(tls).build().expect_err("there is no list in it");
            assert!(error.kind() == ErrorKind::Tls && error.to_string().contains(words), "{words}: {error}");
        }
        // What can be given can be taken back.
        let authority = Authority::new("authority");
        let tls = Tls::new().only_roots_pem(authority.pem()).add_crl_der(authority.revoke(&list(REVOKED)).der());
        let tls = tls.require_revocation_status(true).require_revocation_status(false);
        peer::get(&client(tls), &serve(&authority.sign(&leaf(&[])))).await;
    }
}
