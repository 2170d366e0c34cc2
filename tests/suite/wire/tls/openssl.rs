//! OpenSSL's program, for what rustls and rcgen do not do: servers of old versions, RSA keys, and forms of keys.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::peer::Identity;

/// What `openssl` writes.
pub(super) fn openssl(arguments: &[&str], input: &str) -> String {
    let mut command = Command::new("openssl");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("openssl is installed: scripts/setup");
    child.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("openssl reads");
    let output = child.wait_with_output().expect("openssl ends");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("PEM is ASCII")
}

/// A new RSA key, PKCS#8.
pub(super) fn rsa_key() -> String {
    openssl(&["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "")
}

/// A certificate that nobody but its key vouches for.
pub(super) fn self_signed_without_extensions() -> Identity {
    let key = rsa_key();
    let path = std::env::temp_dir().join(format!("whimbrel-openssl-key-{}", std::process::id()));
    std::fs::write(&path, &key).expect("there is room for a file");
    let file = path.to_str().expect("the folder for temporary files has a name in UTF-8");
    let request = openssl(&["req", "-new", "-subj", "/CN=localhost", "-key", file], "");
    let chain = openssl(&["x509", "-req", "-signkey", file], &request);
    let _ = std::fs::remove_file(&path);
    Identity { chain, key }
}

/// `openssl s_server`, until it is dropped.
pub(super) struct Server {
    child: Child,
    folder: PathBuf,
    pub(super) url: String,
}

impl Server {
    /// It answers every request with a page about the connection. `authority` is whom its clients must have.
    pub(super) fn start(identity: &Identity, authority: Option<&str>, arguments: &[&str]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("whimbrel-openssl-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("there is room for a folder");
        let file = |name: &str, pem: &str| {
            std::fs::write(folder.join(name), pem).expect("there is room for a file");
            folder.join(name)
        };
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", "127.0.0.1:0", "-www"]).args(arguments);
        command.arg("-cert").arg(file("chain.pem", &identity.chain)).arg("-key").arg(file("key.pem", &identity.key));
        if let Some(authority) = authority {
            command.args(["-verify_return_error", "-Verify", "2", "-CAfile"]).arg(file("clients.pem", authority));
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl is installed: scripts/setup");
        let url = format!("https://{}/", address(&mut child));
        Self { child, folder, url }
    }
}

/// From its line "ACCEPT 127.0.0.1:43211". What it writes later is read away, lest it wait for a reader.
fn address(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let address = lines.find_map(|line| line.ok()?.strip_prefix("ACCEPT ").map(str::to_owned));
    std::thread::spawn(move || lines.for_each(drop));
    address.expect("it listens")
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = (self.child.kill(), self.child.wait(), std::fs::remove_dir_all(&self.folder));
    }
}
