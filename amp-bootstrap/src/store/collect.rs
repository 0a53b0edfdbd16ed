//! Taking things out of the store again: what is old, what was asked for, never what is in use.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::lock::Lock;
use super::{Entry, EntryState, Receipt, Store, staging, system};
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::version::CliVersion;

/// What a collection keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CollectOptions {
    /// The number of versions to keep per platform, the newest first.
    pub keep: usize,
    /// How long a broken-off transfer may wait to be continued.
    pub keep_partial: Duration,
    /// Whether to say what would go, without removing it.
    pub only_report: bool,
}

impl Default for CollectOptions {
    fn default() -> Self {
        Self {
            keep: 2,
            keep_partial: Duration::from_secs(7 * 86_400),
            only_report: false,
        }
    }
}

/// What a collection did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Collected {
    /// The versions that went.
    pub removed: Vec<RemovedEntry>,
    /// The versions that should have gone and stayed.
    pub kept: Vec<Kept>,
    /// The temporary and partial files that went.
    pub leftovers: Vec<PathBuf>,
    /// The bytes that became free.
    pub freed_bytes: u64,
}

/// A version that went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RemovedEntry {
    /// The version.
    pub version: CliVersion,
    /// The platform's name.
    pub platform: String,
    /// The bytes it took.
    pub bytes: u64,
}

/// A version that stayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Kept {
    /// The version.
    pub version: CliVersion,
    /// The platform's name.
    pub platform: String,
    /// Why it stayed.
    pub reason: String,
}

impl Store {
    /// Removes old versions, what killed installers left behind, and stale partial transfers.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Storage`] when the store cannot be read or a file cannot be removed. What is
    /// in use is no error: it is listed as kept.
    pub fn collect(&self, options: &CollectOptions) -> Result<Collected> {
        let mut collected = Collected::default();
        let mut sound_so_far = std::collections::BTreeMap::<String, usize>::new();
        for entry in self.list()? {
            if entry.state == EntryState::Sound {
                let count = sound_so_far.entry(entry.platform.clone()).or_default();
                *count += 1;
                if *count <= options.keep {
                    self.collect_leftovers(&entry, options, &mut collected)?;
                    continue;
                }
            }
            match self.remove(&entry, options.only_report) {
                Ok(bytes) => {
                    collected.freed_bytes += bytes;
                    collected.removed.push(RemovedEntry {
                        version: entry.version,
                        platform: entry.platform,
                        bytes,
                    });
                }
                Err(error) if error.kind() == ErrorKind::InUse => collected.kept.push(Kept {
                    version: entry.version,
                    platform: entry.platform,
                    reason: error.to_string(),
                }),
                Err(error) => return Err(error),
            }
        }
        for path in self.stale_partials(options.keep_partial) {
            collect_file(path, options, &mut collected)?;
        }
        Ok(collected)
    }

    fn collect_leftovers(
        &self,
        entry: &Entry,
        options: &CollectOptions,
        collected: &mut Collected,
    ) -> Result<()> {
        let folder = entry.path.parent().unwrap_or(self.root());
        for path in staging::abandoned(folder) {
            collect_file(path, options, collected)?;
        }
        Ok(())
    }

    /// Removes one version on all platforms.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotInstalled`] when it is not there, [`ErrorKind::InUse`] when a lease, a
    /// running process or an installer holds it.
    pub fn uninstall(&self, version: &CliVersion) -> Result<Vec<RemovedEntry>> {
        let entries = self.list()?;
        let available = entries
            .iter()
            .map(|entry| entry.version.to_string())
            .collect();
        let mut removed = Vec::new();
        for entry in entries
            .into_iter()
            .filter(|entry| entry.version == *version)
        {
            let bytes = self.remove(&entry, false)?;
            removed.push(RemovedEntry {
                version: entry.version,
                platform: entry.platform,
                bytes,
            });
        }
        if removed.is_empty() {
            return Err(Error::new(
                ErrorKind::NotInstalled,
                format!("version {version} is not installed"),
            )
            .next(NextStep::ChooseVersion { available }));
        }
        Ok(removed)
    }

    /// Removes an entry under both of its locks, the receipt first.
    fn remove(&self, entry: &Entry, only_report: bool) -> Result<u64> {
        let path = |suffix| self.lock_path(&entry.version, &entry.platform, suffix);
        let in_use = |reason: &str| {
            Error::new(ErrorKind::InUse, reason)
                .at(entry.path.display().to_string())
                .next(NextStep::StopUsers)
        };
        let installing = Lock::acquire_briefly(&path(".lock"))?;
        let _installing = installing.ok_or_else(|| in_use("the version is being installed"))?;
        let using = Lock::acquire_briefly(&path(".use.lock"))?;
        let _using = using.ok_or_else(|| in_use("the version is in use"))?;
        if system::is_in_use(&entry.path) {
            return Err(in_use("the version is running"));
        }
        let folder = entry.path.parent().unwrap_or(&entry.path);
        let bytes = folder_size(folder);
        if only_report {
            return Ok(bytes);
        }
        let failed = |cause| Error::storage("remove", folder, cause);
        Receipt::withdraw(folder).map_err(failed)?;
        fs::remove_dir_all(folder).map_err(failed)?;
        // It stays as long as it holds another platform.
        if let Some(version_folder) = folder.parent() {
            drop(fs::remove_dir(version_folder));
        }
        Ok(bytes)
    }
}

fn collect_file(path: PathBuf, options: &CollectOptions, collected: &mut Collected) -> Result<()> {
    collected.freed_bytes += fs::metadata(&path).map_or(0, |metadata| metadata.len());
    if !options.only_report {
        fs::remove_file(&path).map_err(|cause| Error::storage("remove", &path, cause))?;
    }
    collected.leftovers.push(path);
    Ok(())
}

fn folder_size(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    let sizes = entries
        .flatten()
        .map(|entry| entry.metadata().map_or(0, |metadata| metadata.len()));
    sizes.sum()
}
