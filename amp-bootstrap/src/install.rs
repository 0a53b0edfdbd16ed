//! Installing: which version, from whom, and what to do when they do not answer.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::digest::Digest;
use crate::environment::{Environment, Variables};
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::fetch::Fetch;
use crate::platform::Platform;
use crate::progress::{Event, Progress};
use crate::settings::Limits;
use crate::signature::PinnedKey;
use crate::source::{Announced, Publisher, Source, mirror_files};
use crate::store::{self, Acquired, Entry, EntryState, Lock, Receipt, Store};
use crate::version::{CliVersion, VersionSpec, known_versions};

/// What to install and under which conditions.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InstallRequest {
    /// The version wanted.
    pub version: VersionSpec,
    /// The platform to install for; this machine's when `None`.
    pub platform: Option<Platform>,
    /// The sources, the preferred first; another one is asked only when the network fails.
    pub sources: Vec<Source>,
    /// Whether to stay off the network.
    pub offline: bool,
    /// How long the answer to "which is the newest" is good for.
    pub latest_for: Duration,
    /// A second publisher that must announce the same executable.
    pub cross_check: Option<CrossCheck>,
    /// The key that must have signed the executable.
    pub pinned_key: Option<PinnedKey>,
    /// How long and how much, before it is an error.
    pub limits: Limits,
}

/// A second publisher to compare digests with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CrossCheck {
    /// The second publisher; one that announces the executable's own digest, so not npm.
    pub source: Source,
    /// Whether its silence is an error, or else a warning.
    pub required: bool,
}

impl CrossCheck {
    /// Demands the agreement of a second publisher.
    pub fn required(source: Source) -> Self {
        Self {
            source,
            required: true,
        }
    }

    /// Compares with a second publisher if it answers.
    pub fn when_reachable(source: Source) -> Self {
        Self {
            source,
            required: false,
        }
    }
}

impl InstallRequest {
    /// Asks for a version from the bucket or else, when that cannot be reached, from npm.
    pub fn new(version: VersionSpec) -> Self {
        Self {
            version,
            platform: None,
            sources: vec![Source::Bucket, Source::Npm],
            offline: false,
            latest_for: Duration::from_secs(6 * 3600),
            cross_check: None,
            pinned_key: None,
            limits: Limits::default(),
        }
    }

    /// Asks these sources only.
    #[must_use]
    pub fn with_sources(mut self, sources: impl IntoIterator<Item = Source>) -> Self {
        self.sources = sources.into_iter().collect();
        self
    }

    /// Installs for another platform than this machine's.
    #[must_use]
    pub fn with_platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// Stays off the network.
    #[must_use]
    pub fn with_offline(mut self, offline: bool) -> Self {
        self.offline = offline;
        self
    }

    /// Sets how long the answer to "which is the newest" is good for.
    #[must_use]
    pub fn with_latest_for(mut self, latest_for: Duration) -> Self {
        self.latest_for = latest_for;
        self
    }

    /// Compares digests with a second publisher.
    #[must_use]
    pub fn with_cross_check(mut self, cross_check: CrossCheck) -> Self {
        self.cross_check = Some(cross_check);
        self
    }

    /// Demands a signature.
    #[must_use]
    pub fn with_pinned_key(mut self, key: PinnedKey) -> Self {
        self.pinned_key = Some(key);
        self
    }

    /// Sets deadlines, retries and caps.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Returns whether an entry satisfies the conditions, not only the version.
    fn accepts(&self, entry: &Entry) -> bool {
        let Some(receipt) = &entry.receipt else {
            return false;
        };
        let key = self.pinned_key.as_ref().map(PinnedKey::as_str);
        let signed = key.is_none() || receipt.signed_by.as_deref() == key;
        let confirmed = self.cross_check.as_ref().is_none_or(|check| {
            !check.required || receipt.confirmed_by == Some(check.source.to_string())
        });
        entry.state == EntryState::Sound && signed && confirmed
    }
}

