//! The folder of installed versions: where things are, what is there, what may go.

mod access;
mod collect;
mod entry;
mod latest;
mod lease;
mod lock;
mod partial;
mod receipt;
mod signing;
mod staging;
// One attribute on one module would hide both files from cargo-mutants.
#[cfg(not(windows))]
#[path = "store/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "store/windows.rs"]
mod system;
#[cfg(test)]
pub(crate) mod tests;
mod wait;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use collect::{CollectOptions, Collected, Kept, RemovedEntry};
pub use entry::{Entry, EntryState};
pub use lease::Lease;
pub(crate) use lock::{Acquired, Lock};
pub(crate) use partial::Partial;
pub use receipt::Receipt;
pub(crate) use staging::{Staging, check_replaceable, sweep};

use entry::check_bytes;

use crate::environment::{Environment, Variables};
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::place::Place;
use crate::platform::Platform;
use crate::version::CliVersion;

/// The variable that moves the store.
pub const STORE_VARIABLE: &str = "AMPCTL_CACHE_DIR";

/// The variable that names the store of this machine.
pub const SHARED_STORE_VARIABLE: &str = "AMPCTL_SHARED_DIR";

/// Where an administrator keeps what everybody may run.
#[cfg(unix)]
const SHARED_STORE: &str = "/usr/local/lib/ampctl";

/// How the name of the lock ends that is held while installing.
const INSTALL_LOCK: &str = ".lock";

/// How the name of the lock ends that is held, shared, while running.
const USE_LOCK: &str = ".use.lock";

/// A folder of installed versions.
///
/// Only its user, and the administrator, may be able to write to it: what others could have put
/// there is neither run nor replaced, but refused as [`ErrorKind::UntrustedStore`].
///
/// ```text
/// <root>/v1/versions/<version>/<platform>/amp           the executable
///                                        /receipt.json  written last: without it nothing counts
///          /locks/<version>-<platform>.lock             held while installing; never deleted
///          /locks/<version>-<platform>.use.lock         held, shared, while running; never deleted
///          /partial/<digest>.<form>.part                transfers that broke off
///          /latest/<source>.json                        what was the newest, and when
///          /signing/<source>.json                       a registry that signs what it has
///          /provenance/<source>.json                    where what a registry has was built
/// ```
///
/// The number in `v1` changes when the layout does, so old and new programs never meet.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    is_shared: bool,
}

