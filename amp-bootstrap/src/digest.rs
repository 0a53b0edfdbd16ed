//! Digests: what publishers announce, in the forms they write it, and what we computed.

use std::fmt;
use std::io::{self, Read};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256, Sha512};

use crate::error::{Error, ErrorKind, Result};
use crate::version::excerpt;

/// A digest strong enough to trust bytes by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Digest {
    Sha256([u8; 32]),
    Sha512([u8; 64]),
}

impl Digest {
    /// Parses a `.sha256` file: 64 hexadecimal digits, alone or before a file name.
    pub(crate) fn from_checksum_file(text: &str) -> Result<Self> {
        let first = text.split_ascii_whitespace().next().unwrap_or_default();
        Self::from_sha256_hex(first).ok_or_else(|| {
            Error::new(ErrorKind::ChecksumMissing, "not a sha256 checksum")
                .compare("64 hexadecimal digits", excerpt(text.trim_end()))
        })
    }

    pub(crate) fn from_sha256_hex(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let high = char::from(pair[0]).to_digit(16)?;
            let low = char::from(pair[1]).to_digit(16)?;
            *byte = u8::try_from(high * 16 + low).ok()?;
        }
        Some(Self::Sha256(bytes))
    }

    /// Parses a subresource-integrity string and takes its `sha512` entry.
    pub(crate) fn from_integrity(text: &str) -> Result<Self> {
        text.split_ascii_whitespace()
            .filter_map(|entry| entry.strip_prefix("sha512-"))
            .find_map(|encoded| {
                let encoded = encoded.split('?').next()?;
                let bytes = BASE64_STANDARD.decode(encoded).ok()?;
                Some(Self::Sha512(bytes.try_into().ok()?))
            })
            .ok_or_else(|| {
                Error::new(ErrorKind::ChecksumMissing, "no usable integrity")
                    .compare("a sha512 entry", excerpt(text))
            })
    }

    pub(crate) fn hasher(self) -> Hasher {
        match self {
            Self::Sha256(_) => Hasher::Sha256(Sha256::new()),
            Self::Sha512(_) => Hasher::Sha512(Sha512::new()),
        }
    }

    pub(crate) fn to_hex(self) -> String {
        let bytes: &[u8] = match &self {
            Self::Sha256(bytes) => bytes,
            Self::Sha512(bytes) => bytes,
        };
        bytes.iter().fold(String::new(), |mut text, byte| {
            text.extend(
                [byte >> 4, byte & 15]
                    .map(|nibble| char::from_digit(u32::from(nibble), 16).unwrap_or_default()),
            );
            text
        })
    }
}

/// Writes `sha256:<hex>` or `sha512:<hex>`.
impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithm = match self {
            Self::Sha256(_) => "sha256",
            Self::Sha512(_) => "sha512",
        };
        write!(formatter, "{algorithm}:{}", self.to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A digest in the making.
#[derive(Clone)]
pub(crate) enum Hasher {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    pub(crate) fn sha256() -> Self {
        Self::Sha256(Sha256::new())
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> Digest {
        match self {
            Self::Sha256(hasher) => Digest::Sha256(hasher.finalize().into()),
            Self::Sha512(hasher) => Digest::Sha512(hasher.finalize().into()),
        }
    }

    /// Hashes everything a reader has.
    pub(crate) fn sha256_of(mut reader: impl Read) -> io::Result<Digest> {
        let mut hasher = Self::sha256();
        let mut buffer = vec![0; 128 * 1024];
        loop {
            match reader.read(&mut buffer)? {
                0 => return Ok(hasher.finish()),
                count => hasher.update(&buffer[..count]),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_shown_with_its_algorithm() {
        let digest = Digest::Sha256([0xa0; 32]);
        let text = format!("sha256:{}", "a0".repeat(32));
        assert_eq!(digest.to_string(), text);
        assert_eq!(format!("{digest:?}"), text);
    }

    proptest::proptest! {
        #[test]
        fn a_checksum_file_is_read_back_and_anything_else_refused(bytes: [u8; 32], text in "\\PC{0,80}") {
            let digest = Digest::Sha256(bytes);
            let file = format!("{}  some name\n", digest.to_hex().to_uppercase());
            proptest::prop_assert_eq!(Digest::from_checksum_file(&file).unwrap(), digest);
            if let Ok(parsed) = Digest::from_checksum_file(&text) {
                proptest::prop_assert!(text.to_lowercase().contains(&parsed.to_hex()));
            }
        }
    }

    #[test]
    fn the_strongest_entry_of_an_integrity_is_taken() {
        let encoded = BASE64_STANDARD.encode([7; 64]);
        let text = format!("sha1-AAAA sha512-{encoded}?option sha384-BBBB");
        assert_eq!(
            Digest::from_integrity(&text).unwrap(),
            Digest::Sha512([7; 64])
        );
    }
}