/// An executable that is ready to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Installed {
    /// The executable.
    pub path: PathBuf,
    /// Its version.
    pub version: CliVersion,
    /// Its platform's name, such as `linux-x64`.
    pub platform: String,
    /// The source it came from.
    pub source: String,
    /// The URL or path of the download, without credentials.
    pub location: String,
    /// The SHA-256 of the executable, in hexadecimal.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
    /// How it came to be ready.
    pub outcome: Outcome,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

/// How an executable came to be ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// It was there; nothing was read but its receipt.
    AlreadyInstalled,
    /// It was fetched and verified.
    Downloaded,
    /// It was there with another look; its bytes were hashed and are the right ones.
    Restored,
}

/// Something the user should know about a successful installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "warning")]
#[non_exhaustive]
pub enum Warning {
    /// Nobody could say which version is the newest, so the newest installed one is used.
    NewestUnknown {
        /// Why nobody could.
        reason: String,
    },
    /// What was in the store had been changed and was replaced.
    Replaced {
        /// How it had been changed.
        reason: String,
    },
    /// A source did not answer, so another one was used.
    FellBack {
        /// The source that did not answer.
        from: String,
        /// Why.
        reason: String,
    },
    /// The second publisher did not answer, so there was no comparison.
    NotCrossChecked {
        /// Why.
        reason: String,
    },
}

