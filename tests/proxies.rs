//! Proxies that others wrote: tinyproxy, and Dante for SOCKS. (`scripts/setup` installs both.)
#![cfg(not(target_family = "wasm"))]

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use whimbrel::{Client, ErrorKind, Proxy, Tls};

/// A program that runs until it is dropped, and the folder of its configuration.
struct Running {
    program: Child,
    folder: PathBuf,
    port: u16,
}

impl Running {
    /// Starts it on a free port, and waits until it says that it listens: its output has this word then.
    fn start(name: &str, arguments: &[&str], ready: &str, config: impl Fn(u16) -> String) -> Self {
        let folder = std::env::temp_dir().join(format!("whimbrel-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("loopback ports are free").port();
        std::fs::write(folder.join("config"), config(port)).expect("so can what is in it");
        let mut command = Command::new(name);
        command.args(arguments).current_dir(&folder).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut program = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}; scripts/setup installs it"));
        let output = program.stdout.take().expect("it is piped");
        wait_for(output, name, ready);
        Self { program, folder, port }
    }
}

/// Reads on in a thread of its own, lest the program should wait for a reader.
fn wait_for(output: impl Read + Send + 'static, name: &str, ready: &str) {
    let mut output = BufReader::new(output);
    let mut said = String::new();
    while !said.contains(ready) {
        assert_ne!(output.read_line(&mut said).expect("it says text"), 0, "{name} ended: {said}");
    }
    std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
}

impl Drop for Running {
    fn drop(&mut self) {
        // Asked to end, Dante takes its children with it.
        let _ = Command::new("kill").arg(self.program.id().to_string()).status();
        let _ = self.program.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What the server saw of two requests for this URL.
fn seen(proxy: Proxy, url: &str) -> whimbrel::Result<[Value; 2]> {
    whimbrel::block_on(async {
        let tls = Tls::new().add_root_pem(&whimbrel_server::shared().ca_pem);
        let client = Client::builder().tls(tls).proxy(proxy).build()?;
        let url = format!("{url}/anything");
        Ok([
            client.get(&url).send().await?.json()?,
            client.post(&url).content("x".repeat(200_000)).send().await?.json()?,
        ])
    })?
}

fn check(proxy: Proxy, url: &str) {
    let [first, second] = seen(proxy.clone(), url).unwrap_or_else(|error| panic!("{proxy:?}: {error}"));
    assert!(first["target"] == "/anything" && second["body"].as_str().is_some_and(|body| body.len() == 200_000));
    let headers = first["headers"].to_string();
    assert!(!headers.contains("proxy-authorization"), "{headers}");
}

#[test]
fn tinyproxy_passes_on_and_tunnels() {
    let proxy = Running::start("tinyproxy", &["-d", "-c", "config"], "Accepting connections", |port| {
        format!("Port {port}\nListen 127.0.0.1\nBasicAuth user pass\nAllow 127.0.0.1\nDisableViaHeader Yes\n")
    });
    let server = whimbrel_server::shared();
    let at = |credentials: &str| Proxy::new(format!("http://{credentials}127.0.0.1:{}", proxy.port));
    for url in [&server.http, &server.https] {
        check(at("user:pass@"), url);
    }
    check(at("user:pass@").tunnel_only(), &server.http);
    let refused = seen(at(""), &server.https).unwrap_err();
    assert_eq!(
        (refused.kind(), refused.status().map(|status| status.as_u16())),
        (ErrorKind::Proxy, Some(407)),
        "{refused}"
    );
}

#[test]
fn dante_speaks_every_kind_of_socks() {
    let proxy = Running::start("danted", &["-f", "config", "-p", "pid"], "running", |port| {
        format!(
            "logoutput: stdout\ninternal: 127.0.0.1 port = {port}\nexternal: lo\nclientmethod: none\nsocksmethod: none\n\
             client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}\nsocks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}\n"
        )
    });
    let server = whimbrel_server::shared();
    let through = |scheme: &str| Proxy::new(format!("{scheme}://127.0.0.1:{}", proxy.port));
    for scheme in ["socks5", "socks5h", "socks4", "socks4a"] {
        check(through(scheme), &server.http);
        check(through(scheme), &server.https);
    }
    // Dante knows no names in version 4.
    for scheme in ["socks5", "socks5h", "socks4"] {
        check(through(scheme), &server.https.replace("127.0.0.1", "localhost"));
    }
    let refused = seen(through("socks5"), &server.refused).unwrap_err();
    assert!(refused.kind() == ErrorKind::Proxy && refused.to_string().contains("Connection refused"), "{refused}");
    let login = seen(through("socks5").auth("user", "pass"), &server.http).unwrap_err();
    assert!(login.kind() == ErrorKind::Proxy && login.to_string().contains("NO ACCEPTABLE METHODS"), "{login}");
}
