//! A server of rustls that shows what a test wants it to, and tells what it was told.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationList, CertificateRevocationListParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ServerSessionMemoryCache;
use rustls::{HandshakeKind, ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use whimbrel::{Client, SniHostname, Tls};

/// A connection, as the server sees it.
pub(super) type Stream = StreamOwned<ServerConnection, TcpStream>;

/// A chain and its key, in PEM.
pub(super) struct Identity {
    pub(super) chain: String,
    pub(super) key: String,
}

/// Who signs. `issuer` is a certificate of its own.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let issuer = CertifiedIssuer::self_signed(authority(name), KeyPair::generate().unwrap());
        Self { issuer: issuer.unwrap() }
    }

    /// One below this one.
    pub(super) fn below(&self, name: &str) -> Self {
        self.below_as(authority(name))
    }

    /// The same with a number, by which it can be revoked.
    pub(super) fn below_numbered(&self, name: &str, serial: u64) -> Self {
        let mut params = authority(name);
        params.serial_number = Some(serial.into());
        self.below_as(params)
    }

    fn below_as(&self, params: CertificateParams) -> Self {
        let issuer = CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), &self.issuer);
        Self { issuer: issuer.unwrap() }
    }

    pub(super) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    pub(super) fn revoke(&self, list: &CertificateRevocationListParams) -> CertificateRevocationList {
        list.signed_by(&self.issuer).unwrap()
    }

    pub(super) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// The authority's own certificate, shown as a server's.
    pub(super) fn itself(&self) -> Identity {
        Identity { chain: self.pem(), key: self.issuer.key().serialize_pem() }
    }

    pub(super) fn sign(&self, params: &CertificateParams) -> Identity {
        self.sign_for(params, &KeyPair::generate().unwrap())
    }

    pub(super) fn sign_for(&self, params: &CertificateParams, key: &KeyPair) -> Identity {
        Identity { chain: params.signed_by(key, &self.issuer).unwrap().pem(), key: key.serialize_pem() }
    }

    /// A client that trusts this authority alone.
    pub(super) fn client(&self) -> Client {
        client(Tls::new().only_roots_pem(self.pem()))
    }
}

pub(super) fn authority(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn named(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

/// A server's certificate for these names, whatever they look like, and for 127.0.0.1.
pub(super) fn leaf(names: &[&str]) -> CertificateParams {
    let mut params = named("whimbrel test leaf");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.subject_alt_names = names.iter().map(|&name| SanType::DnsName(name.try_into().unwrap())).collect();
    params.subject_alt_names.push(SanType::IpAddress([127, 0, 0, 1].into()));
    params
}

pub(super) fn self_signed(params: &CertificateParams) -> Identity {
    let key = KeyPair::generate().unwrap();
    Identity { chain: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
}

pub(super) fn client(tls: Tls) -> Client {
    Client::builder().tls(tls).build().expect("the settings are valid")
}

pub(super) fn name(name: &str) -> SniHostname {
    SniHostname(name.to_owned())
}

/// The URL of a server that shows this identity to everybody.
pub(super) fn serve(identity: &Identity) -> String {
    let builder = builder().with_no_client_auth();
    serve_with(builder.with_single_cert(chain(&identity.chain), key(&identity.key)).unwrap())
}

/// The same with settings of its own, and something to do before each body: the head is out by then.
pub(super) fn serve_doing(
    identity: &Identity,
    set: impl FnOnce(&mut ServerConfig),
    act: fn(&mut Stream),
) -> String {
    let builder = builder().with_no_client_auth();
    let mut config = builder.with_single_cert(chain(&identity.chain), key(&identity.key)).unwrap();
    set(&mut config);
    serve_acting(config, act)
}

/// The URL of a server that wants a certificate that this authority signed, if anybody's.
pub(super) fn serve_clients(identity: &Identity, authority: &Authority) -> String {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(chain(&authority.pem()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = builder().with_client_cert_verifier(verifier.build().unwrap());
    serve_with(builder.with_single_cert(chain(&identity.chain), key(&identity.key)).unwrap())
}

fn builder() -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap()
}

fn chain(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).map(Result::unwrap).collect()
}

fn key(pem: &str) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap()
}

fn serve_with(config: ServerConfig) -> String {
    serve_acting(config, |_| ())
}

/// Its threads end with the test program.
fn serve_acting(mut config: ServerConfig, act: fn(&mut Stream)) -> String {
    // More than a client could want, for it to do without.
    config.max_early_data_size = 1 << 14;
    config.session_storage = ServerSessionMemoryCache::new(64);
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for (connection, socket) in listener.incoming().enumerate() {
            let session = ServerConnection::new(config.clone()).unwrap();
            let stream = StreamOwned::new(session, socket.unwrap());
            std::thread::spawn(move || answer(stream, connection, act));
        }
    });
    url
}

/// Every request on the connection, until the client is gone.
fn answer(
    mut stream: Stream,
    connection: usize,
    act: fn(&mut Stream),
) {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(bytes @ 1..) = stream.read(&mut buffer) {
        read.extend_from_slice(&buffer[..bytes]);
        if read.ends_with(b"\r\n\r\n") {
            read.clear();
            let body = told(&mut stream.conn, connection).to_string();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes());
            act(&mut stream);
            let _ = stream.write_all(body.as_bytes());
        }
    }
}

fn told(session: &mut ServerConnection, connection: usize) -> Value {
    json!({
        "connection": connection,
        "sni": session.server_name(),
        "resumed": session.handshake_kind() == Some(HandshakeKind::Resumed),
        "early": session.early_data().is_some(),
        "clients": session.peer_certificates().map_or(0, <[_]>::len),
    })
}

/// What the server was told.
pub(super) async fn get(client: &Client, url: &str) -> Value {
    client.get(url).send().await.unwrap().json().unwrap()
}

/// The same under another name.
pub(super) async fn get_as(client: &Client, url: &str, asked: &str) -> whimbrel::Result<Value> {
    client.get(url).extension(name(asked)).send().await?.json()
}
