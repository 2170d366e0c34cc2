//! Challenges as `WWW-Authenticate` lists them, and the parameters of `Authentication-Info` (RFC 9110 11.6).

use crate::error::{Error, ErrorKind, Result};

/// A scheme and its parameters. What a server writes is kept as bytes, for that is how it is hashed and sent back.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Challenge {
    /// In lower case (RFC 9110 11.1).
    pub(super) scheme: String,
    /// Names in lower case, values without quotes.
    parameters: Vec<(String, Vec<u8>)>,
    /// Something in it is no parameter.
    broken: bool,
}

impl Challenge {
    fn new(scheme: &[u8]) -> Self {
        Self { scheme: lower(scheme), parameters: Vec::new(), broken: false }
    }

    /// All challenges of one field. Commas separate both challenges and parameters; what follows a comma is a parameter when
    /// an equals sign follows its name. One pass: each step takes at least a byte.
    pub(super) fn list(field: &[u8]) -> Vec<Self> {
        let mut reader = Reader { rest: field, found: Vec::new() };
        reader.read();
        reader.found
    }

    /// A field of parameters without a scheme.
    pub(super) fn parameters_of(field: &[u8]) -> Self {
        let mut reader = Reader { rest: field, found: vec![Self::new(b"")] };
        reader.read();
        reader.found.swap_remove(0)
    }

    /// The value of this parameter. One that stands twice is an error (RFC 9110 11.2), and so is any in a challenge that
    /// could be read only in part.
    pub(super) fn parameter(&self, name: &str) -> Result<Option<&[u8]>> {
        let mut values = self.parameters.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_slice());
        match (values.next(), values.next()) {
            (value, None) if !self.broken => Ok(value),
            _ => Err(Error::new(
                ErrorKind::RemoteProtocol,
                format!("Malformed {} WWW-Authenticate header", self.named()),
            )),
        }
    }

    /// As it is written.
    fn named(&self) -> String {
        let mut name = self.scheme.clone();
        name.get_mut(..1).into_iter().for_each(str::make_ascii_uppercase);
        name
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    found: Vec<Challenge>,
}

impl<'a> Reader<'a> {
    fn read(&mut self) {
        loop {
            self.skip(|byte| byte == b',' || is_space(byte));
            if self.rest.is_empty() {
                return;
            }
            match self.take(is_token) {
                [] => self.give_up(),
                name => self.parameter_or_scheme(name),
            }
        }
    }

    fn parameter_or_scheme(&mut self, name: &'a [u8]) {
        let spaces = self.skip(is_space);
        match self.rest.first() {
            Some(b'=') => {
                self.rest = &self.rest[1..];
                self.value(name);
            }
            None | Some(b',') => self.found.push(Challenge::new(name)),
            Some(_) if spaces > 0 => {
                self.found.push(Challenge::new(name));
                self.token68();
            }
            Some(_) => self.give_up(),
        }
    }

    fn value(&mut self, name: &[u8]) {
        self.skip(is_space);
        let value = match self.rest.first() {
            Some(b'"') => self.quoted(),
            _ => Some(self.take(is_token).to_vec()).filter(|value| !value.is_empty()),
        };
        self.skip(is_space);
        match (value, self.rest.first(), self.found.last_mut()) {
            (Some(value), None | Some(b','), Some(challenge)) => challenge.parameters.push((lower(name), value)),
            _ => self.give_up(),
        }
    }

    /// A quoted string (RFC 9110 5.6.4); `None` without its closing quote.
    fn quoted(&mut self) -> Option<Vec<u8>> {
        let mut bytes = self.rest.iter().enumerate().skip(1);
        let mut value = Vec::new();
        while let Some((at, &byte)) = bytes.next() {
            match byte {
                b'"' => {
                    self.rest = &self.rest[at + 1..];
                    return Some(value);
                }
                b'\\' => value.push(*bytes.next()?.1),
                _ => value.push(byte),
            }
        }
        None
    }

    /// `Negotiate YWJj==`: what stands in place of parameters, and of no interest here.
    fn token68(&mut self) {
        let before = self.rest;
        self.skip(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte));
        self.skip(|byte| byte == b'=');
        self.skip(is_space);
        if !matches!(self.rest.first(), None | Some(b',')) {
            self.rest = before;
        }
    }

    /// Goes on behind the next comma; the challenge at hand is not whole.
    fn give_up(&mut self) {
        self.skip(|byte| byte != b',');
        if let Some(challenge) = self.found.last_mut() {
            challenge.broken = true;
        }
    }

    fn take(&mut self, belongs: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|&byte| !belongs(byte)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn skip(&mut self, belongs: impl Fn(u8) -> bool) -> usize {
        self.take(belongs).len()
    }
}

