//! What a publisher must satisfy before anything of it is fetched.

use super::{InstallRequest, Installation};
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::provenance::{Provenance, settle};
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

    /// Checks what a registry proves of how the package was built, and returns that.
    ///
    /// One that proves nothing is believed as far as its digest goes, unless it proved something
    /// before.
    pub(super) fn check_provenance(
        &mut self,
        source: &Source,
        publisher: &dyn Publisher,
        release: &Release,
    ) -> Result<Option<Provenance>> {
        let served = match &release.attestations {
            Some(place) => publisher
                .attestations(place, self.progress)?
                .zip(Some(place)),
            None => None,
        };
        if served.is_none() && release.attestations.is_some() {
            self.warn(Warning::ProvenanceNotServed {
                source: source.to_string(),
            });
        }
        let found = match served {
            Some((document, place)) => place.check(&document)?,
            None => None,
        };
        let origin = source.origin(self.environment);
        let noted = self.store.provenance_noted(&origin);
        let before = noted
            .as_ref()
            .map(|(note, repository)| (note.as_path(), &**repository));
        settle(found.as_ref(), before)?;
        if let (Some(found), None) = (&found, noted) {
            self.store.note_provenance(&origin, &found.repository)?;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::environment::{Environment, Variables};
    use crate::platform::Platform;
    use crate::progress::{Progress, Silent};
    use crate::provenance::Attestations;
    use crate::provenance::tests::{bundle, document, published};
    use crate::source::Announced;
    use crate::store::Store;
    use crate::store::tests::{LINUX, store};
    use crate::version::{CliVersion, VersionSpec};

    /// A registry that answers with this when it is asked for attestations.
    struct Attesting(Option<Vec<u8>>);

    impl Publisher for Attesting {
        fn name(&self) -> &'static str {
            "npm"
        }

        fn newest(&self, _: Platform, _: &dyn Progress) -> Result<CliVersion> {
            unreachable!("nobody asks which is the newest")
        }

        fn release(&self, _: &CliVersion, _: Platform, _: &dyn Progress) -> Result<Release> {
            unreachable!("the release is there")
        }

        fn attestations(&self, _: &Attestations, _: &dyn Progress) -> Result<Option<Vec<u8>>> {
            Ok(self.0.clone())
        }

        fn client(&self) -> Option<&crate::http::Client> {
            None
        }

        fn address(&self) -> Option<&crate::http::Address> {
            None
        }
    }

    /// Checks what a registry proves of a release, and returns what is to be said of it as well.
    fn check(
        store: &Store,
        names: bool,
        serves: Option<Vec<u8>>,
    ) -> Result<(Option<Provenance>, Vec<Warning>)> {
        let (request, variables) = (InstallRequest::new(VersionSpec::Latest), Variables::new());
        let mut installation = Installation {
            store,
            request: &request,
            environment: Environment(&variables),
            platform: LINUX,
            progress: &Silent,
            warnings: Vec::new(),
        };
        let release = Release {
            artifacts: Vec::new(),
            announced: Announced::Download(published().digest),
            signature: None,
            claim: None,
            attestations: names.then(published),
        };
        let found = installation.check_provenance(&Source::Npm, &Attesting(serves), &release)?;
        Ok((found, installation.warnings))
    }

    #[test]
    fn what_was_proved_once_is_demanded_from_then_on() {
        let (_folder, store) = store();
        let sound = || Some(document(&bundle()));
        let source = Source::Npm.to_string();
        let not_served = Warning::ProvenanceNotServed { source };

        assert_eq!(check(&store, false, None).unwrap(), (None, Vec::new()));
        assert_eq!(check(&store, true, None).unwrap(), (None, vec![not_served]));

        let (found, warnings) = check(&store, true, sound()).unwrap();
        let repository = found.unwrap().repository;
        assert_eq!(repository, "https://github.com/sigstore/sigstore-js");
        assert_eq!(warnings, []);
        let empty = json!({ "attestations": [] }).to_string().into_bytes();
        for (names, serves) in [(false, None), (true, None), (true, Some(empty))] {
            let error = check(&store, names, serves).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Signature);
        }
        check(&store, true, sound()).unwrap();

        let origin = Source::Npm.origin(Environment(&Variables::new()));
        let (note, _) = store.provenance_noted(&origin).unwrap();
        fs::remove_file(note).unwrap();
        check(&store, false, None).unwrap();
        store.note_provenance(&origin, "https://elsewhere").unwrap();
        let error = check(&store, true, sound()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Signature);
    }
}
