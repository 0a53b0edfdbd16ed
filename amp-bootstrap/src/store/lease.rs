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
