//! The executable on its way to disk, and the checks that it must pass there.

use minisign_verify::StreamVerifier;

use super::{Fetch, Fetched, Setback};
use crate::digest::{Digest, Hasher};
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::signature::refused;
use crate::source::{Announced, Artifact};
use crate::store::Staging;
use crate::unpack::Sink;

/// Takes the executable's bytes to disk and through every check at once.
pub(super) struct Output<'a> {
    pub(super) staging: Staging,
    pub(super) hasher: Hasher,
    pub(super) verifier: Option<StreamVerifier<'a>>,
}

impl Output<'_> {
    /// Compares all bytes with everything that they must agree with.
    pub(super) fn check(
        self,
        artifact: &Artifact,
        fetch: &Fetch<'_>,
    ) -> std::result::Result<Fetched, Setback> {
        let sha256 = self.hasher.finish();
        if let Announced::Executable(expected) = fetch.release.announced
            && sha256 != expected
        {
            return Err(Setback::Wrong(mismatch("the executable", expected, sha256)));
        }
        if let Some(expected) = fetch.confirmation
            && sha256 != expected
        {
            return Err(Setback::Final(
                Error::new(
                    ErrorKind::PublishersDisagree,
                    "two publishers announce different bytes",
                )
                .at(artifact.place.to_string())
                .compare(expected.to_string(), sha256.to_string())
                .next(NextStep::SuspectTampering),
            ));
        }
        if let Some(expected) = fetch.demanded
            && sha256 != expected
        {
            let message = "the publisher announces another executable than is demanded";
            let error = Error::new(ErrorKind::ChecksumMismatch, message)
                .compare(expected.to_string(), sha256.to_string())
                .at(artifact.place.to_string());
            return Err(Setback::Final(error.next(NextStep::SuspectTampering)));
        }
        if let Some(mut verifier) = self.verifier {
            verifier
                .finalize()
                .map_err(|cause| Setback::Final(refused(cause).at(artifact.place.to_string())))?;
        }
        Ok(Fetched {
            staging: self.staging,
            sha256,
            location: artifact.place.to_string(),
            partial: None,
        })
    }
}

impl Sink for Output<'_> {
    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        if let Some(verifier) = &mut self.verifier {
            verifier.update(bytes);
        }
        self.staging.write(bytes)
    }
}

pub(super) fn mismatch(what: &str, expected: Digest, actual: Digest) -> Error {
    Error::new(
        ErrorKind::ChecksumMismatch,
        format!("{what} is not the one announced"),
    )
    .compare(expected.to_string(), actual.to_string())
}