impl Store {
    /// Opens the store below a folder; nothing is created before it is needed.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            root: folder.into().join("v1"),
            is_shared: false,
        }
    }

    /// Opens the store of this machine, if there is one: the folder that `AMPCTL_SHARED_DIR` names,
    /// or `/usr/local/lib/ampctl`.
    ///
    /// [`locate`](crate::locate) looks into it after the user's own. It is only read, by the same
    /// rules: it belongs to the administrator, nobody else may write to it, and what is in it has
    /// the bytes of its receipt. An administrator fills it by installing with `AMPCTL_CACHE_DIR` set
    /// to it.
    pub fn shared(environment: &Variables) -> Option<Self> {
        let named = Environment(environment).absolute_path(SHARED_STORE_VARIABLE);
        #[cfg(unix)]
        let named = named.or_else(|| Some(PathBuf::from(SHARED_STORE)));
        let store = Self {
            is_shared: true,
            ..Self::at(named?)
        };
        store.root.is_dir().then_some(store)
    }

    /// Returns which place it is.
    pub(crate) fn place(&self) -> Place {
        match self.is_shared {
            true => Place::SharedStore,
            false => Place::Store,
        }
    }

    /// Opens the user's store: `AMPCTL_CACHE_DIR`, or `ampctl` in the user's cache folder.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when the variable is a relative path, or when neither it nor a
    /// home folder is set.
    pub fn from_environment(environment: &Variables) -> Result<Self> {
        let environment = Environment(environment);
        let absolute = || NextStep::Configure {
            name: STORE_VARIABLE.to_owned(),
            value: "an absolute path".to_owned(),
        };
        if let Some(folder) = environment.get(STORE_VARIABLE).map(PathBuf::from) {
            if !folder.is_absolute() {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    "the store's folder is not absolute",
                )
                .at(folder.display().to_string())
                .next(absolute()));
            }
            return Ok(Self::at(folder));
        }
        match environment.cache_home() {
            Some(cache) => Ok(Self::at(cache.join("ampctl"))),
            None => Err(Error::new(
                ErrorKind::InvalidInput,
                "no home folder to keep the store in",
            )
            .next(absolute())),
        }
    }

    /// Returns the folder that holds everything.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn folder(&self, version: &CliVersion, platform: Platform) -> PathBuf {
        let versions = self.root.join("versions");
        versions
            .join(version.to_string())
            .join(platform.to_string())
    }

    fn lock_path(&self, version: &CliVersion, platform: &str, suffix: &str) -> PathBuf {
        self.root
            .join("locks")
            .join(format!("{version}-{platform}{suffix}"))
    }

    pub(crate) fn install_lock_path(&self, version: &CliVersion, platform: Platform) -> PathBuf {
        self.lock_path(version, &platform.to_string(), INSTALL_LOCK)
    }

    /// Hashes an executable whose look changed and, when its bytes are the right ones, makes it
    /// count again; the caller holds the lock.
    pub(crate) fn restore(&self, entry: &Entry) -> Option<Entry> {
        let receipt = entry.receipt.clone()?;
        let is_file = fs::symlink_metadata(&entry.path).ok()?.is_file();
        if !is_file || !receipt.is_for(&entry.version, &entry.platform) {
            return None;
        }
        check_bytes(&entry.path, &receipt.sha256).ok()?;
        if !may_be_run(&fs::metadata(&entry.path).ok()?) {
            let file = fs::File::open(&entry.path).ok()?;
            system::make_executable(&file).ok()?;
        }
        // Where the receipt cannot be written, the next one has to hash again.
        let recorded = receipt.clone().record(entry.folder(), &entry.path);
        Some(Entry {
            state: EntryState::Sound,
            receipt: Some(recorded.unwrap_or(receipt)),
            ..entry.clone()
        })
    }

    /// Hashes an executable that may be a copy, such as one in the image of a container, and says
    /// whether it is sound or changed; every other entry is returned as it is.
    pub(crate) fn settled(&self, entry: Entry) -> Entry {
        let (EntryState::Unverified(reason), Some(receipt)) = (&entry.state, &entry.receipt) else {
            return entry;
        };
        // Under the lock nobody replaces the file before the receipt tells of its new look.
        let path = self.lock_path(&entry.version, &entry.platform, INSTALL_LOCK);
        let state = match Lock::acquire_briefly(&path) {
            Ok(Some(_lock)) => match self.restore(&entry) {
                Some(restored) => return restored,
                None => EntryState::Changed(reason.clone()),
            },
            _ => match check_bytes(&entry.path, &receipt.sha256) {
                Ok(()) => EntryState::Sound,
                Err(error) => EntryState::Changed(error.to_string()),
            },
        };
        Entry { state, ..entry }
    }

    /// Removes the folders of a version that hold nothing; the caller holds the lock.
    pub(crate) fn tidy(&self, version: &CliVersion, platform: Platform) {
        let folder = self.folder(version, platform);
        // A folder that is not empty stays, which is right.
        drop(fs::remove_dir(&folder));
        if let Some(version_folder) = folder.parent() {
            drop(fs::remove_dir(version_folder));
        }
    }

    /// Returns the entry of a version, by a look at the receipt and the file: no lock, no
    /// network, no hashing.
    pub fn find(&self, version: &CliVersion, platform: Platform) -> Option<Entry> {
        let folder = self.folder(version, platform);
        let name = platform.executable_name();
        let entry = Entry::in_folder(&folder, version.clone(), platform.to_string(), name)?;
        Some(match self.exposed() {
            Some(reason) => Entry {
                state: EntryState::Untrusted(reason),
                ..entry
            },
            None => entry,
        })
    }

    /// Returns all entries, the newest version first.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Storage`] when a folder cannot be read; a store that is not there is empty.
    pub fn list(&self) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for (version_name, version_folder) in subfolders(&self.root.join("versions"))? {
            // Anything that is not a version is somebody else's.
            let Ok(version) = version_name.parse::<CliVersion>() else {
                continue;
            };
            for (platform, folder) in subfolders(&version_folder)? {
                let name = executable_of(&platform);
                let entry = Entry::in_folder(&folder, version.clone(), platform, name);
                entries.extend(entry);
            }
        }
        if let Some(reason) = self.exposed() {
            for entry in &mut entries {
                entry.state = EntryState::Untrusted(reason.clone());
            }
        }
        entries.sort_by(|a, b| {
            b.version
                .cmp(&a.version)
                .then_with(|| a.platform.cmp(&b.platform))
        });
        Ok(entries)
    }

    /// Returns the entries of a platform, the newest first, but those that were taken back last.
    pub(crate) fn by_preference(&self, platform: Platform) -> Result<Vec<Entry>> {
        let platform = platform.to_string();
        let mut entries = self.list()?;
        entries.retain(|entry| entry.platform == platform);
        entries.sort_by_cached_key(|entry| self.is_withdrawn(entry));
        Ok(entries)
    }

    /// Returns the newest version that is ready to run on a platform.
    pub(crate) fn newest_sound(&self, platform: Platform) -> Result<Option<Entry>> {
        let entries = self.by_preference(platform)?.into_iter();
        Ok(entries
            .map(|entry| self.settled(entry))
            .find(|entry| entry.state == EntryState::Sound))
    }

    /// Hashes every installed executable and says what it found; copies that prove sound are
    /// recorded as such.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Storage`] when the store cannot be read; a damaged entry is not an error but
    /// a state.
    pub fn verify(&self) -> Result<Vec<Entry>> {
        let entries = self.list()?.into_iter();
        let mut entries: Vec<Entry> = entries.map(|entry| self.settled(entry)).collect();
        for entry in &mut entries {
            if let (EntryState::Sound, Some(receipt)) = (&entry.state, &entry.receipt)
                && let Err(error) = check_bytes(&entry.path, &receipt.sha256)
            {
                entry.state = EntryState::Changed(error.to_string());
            }
        }
        Ok(entries)
    }
}