fn lower(name: &[u8]) -> String {
    // Tokens are ASCII.
    name.iter().map(|byte| byte.to_ascii_lowercase() as char).collect()
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// RFC 9110 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scheme name=value …` of each challenge; `!` behind a broken one.
    fn read(field: &[u8]) -> Vec<String> {
        let show = |challenge: &Challenge| {
            let parameters = challenge.parameters.iter();
            let parameters = parameters.map(|(name, value)| format!(" {name}={}", value.escape_ascii()));
            format!("{}{}{}", challenge.scheme, parameters.collect::<String>(), if challenge.broken { "!" } else { "" })
        };
        Challenge::list(field).iter().map(show).collect()
    }

    #[test]
    fn challenges_and_parameters_are_told_apart() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            (" , ,", &[]),
            ("Basic", &["basic"]),
            ("Basic realm=\"a\"", &["basic realm=a"]),
            ("Digest realm=\"a, b\", qop=\"auth,auth-int\", nonce=n", &["digest realm=a, b qop=auth,auth-int nonce=n"]),
            ("Basic realm=a, Digest realm=b,nonce=c", &["basic realm=a", "digest realm=b nonce=c"]),
            ("Basic, Digest realm=b", &["basic", "digest realm=b"]),
            ("Negotiate YWJj==, Digest realm=b", &["negotiate", "digest realm=b"]),
            ("NTLM a/b+c , Digest realm=b", &["ntlm", "digest realm=b"]),
            ("DIGEST  REALM = \"a\" ,\tNonce= n", &["digest realm=a nonce=n"]),
            (r#"Digest realm="a\"b\\c\d""#, &[r#"digest realm=a\"b\\cd"#]),
            ("Digest realm=\"\"", &["digest realm="]),
            ("Digest realm=\"a", &["digest!"]),
            ("Digest realm=\"a\\", &["digest!"]),
            ("Digest realm=a b, nonce=n", &["digest nonce=n!"]),
            ("Digest realm=a;nonce=n", &["digest!"]),
            ("\"x\", Digest realm=a", &["digest realm=a"]),
            ("realm=a, Digest nonce=n", &["digest nonce=n"]),
            ("Digest @, Basic realm=a", &["digest!", "basic realm=a"]),
        ];
        for (field, expected) in cases {
            assert_eq!(read(field.as_bytes()), *expected, "{field}");
        }
        assert_eq!(read(b"Digest realm=\"\xe9\""), ["digest realm=\\xe9"]);
    }

    // G3.
    #[test]
    fn what_stands_twice_is_an_error() {
        let challenge = &Challenge::list(b"Digest realm=a, REALM=b, nonce=n")[0];
        assert_eq!(challenge.parameter("nonce").unwrap(), Some(&b"n"[..]));
        assert_eq!(challenge.parameter("realm").unwrap_err().kind(), ErrorKind::RemoteProtocol);
    }

    // G3. Ten times as much takes about ten times as long: a second is for slow machines, the square would take hours.
    #[test]
    fn the_time_grows_with_the_length_alone() {
        let parts: &[&[u8]] =
            &[b",", b"\xa0", b"a=", b"a ", b"\"", b"\\\"", b"a=b,", b"a=\"", b"Digest realm=\"\\\"\","];
        for part in parts {
            let found = Challenge::list(&part.repeat(100_000));
            found.iter().for_each(|challenge| drop(challenge.parameter("realm")));
        }
    }

    // G3. Every byte changed in nine ways, and cut at every place: read as something, and without a panic.
    #[test]
    fn no_garbage_panics() {
        let field = b"Basic a==, Digest realm=\"a\\\"b, c\", qop = auth , nonce=n, Negotiate, ,x";
        for at in 0..field.len() {
            let _ = read(&field[..at]);
            for &byte in b"\0\", =\\a\t\xff" {
                let mut changed = field.to_vec();
                changed[at] = byte;
                let _ = read(&changed);
            }
        }
    }
}
