//! The command line program, run as a user runs it.

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use whimbrel_server::{Addresses, Options, Server};

fn server() -> &'static Addresses {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER
        .get_or_init(|| whimbrel_server::start_in_thread(Options::default()).expect("loopback ports are free"))
        .addresses()
}

/// Exit status, standard output and standard error.
fn whimbrel(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_whimbrel")).args(arguments).output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the output is UTF-8");
    (output.status.code().expect("it is not killed"), text(output.stdout), text(output.stderr))
}

/// The program, with its output in a pipe.
fn spawn(arguments: &[&str]) -> std::process::Child {
    let mut program = Command::new(env!("CARGO_BIN_EXE_whimbrel"));
    program.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    program.spawn().expect("the program starts")
}

/// The URL of the raw port that answers with these bytes.
fn raw(answer: &[u8]) -> String {
    let data: String = answer.iter().map(|byte| format!("%{byte:02X}")).collect();
    format!("{}/raw?data={data}", server().raw)
}

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("whimbrel-cli-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the temporary folder can be written");
    folder
}

/// The request that the server saw.
fn echo(arguments: &[&str]) -> serde_json::Value {
    let url = format!("{}/anything", server().http);
    let (status, out, error) = whimbrel(&[&[url.as_str()], arguments].concat());
    assert_eq!(status, 0, "{error}");
    let (_, body) = out.split_once("\n\n").expect("an empty line parts head and body");
    serde_json::from_str(body).expect("the echo is JSON")
}

#[test]
fn head_and_body_are_shown() {
    let (status, out, error) = whimbrel(&[&format!("{}/json", server().http)]);
    assert_eq!((status, error.as_str()), (0, ""));
    assert!(out.starts_with("HTTP/1.1 200 OK\n") && out.contains("\nContent-Type: application/json"), "{out}");
    assert!(out.contains("\n\n{\n    \""), "{out}");
}

#[test]
fn params_headers_and_method_are_sent() {
    let seen = echo(&["-m", "PUT", "-p", "a", "1", "-p", "a", "ä", "-h", "X-Test", "yes"]);
    assert_eq!((&seen["method"], &seen["target"]), (&"PUT".into(), &"/anything?a=1&a=%C3%A4".into()));
    assert!(seen["headers"].as_array().unwrap().contains(&serde_json::json!(["x-test", "yes"])));
}

// Threat M5.
#[test]
fn a_netrc_file_is_not_read_unasked() {
    let home = std::env::temp_dir().join(format!("whimbrel-home-{}", std::process::id()));
    std::fs::create_dir_all(&home).expect("the folder for temporary files can be written");
    std::fs::write(home.join(".netrc"), "default login ada password engine").expect("so can what is in it");
    let mut program = Command::new(env!("CARGO_BIN_EXE_whimbrel"));
    program.arg(format!("{}/headers", server().http)).env("HOME", &home).env("NETRC", home.join(".netrc"));
    let output = program.output().expect("the program starts");
    std::fs::remove_dir_all(home).expect("it is still there");
    assert!(output.status.success() && !String::from_utf8_lossy(&output.stdout).contains("authorization"));
}

