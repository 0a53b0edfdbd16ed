//! What a publisher must satisfy before anything of it is fetched.

use super::{InstallRequest, Installation};
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::provenance::{Provenance, settle};
use crate::registry_signature::refused;
use crate::source::{Publisher, Release, Source};
use crate::store::Receipt;
use crate::version::CliVersion;
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
        let located = |error| located(error, publisher);
        if let Some(key) = pinned {
            claim.check_pinned(key).map_err(located)?;
            return Ok(None);
        }
        let origin = source.origin(self.environment);
        let noted = self.store.signing_noted(&origin)?;
        let keys = match claim.is_signed() {
            true => publisher.signing_keys(self.progress)?,
            false => None,
        };
        match (keys, noted) {
            (Some(keys), _) => {
                let signer = claim.check(&keys).map_err(located)?;
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

    /// Checks what a registry proves of how a version was built, and returns that.
    ///
    /// One that proves nothing is believed as far as its digest goes, unless it proved something
    /// of this version or an older one before.
    pub(super) fn check_provenance(
        &mut self,
        source: &Source,
        publisher: &dyn Publisher,
        version: &CliVersion,
        release: &Release,
    ) -> Result<Option<Provenance>> {
        let found = match &release.attestations {
            Some(place) => match publisher.attestations(place, self.progress)? {
                Some(document) => place.check(&document)?,
                None => None,
            },
            None => None,
        };
        let origin = source.origin(self.environment);
        let before = self.store.provenance_noted(&origin)?;
        settle(version, found.as_ref(), before.as_ref())
            .map_err(|error| located(error, publisher))?;
        if found.is_none() && (release.attestations.is_some() || before.is_some()) {
            self.warn(Warning::ProvenanceNotServed {
                source: source.to_string(),
            });
        }
        Ok(found)
    }

    /// Notes what a registry has signed and proved of what is in place from now on: it may not stop.
    pub(super) fn note_proofs(&self, source: &Source, receipt: &Receipt) -> Result<()> {
        let origin = source.origin(self.environment);
        if receipt.registry_key.is_some() {
            self.store.note_signing(&origin)?;
        }
        match &receipt.provenance {
            Some(provenance) => self
                .store
                .note_provenance(&origin, &receipt.version, provenance),
            None => Ok(()),
        }
    }
}

/// Says of which publisher an error is.
fn located(error: Error, publisher: &dyn Publisher) -> Error {
    match publisher.address() {
        Some(address) => error.at(address.to_string()),
        None => error,
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
    use crate::provenance::tests::{built_from, bundle, document, published};
    use crate::source::Announced;
    use crate::store::Store;
    use crate::store::tests::{LINUX, store};
    use crate::version::VersionSpec;

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

    /// What `check_provenance` finds of a version, and says of it.
    type Checked = Result<(Option<Provenance>, Vec<Warning>)>;

    /// Checks what a registry proves of a version; what it finds is noted as that of an installation.
    fn check(store: &Store, number: u32, names: bool, serves: Option<Vec<u8>>) -> Checked {
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
        let version = version(number);
        let registry = Attesting(serves);
        let found = installation.check_provenance(&Source::Npm, &registry, &version, &release)?;
        let receipt = Receipt {
            provenance: found.clone(),
            ..Receipt::blank(version)
        };
        installation.note_proofs(&Source::Npm, &receipt)?;
        Ok((found, installation.warnings))
    }

    fn version(number: u32) -> CliVersion {
        format!("0.0.{number}-ga").parse().unwrap()
    }

    fn not_served() -> Vec<Warning> {
        let source = Source::Npm.to_string();
        vec![Warning::ProvenanceNotServed { source }]
    }

    /// A registry's answers without provenance.
    fn without_provenance() -> [(bool, Option<Vec<u8>>); 3] {
        let empty = json!({ "attestations": [] }).to_string().into_bytes();
        [(false, None), (true, None), (true, Some(empty))]
    }

    #[test]
    fn provenance_that_is_named_and_not_served_is_said() {
        let (_folder, store) = store();
        for (names, serves) in without_provenance() {
            let expected = match names {
                true => not_served(),
                false => Vec::new(),
            };
            let checked = check(&store, 2, names, serves).unwrap();
            assert_eq!(checked, (None, expected));
        }
    }

    #[test]
    fn what_was_proved_once_is_demanded_from_that_version_on() {
        let (_folder, store) = store();
        let sound = || Some(document(&bundle()));
        let (found, warnings) = check(&store, 2, true, sound()).unwrap();
        let repository = found.unwrap().repository;
        assert_eq!(repository, "https://github.com/sigstore/sigstore-js");
        assert_eq!(warnings, []);
        for (names, serves) in without_provenance() {
            for number in [2, 3] {
                let error = check(&store, number, names, serves.clone()).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Signature);
            }
            let older = check(&store, 1, names, serves).unwrap();
            assert_eq!(older, (None, not_served()));
        }
        check(&store, 3, true, sound()).unwrap();

        let origin = Source::Npm.origin(Environment(&Variables::new()));
        let noted = store.provenance_noted(&origin).unwrap().unwrap();
        fs::remove_file(noted.note).unwrap();
        check(&store, 2, false, None).unwrap();
        let elsewhere = built_from("https://elsewhere");
        store
            .note_provenance(&origin, &version(2), &elsewhere)
            .unwrap();
        let error = check(&store, 2, true, sound()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Signature);
    }
}
