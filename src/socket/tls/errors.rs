//! Why there is no TLS connection, in the user's words: which check failed, and what to do.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::io;

use rustls::{
    AlertDescription as Alert, CertRevocationListError as RevocationList, CertificateError as Certificate,
    Error as Tls, InvalidMessage, OtherError, PeerIncompatible,
};

use super::Target;
use super::verifier::SelfSigned;
use crate::error::{Error, ErrorKind};
use crate::request::Request;
use crate::tls::SniHostname;

/// What others wrote is shown up to here: a certificate may have ten thousand names (threat D6).
const LONGEST: usize = 300;
/// So many of its names are shown.
const MOST_NAMES: usize = 3;

pub(super) fn handshake(target: Target<'_>, error: io::Error) -> Error {
    let reason = match tls_error(&error) {
        Some(tls) => tls_reason(tls),
        None if error.kind() == io::ErrorKind::UnexpectedEof => "it closed the connection during the handshake".into(),
        None if error.kind() == io::ErrorKind::ConnectionReset => "it reset the connection during the handshake".into(),
        None => shortened(&error.to_string()).into(),
    };
    failed(target, &reason, error)
}

/// With TLS 1.3 a server refuses the client's certificate, or its lack, only after the handshake: in place of a response.
pub(in crate::socket) fn late_refusal(error: Error, request: &Request) -> Error {
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    match source.and_then(tls_error) {
        Some(Tls::AlertReceived(alert)) => {
            let (reason, alert) = (alert_reason(*alert), Tls::AlertReceived(*alert));
            failed(request.into(), &reason, io::Error::new(io::ErrorKind::InvalidData, alert))
        }
        _ => error,
    }
}

/// The configuration itself is at fault.
pub(super) fn unusable(error: impl StdError + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Tls, format!("TLS cannot be set up: {error}")).with_source(error)
}

fn failed(target: Target<'_>, reason: &str, source: io::Error) -> Error {
    let host = target.url.host_str().unwrap_or_default();
    let asked = target.name.map(|SniHostname(name)| format!(" as '{}'", shortened(name))).unwrap_or_default();
    let error =
        Error::new(ErrorKind::Tls, format!("No TLS connection to '{host}'{asked}: {reason}")).with_url(target.url);
    // The source is part of what `Debug` shows.
    if source.to_string().len() <= LONGEST { error.with_source(source) } else { error }
}

fn tls_error(error: &io::Error) -> Option<&Tls> {
    error.get_ref()?.downcast_ref()
}

fn tls_reason(error: &Tls) -> Cow<'static, str> {
    match error {
        Tls::InvalidCertificate(error) => certificate_reason(error),
        Tls::AlertReceived(alert) => alert_reason(*alert),
        Tls::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion) => {
            "it does not speak TLS on this port; try http://".into()
        }
        Tls::InvalidMessage(InvalidMessage::CertificatePayloadTooLarge | InvalidMessage::HandshakePayloadTooLarge) => {
            "its certificates are larger than TLS needs (64 KiB)".into()
        }
        Tls::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled,
        ) => NO_VERSION.into(),
        Tls::PeerIncompatible(_) => NOTHING_IN_COMMON.into(),
        Tls::InvalidCertRevocationList(RevocationList::BadSignature) => {
            "the given revocation list has the name of its certificate's authority, but not its signature".into()
        }
        Tls::InvalidCertRevocationList(error) => format!("the given revocation list cannot be used ({error:?})").into(),
        Tls::NoCertificatesPresented => "it shows no certificate".into(),
        Tls::NoApplicationProtocol => NO_PROTOCOL.into(),
        error => format!("it breaks the rules of TLS ({})", shortened(&error.to_string())).into(),
    }
}

const NO_VERSION: &str = "it speaks no version of TLS that is allowed: TLS 1.2 and 1.3, unless Tls::min_version and \
    Tls::max_version say otherwise";
const NOTHING_IN_COMMON: &str =
    "it accepts none of the ciphers, key exchanges and signatures that are safe and offered";
const NO_PROTOCOL: &str = "it speaks none of the versions of HTTP that are offered";

fn certificate_reason(error: &Certificate) -> Cow<'static, str> {
    match error {
        Certificate::UnknownIssuer => "its certificate is from an issuer that is not trusted, or it leaves out the \
            certificates between; Tls::add_root_pem adds an issuer"
            .into(),
        Certificate::NotValidForName => "its certificate is for another host".into(),
        Certificate::NotValidForNameContext { presented, .. } => other_host(presented).into(),
        Certificate::Expired | Certificate::ExpiredContext { .. } => "its certificate has expired".into(),
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
            "its certificate is not valid yet; is this machine's clock right?".into()
        }
        Certificate::InvalidPurpose | Certificate::InvalidPurposeContext { .. } => {
            "its certificate is not for servers (extended key usage)".into()
        }
        Certificate::Revoked => "its certificate, or one that vouches for it, was revoked".into(),
        Certificate::UnknownRevocationStatus => {
            "no given list says whether its certificate, or one that vouches for it, \
            was revoked, and Tls::require_revocation_status wants to know"
                .into()
        }
        Certificate::ExpiredRevocationList | Certificate::ExpiredRevocationListContext { .. } => {
            "the given revocation list is out of date; Tls::add_crl_pem takes a newer one".into()
        }
        Certificate::BadEncoding => "its certificate is badly encoded".into(),
        Certificate::BadSignature => {
            "a signature is wrong: its issuer's, which may have the name of a trusted one but not its key, or its own"
                .into()
        }
        Certificate::Other(OtherError(other)) if other.is::<SelfSigned>() => {
            "its certificate is self-signed; Tls::add_root_pem trusts it".into()
        }
        Certificate::Other(other) => odd_certificate(&other.to_string()).into(),
        error => format!("its certificate cannot be verified ({})", shortened(&format!("{error:?}"))).into(),
    }
}

/// webpki's reasons that rustls has no word for.
fn odd_certificate(reason: &str) -> String {
    match reason {
        "CaUsedAsEndEntity" => "its certificate is an authority's own, which vouches for hosts and is none (CA:TRUE); \
            it needs one that the authority signed"
            .to_owned(),
        "UnsupportedCertVersion" => "its certificate is not of X.509 version 3".to_owned(),
        reason => format!("its certificate cannot be verified ({})", shortened(reason)),
    }
}

fn other_host(presented: &[String]) -> String {
    if presented.is_empty() {
        return "its certificate is for no host at all: a common name alone does not count (RFC 9525)".to_owned();
    }
    let names: Vec<_> = presented.iter().take(MOST_NAMES).map(|name| shown_name(name)).collect();
    let more = match presented.len() - names.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("its certificate is for another host ({}{more})", names.join(", "))
}

/// webpki writes `DnsName("example.org")`.
fn shown_name(name: &str) -> String {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    inner.trim_matches('"').chars().take(80).collect()
}

fn alert_reason(alert: Alert) -> Cow<'static, str> {
    match alert {
        Alert::ProtocolVersion => NO_VERSION.into(),
        Alert::HandshakeFailure | Alert::InsufficientSecurity => {
            format!("{NOTHING_IN_COMMON}, or wants a client's certificate").into()
        }
        Alert::CertificateRequired => "it wants a client's certificate; Tls::client_cert_pem gives one".into(),
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied => {
            format!("it does not accept the client's certificate, or wants one ({alert:?})").into()
        }
        Alert::UnrecognisedName => "it knows no host of this name".into(),
        Alert::NoApplicationProtocol => NO_PROTOCOL.into(),
        alert => format!("it refused the handshake ({alert:?})").into(),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
