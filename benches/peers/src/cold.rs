//! The first client of a process, with its defaults.

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper_util::rt::TokioExecutor;

use crate::measure::{BoxError, Sample, Start};

pub(crate) fn run(peer: &str) -> Result<Sample, BoxError> {
    match peer {
        "whimbrel" => made(whimbrel::Client::new),
        "whimbrel-blocking" => made(whimbrel::blocking::Client::new),
        "reqwest" => made(reqwest::Client::new),
        "reqwest-blocking" => made(reqwest::blocking::Client::new),
        "ureq" => made(ureq::Agent::new_with_defaults),
        "hyper-util" => made(hyper_util),
        "curl" => made(curl::easy::Easy::new),
        other => Err(format!("there is no client '{other}'").into()),
    }
}

/// It is dropped after the clock has stopped.
fn made<T>(new: impl FnOnce() -> T) -> Result<Sample, BoxError> {
    let start = Start::now()?;
    let client = new();
    let sample = start.per_request(1);
    drop(client);
    sample
}

/// With the roots that its connector's documentation begins with.
fn hyper_util() -> impl Sized {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let connector =
        hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build::<_, Empty<Bytes>>(connector)
}
