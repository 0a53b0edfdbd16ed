//! Taking things out of the store again: what is old, what was asked for, never what is in use.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::lock::Lock;
use super::{Entry, INSTALL_LOCK, Receipt, Store, USE_LOCK, staging, system};
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
    /// Versions to keep whatever their number.
    pub keep_versions: Vec<CliVersion>,
    /// Whether to say what would go, without removing it.
    pub only_report: bool,
}

impl Default for CollectOptions {
    fn default() -> Self {
        Self {
            keep: 2,
            keep_versions: Vec::new(),
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

/// What a look at the store decided.
#[derive(Debug, Default)]
struct Plan {
    kept: Vec<Entry>,
    surplus: Vec<Entry>,
}

impl Store {
    /// Removes old versions, what killed installers left behind, and stale partial transfers.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Storage`] when the store cannot be read or a file cannot be removed. What is
    /// in use is no error: it is listed as kept.
    ///
    /// [`ErrorKind::UntrustedStore`] when others may write to it.
    pub fn collect(&self, options: &CollectOptions) -> Result<Collected> {
        self.check_access()?;
        let plan = self.plan(options)?;
        self.carry_out(plan, options)
    }

    /// Decides by a look at every entry, without a lock, which of them may go.
    fn plan(&self, options: &CollectOptions) -> Result<Plan> {
        let mut plan = Plan::default();
        let mut counted = BTreeMap::<String, usize>::new();
        for entry in self.list()? {
            if entry.state.counts() {
                let count = counted.entry(entry.platform.clone()).or_default();
                *count += 1;
                if *count <= options.keep || options.keep_versions.contains(&entry.version) {
                    plan.kept.push(entry);
                    continue;
                }
            }
            plan.surplus.push(entry);
        }
        Ok(plan)
    }

    /// Removes what a plan says, unless the look at it under its locks says otherwise.
    fn carry_out(&self, plan: Plan, options: &CollectOptions) -> Result<Collected> {
        let mut collected = Collected::default();
        for entry in &plan.kept {
            self.collect_leftovers(entry, options, &mut collected)?;
        }
        for entry in plan.surplus {
            let removed = self.remove(&entry, options.only_report, |now| {
                // An installer has finished since the plan was made.
                now.state.counts() && now.receipt != entry.receipt
            });
            match removed {
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
        for (path, _locked) in self.stale_partials(options.keep_partial) {
            collect_file(path, options, &mut collected)?;
        }
        Ok(collected)
    }

    /// Removes what killed installers left in the folder of a version that stays; an installer at
    /// work keeps its own.
    fn collect_leftovers(
        &self,
        entry: &Entry,
        options: &CollectOptions,
        collected: &mut Collected,
    ) -> Result<()> {
        if staging::abandoned(entry.folder()).is_empty() {
            return Ok(());
        }
        let path = self.lock_path(&entry.version, &entry.platform, INSTALL_LOCK);
        let Some(_installing) = Lock::acquire_briefly(&path)? else {
            return Ok(());
        };
        for path in staging::abandoned(entry.folder()) {
            collect_file(path, options, collected)?;
        }
        Ok(())
    }

    /// Removes one version on all platforms.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotInstalled`] when it is not there, [`ErrorKind::InUse`] when a lease, a
    /// running process or an installer holds it, [`ErrorKind::UntrustedStore`] when others may
    /// write to the store.
    pub fn uninstall(&self, version: &CliVersion) -> Result<Vec<RemovedEntry>> {
        self.check_access()?;
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
            let bytes = self.remove(&entry, false, |_| false)?;
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

    /// Removes an entry under both of its locks, the receipt first, unless `stays` says about its
    /// state at that time that it was installed meanwhile.
    fn remove(
        &self,
        entry: &Entry,
        only_report: bool,
        stays: impl FnOnce(&Entry) -> bool,
    ) -> Result<u64> {
        let path = |suffix| self.lock_path(&entry.version, &entry.platform, suffix);
        let in_use = |reason: &str| {
            Error::new(ErrorKind::InUse, reason)
                .at(entry.path.display().to_string())
                .next(NextStep::StopUsers)
        };
        let installing = Lock::acquire_briefly(&path(INSTALL_LOCK))?;
        let _installing = installing.ok_or_else(|| in_use("the version is being installed"))?;
        let using = Lock::acquire_briefly(&path(USE_LOCK))?;
        let _using = using.ok_or_else(|| in_use("the version is in use"))?;
        if system::is_in_use(&entry.path) {
            return Err(in_use("the version is running"));
        }
        if entry.again().is_some_and(|now| stays(&now)) {
            return Err(in_use("the version was installed meanwhile"));
        }
        let folder = entry.folder();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::create_folder;
    use crate::store::tests::{LINUX, WINDOWS, install, install_for, store, version};

    fn keeping(keep: usize) -> CollectOptions {
        CollectOptions {
            keep,
            ..CollectOptions::default()
        }
    }

    #[test]
    fn a_version_whose_installation_finished_after_the_plan_stays() {
        let (_folder, store) = store();
        let target = store.folder(&version(1), LINUX);
        create_folder(&target).unwrap();
        fs::write(target.join("amp"), "an exec").unwrap();
        let options = CollectOptions::default();
        let plan = store.plan(&options).unwrap();
        assert_eq!(plan.surplus.len(), 1);
        install(&store, &version(1));
        let collected = store.carry_out(plan, &options).unwrap();
        assert_eq!(collected.removed, []);
        assert_eq!(collected.kept[0].version, version(1));
        assert!(store.lease(&version(1), LINUX).is_ok());
    }

    #[test]
    fn a_version_that_is_to_be_kept_stays_whatever_its_age() {
        let (_folder, store) = store();
        for digit in [1, 2, 3] {
            install(&store, &version(digit));
        }
        let options = CollectOptions {
            keep_versions: vec![version(1)],
            ..keeping(1)
        };
        let collected = store.collect(&options).unwrap();
        assert_eq!(collected.removed[0].version, version(2));
        let left = store.list().unwrap().into_iter().map(|entry| entry.version);
        assert_eq!(left.collect::<Vec<_>>(), [version(3), version(1)]);
    }

    #[test]
    fn a_collection_tells_what_each_version_took_and_a_report_tells_the_same() {
        let (_folder, store) = store();
        let entries = [1, 2].map(|digit| install(&store, &version(digit)));
        let taken = entries.map(|entry| {
            let sizes = ["amp", "receipt.json"].map(|name| {
                let metadata = fs::metadata(entry.folder().join(name));
                metadata.unwrap().len()
            });
            sizes.iter().sum::<u64>()
        });
        let report = CollectOptions {
            only_report: true,
            ..keeping(0)
        };
        let reported = store.collect(&report).unwrap();
        assert_eq!(store.list().unwrap().len(), 2);
        let collected = store.collect(&keeping(0)).unwrap();
        assert_eq!(reported, collected);
        assert_eq!(store.list().unwrap(), []);
        let bytes: Vec<u64> = collected.removed.iter().map(|gone| gone.bytes).collect();
        assert_eq!(bytes, [taken[1], taken[0]]);
        assert_eq!(collected.freed_bytes, taken[0] + taken[1]);
    }

    #[test]
    fn a_leased_version_is_listed_as_kept_until_the_lease_ends() {
        let (_folder, store) = store();
        install(&store, &version(1));
        let lease = store.lease(&version(1), LINUX).unwrap();
        let collected = store.collect(&keeping(0)).unwrap();
        assert_eq!((collected.removed, collected.freed_bytes), (vec![], 0));
        let [kept] = &collected.kept[..] else {
            panic!("{:?}", collected.kept);
        };
        assert!(kept.reason.contains("the version is in use"), "{kept:?}");
        let error = store.uninstall(&version(1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InUse);
        drop(lease);
        assert_eq!(store.collect(&keeping(0)).unwrap().removed.len(), 1);
    }

    #[test]
    fn a_version_that_cannot_be_locked_is_an_error_and_stays() {
        let (_folder, store) = store();
        let entry = install(&store, &version(1));
        fs::write(store.root().join("locks"), "a file").unwrap();
        let error = store.collect(&keeping(0)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage);
        assert!(entry.path.exists());
    }

    #[test]
    fn what_a_killed_installer_left_beside_a_version_goes_once_nobody_installs() {
        let (_folder, store) = store();
        let entry = install(&store, &version(1));
        let left = entry.folder().join(".incoming-left-behind");
        fs::write(&left, "bytes").unwrap();
        let lock = store.install_lock_path(&version(1), LINUX);
        let installer = Lock::acquire_briefly(&lock).unwrap().unwrap();
        assert_eq!(store.collect(&keeping(1)).unwrap().leftovers.len(), 0);
        drop(installer);
        let report = CollectOptions {
            only_report: true,
            ..keeping(1)
        };
        let reported = store.collect(&report).unwrap();
        assert!(left.exists());
        assert_eq!(reported.leftovers, std::slice::from_ref(&left));
        assert_eq!(reported.freed_bytes, 5);
        assert_eq!(store.collect(&keeping(1)).unwrap(), reported);
        assert!(!left.exists());
        assert!(entry.path.exists());
    }

    #[test]
    fn a_version_is_removed_on_all_platforms_and_no_other_is() {
        let (_folder, store) = store();
        let other = install(&store, &version(1));
        let gone = install(&store, &version(2));
        install_for(&store, &version(2), WINDOWS);
        let removed = store.uninstall(&version(2)).unwrap();
        let platforms: Vec<_> = removed.iter().map(|entry| &*entry.platform).collect();
        assert_eq!(platforms, ["linux-x64", "windows-x64"]);
        assert!(!gone.folder().parent().unwrap().exists());
        assert_eq!(store.list().unwrap(), [other]);
        let error = store.uninstall(&version(2)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotInstalled);
    }
}
