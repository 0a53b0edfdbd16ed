//! Signatures that npm registries add to what they publish: ECDSA on P-256 over name, version and
//! digest.
//!
//! As npm's `audit signatures` checks them: the message is `<name>@<version>:<integrity>`, the keys
//! are listed at `-/npm/v1/keys`. A signature that was made for one version says nothing of another.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde::Deserialize;

use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::version::CliVersion;

/// The only kind of key that registries sign with.
const KEY_TYPE: &str = "ecdsa-sha2-nistp256";

/// What precedes the point of every P-256 key in its DER form: the algorithm and the curve.
const P256_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The bytes of an uncompressed point.
const POINT: usize = 65;

/// A key that a registry signs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VerifyingKey([u8; POINT]);

impl VerifyingKey {
    /// Parses the base64 of a key in its DER form.
    pub(crate) fn from_base64(text: &str) -> Option<Self> {
        let der = BASE64_STANDARD.decode(text.trim()).ok()?;
        let point = der.strip_prefix(&P256_PREFIX)?;
        Some(Self(point.try_into().ok()?))
    }

    fn has_signed(&self, message: &str, signature: &str) -> bool {
        let Ok(signature) = BASE64_STANDARD.decode(signature) else {
            return false;
        };
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.0)
            .verify(message.as_bytes(), &signature)
            .is_ok()
    }
}

/// The keys that a registry lists.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct KeyList {
    keys: Vec<ListedKey>,
}

#[derive(Debug, Deserialize)]
struct ListedKey {
    keyid: String,
    #[serde(default)]
    keytype: String,
    key: String,
    /// The moment from which it signs nothing more, as `2025-01-29T00:00:00.000Z`.
    #[serde(default)]
    expires: Option<String>,
}

/// One signature of a registry, as its documents have it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RegistrySignature {
    keyid: String,
    sig: String,
}

/// What a registry says of a version, and its signatures of that.
#[derive(Debug)]
pub(crate) struct Claim {
    package: String,
    version: CliVersion,
    integrity: String,
    signatures: Vec<RegistrySignature>,
    /// Versions and digests that the registry has beside it.
    others: Vec<(CliVersion, String)>,
}

impl Claim {
    pub(crate) fn new(
        package: &str,
        version: &CliVersion,
        integrity: &str,
        signatures: &[RegistrySignature],
    ) -> Self {
        Self {
            package: package.to_owned(),
            version: version.clone(),
            integrity: integrity.to_owned(),
            signatures: signatures.to_vec(),
            others: Vec::new(),
        }
    }

    /// Names other versions and their digests, so that a signature of one of them is known as that.
    pub(crate) fn among(mut self, others: impl Iterator<Item = (CliVersion, String)>) -> Self {
        let version = &self.version;
        self.others = others.filter(|(other, _)| other != version).collect();
        self
    }

    fn is_signed_by(&self, key: &VerifyingKey, signature: &RegistrySignature) -> bool {
        let message = self.message(&self.version, &self.integrity);
        key.has_signed(&message, &signature.sig)
    }

    fn message(&self, version: &CliVersion, integrity: &str) -> String {
        format!("{}@{version}:{integrity}", self.package)
    }

    /// Says what a signature is of that is not one of this version.
    fn not_signed(&self, key: &VerifyingKey, signature: &RegistrySignature) -> Error {
        let mut others = self.others.iter();
        let replayed = others.find(|(version, integrity)| {
            key.has_signed(&self.message(version, integrity), &signature.sig)
        });
        match replayed {
            Some((version, _)) => refused("the registry's signature is of another version")
                .compare(self.version.to_string(), version.to_string()),
            None => refused("the registry's signature is not of this package, version and digest"),
        }
    }

    pub(crate) fn is_signed(&self) -> bool {
        !self.signatures.is_empty()
    }

    /// Checks that a pinned key has signed it.
    pub(crate) fn check_pinned(&self, key: &VerifyingKey) -> Result<()> {
        let mut signatures = self.signatures.iter();
        if signatures.any(|one| self.is_signed_by(key, one)) {
            return Ok(());
        }
        let message = match self.is_signed() {
            true => "no signature of the registry is one of the pinned key",
            false => "the registry serves no signature, and a key is pinned",
        };
        Err(refused(message))
    }

    /// Checks every signature whose key the registry lists, and returns the identifier of one.
    pub(crate) fn check(&self, list: &KeyList) -> Result<String> {
        let mut signer = None;
        for signature in &self.signatures {
            let Some(listed) = list.keys.iter().find(|key| key.keyid == signature.keyid) else {
                continue;
            };
            let key = (listed.keytype == KEY_TYPE)
                .then(|| VerifyingKey::from_base64(&listed.key))
                .flatten()
                .ok_or_else(|| {
                    refused("the registry signs with a key that cannot be used")
                        .compare(KEY_TYPE, format!("{:?}", listed.keytype))
                })?;
            if let Some(expires) = &listed.expires
                && self.version.release_date().as_str() >= expires.get(..10).unwrap_or(expires)
            {
                return Err(
                    refused("the key of the signature had expired by then").compare(
                        format!("built before {expires}"),
                        self.version.release_date(),
                    ),
                );
            }
            if !self.is_signed_by(&key, signature) {
                return Err(self.not_signed(&key, signature));
            }
            signer = Some(signature.keyid.clone());
        }
        signer.ok_or_else(|| refused("no signature is by a key that the registry lists"))
    }
}

/// Says that a signature does not prove what it should.
pub(crate) fn refused(message: &str) -> Error {
    Error::new(ErrorKind::Signature, message).next(NextStep::SuspectTampering)
}
