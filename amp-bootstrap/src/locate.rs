//! Finding an Amp that the user already has, and saying why it was taken or not.

mod inspect;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::environment::{Environment, Variables};
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::npm::NpmConfiguration;
use crate::place::Place;
use crate::platform::{OperatingSystem, Platform};
use crate::store::{Entry, EntryState, Store};
use crate::version::{CliVersion, VersionSpec, known_versions};

/// The variable that names the executable outright.
pub const EXECUTABLE_VARIABLE: &str = "AMP_CLI_PATH";

/// Which Amp to look for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Wanted {
    /// The first one in the order of [`Place`].
    #[default]
    Any,
    /// The executable at this path and no other.
    Executable(PathBuf),
    /// This version in the store and no other; [`VersionSpec::NewestKnown`] is the newest of
    /// [`KNOWN_VERSIONS`](crate::KNOWN_VERSIONS) that is installed, [`VersionSpec::Latest`] the
    /// newest that is.
    Version(VersionSpec),
}

impl Wanted {
    /// Returns the executable that `AMP_CLI_PATH` names, or any.
    pub fn from_environment(environment: &Variables) -> Self {
        let named = Environment(environment).get(EXECUTABLE_VARIABLE);
        named.map_or(Self::Any, |path| Self::Executable(path.into()))
    }
}

/// What an executable is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ExecutableKind {
    /// A program for this system, run as it is.
    Native,
    /// JavaScript, as Amp came until May 2026; run by `node`.
    NodeScript,
    /// A script with another interpreter, such as a wrapper in shell.
    Script,
}

/// How to start an executable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// The arguments that come before the caller's.
    #[serde(serialize_with = "as_text")]
    pub arguments: Vec<OsString>,
}

fn as_text<S: Serializer>(
    arguments: &[OsString],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_seq(arguments.iter().map(|argument| argument.to_string_lossy()))
}

/// An Amp that can be run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Found {
    /// The kind of place it was in.
    pub place: Place,
    /// Where it was.
    pub path: PathBuf,
    /// What the path leads to, all links followed.
    pub real_path: PathBuf,
    /// What it is.
    pub kind: ExecutableKind,
    /// How to start it.
    pub launch: Launch,
    /// Its version, when a receipt or an npm package says it; nothing is run to find out.
    pub version: Option<CliVersion>,
    /// Its SHA-256 in hexadecimal, when a receipt says it.
    pub sha256: Option<String>,
    /// The source it was installed from, when a receipt says it.
    pub source: Option<String>,
}

/// One place that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Candidate {
    /// The kind of place.
    pub place: Place,
    /// The exact path.
    pub path: PathBuf,
    /// What came of it.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What came of a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
#[non_exhaustive]
pub enum Verdict {
    /// This is the one.
    Taken,
    /// It would do, but another place comes first.
    Shadowed,
    /// Nothing is there.
    Absent,
    /// Something is there that cannot be run.
    Unusable {
        /// Why.
        reason: String,
        /// What makes this very one usable, where something does.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        next_steps: Vec<NextStep>,
    },
}

impl Verdict {
    /// Returns the verdict on what nothing but another Amp helps against.
    fn unusable(reason: impl Into<String>) -> Self {
        Self::Unusable {
            reason: reason.into(),
            next_steps: Vec::new(),
        }
    }
}

/// Everything that was looked at, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LocateReport {
    /// The one to run.
    pub found: Option<Found>,
    /// Every place in the order of looking.
    pub candidates: Vec<Candidate>,
}