/// Makes an executable ready: finds it in the store, or else fetches and verifies it.
///
/// When it is in the store this is a handful of file-system calls: no network, no hashing.
///
/// # Errors
///
/// Every [`ErrorKind`] tells its own story; [`Error::next_steps`] says what to do about it.
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
        if let Some(entry) = self.already_there()? {
            return self.finished(entry, Outcome::AlreadyInstalled);
        }
        let sources: Vec<&Source> = self.request.sources.iter().collect();
        let sources: Vec<&Source> = if self.request.offline {
            sources
                .into_iter()
                .filter(|source| source.is_local())
                .collect()
        } else {
            sources
        };
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
            && self.request.accepts(&entry)
        {
            self.warn(Warning::NewestUnknown {
                reason: error.to_string(),
            });
            return self.finished(entry, Outcome::AlreadyInstalled);
        }
        Err(error)
    }

    /// Answers from the store alone, if it can.
    fn already_there(&self) -> Result<Option<Entry>> {
        let find = |version: &CliVersion| {
            let entry = self.store.find(version, self.platform);
            entry.filter(|entry| self.request.accepts(entry))
        };
        Ok(match &self.request.version {
            VersionSpec::Exact(version) => find(version),
            VersionSpec::NewestKnown if self.request.offline => {
                known_versions().find_map(|version| find(&version))
            }
            VersionSpec::NewestKnown => known_versions().next().and_then(|v| find(&v)),
            VersionSpec::Latest if self.request.offline => {
                let newest = self.store.newest_sound(self.platform)?;
                newest.filter(|entry| self.request.accepts(entry))
            }
            // The first source with an answer that is still good: if an earlier one could not be
            // reached a moment ago, it need not be tried again for every start.
            VersionSpec::Latest => {
                let lifetime = self.request.latest_for;
                let mut answers = self.request.sources.iter().filter_map(|source| {
                    let name = source.to_string();
                    self.store.remembered_latest(&name, self.platform, lifetime)
                });
                answers.next().and_then(|version| find(&version))
            }
        })
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
        let error = Error::new(
            ErrorKind::Offline,
            format!(
                "version {wanted} for {} is not in the store and offline mode is on",
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

    fn try_sources(&mut self, sources: &[&Source]) -> Result<Installed> {
        let mut failed: Vec<(String, Error)> = Vec::new();
        for (index, source) in sources.iter().enumerate() {
            let error = match self.try_source(source) {
                Ok(installed) => return Ok(installed),
                Err(error) => error.asked_of(&source.to_string()),
            };
            if !error.kind().is_network() {
                return Err(error);
            }
            if let Some(next) = sources.get(index + 1) {
                let from = source.to_string();
                self.progress.event(&Event::FallingBack {
                    from: &from,
                    to: &next.to_string(),
                    error: &error,
                });
                self.warnings.push(Warning::FellBack {
                    from,
                    reason: error.to_string(),
                });
            }
            failed.push((source.to_string(), error));
        }
        Err(all_unreachable(failed))
    }

    fn try_source(&mut self, source: &Source) -> Result<Installed> {
        let publisher = source.publisher(self.environment, &self.request.limits)?;
        let version = self.resolve(publisher.as_ref())?;
        if let Some(entry) = self.store.find(&version, self.platform)
            && self.request.accepts(&entry)
        {
            return self.finished(entry, Outcome::AlreadyInstalled);
        }
        let wait = self.request.limits.deadlines.lock;
        let path = self.store.install_lock_path(&version, self.platform);
        let finish = || {
            let entry = self.store.find(&version, self.platform);
            entry.filter(|entry| self.request.accepts(entry))
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

    fn resolve(&self, publisher: &dyn Publisher) -> Result<CliVersion> {
        let resolving = || {
            self.progress.event(&Event::Resolving {
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
                self.store
                    .remember_latest(publisher.name(), self.platform, &version)?;
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
        store::sweep(&folder);
        if let Some(entry) = self.store.find(version, self.platform) {
            if self.request.accepts(&entry) {
                return self.finished(entry, Outcome::AlreadyInstalled);
            }
            if let EntryState::Changed(reason) = &entry.state {
                if let Some(restored) = self.store.restore(&entry)
                    && self.request.accepts(&restored)
                {
                    return self.finished(restored, Outcome::Restored);
                }
                self.warn(Warning::Replaced {
                    reason: reason.clone(),
                });
            }
        }
        store::check_programs_run_below(&folder)?;
        let release = publisher.release(version, self.platform, self.progress)?;
        let confirmation = self.confirmation(version)?;
        let fetched = Fetch {
            store: self.store,
            publisher,
            version,
            platform: self.platform,
            release: &release,
            pinned_key: self.request.pinned_key.as_ref(),
            confirmation,
            limits: &self.request.limits,
            progress: self.progress,
        }
        .run()?;

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
        let announced = match release.announced {
            Announced::Executable(digest) | Announced::Download(digest) => digest.to_string(),
        };
        let receipt = Receipt {
            platform: self.platform.to_string(),
            source: source.to_string(),
            location: fetched.location,
            announced,
            sha256: fetched.sha256.to_hex(),
            confirmed_by: self
                .request
                .cross_check
                .as_ref()
                .filter(|_| confirmation.is_some())
                .map(|check| check.source.to_string()),
            signed_by: self
                .request
                .pinned_key
                .as_ref()
                .map(|key| key.as_str().to_owned()),
            ..Receipt::blank(version.clone())
        };
        let receipt = receipt.record(&folder, &path)?;
        self.progress.event(&Event::Recorded { path: &path });
        self.finished(
            Entry {
                version: version.clone(),
                platform: self.platform.to_string(),
                path,
                state: EntryState::Sound,
                receipt: Some(receipt),
            },
            Outcome::Downloaded,
        )
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
            .and_then(|second| second.release(version, self.platform, self.progress));
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
            outcome,
            warnings: std::mem::take(&mut self.warnings),
        })
    }
}

/// Makes one error of several sources that could not be reached.
fn all_unreachable(mut failed: Vec<(String, Error)>) -> Error {
    if failed.len() < 2 {
        return failed.pop().map_or_else(
            || Error::new(ErrorKind::InvalidInput, "no source to install from"),
            |(_, error)| error,
        );
    }
    let reasons: Vec<String> = failed
        .iter()
        .map(|(source, error)| {
            let causes = error.report().causes.into_iter();
            let chain: Vec<String> = [error.to_string()].into_iter().chain(causes).collect();
            format!("{source}: {}", chain.join(": "))
        })
        .collect();
    Error::new(
        failed[0].1.kind(),
        format!("no source can be reached; {}", reasons.join("; ")),
    )
    .next(NextStep::Retry {
        after_seconds: None,
    })
}
