//! From what a publisher announces to a verified file that waits for its name.

use std::fmt::Display;
use std::fs::File;
use std::path::Path;

use minisign_verify::{Signature, StreamVerifier};

use crate::digest::{Digest, Hasher};
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::platform::Platform;
use crate::progress::{Event, Progress};
use crate::settings::Limits;
use crate::signature::{self, PinnedKey};
use crate::source::{Announced, Artifact, Place, Publisher, Release, missing_or_unreadable};
use crate::store::{Partial, Staging, Store};
use crate::transfer::{Failure, Transfer};
use crate::unpack::{Sink, unpack};
use crate::version::CliVersion;

/// How often a server may make us start over before it is an error.
const MOST_RESTARTS: u32 = 3;

/// One executable to fetch, and everything it must agree with.
pub(crate) struct Fetch<'a> {
    pub(crate) store: &'a Store,
    pub(crate) publisher: &'a dyn Publisher,
    pub(crate) version: &'a CliVersion,
    pub(crate) platform: Platform,
    pub(crate) release: &'a Release,
    pub(crate) pinned_key: Option<&'a PinnedKey>,
    /// The digest that a second publisher announces.
    pub(crate) confirmation: Option<Digest>,
    pub(crate) limits: &'a Limits,
    pub(crate) progress: &'a dyn Progress,
}

/// A file that passed every check.
pub(crate) struct Fetched {
    pub(crate) staging: Staging,
    pub(crate) sha256: Digest,
    pub(crate) location: String,
    /// The download as it came, until the version counts: whoever is killed before that need not
    /// fetch it again.
    pub(crate) partial: Option<Partial>,
}

/// How one attempt ended without a file.
enum Setback {
    /// What was kept is of no use; the next attempt begins at the first byte.
    Restart(Option<Error>),
    /// The bytes are wrong, which a damaged transfer may explain once.
    Wrong(Error),
    /// It cannot be helped.
    Final(Error),
}

