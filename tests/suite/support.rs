//! The one file of the suite that names targets: how a test runs, and where the server is.

/// Async tests, the same on every target: driven by `whimbrel::block_on` where blocking is possible, by the JavaScript
/// host's event loop where it is not.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
macro_rules! test {
    ($(async fn $name:ident() $body:block)*) => { $(
        #[test]
        fn $name() {
            whimbrel::block_on(async $body).expect("tests run outside any runtime");
        }
    )* };
}
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
macro_rules! test {
    ($(async fn $name:ident() $body:block)*) => { $(
        #[wasm_bindgen_test::wasm_bindgen_test]
        async fn $name() $body
    )* };
}
pub(crate) use test;

/// What needs blocking: not in JavaScript hosts.
macro_rules! where_blocking {
    ($($item:item)*) => { $(
        #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
        $item
    )* };
}
pub(crate) use where_blocking;

/// Whether `http://` goes over whimbrel's own sockets, so that its codec and pool are what is tested.
pub(crate) const SOCKETS: bool = cfg!(any(not(target_family = "wasm"), target_os = "wasi"));
/// Whether programs can read files there.
pub(crate) const FILES: bool = SOCKETS;
/// Whether `https://` does.
pub(crate) const OWN_TLS: bool = cfg!(not(target_family = "wasm"));
/// Whether there are Unix sockets.
pub(crate) const UNIX_SOCKETS: bool = cfg!(unix);
/// What needs threads. (It stands where blocking is possible.)
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
macro_rules! where_threads {
    ($($item:item)*) => { $(
        #[cfg(not(target_family = "wasm"))]
        $item
    )* };
}
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) use where_threads;

/// What is tested where `http://` goes over whimbrel's own sockets.
macro_rules! where_sockets {
    ($($item:item)*) => { $(
        #[cfg(any(not(target_family = "wasm"), target_os = "wasi"))]
        $item
    )* };
}
pub(crate) use where_sockets;

/// What is tested where there are Unix sockets.
macro_rules! where_unix_sockets {
    ($($item:item)*) => { $(
        #[cfg(unix)]
        $item
    )* };
}
pub(crate) use where_unix_sockets;

/// What is tested where `https://` does.
macro_rules! where_own_tls {
    ($($item:item)*) => { $(
        #[cfg(not(target_family = "wasm"))]
        $item
    )* };
}
pub(crate) use where_own_tls;

/// Where the example server is. Consecutive ports, see its README.
#[allow(dead_code, reason = "not every target tests every port")]
pub(crate) struct Server {
    pub http: String,
    pub https: String,
    pub raw: String,
    pub wrong_host: String,
    pub refused: String,
    pub stalled: String,
    pub expired: String,
    pub raw_tls: String,
    pub socks: String,
    /// Where the machine has IPv6.
    pub http_v6: Option<String>,
    /// The certificate authority to trust, where the test can tell the client so.
    pub ca_pem: Option<String>,
}

/// The server that `scripts/test` starts for the targets that cannot start one.
#[cfg(target_family = "wasm")]
pub(crate) fn server() -> Server {
    let base: u16 = option_env!("WHIMBREL_TEST_PORT").and_then(|port| port.parse().ok()).unwrap_or(18_600);
    let url = |scheme: &str, offset: u16| format!("{scheme}://127.0.0.1:{}", base + offset);
    Server {
        http: url("http", 0),
        https: url("https", 1),
        raw: url("http", 2),
        wrong_host: url("https", 3),
        refused: url("http", 4),
        stalled: url("http", 5),
        expired: url("https", 6),
        raw_tls: url("https", 7),
        socks: url("socks5", 8),
        http_v6: option_env!("WHIMBREL_TEST_IPV6").map(|_| format!("http://[::1]:{base}")),
        ca_pem: None,
    }
}

/// A server of the test program's own.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn server() -> Server {
    static SERVER: std::sync::OnceLock<whimbrel_server::Server> = std::sync::OnceLock::new();
    let server = SERVER.get_or_init(|| {
        whimbrel_server::start_in_thread(whimbrel_server::Options::default()).expect("loopback ports are free")
    });
    let addresses = server.addresses();
    Server {
        http: addresses.http.clone(),
        https: addresses.https.clone(),
        raw: addresses.raw.clone(),
        wrong_host: addresses.wrong_host.clone(),
        refused: addresses.refused.clone(),
        stalled: addresses.stalled.clone(),
        expired: addresses.expired.clone(),
        raw_tls: addresses.raw_tls.clone(),
        socks: addresses.socks.clone(),
        http_v6: addresses.http_v6.clone(),
        ca_pem: Some(addresses.ca_pem.clone()),
    }
}

