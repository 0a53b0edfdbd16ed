//! Signatures by a key that the caller pins; never by one fetched from who signs.

use std::fmt;

use minisign_verify::{PublicKey, Signature, StreamVerifier};

use crate::error::{Error, ErrorKind, NextStep, Result};

/// A minisign public key that must have signed every executable.
///
/// Amp's installers name `<executable>.minisig` beside each executable, though no release seen so
/// far relies on it; hence a signature is demanded only from those who pin a key.
#[derive(Clone)]
pub struct PinnedKey {
    key: PublicKey,
    text: String,
}

impl PinnedKey {
    /// Parses the base64 line of a minisign public key.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when it is none.
    pub fn parse(base64: &str) -> Result<Self> {
        let text = base64.trim();
        let key = PublicKey::from_base64(text).map_err(|cause| {
            Error::new(ErrorKind::InvalidInput, "not a minisign public key").caused_by(cause)
        })?;
        Ok(Self {
            key,
            text: text.to_owned(),
        })
    }

    /// Returns the key as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Reads a detached signature and starts to check bytes against it.
    pub(crate) fn verifier<'a>(&'a self, signature: &'a Signature) -> Result<StreamVerifier<'a>> {
        self.key.verify_stream(signature).map_err(refused)
    }
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
