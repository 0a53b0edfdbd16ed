//! From what a publisher announces to a verified file that waits for its name.

mod body;
mod output;
mod signature;

use minisign_verify::Signature;

use output::Output;

use crate::digest::{Digest, Hasher};
use crate::error::{Error, ErrorKind, Result};
use crate::platform::Platform;
use crate::progress::{Event, Progress};
use crate::settings::Limits;
use crate::signature::{PinnedKey, verifier};
use crate::source::{Announced, Artifact, Place, Publisher, Release};
use crate::store::{Partial, Staging, Store};
use crate::transfer::Transfer;
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
    /// The digest that the caller demands.
    pub(crate) demanded: Option<Digest>,
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
            verifier: match (self.pinned_key.and_then(PinnedKey::of_minisign), signature) {
                (Some(key), Some(signature)) => {
                    Some(verifier(key, signature).map_err(Setback::Final)?)
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
        match (output.check(artifact, self), partial) {
            (Ok(fetched), partial) => Ok(Fetched { partial, ..fetched }),
            (Err(setback), Some(partial)) => {
                partial.discard();
                Err(setback)
            }
            (Err(setback), None) => Err(setback),
        }
    }
}