impl Server {
    /// A client that trusts the server's authority, where it can be told to.
    pub(crate) fn client(&self) -> whimbrel::Client {
        self.builder().build().expect("the pem is valid, as are the defaults")
    }

    pub(crate) fn builder(&self) -> whimbrel::ClientBuilder {
        let builder = whimbrel::Client::builder();
        match &self.ca_pem {
            Some(pem) => builder.tls(whimbrel::Tls::new().add_root_pem(pem)),
            None => builder,
        }
    }
}

/// A client whose requests the function answers.
pub(crate) fn mock<R: whimbrel::IntoMockResponse + 'static>(
    handler: impl Fn(&whimbrel::Request) -> R + Send + Sync + 'static,
) -> whimbrel::ClientBuilder {
    whimbrel::Client::builder().transport(whimbrel::MockTransport::new(handler))
}

/// A client that answers 200 with the request as JSON: method, url, headers, body.
pub(crate) fn echo() -> whimbrel::ClientBuilder {
    whimbrel::Client::builder().transport(echo_transport())
}

pub(crate) fn echo_transport() -> whimbrel::MockTransport {
    whimbrel::MockTransport::new(|request| {
        let headers: Vec<_> =
            request.headers().iter().map(|(name, value)| (name.as_str(), latin1(value.as_bytes()))).collect();
        whimbrel::Response::new(200).with_json(&serde_json::json!({
            "method": request.method().as_str(), "url": request.url().as_str(), "headers": headers,
            "body": latin1(request.body().as_bytes().unwrap_or_default()),
        }))
    })
}

/// Bytes as characters.
pub(crate) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| byte as char).collect()
}

/// Percent-encoding for the raw port's parameters.
pub(crate) fn percent(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02X}")).collect()
}

/// A name for what the raw port records, unlike any other in this run.
pub(crate) fn record_id(name: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let random = whimbrel::Client::new().post("http://x/").multipart(whimbrel::Multipart::new()).build();
    let boundary = random.expect("it is valid").headers().get("content-type").map(|value| latin1(value.as_bytes()));
    let random = boundary.unwrap_or_default().rsplit('=').next().unwrap_or_default().to_owned();
    format!("{name}-{}-{random}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A stream of these pieces, as a request's body.
pub(crate) fn pieces(
    pieces: &[&'static str],
) -> impl futures_core::Stream<Item = Result<whimbrel::Bytes, whimbrel::BoxError>> + use<> {
    Pieces(pieces.iter().map(|piece| piece.as_bytes().into()).collect::<Vec<_>>().into_iter())
}

struct Pieces(std::vec::IntoIter<whimbrel::Bytes>);

impl futures_core::Stream for Pieces {
    type Item = Result<whimbrel::Bytes, whimbrel::BoxError>;
    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.next().map(Ok))
    }
}

/// A body without end, of ten bytes at a time, that never lets anybody wait.
pub(crate) struct Endless;

impl futures_core::Stream for Endless {
    type Item = Result<whimbrel::Bytes, whimbrel::BoxError>;
    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(Some(Ok("0123456789".into())))
    }
}

/// A file of tests/data.
pub(crate) fn data(name: &str) -> String {
    format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Whether it can be read: a WASI host shows what it was told to show, and jco nothing.
pub(crate) fn sees_files() -> bool {
    std::fs::metadata(data("README.md")).is_ok()
}

/// Something to write lines into from closures, and what reads them.
pub(crate) fn log() -> (impl Fn(String) + Send + Sync + Clone + 'static, impl Fn() -> Vec<String>) {
    let lines = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let read = lines.clone();
    (move |line| lines.lock().unwrap().push(line), move || read.lock().unwrap().clone())
}

/// All of them at once, on one thread.
#[allow(dead_code, reason = "of use where the pool is ours")]
pub(crate) async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = running.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, output) in running.iter_mut().zip(&mut done) {
            if output.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(cx)
            {
                *output = Some(ready);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

/// Base64, as PEM has it.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
