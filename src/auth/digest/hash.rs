//! The hashes of Digest (RFC 7616 3.3 and 6.1).

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512, Sha512_256};

/// A hash by the name that a server gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Hash {
    Md5,
    Sha1,
    Sha256,
    Sha512,
    Sha512t256,
}

impl Hash {
    /// `SHA` is HTTPX's name for SHA-1, which no RFC names. Case does not matter.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "MD5" => Self::Md5,
            "SHA" | "SHA-1" => Self::Sha1,
            "SHA-256" => Self::Sha256,
            "SHA-512" => Self::Sha512,
            "SHA-512-256" => Self::Sha512t256,
            _ => return None,
        })
    }

    /// The hash of these parts with colons between them, in lower-case hexadecimal.
    pub(super) fn of(self, parts: &[&[u8]]) -> String {
        match self {
            Self::Md5 => hash::<Md5>(parts),
            Self::Sha1 => hash::<Sha1>(parts),
            Self::Sha256 => hash::<Sha256>(parts),
            Self::Sha512 => hash::<Sha512>(parts),
            Self::Sha512t256 => hash::<Sha512_256>(parts),
        }
    }
}

fn hash<H: Digest>(parts: &[&[u8]]) -> String {
    let mut hash = H::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            hash.update(b":");
        }
        hash.update(part);
    }
    hex(&hash.finalize())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
