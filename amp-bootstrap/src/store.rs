//! The folder of installed versions: where things are, what is there, what may go.

mod collect;
mod latest;
mod lease;
mod lock;
mod partial;
mod receipt;
mod staging;
#[cfg_attr(windows, path = "store/windows.rs")]
#[cfg_attr(not(windows), path = "store/unix.rs")]
mod system;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

pub use collect::{CollectOptions, Collected, Kept, RemovedEntry};
pub(crate) use latest::now_unix;
pub use lease::Lease;
pub(crate) use lock::{Acquired, Lock};
pub(crate) use partial::Partial;
pub use receipt::Receipt;
pub(crate) use staging::{Staging, check_replaceable, sweep};

use crate::digest::{Digest, Hasher};
use crate::environment::{Environment, Variables};
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::platform::Platform;
use crate::version::CliVersion;

/// The variable that moves the store.
pub const STORE_VARIABLE: &str = "AMPCTL_CACHE_DIR";

/// A folder of installed versions.
///
/// ```text
/// <root>/v1/versions/<version>/<platform>/amp           the executable
///                                        /receipt.json  written last: without it nothing counts
///          /locks/<version>-<platform>.lock             held while installing; never deleted
///          /locks/<version>-<platform>.use.lock         held, shared, while running; never deleted
///          /partial/<digest>.<form>.part                transfers that broke off
///          /latest/<source>.json                        what was the newest, and when
/// ```
///
/// The number in `v1` changes when the layout does, so old and new programs never meet.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// One version for one platform in a store, whatever its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// The version.
    pub version: CliVersion,
    /// The platform's name, such as `linux-x64`.
    pub platform: String,
    /// Where the executable is, or should be.
    pub path: PathBuf,
    /// What a look at the file says.
    pub state: EntryState,
    /// The receipt, when there is one that can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
}

/// What is known about an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "reason")]
#[non_exhaustive]
pub enum EntryState {
    /// Installed, and untouched since.
    Sound,
    /// Never finished: there is no receipt.
    Unfinished,
    /// Not what was installed.
    Changed(String),
}

impl Store {
    /// Opens the store below a folder; nothing is created before it is needed.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            root: folder.into().join("v1"),
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
        self.lock_path(version, &platform.to_string(), ".lock")
    }

    /// Hashes an executable whose look changed and, when its bytes are the right ones, makes it
    /// count again; the caller holds the lock.
    pub(crate) fn restore(&self, entry: &Entry) -> Option<Entry> {
        let receipt = entry.receipt.clone()?;
        if !fs::symlink_metadata(&entry.path).ok()?.is_file() || receipt.version != entry.version {
            return None;
        }
        check_bytes(&entry.path, &receipt.sha256).ok()?;
        let file = fs::File::open(&entry.path).ok()?;
        system::make_executable(&file).ok()?;
        drop(file);
        let folder = entry.path.parent()?;
        Some(Entry {
            state: EntryState::Sound,
            receipt: Some(receipt.record(folder, &entry.path).ok()?),
            ..entry.clone()
        })
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
        entry_in(
            &folder,
            version.clone(),
            platform.to_string(),
            platform.executable_name(),
        )
    }

    /// Returns the entry of a version when it is ready to run.
    pub(crate) fn find_sound(&self, version: &CliVersion, platform: Platform) -> Option<Entry> {
        self.find(version, platform)
            .filter(|entry| entry.state == EntryState::Sound)
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
                entries.extend(entry_in(&folder, version.clone(), platform, name));
            }
        }
        entries.sort_by(|a, b| {
            b.version
                .cmp(&a.version)
                .then_with(|| a.platform.cmp(&b.platform))
        });
        Ok(entries)
    }

    /// Returns the newest version that is ready to run on a platform.
    pub(crate) fn newest_sound(&self, platform: Platform) -> Result<Option<Entry>> {
        let platform = platform.to_string();
        let is_ready =
            |entry: &Entry| entry.platform == platform && entry.state == EntryState::Sound;
        Ok(self.list()?.into_iter().find(is_ready))
    }

    /// Hashes every installed executable and says what it found.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Storage`] when the store cannot be read; a damaged entry is not an error but
    /// a state.
    pub fn verify(&self) -> Result<Vec<Entry>> {
        let mut entries = self.list()?;
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

/// Hashes a file and compares.
pub(crate) fn check_bytes(path: &Path, sha256: &str) -> Result<()> {
    let actual = fs::File::open(path)
        .and_then(Hasher::sha256_of)
        .map_err(|cause| Error::storage("read", path, cause))?;
    if Digest::from_sha256_hex(sha256) == Some(actual) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::ChecksumMismatch,
        "the executable is not the one installed",
    )
    .at(path.display().to_string())
    .compare(format!("sha256:{sha256}"), actual.to_string()))
}

fn executable_of(platform: &str) -> &'static str {
    if platform.starts_with("windows") {
        "amp.exe"
    } else {
        "amp"
    }
}

/// Looks at one folder; `None` when nothing was ever put there.
fn entry_in(
    folder: &Path,
    version: CliVersion,
    platform: String,
    executable: &str,
) -> Option<Entry> {
    let path = folder.join(executable);
    let receipt = Receipt::read(folder);
    let metadata = fs::symlink_metadata(&path);
    let state = match (&receipt, metadata) {
        (None, Err(_)) if is_empty(folder) => return None,
        (None, _) => EntryState::Unfinished,
        (Some(_), Err(cause)) => EntryState::Changed(cause.to_string()),
        (Some(receipt), Ok(metadata)) => receipt
            .difference(&version, &platform, &path, &metadata)
            .map_or(EntryState::Sound, EntryState::Changed),
    };
    Some(Entry {
        version,
        platform,
        path,
        state,
        receipt,
    })
}

/// Returns whether a folder holds nothing, not even itself.
fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
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
