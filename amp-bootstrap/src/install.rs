//! Installing: which version, from whom, and what to do when they do not answer.

mod conditions;
mod report;
mod request;

pub use report::{Installed, Outcome};
pub use request::{CrossCheck, InstallRequest};

use crate::digest::Digest;
use crate::environment::{Environment, Variables};
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::fetch::{Fetch, Fetched};
use crate::platform::Platform;
use crate::progress::{Event, Progress};
use crate::source::{Announced, Publisher, Release, Source, mirror_files};
use crate::store::{self, Acquired, Entry, EntryState, Lock, Receipt, Store};
use crate::version::{CliVersion, VersionSpec, known_versions};
use crate::warning::Warning;

/// How often a request is repeated while there is another source to ask.
const RETRIES_BEFORE_FALLBACK: u32 = 1;

/// Makes an executable ready: finds it in the store, or else fetches and verifies it.
///
/// When it is in the store this is a handful of file-system calls: no network, no hashing.
///
/// # Errors
///
/// Fails with any [`ErrorKind`]; [`Error::next_steps`] says what to do about it.
pub fn install(
    store: &Store,
    request: &InstallRequest,
    environment: &Variables,
    progress: &dyn Progress,
) -> Result<Installed> {
    let platform = match request.platform {
        Some(platform) => platform,
        None => Platform::detect()?,
    };
    store.check_access()?;
    let mut installation = Installation {
        store,
        request,
        environment: Environment(environment),
        platform,
        progress,
        warnings: Vec::new(),
    };
    installation.run()
}

struct Installation<'a> {
    store: &'a Store,
    request: &'a InstallRequest,
    environment: Environment<'a>,
    platform: Platform,
    progress: &'a dyn Progress,
    warnings: Vec<Warning>,
}

