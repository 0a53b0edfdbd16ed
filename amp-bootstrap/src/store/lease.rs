//! Leases: an installed version stays while somebody says it is in use.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::{EntryState, Store, USE_LOCK, lock};
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::platform::Platform;
use crate::version::CliVersion;

/// Keeps one version from being removed until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lease {
    path: PathBuf,
    /// `None` where no lock can be had: in a store that this user may not write.
    _file: Option<File>,
}

impl Lease {
    /// Returns the executable that is kept.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Store {
    /// Marks an installed version as in use; any number of processes may do so at once.
    ///
    /// A store that may only be read needs no mark from this user, and a file system without locks
    /// cannot keep one: the version is checked there all the same. One that was copied since it was
    /// installed is hashed first.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotInstalled`] when the version is not there or not what was installed,
    /// [`ErrorKind::InUse`] while it is being removed, [`ErrorKind::UntrustedStore`] when others
    /// may write to it.
    pub fn lease(&self, version: &CliVersion, platform: Platform) -> Result<Lease> {
        self.check_access()?;
        let path = self.lock_path(version, &platform.to_string(), USE_LOCK);
        let file = match lock::open(&path) {
            Ok(file) => Some(file),
            // A lock needs no right to write, if somebody has made the file already.
            Err(error) if error.kind() == ErrorKind::StorageDenied => File::open(&path).ok(),
            Err(error) => return Err(error),
        };
        if let Some(file) = &file
            && !lock::granted(file.try_lock_shared(), &path)?
        {
            let error = Error::new(ErrorKind::InUse, "the version is being removed");
            return Err(error.at(path.display().to_string()).next(NextStep::Retry {
                after_seconds: None,
            }));
        }
        // Only under the lock is the answer lasting.
        let entry = self
            .find(version, platform)
            .map(|entry| self.settled(entry));
        let reason = match entry {
            Some(entry) => match entry.state {
                EntryState::Sound => {
                    return Ok(Lease {
                        path: entry.path,
                        _file: file,
                    });
                }
                EntryState::Unfinished => Some("its installation never finished".to_owned()),
                EntryState::Changed(reason)
                | EntryState::Untrusted(reason)
                | EntryState::Unverified(reason) => Some(reason),
            },
            None => None,
        };
        let message = match reason {
            Some(reason) => format!("version {version} for {platform} cannot be used: {reason}"),
            None => format!("version {version} for {platform} is not installed"),
        };
        Err(
            Error::new(ErrorKind::NotInstalled, message).next(NextStep::InstallOnline {
                version: version.to_string(),
            }),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::store::Lock;
    use crate::store::tests::{EXECUTABLE, LINUX, install, store, version};

    #[test]
    fn a_version_is_leased_by_many_and_not_while_it_is_removed() {
        let (_folder, store) = store();
        let path = install(&store, &version(1)).path;
        let leases = [0, 1].map(|_| store.lease(&version(1), LINUX).unwrap());
        assert_eq!(leases[1].path(), path);
        drop(leases);
        let lock = store.lock_path(&version(1), &LINUX.to_string(), USE_LOCK);
        let _removing = Lock::acquire_briefly(&lock).unwrap().unwrap();
        let error = store.lease(&version(1), LINUX).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InUse);
    }

    #[test]
    fn what_is_not_there_as_it_was_installed_is_not_leased_and_the_error_says_why() {
        let (_folder, store) = store();
        let reason = || {
            let error = store.lease(&version(1), LINUX).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotInstalled);
            error.to_string()
        };
        assert!(reason().contains("is not installed"));
        let folder = store.folder(&version(1), LINUX);
        crate::store::create_folder(&folder).unwrap();
        assert!(reason().contains("is not installed"));
        fs::write(folder.join("amp"), EXECUTABLE).unwrap();
        assert!(reason().contains("its installation never finished"));
        install(&store, &version(1));
        fs::write(folder.join("amp"), "short").unwrap();
        assert!(reason().contains("it has 5 bytes instead of 13"));
    }
}