// H2: those of a CGI server not.
#[test]
fn the_environments_proxies_are_used() {
    let proxy = server().http.as_str();
    let shown = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_whimbrel"));
        for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"] {
            program.env_remove(name);
        }
        let output = program.args(arguments).envs(variables.iter().copied()).output().expect("the program starts");
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    let (elsewhere, here) = ("http://nowhere.invalid/anything", format!("{proxy}/anything"));
    let proxied = r#""target": "http://"#;
    assert!(shown(&[("HTTP_PROXY", proxy)], &[elsewhere]).contains(proxied));
    assert!(shown(&[("ALL_PROXY", proxy)], &[elsewhere]).contains(proxied));
    let behind = proxy.replace("127.0.0.1", "nowhere.invalid") + "/anything";
    assert!(shown(&[("ALL_PROXY", &server().socks)], &[&behind]).contains(r#""target": "/anything""#));
    assert!(shown(&[], &["--proxy", proxy, elsewhere]).contains(proxied));
    assert!(!shown(&[("HTTP_PROXY", proxy), ("NO_PROXY", "127.0.0.0/8")], &[&here]).contains(proxied));
    assert!(!shown(&[("HTTP_PROXY", proxy), ("REQUEST_METHOD", "GET")], &[&here]).contains(proxied));
    // What cannot be used is told when it matters, without its password.
    let told = shown(&[("HTTP_PROXY", "socks4://u:S3CR3T@h:1")], &[elsewhere]);
    assert!(told.contains("HTTP_PROXY") && told.contains("trust_env") && !told.contains("S3CR3T"), "{told}");
}

#[test]
fn bodies_are_posted() {
    for (arguments, body, kind) in [
        (["-j", r#"{"b": 1.10, "a": 2}"#].as_slice(), r#"{"b": 1.10, "a": 2}"#, Some("application/json")),
        (&["-d", "a", "1 2", "-d", "b", "3"], "a=1+2&b=3", Some("application/x-www-form-urlencoded")),
        (&["-c", "text"], "text", None),
    ] {
        let seen = echo(arguments);
        assert_eq!((&seen["method"], &seen["body"]), (&"POST".into(), &body.into()));
        let headers = seen["headers"].as_array().unwrap();
        let sent = headers.iter().find(|field| field[0] == "content-type").and_then(|field| field[1].as_str());
        assert_eq!(sent, kind);
    }
}

#[test]
fn files_are_posted_in_a_form() {
    let path = std::env::temp_dir().join(format!("whimbrel-cli-{}.csv", std::process::id()));
    std::fs::write(&path, "a,b\n").expect("the temporary folder can be written");
    let seen = echo(&["-d", "note", "x", "-f", "table", path.to_str().expect("the path is UTF-8")]);
    std::fs::remove_file(&path).expect("the file is still there");
    let body = seen["body"].as_str().expect("the body is text");
    let name = path.file_name().and_then(|name| name.to_str()).expect("it has a name");
    assert!(body.contains("name=\"note\"\r\n\r\nx\r\n"), "{body}");
    assert!(
        body.contains(&format!("name=\"table\"; filename=\"{name}\"\r\nContent-Type: text/csv\r\n\r\na,b\n")),
        "{body}"
    );

    let (status, _, error) = whimbrel(&["http://127.0.0.1/", "-f", "a", "no/such/file"]);
    assert!(status == 1 && error.contains("The file 'no/such/file' cannot be sent: "), "{error}");
}

#[test]
fn credentials_and_cookies_are_sent() {
    let url = format!("{}/basic-auth/ada/engine", server().http);
    assert_eq!(whimbrel(&[&url]).0, 1);
    let (status, out, _) = whimbrel(&["-v", &url, "--auth", "ada", "engine"]);
    assert_eq!(status, 0);
    assert!(out.contains("\nAuthorization: [secure]\n"), "{out}");
    let seen = echo(&["--cookies", "a", "1", "--cookies", "b", "2"]);
    assert!(seen["headers"].as_array().unwrap().contains(&serde_json::json!(["cookie", "a=1; b=2"])), "{seen}");
}

// Q5: a folder that is not there.
#[test]
fn the_body_is_saved_when_asked() {
    let path = std::env::temp_dir().join(format!("whimbrel-cli-{}.bin", std::process::id()));
    let file = path.to_str().expect("the path is UTF-8");
    let (status, out, error) = whimbrel(&["-v", &format!("{}/bytes/100000", server().http), "--download", file]);
    let saved = std::fs::read(&path).expect("the file was written");
    std::fs::remove_file(&path).expect("the file is still there");
    assert_eq!((status, error.as_str()), (0, ""));
    assert!(saved == whimbrel_server::pattern(0, 100_000), "other bytes were saved");
    assert!(out.starts_with("GET /bytes/100000 HTTP/1.1\n") && out.contains("\n\nHTTP/1.1 200 OK\n"), "{out}");

    let (status, _, error) = whimbrel(&[&server().http, "-o", "no/such/folder/file"]);
    assert!(status == 1 && error.starts_with("no/such/folder/file could not be written: "), "{error}");
}

#[test]
fn redirects_are_followed_when_asked() {
    let url = format!("{}/redirect/2", server().http);
    let (status, out, _) = whimbrel(&[&url]);
    assert_eq!((status, out.matches("HTTP/1.1 302 Found").count()), (1, 1));
    let (status, out, _) = whimbrel(&[&url, "--follow-redirects"]);
    assert_eq!((status, out.matches("HTTP/1.1 302 Found").count(), out.matches("HTTP/1.1 200 OK").count()), (0, 2, 1));
}

#[test]
fn verbose_shows_the_request() {
    let (_, out, _) = whimbrel(&["-v", &format!("{}/get?a=1", server().http)]);
    assert!(out.starts_with("GET /get?a=1 HTTP/1.1\nHost: 127.0.0.1:"), "{out}");
    assert!(out.contains("\nUser-Agent: whimbrel/") && out.contains("\n\nHTTP/1.1 200 OK\n"), "{out}");
}

// Q2
#[test]
fn binary_content_is_counted() {
    let (_, out, _) = whimbrel(&[&format!("{}/bytes/10", server().http)]);
    assert!(out.ends_with("\n\n<10 bytes of binary data>\n"), "{out}");
}

#[test]
fn what_is_no_success_exits_with_1() {
    assert_eq!(whimbrel(&[&format!("{}/status/404", server().http)]).0, 1);
    for (url, kind, timeout) in [
        (server().refused.as_str(), "Connect: ", "5"),
        ("ftp://127.0.0.1/", "UnsupportedProtocol: ", "5"),
        ("http://", "InvalidUrl: ", "5"),
        (&format!("{}/hang", server().http), "ReadTimeout: ", "0.1"),
        (&server().https, "Tls: ", "5"),
    ] {
        let (status, out, error) = whimbrel(&[url, "--timeout", timeout]);
        assert_eq!((status, out.as_str()), (1, ""), "{url}");
        assert!(error.starts_with(kind), "{error}");
    }
}

// The certificates are read once per process, so that it takes a process to test them.
#[test]
fn the_environment_names_the_certificates_to_trust() {
    let folder = std::env::temp_dir().join(format!("whimbrel-certificates-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("there is room for a folder");
    let file = folder.join("authority.pem");
    std::fs::write(&file, &server().ca_pem).expect("there is room for a file");
    let run = |name: &str, value: &std::path::Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_whimbrel"));
        command.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR").env(name, value);
        let output = command.arg(format!("{}/get", server().https)).output().expect("the program starts");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(run("SSL_CERT_FILE", &file), (true, String::new()));
    assert_eq!(run("SSL_CERT_DIR", &folder), (true, String::new()));
    let (trusted, error) = run("UNRELATED", &file);
    assert!(!trusted && error.contains("issuer that is not trusted"), "{error}");
    let (trusted, error) = run("SSL_CERT_FILE", &folder.join("missing.pem"));
    assert!(!trusted && error.contains("SSL_CERT_FILE"), "{error}");
    std::fs::remove_dir_all(&folder).expect("it is ours");
}

// S7.
#[test]
fn certificates_are_not_verified_where_that_is_asked() {
    let url = format!("{}/get", server().https);
    let (status, _, error) = whimbrel(&[&url]);
    assert!(status == 1 && error.contains("issuer that is not trusted"), "{error}");
    let (status, _, error) = whimbrel(&[&url, "--no-verify"]);
    assert!(status == 0 && error.is_empty(), "{error}");
}

#[test]
fn arguments_that_make_no_sense_exit_with_2() {
    let (status, _, error) = whimbrel(&["http://127.0.0.1/", "-j", "{"]);
    assert!(status == 2 && error.contains("Not valid JSON"), "{error}");
    let (status, out, _) = whimbrel(&["--help"]);
    assert!(status == 0 && out.contains("--follow-redirects"), "{out}");
}

// Q1: what is copied from heads and errors into logs is harmless everywhere; a pipe has the body as it is.
#[test]
fn nothing_drives_the_terminal() {
    let answer = "HTTP/1.1 200 OK\r\nX-Evil: \u{9b}2J\u{202e}\r\nContent-Type: text/plain\r\n\r\n\x1b[2J\u{9b}\x07";
    let (status, out, _) = whimbrel(&[&raw(answer.as_bytes())]);
    assert_eq!(
        (status, out.as_str()),
        (0, "HTTP/1.1 200 OK\nX-Evil: \\u{9b}2J\\u{202e}\nContent-Type: text/plain\n\n\x1b[2J\u{9b}\x07\n")
    );
    let banner = raw(b"\x1b]0;t\x07\r\n\r\n");
    for arguments in [
        &[banner.as_str()][..],
        &["http://127.0.0.1/", "-f", "a", "no/such\x1b[2J\u{202e}"],
        &[&server().http, "-o", "no/such\x1b[2J\u{9b}\u{202e}\n"],
        &["http://\x1b[2J\u{202e}/"],
        &["http://127.0.0.1/", "-h", "a\x1b[2J\u{202e}", "b"],
        &["http://127.0.0.1/", "--proxy", "x\x1b[2J\u{202e}://y"],
    ] {
        let (status, out, error) = whimbrel(arguments);
        let line = error.strip_suffix('\n').expect("it is a line");
        let drives = |text: &str| text.contains(char::is_control) || text.contains('\u{202e}');
        assert!(status == 1 && !drives(line) && !out.lines().any(drives), "{out:?} {error:?}");
    }
}

// Q2: shown content is text; the bytes themselves are to be had in a file or a pipe, and alone there.
#[test]
fn a_pipe_gets_the_bytes_when_asked() {
    let output =
        spawn(&["-v", &format!("{}/bytes/100000", server().http), "-o", "-"]).wait_with_output().expect("it ends");
    assert!(output.status.success() && output.stdout == whimbrel_server::pattern(0, 100_000));
    let heads = String::from_utf8(output.stderr).expect("heads are UTF-8");
    assert!(heads.starts_with("GET /bytes/100000 HTTP/1.1\n") && heads.contains("\n\nHTTP/1.1 200 OK\n"), "{heads}");
}

// Q3: files have the names that the user gave, and what is there is not lost to a request that fails.
#[test]
fn no_file_is_named_by_a_server() {
    let folder = folder("names");
    let run = |arguments: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_whimbrel"));
        program.current_dir(&folder).args(arguments).output().expect("the program starts").status.success()
    };
    let disposition =
        "/response-headers?Content-Disposition=attachment%3B%20filename%3Devil%3B%20filename*%3DUTF-8''..%252Fevil";
    let (url, away) = (format!("{}{disposition}", server().http), format!("{}/redirect-to", server().http));
    assert!(run(&[&url]) && run(&[&away, "-p", "url", "/get/evil", "--follow-redirects"]));
    assert_eq!(std::fs::read_dir(&folder).expect("it is there").count(), 0);
    let kept = || std::fs::read_to_string(folder.join("kept")).expect("it is a file");
    assert!(run(&[&url, "-o", "kept"]) && kept().contains("attachment"));
    assert!(!run(&[&server().refused, "-o", "kept"]) && kept().contains("attachment"));
    assert!(run(&[&format!("{}/html", server().http), "-o", "kept"]) && !kept().contains("attachment"));
    assert_eq!(std::fs::read_dir(&folder).expect("it is there").count(), 1);
    std::fs::remove_dir_all(folder).expect("it is ours");
}

// Q4
#[test]
fn no_credentials_are_shown() {
    let cookies = raw(b"HTTP/1.1 404 No\r\nSet-Cookie: a=S3CR3T\r\nContent-Length: 0\r\n\r\n");
    let arguments =
        ["-v", &cookies, "--cookies", "b", "S3CR3T", "--auth", "u", "S3CR3T", "-h", "Proxy-Authorization", "S3CR3T"];
    let (status, out, error) = whimbrel(&arguments);
    assert_eq!((status, error.as_str()), (1, ""));
    for name in ["Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"] {
        assert!(out.contains(&format!("\n{name}: [secure]\n")), "{out}");
    }
    assert!(!out.contains("S3CR3T"), "{out}");
    let here = server().refused.replace("http://", "http://u:S3CR3T@");
    for arguments in [
        &[here.as_str()][..],
        &["http://127.0.0.1/", "--proxy", &here],
        &["http://u:S3CR3T@a b/"],
        &["http://a/", "--auth", "u", "S3CR3T\n"],
    ] {
        let (status, _, error) = whimbrel(arguments);
        assert!(status == 1 && !error.is_empty() && !error.contains("S3CR3T"), "{error}");
    }
}

// Q4: nor have they to be arguments, which every user of the system sees.
#[test]
fn a_password_is_read_from_standard_input() {
    let mut program = spawn(&["-v", &format!("{}/basic-auth/ada/engine", server().http), "--auth", "ada", "-"]);
    program.stdin.take().expect("it is a pipe").write_all(b"engine\r\nmore").expect("it is read");
    let output = program.wait_with_output().expect("it ends");
    assert!(output.status.success() && !String::from_utf8_lossy(&output.stdout).contains("engine\n"));
}

// Q5: what was not shown or saved whole is no success.
#[test]
fn a_full_disk_is_told() {
    let full = || Stdio::from(File::options().write(true).open("/dev/full").expect("Linux has one"));
    let url = format!("{}/html", server().http);
    let (status, _, error) = whimbrel(&[&url, "-o", "/dev/full"]);
    assert!(
        status == 1
            && error.starts_with("/dev/full could not be written: ")
            && error.ends_with("\n/dev/full is incomplete\n"),
        "{error}"
    );
    for arguments in [&[url.as_str()][..], &[&url, "-o", "-"]] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_whimbrel")).args(arguments).stdout(full()).output().expect("it starts");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && error.contains("No space left"), "{error}");
    }
    // Where nothing can be told, the status still tells.
    let status = Command::new(env!("CARGO_BIN_EXE_whimbrel")).arg(&server().refused).stderr(full()).status();
    assert_eq!(status.expect("it starts").code(), Some(1));
}

// Q5: head(1) has what it wants, so that there is nothing to tell.
#[test]
fn a_closed_pipe_ends_the_program() {
    for arguments in [
        &[format!("{}/bytes/10000000", server().http), "-o".into(), "-".into()][..],
        &[format!("{}/encoded/identity?size=10000000", server().http)],
    ] {
        let mut program = spawn(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        drop(program.stdout.take());
        let output = program.wait_with_output().expect("it ends");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.code() == Some(1) && !told.contains("roken pipe") && !told.contains("panicked"),
            "{told}"
        );
    }
}

// Q5: what came stays, and is not taken for all of it.
#[test]
fn a_download_that_breaks_off_is_kept_and_told() {
    let folder = folder("partial");
    let file = folder.join("file");
    let path = file.to_str().expect("it is UTF-8");
    let (status, _, error) = whimbrel(&[&format!("{}/close-mid-body?send=10&length=100", server().http), "-o", path]);
    assert!(
        status == 1 && error.starts_with("RemoteProtocol: ") && error.ends_with(&format!("\n{path} is incomplete\n")),
        "{error}"
    );
    assert_eq!(std::fs::read(&file).expect("it is there").len(), 10);
    std::fs::remove_dir_all(folder).expect("it is ours");

    let mut program =
        spawn(&[&format!("{}/drip?numbytes=10&duration=600000", server().http), "-o", "-", "--timeout", "0"]);
    program.stdout.as_mut().expect("it is a pipe").read_exact(&mut [0]).expect("the first byte comes");
    // Who runs in the background of a shell, as these tests may, inherits from it that INT is ignored.
    for signal in ["-INT", "-TERM"] {
        let killed = Command::new("kill").args([signal, &program.id().to_string()]).status().expect("there is a kill");
        assert!(killed.success());
    }
    assert!(!program.wait().expect("it ends").success());
}