fn executable_of(platform: &str) -> &'static str {
    if platform.starts_with("windows") {
        "amp.exe"
    } else {
        "amp"
    }
}

/// Returns the folders in a folder by name; none when it does not exist.
fn subfolders(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let failed = |cause| Error::storage("read", folder, cause);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(failed(cause)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if let (true, Some(name)) = (is_folder, entry.file_name().to_str()) {
            found.push((name.to_owned(), entry.path()));
        }
    }
    Ok(found)
}

/// Returns whether the system would run a file.
pub(crate) fn may_be_run(metadata: &fs::Metadata) -> bool {
    system::is_executable(metadata)
}

/// Refuses a folder on a file system from which no program may run.
pub(crate) fn check_programs_run_below(folder: &Path) -> Result<()> {
    if !system::refuses_to_execute(folder) {
        return Ok(());
    }
    let reason = "its file system is mounted with noexec";
    Err(Error::new(
        ErrorKind::StorageDenied,
        "programs may not run from the store",
    )
    .at(folder.display().to_string())
    .next(NextStep::MoveStore {
        reason: reason.to_owned(),
    }))
}

/// Creates a folder, and those above it, for the user alone.
pub(crate) fn create_folder(folder: &Path) -> Result<()> {
    system::create_private_folder(folder)
        .map_err(|cause| Error::storage("create the folder", folder, cause))
}
