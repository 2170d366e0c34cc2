//! `WWW-Authenticate`: any field ends in a response or an error, and a right challenge is understood however it is written.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use whimbrel::auth::Digest;
use whimbrel::{ErrorKind, Request, Response};

use super::{at_once, check, fragments, text_of};
use crate::support;

fn sent(request: &Request) -> String {
    request.headers().joined("authorization").unwrap_or_default()
}

/// What stands in a challenge, and how it is written.
#[derive(Clone, Debug)]
struct Challenge {
    values: BTreeMap<&'static str, String>,
    order: Vec<&'static str>,
    before: &'static str,
    /// Around each equals sign and each comma.
    space: &'static str,
    comma: &'static str,
    upper: bool,
    /// Quotes where a token would do, and backslashes that nothing asks for.
    quoted: bool,
    escaped: bool,
}

fn challenge() -> impl Strategy<Value = Challenge> {
    const NAMES: [&str; 6] = ["realm", "nonce", "opaque", "qop", "algorithm", "extra"];
    let word = |least| text_of("ab1,= \"\\;é", least..6);
    let qop = select(vec!["auth", "auth,auth-int", "auth-int , auth", "auth, what"]).prop_map(str::to_owned);
    let algorithm = select(vec!["MD5", "md5", "SHA-256", "SHA-512-256", "MD5-sess"]).prop_map(str::to_owned);
    let before =
        select(vec!["", "Basic realm=\"Digest nonce=x\", ", "Negotiate, ", "NTLM abc==, ,", "Custom a=1, b=\"2\" , "]);
    let values = (word(0), word(1), word(0), qop, algorithm, word(0));
    let spelling = (select(vec!["", " ", "\t "]), select(vec![",", " , ", ",,", ", ,\t"]), any::<(bool, bool, bool)>());
    (values, Just(NAMES.to_vec()).prop_shuffle(), before, spelling).prop_map(
        |(values, order, before, (space, comma, flags))| {
            let (realm, nonce, opaque, qop, algorithm, extra) = values;
            let values = NAMES.into_iter().zip([realm, nonce, opaque, qop, algorithm, extra]).collect();
            let (upper, quoted, escaped) = flags;
            Challenge { values, order, before, space, comma, upper, quoted, escaped }
        },
    )
}

impl Challenge {
    fn write(&self) -> String {
        let parameters: Vec<_> = self.order.iter().map(|name| self.parameter(name)).collect();
        let scheme = if self.upper { "DIGEST" } else { "Digest" };
        format!("{}{scheme} {}", self.before, parameters.join(self.comma))
    }

    fn parameter(&self, name: &str) -> String {
        let (value, space) = (&self.values[name], self.space);
        let name = if self.upper { name.to_ascii_uppercase() } else { name.to_owned() };
        let token = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let escape = |letter: char| match letter {
            '"' | '\\' => format!("\\{letter}"),
            letter if self.escaped => format!("\\{letter}"),
            letter => letter.to_string(),
        };
        let quoted = || format!("\"{}\"", value.chars().map(escape).collect::<String>());
        format!("{name}{space}={space}{}", if token && !self.quoted { value.clone() } else { quoted() })
    }
}

/// The parameters of an answer, read by the grammar of RFC 9110 11.4 and by nothing of the crate's.
fn parameters(answer: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut letters = answer.strip_prefix("Digest ").expect(answer).chars().peekable();
    while letters.peek().is_some() {
        let name: String = letters.by_ref().take_while(|&letter| letter != '=').collect();
        let mut value = String::new();
        if letters.next_if_eq(&'"').is_some() {
            while let Some(letter) = letters.next().filter(|&letter| letter != '"') {
                value.push(if letter == '\\' { letters.next().unwrap() } else { letter });
            }
        } else {
            value.extend(std::iter::from_fn(|| letters.next_if(|&letter| letter != ',')));
        }
        assert!(matches!(letters.next(), None | Some(',')), "{answer}");
        letters.next_if_eq(&' ');
        assert_eq!(found.insert(name, value), None, "{answer}");
    }
    found
}

support::test! {
    // G2, G3.
    async fn a_challenge_is_understood_however_it_is_written() {
        check(challenge(), |challenge| {
            let field = challenge.write();
            let header = field.clone();
            let client = support::mock(move |request| match sent(request).as_str() {
                "" => Response::new(401).with_header("www-authenticate", &header),
                _ => Response::new(200),
            });
            let client = client.auth(Digest::new("us\"er", "pass")).build().unwrap();
            let response = at_once(client.get("http://h/a?b").send()).expect(&field);
            assert_eq!((response.status().as_u16(), response.history().len()), (200, 1), "{field}");
            let answer = parameters(&sent(response.request().unwrap()));
            for name in ["realm", "nonce", "opaque", "algorithm"] {
                assert_eq!(answer[name], challenge.values[name], "{field}");
            }
            let rest = ["username", "uri", "qop", "nc"].map(|name| answer[name].as_str());
            assert_eq!(rest, ["us\"er", "/a?b", "auth", "00000001"], "{field}");
        });
    }

    // G3, G4.
    async fn any_field_ends_in_a_response_or_an_error() {
        const WORDS: &[&str] = &[
            "Digest ", "digest", "Basic ", "Negotiate ", "realm=", "nonce=", "qop=", "algorithm=", "stale=", "opaque=", "userhash=",
            "charset=", "nextnonce=", "auth", "auth-int", "MD5", "SHA-256-sess", "UTF-8", "true", "a", "\"", "\\", ",", ", ", " ", "=", "\t",
        ];
        check((fragments(WORDS, 32), fragments(WORDS, 12)), |(challenge, info)| {
            let client = support::mock(move |request| {
                let status = if sent(request).is_empty() { 401 } else { 200 };
                Response::new(status).with_header("www-authenticate", challenge.trim()).with_header("authentication-info", info.trim())
            });
            for client in [client.auth(Digest::new("user", "pass")).build().unwrap()] {
                for _ in 0..2 {
                    match at_once(client.get("http://h/").send()) {
                        Ok(response) => assert!(response.history().len() <= 1),
                        Err(error) => assert_eq!(error.kind(), ErrorKind::RemoteProtocol, "{error}"),
                    }
                }
            }
        });
    }
}
