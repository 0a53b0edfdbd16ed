//! Signatures by a key that the caller pins; never by one fetched from who signs.

use std::fmt;

use minisign_verify::{PublicKey, Signature, StreamVerifier};

use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::registry_signature::VerifyingKey;

/// A public key that must have signed every executable: minisign's, for what the bucket and its
/// mirrors publish, or the one of an npm registry.
///
/// Amp's installers name `<executable>.minisig` beside each executable, though no release seen so
/// far relies on it; hence a signature is demanded only from those who pin a key. Signatures of a
/// registry are checked without a pinned key too, against the keys that the registry lists; a pinned
/// one does not come from who signs.
#[derive(Clone)]
pub struct PinnedKey {
    form: Form,
    text: String,
}

#[derive(Clone)]
enum Form {
    Minisign(PublicKey),
    Registry(VerifyingKey),
}

impl PinnedKey {
    /// Parses the base64 line of a minisign public key, or that of a registry's ECDSA key as
    /// `-/npm/v1/keys` has it in `key`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when it is neither.
    pub fn parse(base64: &str) -> Result<Self> {
        let text = base64.trim();
        let form = match VerifyingKey::from_base64(text) {
            Some(key) => Form::Registry(key),
            None => Form::Minisign(PublicKey::from_base64(text).map_err(|cause| {
                let message = "neither a minisign public key nor one of an npm registry";
                Error::new(ErrorKind::InvalidInput, message).caused_by(cause)
            })?),
        };
        Ok(Self {
            form,
            text: text.to_owned(),
        })
    }

    /// Returns the key as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the key when it is one of a registry.
    pub(crate) fn of_registry(&self) -> Option<&VerifyingKey> {
        match &self.form {
            Form::Registry(key) => Some(key),
            Form::Minisign(_) => None,
        }
    }

    /// Returns the key when it is minisign's.
    pub(crate) fn of_minisign(&self) -> Option<&PublicKey> {
        match &self.form {
            Form::Minisign(key) => Some(key),
            Form::Registry(_) => None,
        }
    }
}

/// Starts to check bytes against a detached signature.
pub(crate) fn verifier<'a>(
    key: &'a PublicKey,
    signature: &'a Signature,
) -> Result<StreamVerifier<'a>> {
    key.verify_stream(signature).map_err(refused)
}

impl fmt::Debug for PinnedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("PinnedKey")
            .field(&self.text)
            .finish()
    }
}

/// Parses a `.minisig` file.
pub(crate) fn parse_signature(text: &str) -> Result<Signature> {
    Signature::decode(text).map_err(refused)
}

/// Says that the signature is not the pinned key's.
pub(crate) fn refused(cause: minisign_verify::Error) -> Error {
    Error::new(
        ErrorKind::Signature,
        "the signature is not one of the pinned key",
    )
    .caused_by(cause)
    .next(NextStep::SuspectTampering)
}

/// Says that there is no signature though one is demanded.
pub(crate) fn absent(publisher: &str) -> Error {
    Error::new(
        ErrorKind::Signature,
        format!("{publisher} publishes no signature, and a key is pinned"),
    )
}