impl Fetch<'_> {
    /// Fetches the first form of the executable that is there.
    pub(crate) fn run(&self) -> Result<Fetched> {
        let signature = self.signature()?;
        let mut artifacts = self.release.artifacts.iter().peekable();
        while let Some(artifact) = artifacts.next() {
            match self.fetch(artifact, signature.as_ref()) {
                Err(error)
                    if error.kind() == ErrorKind::NotPublished && artifacts.peek().is_some() => {}
                outcome => return outcome,
            }
        }
        Err(Error::new(
            ErrorKind::NotPublished,
            "the publisher offers no form of it",
        ))
    }

    fn signature(&self) -> Result<Option<Signature>> {
        if self.pinned_key.is_none() {
            return Ok(None);
        }
        let place = self.release.signature.as_ref();
        let place = place.ok_or_else(|| signature::absent(self.publisher.name()))?;
        let cap = self.limits.caps.text;
        let bytes = match (place, self.publisher.client()) {
            (Place::Web(address), Some(client)) => client.fetch(address, None, cap, self.progress),
            (Place::File(path), _) => {
                std::fs::read(path).map_err(|cause| missing_or_unreadable(path, cause))
            }
            (Place::Web(_), None) => Err(signature::absent(self.publisher.name())),
        };
        let bytes = bytes.map_err(|error| match error.kind() {
            ErrorKind::NotPublished => signature::absent(self.publisher.name())
                .at(place.to_string())
                .caused_by(error),
            _ => error,
        })?;
        let parsed = signature::parse_signature(&String::from_utf8_lossy(&bytes));
        parsed
            .map(Some)
            .map_err(|error| error.at(place.to_string()))
    }

    fn fetch(&self, artifact: &Artifact, signature: Option<&Signature>) -> Result<Fetched> {
        let mut restarts = 0;
        let mut was_wrong = false;
        loop {
            let error = match self.attempt(artifact, signature) {
                Ok(fetched) => return Ok(fetched),
                Err(Setback::Restart(error)) if restarts < MOST_RESTARTS => {
                    restarts += 1;
                    error
                }
                Err(Setback::Restart(reason)) => {
                    return Err(reason.unwrap_or_else(|| {
                        let message = "the server never continues where it broke off";
                        Error::new(ErrorKind::UnexpectedResponse, message)
                            .at(artifact.place.to_string())
                    }));
                }
                Err(Setback::Wrong(error)) if !was_wrong => {
                    was_wrong = true;
                    Some(error)
                }
                Err(Setback::Wrong(error)) => return Err(error.at(artifact.place.to_string())),
                Err(Setback::Final(error)) => return Err(error),
            };
            self.progress.event(&Event::StartingOver {
                error: error.as_ref(),
            });
        }
    }

    fn attempt(
        &self,
        artifact: &Artifact,
        signature: Option<&Signature>,
    ) -> std::result::Result<Fetched, Setback> {
        let folder = self.store.folder(self.version, self.platform);
        let mut output = Output {
            staging: Staging::create(&folder).map_err(Setback::Final)?,
            hasher: Hasher::sha256(),
            verifier: match (self.pinned_key, signature) {
                (Some(key), Some(signature)) => {
                    Some(key.verifier(signature).map_err(Setback::Final)?)
                }
                _ => None,
            },
        };
        let partial = match (&artifact.place, self.publisher.client()) {
            (Place::File(path), _) => {
                self.copy_file(artifact, path, &mut output)?;
                None
            }
            (Place::Web(address), Some(client)) => {
                let digest = self.release.announced.digest();
                let partial = self.store.partial(digest, artifact.packing.name());
                let hasher = match self.release.announced {
                    Announced::Download(digest) => Some(digest.hasher()),
                    Announced::Executable(_) => None,
                };
                let transfer = Transfer::new(
                    client,
                    address,
                    self.version,
                    partial.map_err(Setback::Final)?,
                    hasher,
                    self.progress,
                );
                self.download(artifact, transfer, &mut output)?
            }
            (Place::Web(address), None) => {
                let error = Error::new(ErrorKind::InvalidInput, "nothing to fetch it with");
                return Err(Setback::Final(error.at(address.to_string())));
            }
        };
        match (self.check(artifact, output), partial) {
            (Ok(fetched), partial) => Ok(Fetched { partial, ..fetched }),
            (Err(setback), Some(partial)) => {
                partial.discard();
                Err(setback)
            }
            (Err(setback), None) => Err(setback),
        }
    }

    fn copy_file(
        &self,
        artifact: &Artifact,
        path: &Path,
        output: &mut Output<'_>,
    ) -> std::result::Result<(), Setback> {
        let mut file =
            File::open(path).map_err(|cause| Setback::Final(missing_or_unreadable(path, cause)))?;
        let member = self.platform.executable_name();
        let cap = self.limits.caps.executable;
        unpack(artifact.packing, member, &mut file, cap, output)
            .map_err(|error| Setback::Final(located(error, path.display())))
    }

    fn download(
        &self,
        artifact: &Artifact,
        mut transfer: Transfer<'_>,
        output: &mut Output<'_>,
    ) -> std::result::Result<Option<Partial>, Setback> {
        let member = self.platform.executable_name();
        let cap = self.limits.caps.executable;
        let unpacked = unpack(artifact.packing, member, &mut transfer, cap, output)
            // Bytes behind the end of the wrapping belong to the body as well.
            .and_then(|()| transfer.drain());
        // Damaged data in a body with a digest of its own: the digest says whose damage it is.
        let is_damaged = matches!(&unpacked, Err(error) if error.kind() == ErrorKind::Archive);
        if is_damaged && matches!(self.release.announced, Announced::Download(_)) {
            drop(transfer.drain());
        }
        let failure = transfer.failure();
        let (actual, partial) = transfer.finish();
        let wrong = match self.release.announced {
            Announced::Download(expected) if unpacked.is_ok() || is_damaged => actual
                .filter(|actual| *actual != expected)
                .map(|actual| Setback::Wrong(mismatch("the download", expected, actual))),
            _ => None,
        };
        let is_executables_digest = matches!(self.release.announced, Announced::Executable(_));
        let setback = match (failure, wrong, unpacked) {
            (Some(Failure::Restart(reason)), ..) => Setback::Restart(reason),
            (Some(Failure::Error(error)), ..) => {
                let is_useful =
                    !matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::TooLarge);
                if is_useful {
                    return Err(Setback::Final(error));
                }
                Setback::Final(error)
            }
            (None, Some(wrong), _) => wrong,
            (None, None, Ok(())) => return Ok(partial),
            (None, None, Err(error)) if is_damaged && is_executables_digest => {
                Setback::Wrong(error)
            }
            (None, None, Err(error)) => Setback::Final(located(error, &artifact.place)),
        };
        if let Some(partial) = partial {
            partial.discard();
        }
        Err(setback)
    }

    fn check(
        &self,
        artifact: &Artifact,
        output: Output<'_>,
    ) -> std::result::Result<Fetched, Setback> {
        let sha256 = output.hasher.finish();
        if let Announced::Executable(expected) = self.release.announced
            && sha256 != expected
        {
            return Err(Setback::Wrong(mismatch("the executable", expected, sha256)));
        }
        if let Some(expected) = self.confirmation
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
        if let Some(mut verifier) = output.verifier {
            verifier.finalize().map_err(|cause| {
                Setback::Final(signature::refused(cause).at(artifact.place.to_string()))
            })?;
        }
        Ok(Fetched {
            staging: output.staging,
            sha256,
            location: artifact.place.to_string(),
            partial: None,
        })
    }
}

/// Adds where the bytes came from, unless the error is about another place.
fn located(error: Error, place: impl Display) -> Error {
    match error.location() {
        Some(_) => error,
        None => error.at(place.to_string()),
    }
}

fn mismatch(what: &str, expected: Digest, actual: Digest) -> Error {
    Error::new(
        ErrorKind::ChecksumMismatch,
        format!("{what} is not the one announced"),
    )
    .compare(expected.to_string(), actual.to_string())
}

/// Takes the executable's bytes to disk and through every check at once.
struct Output<'a> {
    staging: Staging,
    hasher: Hasher,
    verifier: Option<StreamVerifier<'a>>,
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
