//! What is known of each origin's nonces, so that later requests need no challenge (RFC 7616 3.6).

use std::sync::Arc;

use url::Origin;

use super::answer::Turn;
use super::terms::Terms;

/// Origins remembered; the one that was challenged longest ago is forgotten first.
const MOST: usize = 64;

/// The last challenge of each origin: a nonce is never shown to another one.
#[derive(Default)]
pub(super) struct Sessions {
    known: Vec<Session>,
}

struct Session {
    origin: Origin,
    terms: Arc<Terms>,
    used: u32,
    /// Of the nonce's first use.
    cnonce: Option<String>,
}

impl Sessions {
    /// Takes in a challenge. A nonce that is known already goes on counting, or its answers could be played back.
    pub(super) fn start(&mut self, origin: &Origin, terms: Terms) {
        let known = self.take(origin).filter(|known| known.terms.nonce == terms.nonce);
        let (used, cnonce) = known.map_or((0, None), |known| (known.used, known.cnonce));
        if self.known.len() == MOST {
            self.known.remove(0);
        }
        self.known.push(Session { origin: origin.clone(), terms: Arc::new(terms), used, cnonce });
    }

    /// The next use of this origin's nonce, `None` where there is none or it is used up.
    pub(super) fn turn(&mut self, origin: &Origin, cnonce: String) -> Option<(Arc<Terms>, Turn)> {
        let session = self.known.iter_mut().find(|session| session.origin == *origin)?;
        session.used = session.used.checked_add(1)?;
        let first = session.cnonce.get_or_insert_with(|| cnonce.clone());
        // RFC 7616 3.4.2: a session's secret holds the cnonce of its first request. Kept for all of them, it is the right one
        // for servers that take the current one too.
        let cnonce = if session.terms.session { first.clone() } else { cnonce };
        Some((session.terms.clone(), Turn { count: session.used, cnonce }))
    }

    /// The server wants this nonce next (RFC 7616 3.5), unless another challenge came meanwhile.
    pub(super) fn renew(&mut self, origin: &Origin, used: &Terms, nonce: &[u8]) {
        let known = self.known.iter().any(|session| session.origin == *origin && session.terms.nonce == used.nonce);
        if known && !nonce.is_empty() && used.nonce != nonce {
            self.start(origin, Terms { nonce: nonce.to_vec(), ..used.clone() });
        }
    }

    /// What was refused is of no more use.
    pub(super) fn end(&mut self, origin: &Origin) {
        self.take(origin);
    }

    /// Whether some server's answers cover the body.
    pub(super) fn covers_bodies(&self) -> bool {
        self.known.iter().any(|session| session.terms.qop == Some(super::terms::Qop::AuthInt))
    }

    fn take(&mut self, origin: &Origin) -> Option<Session> {
        let at = self.known.iter().position(|session| session.origin == *origin)?;
        Some(self.known.remove(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headers::Headers;

    fn terms(nonce: &str) -> Terms {
        let mut headers = Headers::new();
        headers.append("www-authenticate", format!("Digest realm=r, nonce={nonce}, qop=auth")).expect("it is legal");
        Terms::choose(&headers).expect("it can be answered").expect("it is a Digest challenge")
    }

    fn origin(port: u16) -> Origin {
        url::Url::parse(&format!("http://h:{port}/")).expect("it is a URL").origin()
    }

    /// Nonce and count of the next use.
    fn next(sessions: &mut Sessions, origin: &Origin) -> Option<(String, u32)> {
        let (terms, turn) = sessions.turn(origin, "c".into())?;
        Some((String::from_utf8_lossy(&terms.nonce).into_owned(), turn.count))
    }

    // G5.
    #[test]
    fn counts_belong_to_nonces() {
        let (mut sessions, h) = (Sessions::default(), origin(1));
        assert_eq!(next(&mut sessions, &h), None);
        for (nonce, expected) in [("a", ("a", 1)), ("a", ("a", 2)), ("b", ("b", 1)), ("a", ("a", 1))] {
            sessions.start(&h, terms(nonce));
            assert_eq!(next(&mut sessions, &h), Some((expected.0.into(), expected.1)));
        }
        sessions.renew(&h, &terms("b"), b"late");
        sessions.renew(&h, &terms("a"), b"");
        assert_eq!(next(&mut sessions, &h), Some(("a".into(), 2)));
        sessions.renew(&h, &terms("a"), b"c");
        assert_eq!(next(&mut sessions, &h), Some(("c".into(), 1)));
        sessions.known[0].used = u32::MAX;
        assert_eq!(next(&mut sessions, &h), None);
        sessions.end(&h);
        assert!(sessions.known.is_empty());
    }

    #[test]
    fn the_oldest_origin_is_forgotten() {
        let mut sessions = Sessions::default();
        (0..=64).for_each(|port| sessions.start(&origin(1000 + port), terms("n")));
        assert_eq!(sessions.known.len(), MOST);
        assert_eq!(next(&mut sessions, &origin(1000)), None);
        assert_eq!(next(&mut sessions, &origin(1001)), Some(("n".into(), 1)));
    }
}
