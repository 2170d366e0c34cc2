//! Servers and what they serve.

use std::path::PathBuf;

use whimbrel::{Client, ClientBuilder};

use crate::certificates::Authority;
use crate::running::{Place, Running};

/// A server with a folder of files, in the clear and over TLS.
pub(crate) struct Site {
    program: Running,
    authority: Authority,
}

impl Site {
    /// nginx with these lines in its server. It listens in the Unix socket `socket`, too.
    pub(crate) fn nginx(lines: &str) -> Self {
        Self::nginx_listening("", lines)
    }

    /// nginx that speaks HTTP/2: with prior knowledge, and by ALPN.
    pub(crate) fn nginx_http2(lines: &str) -> Self {
        Self::nginx_listening("http2", lines)
    }

    fn nginx_listening(word: &str, lines: &str) -> Self {
        let authority = Authority::new();
        let program = Running::start("nginx", &["-p", ".", "-c", "config", "-e", "stderr"], "start worker", |place| {
            furnish(place, &authority);
            nginx_config(place, word, lines)
        });
        Self { program, authority }
    }

    /// Apache with these lines for all of it. It speaks HTTP/2 to who wants it.
    pub(crate) fn apache(lines: &str) -> Self {
        let authority = Authority::new();
        let arguments = ["-D", "FOREGROUND", "-d", ".", "-f", "config"];
        let program = Running::start("apache2", &arguments, "resuming normal operations", |place| {
            furnish(place, &authority);
            apache_config(place, lines)
        });
        Self { program, authority }
    }

    /// In the clear, and over TLS.
    pub(crate) fn urls(&self) -> [String; 2] {
        let [plain, tls] = self.program.ports();
        [format!("http://127.0.0.1:{plain}"), format!("https://127.0.0.1:{tls}")]
    }

    /// A client that trusts it, to be set up further.
    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder().tls(self.authority.tls())
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    /// The path of one of its files.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.program.path(file)
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }
}

/// Its files.
fn furnish(place: &Place, authority: &Authority) {
    let identity = authority.server();
    place.write("server.pem", identity.chain);
    place.write("server.key", identity.key);
    place.write("authority.pem", authority.pem());
    place.write("files/text.txt", text());
    place.write("files/large", large(LARGE));
}

/// `user` is for those who run the tests as root: then files can be put into the folder.
fn nginx_config(place: &Place, word: &str, lines: &str) -> String {
    let [plain, tls] = place.ports;
    let folder = place.folder.display();
    format!(
        "daemon off; user root; pid pid; error_log /dev/stdout notice; worker_processes 1;
        events {{ worker_connections 500; }}
        http {{
            access_log off; root files; types {{ text/plain txt; }} default_type application/octet-stream;
            client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
            scgi_temp_path scgi;
            server {{
                listen 127.0.0.1:{plain} {word}; listen 127.0.0.1:{tls} ssl {word};
                listen unix:{folder}/socket {word};
                ssl_certificate server.pem; ssl_certificate_key server.key; ssl_protocols TLSv1.2 TLSv1.3;
                {lines}
            }}
        }}"
    )
}

/// `User` is for those who run the tests as root: Apache serves nothing as root.
fn apache_config(place: &Place, lines: &str) -> String {
    let [plain, tls] = place.ports;
    let modules =
        ["mpm_event", "authz_core", "http2", "ssl", "headers", "mime", "filter", "deflate", "proxy", "proxy_http"];
    let modules =
        modules.map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n")).concat();
    format!(
        "{modules}
        ServerName localhost\nUser nobody\nGroup nogroup\nPidFile pid\nDefaultRuntimeDir .\nMutex pthread
        ErrorLog /dev/stdout\nLogLevel notice\nStartServers 1\nTypesConfig /dev/null\nAddType text/plain txt
        Listen 127.0.0.1:{plain}\nListen 127.0.0.1:{tls}\nProtocols h2 h2c http/1.1\nDocumentRoot files
        {lines}
        <VirtualHost 127.0.0.1:{tls}>
        SSLEngine on\nSSLCertificateFile server.pem\nSSLCertificateKeyFile server.key
        </VirtualHost>
        "
    )
}

pub(crate) const LARGE: usize = 16 << 20;

/// 100 kB that gzip makes smaller.
pub(crate) fn text() -> String {
    (0..5_000).map(|number| format!("line number {number:06}\n")).collect()
}

/// A block of bytes again and again, of a length that no buffer has: what is shifted or left out is noticed.
pub(crate) fn large(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    let mut bytes = next.take(65_537).collect::<Vec<_>>().repeat(length / 65_537 + 1);
    bytes.truncate(length);
    bytes
}

/// Runs a test.
pub(crate) fn run(test: impl Future<Output = ()>) {
    whimbrel::block_on(test).expect("tests run outside any runtime");
}
