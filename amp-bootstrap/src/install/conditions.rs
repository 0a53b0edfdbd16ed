//! What a publisher must satisfy before anything of it is fetched.

use super::{InstallRequest, Installation};
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::registry_signature::refused;
use crate::source::{Publisher, Release, Source};
use crate::warning::Warning;

impl InstallRequest {
    /// Refuses a publisher that is asked over plain HTTP, unless the caller has named its host.
    pub(crate) fn check_encrypted(&self, publisher: &dyn Publisher) -> Result<()> {
        let Some(address) = publisher.address().filter(|_| publisher.is_exposed()) else {
            return Ok(());
        };
        let host = address.host();
        let is_named = |named: &String| named.eq_ignore_ascii_case(host);
        if self.http_hosts.iter().any(is_named) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::NotEncrypted,
            "plain HTTP is not used: anybody between could change what is sent",
        )
        .at(address.to_string())
        .compare("an https URL", "an http URL")
        .next(NextStep::AllowHttp {
            host: host.to_owned(),
        }))
    }
}

impl Installation<'_> {
    /// Checks what a registry has signed, and returns the identifier of its key.
    ///
    /// A registry that signs nothing, as mirrors do, has to be believed as far as its digest goes; but
    /// one that signed before and does not now is refused: whoever changes a digest would leave the
    /// signature out.
    pub(super) fn check_registry_signature(
        &mut self,
        source: &Source,
        publisher: &dyn Publisher,
        release: &Release,
    ) -> Result<Option<String>> {
        let pinned = self.request.pinned_key.as_ref();
        let pinned = pinned.and_then(|key| key.of_registry());
        let Some(claim) = &release.claim else {
            return match pinned {
                Some(_) => Err(refused(
                    "the pinned key is a registry's, and this source is none",
                )),
                None => Ok(None),
            };
        };
        let located = |error: Error| match publisher.address() {
            Some(address) => error.at(address.to_string()),
            None => error,
        };
        if let Some(key) = pinned {
            claim.check_pinned(key).map_err(located)?;
            return Ok(None);
        }
        let origin = source.origin(self.environment);
        let noted = self.store.signing_noted(&origin);
        let keys = match claim.is_signed() {
            true => publisher.signing_keys(self.progress)?,
            false => None,
        };
        match (keys, noted) {
            (Some(keys), _) => {
                let signer = claim.check(&keys).map_err(located)?;
                self.store.note_signing(&origin)?;
                Ok(Some(signer))
            }
            (None, Some(note)) => Err(located(
                refused("the registry signed what it had, and does not any more").next(
                    NextStep::ForgetSigning {
                        file: note.display().to_string(),
                    },
                ),
            )),
            (None, None) => {
                if claim.is_signed() {
                    self.warn(Warning::SignatureNotChecked {
                        source: source.to_string(),
                    });
                }
                Ok(None)
            }
        }
    }
}