impl LocateReport {
    /// Returns the Amp to run.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotInstalled`], with the reason that fits best.
    pub fn require(&self) -> Result<&Found> {
        self.found.as_ref().ok_or_else(|| {
            let mut candidates = self.candidates.iter();
            let unusable = candidates.find_map(|candidate| match &candidate.verdict {
                Verdict::Unusable { reason, next_steps } => {
                    let reason = format!("the Amp on this machine cannot be run: {reason}");
                    let error = Error::new(ErrorKind::NotInstalled, reason);
                    Some((error.at(candidate.path.display().to_string()), next_steps))
                }
                _ => None,
            });
            match unusable {
                Some((error, steps)) if !steps.is_empty() => {
                    steps.iter().cloned().fold(error, Error::next)
                }
                Some((error, _)) => error.next(install()),
                None => {
                    let nothing = "there is no Amp on this machine";
                    Error::new(ErrorKind::NotInstalled, nothing).next(install())
                }
            }
        })
    }
}

fn install() -> NextStep {
    NextStep::InstallOnline {
        version: "latest".to_owned(),
    }
}

/// Looks for the Amp that `AMP_CLI_PATH` names or else for any, in the order of [`Place`]; starts
/// nothing and uses no network.
pub fn locate(environment: &Variables, store: Option<&Store>, platform: Platform) -> LocateReport {
    let wanted = Wanted::from_environment(environment);
    locate_wanted(&wanted, environment, store, platform)
}

/// Looks for a certain Amp, whatever `AMP_CLI_PATH` says, and in all the other places too, so that
/// the report can name what else is there; starts nothing and uses no network.
pub fn locate_wanted(
    wanted: &Wanted,
    environment: &Variables,
    store: Option<&Store>,
    platform: Platform,
) -> LocateReport {
    let environment = Environment(environment);
    let mut search = Search {
        environment,
        platform,
        report: LocateReport {
            found: None,
            candidates: Vec::new(),
        },
        seen: BTreeSet::new(),
        closed: false,
    };
    search.run(wanted, store);
    search.report
}

struct Search<'a> {
    environment: Environment<'a>,
    platform: Platform,
    report: LocateReport,
    seen: BTreeSet<PathBuf>,
    /// Whether nothing more may be taken.
    closed: bool,
}

