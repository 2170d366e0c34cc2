//! The peers' clients, each set up as its documentation says, for what a plan needs: how many connections, which protocol,
//! and whom to trust.

use std::future::Future;
use std::sync::Arc;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HyperUtil;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::measure::{BoxError, Plan};

/// Where the certificate lies that signed the servers' own.
const ROOT: &str = "PEERS_ROOT";

/// All async peers run on one thread.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T, BoxError>>) -> Result<T, BoxError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

pub(crate) fn whimbrel(plan: &Plan) -> Result<whimbrel::ClientBuilder, BoxError> {
    let connections = plan.at_once.max(100) as usize;
    let limits = whimbrel::Limits::default().max_connections(connections).max_keepalive_connections(connections);
    let mut builder = whimbrel::Client::builder().limits(limits);
    if plan.http2 {
        builder = builder.http1(false).http2(true);
    }
    if is_tls(plan) {
        builder = builder.tls(whimbrel::Tls::new().only_roots_pem(root_pem()?));
    }
    Ok(builder)
}

pub(crate) fn reqwest(plan: &Plan) -> Result<reqwest::Client, BoxError> {
    let mut builder = reqwest::Client::builder();
    if plan.http2 {
        builder = builder.http2_prior_knowledge();
    }
    if is_tls(plan) {
        builder = builder.tls_certs_only([reqwest::Certificate::from_pem(&root_pem()?)?]);
    }
    Ok(builder.build()?)
}

pub(crate) fn reqwest_blocking(plan: &Plan) -> Result<reqwest::blocking::Client, BoxError> {
    let mut builder = reqwest::blocking::Client::builder();
    if is_tls(plan) {
        builder = builder.tls_certs_only([reqwest::Certificate::from_pem(&root_pem()?)?]);
    }
    Ok(builder.build()?)
}

pub(crate) fn ureq(plan: &Plan) -> Result<ureq::Agent, BoxError> {
    use ureq::tls::{Certificate, RootCerts, TlsConfig};
    if !is_tls(plan) {
        return Ok(ureq::Agent::new_with_defaults());
    }
    let roots = RootCerts::new_with_certs(&[Certificate::from_pem(&root_pem()?)?]);
    let tls = TlsConfig::builder().root_certs(roots).build();
    Ok(ureq::Agent::config_builder().tls_config(tls).build().new_agent())
}

pub(crate) fn hyper_util<B>(plan: &Plan) -> Result<HyperUtil<HttpsConnector<HttpConnector>, B>, BoxError>
where
    B: hyper::body::Body<Data: Send> + Send,
{
    let mut http = HttpConnector::new();
    http.set_nodelay(true);
    http.enforce_http(false);
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls_config(plan, &[])?).https_or_http();
    let connector = match plan.http2 {
        true => connector.enable_http2().wrap_connector(http),
        false => connector.enable_http1().wrap_connector(http),
    };
    Ok(HyperUtil::builder(TokioExecutor::new()).http2_only(plan.http2).build(connector))
}

pub(crate) fn curl<H>(easy: &mut curl::easy::Easy2<H>, plan: &Plan) -> Result<(), curl::Error> {
    use curl::easy::HttpVersion;
    easy.url(&plan.url)?;
    if is_tls(plan) {
        easy.cainfo(std::env::var_os(ROOT).unwrap_or_default())?;
    }
    if plan.http2 {
        // 64 requests shall wait for one connection rather than open 64.
        easy.pipewait(true)?;
    }
    easy.http_version(match plan.http2 {
        true if is_tls(plan) => HttpVersion::V2TLS,
        true => HttpVersion::V2PriorKnowledge,
        false => HttpVersion::V11,
    })
}

pub(crate) async fn connect(host: &str) -> Result<TcpStream, BoxError> {
    let stream = TcpStream::connect(host).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

pub(crate) async fn connect_tls(
    host: &str,
    config: Arc<rustls::ClientConfig>,
) -> Result<TlsStream<TcpStream>, BoxError> {
    let name = ServerName::try_from(host.split(':').next().unwrap_or(host).to_owned())?;
    Ok(TlsConnector::from(config).connect(name, connect(host).await?).await?)
}

pub(crate) fn tls_config(plan: &Plan, protocols: &[&[u8]]) -> Result<rustls::ClientConfig, BoxError> {
    let mut roots = rustls::RootCertStore::empty();
    if is_tls(plan) {
        roots.add(CertificateDer::from_pem_slice(&root_pem()?)?)?;
    }
    let mut config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}

pub(crate) fn is_tls(plan: &Plan) -> bool {
    plan.url.starts_with("https:")
}

#[expect(clippy::disallowed_methods, reason = "the ban is whimbrel's")]
fn root_pem() -> Result<Vec<u8>, BoxError> {
    Ok(std::fs::read(std::env::var(ROOT).map_err(|_| "PEERS_ROOT names no file")?)?)
}

pub(crate) fn host(url: &hyper::Uri) -> Result<&str, BoxError> {
    Ok(url.authority().ok_or("the URL has no host")?.as_str())
}
