//! netrc files: never a panic, never another host's password.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::sample::select;
use whimbrel::ErrorKind;
use whimbrel::auth::NetRc;

use super::{at_once, check, fragments, text_of};
use crate::support;

const HOSTS: &[&str] = &["a.example", "b.example", "example", "127.0.0.1"];

/// User and password that a request to this host is sent with.
fn sent(netrc: &NetRc, host: &str) -> Option<String> {
    let client = support::echo().auth(netrc.clone()).build().unwrap();
    let response = at_once(client.get(format!("http://{host}/")).send()).unwrap();
    let value = response.request().unwrap().headers().joined("authorization")?;
    let decoded = STANDARD.decode(value.strip_prefix("Basic ").unwrap()).unwrap();
    Some(String::from_utf8(decoded).unwrap())
}

#[derive(Clone, Debug)]
struct Entry {
    /// `None` is `default`.
    host: Option<&'static str>,
    user: Option<String>,
    password: Option<String>,
    account: bool,
    /// How it is written: what stands between the words, whether in quotes, and the comment or macro behind it.
    space: &'static str,
    quoted: bool,
    after: &'static str,
}

fn entry() -> impl Strategy<Value = Entry> {
    let host = prop_oneof![4 => select(HOSTS).prop_map(Some), 1 => Just(None)];
    let word = || prop::option::weighted(0.8, text_of("ab\"\\# é'machine", 1..6));
    let space = select(vec![" ", "\t", "\n", "\r\n", "  \n\t"]);
    let after = select(vec![
        "",
        "\n",
        "\n# machine b.example login x password y\n",
        "\nmacdef m\nmachine example password z\n\n",
    ]);
    (host, word(), word(), any::<bool>(), space, any::<bool>(), after).prop_map(
        |(host, user, password, account, space, quoted, after)| Entry {
            host,
            user,
            password,
            account,
            space,
            quoted,
            after,
        },
    )
}

impl Entry {
    fn write(&self) -> String {
        let mut words = self.host.map_or(vec!["default".into()], |host| vec!["machine".into(), host.into()]);
        self.user.iter().for_each(|user| words.extend(["login".into(), self.word(user)]));
        words.extend(self.account.then(|| ["account".into(), "x".into()]).into_iter().flatten());
        self.password.iter().for_each(|password| words.extend(["password".into(), self.word(password)]));
        format!("{}{}{}\n", words.join(self.space), self.space, self.after)
    }

    fn word(&self, word: &str) -> String {
        let escaped = word.replace('\\', "\\\\").replace('"', "\\\"");
        if self.quoted { format!("\"{escaped}\"") } else { escaped.replace(' ', "\\ ") }
    }
}

/// The first entry for the host, else the first `default`; without a password it is for nobody.
fn expected(entries: &[Entry], host: &str) -> Option<String> {
    let named = entries.iter().find(|entry| entry.host == Some(host));
    let entry = named.or_else(|| entries.iter().find(|entry| entry.host.is_none()))?;
    let password = entry.password.as_ref()?;
    Some(format!("{}:{password}", entry.user.as_deref().unwrap_or_default()))
}

support::test! {
    // M1, M4.
    async fn each_host_gets_what_its_entry_says() {
        check(prop::collection::vec(entry(), 0..6), |entries| {
            let text: String = entries.iter().map(Entry::write).collect();
            let netrc = NetRc::parse(&text).unwrap();
            for host in HOSTS {
                assert_eq!(sent(&netrc, host), expected(&entries, host), "{host} in {text}");
            }
        });
    }

    // M1, M4.
    async fn no_text_panics_nor_tells_a_secret() {
        const WORDS: &[&str] = &[
            "machine ", "login ", "user ", "password ", "account ", "macdef ", "a.example ", "b.example\n", "S3CR3T ",
            "S3CR3T", "\"", "\\", "#", "\n", "\n\n", "\r\n", "\t", "\0",
        ];
        check(fragments(WORDS, 24), |text| match NetRc::parse(&text) {
            // Without `default`, a host that nobody named gets nothing.
            Ok(netrc) => assert_eq!(sent(&netrc, "asked.example"), None, "{text}"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::LocalProtocol);
                assert!(!format!("{error} {error:?}").contains("S3CR3T"), "{error}");
            }
        });
    }
}