impl Search<'_> {
    fn run(&mut self, wanted: &Wanted, store: Option<&Store>) {
        let shared = Store::shared(self.environment.0);
        let shared = shared.filter(|shared| store.is_none_or(|own| own.root() != shared.root()));
        let stores: Vec<&Store> = store.into_iter().chain(&shared).collect();
        match wanted {
            Wanted::Any => {}
            Wanted::Executable(path) => {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                self.consider(Place::Explicit, path);
                self.closed = true;
            }
            Wanted::Version(version) => {
                for store in stores.iter().copied() {
                    self.consider_version(version, store);
                }
                self.closed = true;
            }
        }
        for store in stores {
            for entry in self.entries(store) {
                self.consider_entry(entry, store);
            }
        }
        let home = self.environment.home();
        let amp_home = self.environment.get("AMP_HOME").map(PathBuf::from);
        let folders = [
            (Place::AmpHome, amp_home.map(|folder| folder.join("bin"))),
            (
                Place::HomeAmp,
                home.as_ref().map(|home| home.join(".amp/bin")),
            ),
            (
                Place::LocalBin,
                home.as_ref().map(|home| home.join(".local/bin")),
            ),
        ];
        for (place, folder) in folders {
            if let Some(folder) = folder {
                self.consider_folder(place, &folder);
            }
        }
        for folder in self.environment.search_path() {
            self.consider_folder(Place::SearchPath, &folder);
        }
        self.consider_npm();
    }

    /// Looks for the names an Amp may have in a folder.
    fn consider_folder(&mut self, place: Place, folder: &Path) {
        let names: &[&str] = match self.platform.system() {
            OperatingSystem::Windows => &["amp.exe", "amp.cmd"],
            _ => &["amp"],
        };
        for name in names {
            self.consider(place, folder.join(name));
        }
    }

    fn consider_npm(&mut self) {
        let prefix = NpmConfiguration::read(self.environment)
            .ok()
            .and_then(|configuration| configuration.prefix(self.environment));
        let Some(prefix) = prefix else { return };
        let (programs, modules) = if self.platform.system() == OperatingSystem::Windows {
            (prefix.clone(), prefix.join("node_modules"))
        } else {
            (prefix.join("bin"), prefix.join("lib/node_modules"))
        };
        self.consider_folder(Place::NpmGlobal, &programs);
        // The newer package ships a native program, the older one a script.
        for program in ["@ampcode/cli/bin/amp.exe", "@sourcegraph/amp/dist/main.js"] {
            self.consider(Place::NpmGlobal, modules.join(program));
        }
    }

    /// Returns what the store holds for the platform, the newest first, what was taken back last.
    fn entries(&mut self, store: &Store) -> Vec<Entry> {
        store.by_preference(self.platform).unwrap_or_else(|error| {
            let reason = error.to_string();
            self.add(
                store.place(),
                store.root().to_owned(),
                Verdict::unusable(reason),
            );
            Vec::new()
        })
    }

    /// Looks at the versions of the store that were asked for, the preferred first.
    fn consider_version(&mut self, wanted: &VersionSpec, store: &Store) {
        let find = |version| store.find(&version, self.platform);
        let entries: Vec<Entry> = match wanted {
            VersionSpec::Latest => self.entries(store),
            VersionSpec::NewestKnown => known_versions().filter_map(find).collect(),
            VersionSpec::Exact(version) => match find(version.clone()) {
                Some(entry) => vec![entry],
                None => {
                    let folder = store.folder(version, self.platform);
                    let path = folder.join(self.platform.executable_name());
                    self.add(store.place(), path, Verdict::Absent);
                    return;
                }
            },
        };
        for entry in entries {
            self.consider_entry(entry, store);
        }
    }

    fn consider_entry(&mut self, entry: Entry, store: &Store) {
        if self.seen.contains(&entry.path) {
            return;
        }
        let may_be_taken = !self.closed && self.report.found.is_none();
        let entry = match entry.state {
            // Hashing takes a while, and only the one that runs is worth it.
            EntryState::Unverified(_) if may_be_taken => store.settled(entry),
            _ => entry,
        };
        let verdict = match entry.state {
            EntryState::Sound | EntryState::Unverified(_) => {
                let taken = self.consider(store.place(), entry.path);
                if let (true, Some(found), Some(receipt)) =
                    (taken, &mut self.report.found, entry.receipt)
                {
                    found.version = Some(receipt.version);
                    found.sha256 = Some(receipt.sha256);
                    found.source = Some(receipt.source);
                }
                return;
            }
            EntryState::Unfinished => Verdict::unusable("its installation never finished"),
            EntryState::Changed(reason) => Verdict::unusable(reason),
            // Another version would be put into the same store.
            EntryState::Untrusted(reason) => Verdict::Unusable {
                reason,
                next_steps: store.advice_on_access(),
            },
        };
        self.seen.insert(entry.path.clone());
        self.add(store.place(), entry.path, verdict);
    }

    /// Looks at one path once; returns whether it was taken.
    fn consider(&mut self, place: Place, path: PathBuf) -> bool {
        if !self.seen.insert(path.clone()) {
            return false;
        }
        let verdict = match inspect::inspect(&path, self.platform, self.environment) {
            inspect::Inspected::Absent => Verdict::Absent,
            inspect::Inspected::Unusable(reason) => Verdict::unusable(reason),
            inspect::Inspected::Usable { .. } if self.closed || self.report.found.is_some() => {
                Verdict::Shadowed
            }
            inspect::Inspected::Usable {
                kind,
                launch,
                real_path,
            } => {
                self.report.found = Some(Found {
                    place,
                    version: inspect::packaged_version(&real_path),
                    path: path.clone(),
                    real_path,
                    kind,
                    launch,
                    sha256: None,
                    source: None,
                });
                Verdict::Taken
            }
        };
        let taken = verdict == Verdict::Taken;
        self.add(place, path, verdict);
        taken
    }

    fn add(&mut self, place: Place, path: PathBuf, verdict: Verdict) {
        self.report.candidates.push(Candidate {
            place,
            path,
            verdict,
        });
    }
}