impl Installation<'_> {
    fn run(&mut self) -> Result<Installed> {
        if let Some((entry, outcome)) = self.already_there()? {
            return self.finished(entry, outcome);
        }
        let is_allowed = |source: &&Source| !self.request.offline || source.is_local();
        let sources: Vec<&Source> = self.request.sources.iter().filter(is_allowed).collect();
        if sources.is_empty() {
            return Err(self.missing_offline());
        }
        let error = match self.try_sources(&sources) {
            Ok(installed) => return Ok(installed),
            Err(error) => error,
        };
        if self.request.version == VersionSpec::Latest
            && error.kind().is_network()
            && let Some(entry) = self.store.newest_sound(self.platform)?
            && self.accepts(&entry)
        {
            self.warn(Warning::NewestUnknown {
                reason: error.to_string(),
            });
            return self.finished(entry, Outcome::AlreadyInstalled);
        }
        Err(error)
    }

    /// Answers from the store alone, if it can.
    fn already_there(&self) -> Result<Option<(Entry, Outcome)>> {
        let find = |version: &CliVersion| self.acceptable(version);
        Ok(match &self.request.version {
            VersionSpec::Exact(version) => find(version),
            VersionSpec::NewestKnown if self.request.offline => {
                known_versions().find_map(|version| find(&version))
            }
            VersionSpec::NewestKnown => known_versions().next().and_then(|v| find(&v)),
            VersionSpec::Latest if self.request.offline => {
                let newest = self.store.newest_sound(self.platform)?;
                newest
                    .filter(|entry| self.accepts(entry))
                    .map(|entry| (entry, Outcome::AlreadyInstalled))
            }
            // The first source with an answer that is still good: if an earlier one could not be
            // reached a moment ago, it need not be tried again for every start.
            VersionSpec::Latest => {
                let lifetime = self.request.latest_for;
                let mut answers = self.request.sources.iter().filter_map(|source| {
                    let origin = source.origin(self.environment);
                    self.store
                        .remembered_latest(&origin, self.platform, lifetime)
                });
                answers.next().and_then(|version| find(&version))
            }
        })
    }

    /// Returns the entry of a version when it satisfies every condition; a copy is hashed first.
    fn acceptable(&self, version: &CliVersion) -> Option<(Entry, Outcome)> {
        let entry = self.store.find(version, self.platform)?;
        let outcome = match entry.state {
            EntryState::Unverified(_) => Outcome::Restored,
            _ => Outcome::AlreadyInstalled,
        };
        let entry = self.store.settled(entry);
        self.accepts(&entry).then_some((entry, outcome))
    }

    /// Returns whether an entry satisfies the conditions and came from one of the sources, each
    /// taken for what it stands for today.
    fn accepts(&self, entry: &Entry) -> bool {
        let is_from = |receipt: &Receipt| {
            self.request.sources.iter().any(|source| {
                source.to_string() == receipt.source
                    && source.origin(self.environment) == receipt.origin
            })
        };
        self.request.accepts(entry) && entry.receipt.as_ref().is_some_and(is_from)
    }

    fn missing_offline(&self) -> Error {
        let wanted = &self.request.version;
        let version = match wanted {
            VersionSpec::Exact(version) => Some(version.clone()),
            VersionSpec::NewestKnown => known_versions().next(),
            VersionSpec::Latest => None,
        };
        let installed = self.store.list().unwrap_or_default();
        let available: Vec<String> = installed
            .iter()
            .filter(|entry| entry.platform == self.platform.to_string())
            .map(|entry| entry.version.to_string())
            .collect();
        let folder = self.store.root().display().to_string();
        let what = match wanted {
            VersionSpec::Exact(version) => format!("version {version}"),
            VersionSpec::NewestKnown => "version that is known to work".to_owned(),
            VersionSpec::Latest => "version".to_owned(),
        };
        let error = Error::new(
            ErrorKind::Offline,
            format!(
                "offline mode is on and the store has no {what} for {}",
                self.platform
            ),
        )
        .at(folder)
        .next(NextStep::InstallOnline {
            version: wanted.to_string(),
        })
        .next(NextStep::FetchElsewhere {
            files: mirror_files(version.as_ref(), self.platform),
        });
        if available.is_empty() {
            return error;
        }
        error.next(NextStep::ChooseVersion { available })
    }

    /// Asks one source after the other, as long as it is the network that fails.
    fn try_sources(&mut self, sources: &[&Source]) -> Result<Installed> {
        let mut failed: Vec<Error> = Vec::new();
        for (index, source) in sources.iter().enumerate() {
            let from = source.to_string();
            let is_last = index + 1 == sources.len();
            let error = match self.try_source(source, is_last) {
                Ok(installed) => return Ok(installed),
                Err(error) => error.asked_of(&from),
            };
            let next = sources.get(index + 1).filter(|_| error.kind().is_network());
            if let Some(next) = next {
                self.progress.event(&Event::FallingBack {
                    from: &from,
                    to: &next.to_string(),
                    error: &error,
                });
                self.warnings.push(Warning::FellBack {
                    from,
                    reason: error.to_string(),
                });
                failed.push(error);
                continue;
            }
            return Err(error.after(&failed));
        }
        Err(Error::new(
            ErrorKind::InvalidInput,
            "no source to install from",
        ))
    }

    fn try_source(&mut self, source: &Source, is_last: bool) -> Result<Installed> {
        let mut limits = self.request.limits.clone();
        if !is_last {
            limits.retry.retries = limits.retry.retries.min(RETRIES_BEFORE_FALLBACK);
        }
        let publisher = source.publisher(self.environment, &limits)?;
        self.request.check_encrypted(publisher.as_ref())?;
        let version = self.resolve(source, publisher.as_ref())?;
        if let Some((entry, outcome)) = self.acceptable(&version) {
            return self.finished(entry, outcome);
        }
        let wait = self.request.limits.deadlines.lock;
        let path = self.store.install_lock_path(&version, self.platform);
        let finish = || {
            let entry = self.store.find(&version, self.platform);
            entry.filter(|entry| self.accepts(entry))
        };
        match Lock::acquire(&path, wait, self.progress, finish)? {
            Acquired::Done(entry) => self.finished(entry, Outcome::AlreadyInstalled),
            Acquired::Locked(_lock) => {
                let outcome = self.install_locked(source, publisher.as_ref(), &version);
                if outcome.is_err() {
                    self.store.tidy(&version, self.platform);
                }
                outcome
            }
        }
    }

    fn resolve(&mut self, source: &Source, publisher: &dyn Publisher) -> Result<CliVersion> {
        let progress = self.progress;
        let resolving = || {
            progress.event(&Event::Resolving {
                publisher: publisher.name(),
            });
        };
        match &self.request.version {
            VersionSpec::Exact(version) => Ok(version.clone()),
            VersionSpec::NewestKnown => {
                resolving();
                publisher.newest_known(self.platform, self.progress)
            }
            VersionSpec::Latest => {
                resolving();
                let version = publisher.newest(self.platform, self.progress)?;
                let origin = source.origin(self.environment);
                let remembered = self.store.remember_latest(&origin, self.platform, &version);
                match remembered {
                    // A store that may only be read may hold the version all the same.
                    Err(error) if error.kind() != ErrorKind::StorageDenied => return Err(error),
                    Ok(Some(from)) => self.warn(Warning::MovedBack {
                        from: from.to_string(),
                        to: version.to_string(),
                    }),
                    _ => {}
                }
                Ok(version)
            }
        }
    }

    /// Does the work that only one installer at a time may do.
    fn install_locked(
        &mut self,
        source: &Source,
        publisher: &dyn Publisher,
        version: &CliVersion,
    ) -> Result<Installed> {
        let folder = self.store.folder(version, self.platform);
        store::create_folder(&folder)?;
        self.store.check_access_to(&folder)?;
        store::sweep(&folder);
        let mut from_elsewhere = None;
        if let Some(mut entry) = self.store.find(version, self.platform) {
            let mut outcome = Outcome::AlreadyInstalled;
            if let EntryState::Changed(reason) | EntryState::Unverified(reason) = &entry.state {
                match self.store.restore(&entry) {
                    Some(restored) => {
                        entry = restored;
                        outcome = Outcome::Restored;
                    }
                    None => self.warn(Warning::Replaced {
                        reason: reason.clone(),
                    }),
                }
            }
            if self.accepts(&entry) {
                return self.finished(entry, outcome);
            }
            store::check_replaceable(&entry.path)?;
            from_elsewhere = Some(entry).filter(|entry| self.request.accepts(entry));
        }
        store::check_programs_run_below(&folder)?;
        let release = publisher.release(version, self.platform, self.progress)?;
        let registry_key = self.check_registry_signature(source, publisher, &release)?;
        let provenance = self.check_provenance(source, publisher, version, &release)?;
        let attestations = release.attestations.as_ref();
        let attestations = attestations.map(|place| place.address.to_string());
        let confirmation = self.confirmation(version)?;
        if publisher.is_exposed() && confirmation.is_none() && self.request.pinned_key.is_none() {
            self.warn(Warning::NotEncrypted {
                source: source.to_string(),
            });
        }
        if let Some(entry) = from_elsewhere {
            if let Some(receipt) = announced_too(&entry, &release, confirmation) {
                let receipt = Receipt {
                    registry_key,
                    attestations,
                    provenance,
                    ..receipt
                };
                self.note_proofs(source, &receipt)?;
                let entry = self.adopt(entry, receipt, source, &release)?;
                return self.finished(entry, Outcome::AlreadyInstalled);
            }
            self.warn(Warning::Replaced {
                reason: "it came from another source, and this one announces other bytes"
                    .to_owned(),
            });
        }
        let mut fetched = Fetch {
            store: self.store,
            publisher,
            version,
            platform: self.platform,
            release: &release,
            pinned_key: self.request.pinned_key.as_ref(),
            confirmation,
            demanded: self.request.sha256,
            limits: &self.request.limits,
            progress: self.progress,
        }
        .run()?;
        let partial = fetched.partial.take();
        let key = self.request.pinned_key.as_ref();
        let check = self.request.cross_check.as_ref();
        let check = check.filter(|_| confirmation.is_some());
        let receipt = Receipt {
            platform: self.platform.to_string(),
            source: source.to_string(),
            origin: source.origin(self.environment),
            announced: release.announced.digest().to_string(),
            confirmed_by: check.map(|check| check.source.to_string()),
            signed_by: key.map(|key| key.as_str().to_owned()),
            registry_key,
            attestations,
            provenance,
            ..Receipt::blank(version.clone())
        };
        // Only what has passed every check may speak for what comes after it.
        self.note_proofs(source, &receipt)?;
        let placed = self.put_in_place(receipt, fetched);
        let is_of_use = match &placed {
            Ok(_) => false,
            // The next attempt begins with it, unless it takes the space that is missing.
            Err(error) => error.kind() != ErrorKind::StorageFull,
        };
        if let (Some(partial), false) = (partial, is_of_use) {
            partial.discard();
        }
        let entry = placed?;
        self.progress.event(&Event::Recorded { path: &entry.path });
        self.finished(entry, Outcome::Downloaded)
    }

    /// Records that another source announces what is there, so that it need not be fetched.
    fn adopt(
        &self,
        entry: Entry,
        receipt: Receipt,
        source: &Source,
        release: &Release,
    ) -> Result<Entry> {
        let receipt = Receipt {
            source: source.to_string(),
            origin: source.origin(self.environment),
            announced: release.announced.digest().to_string(),
            ..receipt
        };
        let folder = self.store.folder(&entry.version, self.platform);
        let receipt = receipt.record(&folder, &entry.path)?;
        Ok(Entry {
            receipt: Some(receipt),
            ..entry
        })
    }

    /// Gives a verified file its name and its receipt, each step durable before the next.
    fn put_in_place(&mut self, receipt: Receipt, fetched: Fetched) -> Result<Entry> {
        let version = receipt.version.clone();
        let folder = self.store.folder(&version, self.platform);
        let path = folder.join(self.platform.executable_name());
        self.progress.event(&Event::Verified {
            path: fetched.staging.path(),
        });
        let sealed = fetched.staging.seal()?;
        self.progress.event(&Event::Sealed {
            path: sealed.path(),
        });
        sealed.place(&path)?;
        self.progress.event(&Event::Placed { path: &path });
        let receipt = Receipt {
            location: fetched.location,
            sha256: fetched.sha256.to_hex(),
            ..receipt
        };
        let receipt = receipt.record(&folder, &path)?;
        Ok(Entry {
            version,
            platform: self.platform.to_string(),
            path,
            state: EntryState::Sound,
            receipt: Some(receipt),
        })
    }

    /// Asks the second publisher for the executable's digest.
    fn confirmation(&mut self, version: &CliVersion) -> Result<Option<Digest>> {
        let Some(check) = &self.request.cross_check else {
            return Ok(None);
        };
        let name = check.source.to_string();
        let announced = check
            .source
            .publisher(self.environment, &self.request.limits)
            .and_then(|second| {
                self.request.check_encrypted(second.as_ref())?;
                second.release(version, self.platform, self.progress)
            });
        match announced.map(|release| release.announced) {
            Ok(Announced::Executable(digest)) => Ok(Some(digest)),
            Ok(Announced::Download(_)) => Err(Error::new(
                ErrorKind::InvalidInput,
                "the second publisher announces only the digest of its archive",
            )
            .asked_of(&name)
            .next(NextStep::UseSource {
                sources: vec!["bucket".to_owned()],
            })),
            Err(error) if error.kind().is_network() && !check.required => {
                self.warn(Warning::NotCrossChecked {
                    reason: error.to_string(),
                });
                Ok(None)
            }
            Err(error) => Err(error.asked_of(&name)),
        }
    }

    fn warn(&mut self, warning: Warning) {
        self.progress.event(&Event::Warning { warning: &warning });
        self.warnings.push(warning);
    }

    fn finished(&mut self, entry: Entry, outcome: Outcome) -> Result<Installed> {
        let receipt = entry.receipt.ok_or_else(|| {
            Error::new(ErrorKind::NotInstalled, "the version has no receipt")
                .at(entry.path.display().to_string())
        })?;
        Ok(Installed {
            path: entry.path,
            version: entry.version,
            platform: entry.platform,
            source: receipt.source,
            location: receipt.location,
            sha256: receipt.sha256,
            size: receipt.size,
            signed_by: receipt.signed_by.or(receipt.registry_key),
            provenance: receipt.provenance,
            outcome,
            warnings: std::mem::take(&mut self.warnings),
        })
    }
}

/// Returns the receipt of an entry whose very bytes a release announces.
fn announced_too(
    entry: &Entry,
    release: &Release,
    confirmation: Option<Digest>,
) -> Option<Receipt> {
    let receipt = entry.receipt.clone()?;
    let is_announced = match release.announced {
        Announced::Executable(digest) => digest.to_hex() == receipt.sha256,
        Announced::Download(digest) => digest.to_string() == receipt.announced,
    };
    let is_confirmed = confirmation.is_none_or(|digest| digest.to_hex() == receipt.sha256);
    (is_announced && is_confirmed).then_some(receipt)
}
