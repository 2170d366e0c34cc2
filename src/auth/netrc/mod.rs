//! Credentials from a netrc file.

mod parse;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use url::{Host, Url};

use self::parse::{Login, entries};
use super::{Auth, AuthFlow, Basic, Once};
use crate::backend::{env_var, read_file_at_most};
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result};

/// The longest file that is read, in bytes.
const LONGEST: usize = 128 * 1024;

/// Basic auth with the user and password that a netrc file has for the request's host (HTTPX's `NetRCAuth`).
///
/// Of the entries for a host the first counts, else `default`. A user in the URL (`https://ada@example.org/`) must be the
/// entry's, and never meets another one's password. Where there is no entry, or one without a password, and for requests with an
/// Authorization header of their own, nothing is added. Ports play no part. A redirect to another host is followed without
/// credentials, whatever the file has for it.
///
/// The file is as `ftp`, curl and Python read it: words, with quotes and backslashes if need be, comments behind `#`, macros,
/// which are skipped; 128 KiB at most. It is read once, here, and its permissions are not looked at. Nothing reads it unless it
/// is asked for: `trust_env` alone does not (HTTPX, since 0.24).
///
/// ```
/// let auth = whimbrel::auth::NetRc::parse("machine example.org login ada password engine")?;
/// assert_eq!(format!("{auth:?}"), "NetRc([secure])");
/// let client = whimbrel::Client::builder().auth(auth).build()?;
/// # Ok::<(), whimbrel::Error>(())
/// ```
#[derive(Clone)]
pub struct NetRc {
    logins: Arc<Logins>,
}

#[derive(Default)]
struct Logins {
    hosts: Vec<(Host, Login)>,
    default: Option<Login>,
}

impl NetRc {
    /// Reads this file. Fails with `LocalProtocol` when it cannot be read or understood, with `LimitExceeded` when it is too
    /// long. JavaScript hosts have no files: there it is `Unsupported`, and [`NetRc::parse`] takes the text.
    ///
    /// ```no_run
    /// let client = whimbrel::Client::builder().auth(whimbrel::auth::NetRc::new("/etc/robot.netrc")?).build()?;
    /// # Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn new(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = read_file_at_most(path, LONGEST).map_err(|error| unreadable(path, error))?;
        match text {
            Some(bytes) => Self::parse(&String::from_utf8(bytes).map_err(|_| not_understood("it is not UTF-8"))?),
            None => Err(Error::new(ErrorKind::LimitExceeded, format!("{} is longer than 128 KiB", path.display()))),
        }
    }

    /// Reads the file that the variable `NETRC` names, else `.netrc` in the home folder (`HOME`, on Windows `USERPROFILE`).
    /// Fails as [`NetRc::new`] does, and so when there is no such file.
    ///
    /// ```no_run
    /// let client = whimbrel::Client::builder().auth(whimbrel::auth::NetRc::from_env()?).build()?;
    /// # Ok::<(), whimbrel::Error>(())
    /// ```
    pub fn from_env() -> Result<Self> {
        Self::new(located(env_var).ok_or_else(|| {
            let message = "Neither NETRC nor HOME says where the netrc file is, or this host has no environment";
            Error::new(ErrorKind::Unsupported, message)
        })?)
    }

    /// Takes the file's text. Fails with `LocalProtocol` where it cannot be understood; the error names the line, and nothing
    /// that stands in it.
    pub fn parse(text: &str) -> Result<Self> {
        let mut logins = Logins::default();
        for (machine, login) in entries(text)? {
            match machine.as_deref().map(host) {
                Some(Some(host)) => logins.hosts.push((host, login)),
                // No URL has such a host.
                Some(None) => {}
                None => drop(logins.default.get_or_insert(login)),
            }
        }
        Ok(Self { logins: Arc::new(logins) })
    }
}

impl Logins {
    /// The credentials for a URL: by its host as it was parsed, and by its user if it names one.
    fn basic(&self, url: &Url) -> Option<Basic> {
        let user = Credentials::of(url).map(|credentials| credentials.user).unwrap_or_default();
        let fits = |login: &&Login| user.is_empty() || user == login.user;
        let host = url.host()?.to_owned();
        let mut named = self.hosts.iter().filter(|(known, _)| *known == host).map(|(_, login)| login).peekable();
        // An entry for the host, be it for another user, rules out `default` (curl CVE-2024-11053, CVE-2025-0167).
        let login = match named.peek() {
            Some(_) => named.find(fits),
            None => self.default.as_ref().filter(fits),
        };
        let login = login.filter(|login| !login.password.is_empty())?;
        Some(Basic::new(&login.user, &login.password))
    }
}

/// Names are compared as URLs have them: without regard to case, Unicode as punycode, addresses in one form.
fn host(name: &str) -> Option<Host> {
    Host::parse(name).ok().or_else(|| name.parse().map(Host::Ipv6).ok())
}

/// Where the environment says that the file is.
fn located(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let in_home = |name| variable(name).map(|home| format!("{}/.netrc", home.trim_end_matches('/')));
    variable("NETRC").or_else(|| in_home("HOME")).or_else(|| in_home("USERPROFILE"))
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::Unsupported {
        return Error::new(ErrorKind::Unsupported, "This host has no files to read a netrc from: use NetRc::parse");
    }
    let message = format!("The netrc file {} cannot be read: {error}", path.display());
    Error::new(ErrorKind::LocalProtocol, message).with_source(error)
}

fn not_understood(reason: &str) -> Error {
    Error::new(ErrorKind::LocalProtocol, format!("The netrc file cannot be understood: {reason}"))
}

impl Auth for NetRc {
    fn flow(&self) -> Box<dyn AuthFlow> {
        let logins = self.logins.clone();
        Once::boxed(move |request| match logins.basic(request.url()) {
            // Credentials given for the request itself win (curl CVE-2026-3783).
            Some(basic) if !request.headers().contains("authorization") => basic.authorize(request),
            _ => Ok(()),
        })
    }
}

impl fmt::Debug for NetRc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NetRc([secure])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_where_the_file_is() {
        let with = |variables: &[(&str, &str)]| {
            located(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(with(&[("NETRC", "/n"), ("HOME", "/h")]).as_deref(), Some("/n"));
        assert_eq!(with(&[("HOME", "/h/"), ("USERPROFILE", "/u")]).as_deref(), Some("/h/.netrc"));
        assert_eq!(with(&[("USERPROFILE", "/u")]).as_deref(), Some("/u/.netrc"));
        assert_eq!(with(&[]), None);
    }

    // M4.
    #[test]
    fn files_that_are_none() {
        let folder = std::env::temp_dir().join(format!("whimbrel-netrc-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, bytes: &[u8]| {
            std::fs::write(folder.join(name), bytes).unwrap();
            NetRc::new(folder.join(name)).map(|netrc| netrc.logins.hosts.len()).map_err(|error| error.kind())
        };
        assert_eq!(write("right", b"machine h password p"), Ok(1));
        assert_eq!(write("longest", &[b' '; LONGEST]), Ok(0));
        assert_eq!(write("too-long", &[b' '; LONGEST + 1]), Err(ErrorKind::LimitExceeded));
        assert_eq!(write("latin-1", b"machine h password \xe9"), Err(ErrorKind::LocalProtocol));
        assert_eq!(NetRc::new(&folder).unwrap_err().kind(), ErrorKind::LocalProtocol);
        assert_eq!(NetRc::new(folder.join("missing")).unwrap_err().kind(), ErrorKind::LocalProtocol);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
