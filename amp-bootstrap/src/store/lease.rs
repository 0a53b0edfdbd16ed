//! Leases: an installed version stays while somebody says it is in use.

use std::fs::File;
use std::path::PathBuf;

use super::{Store, lock};
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::platform::Platform;
use crate::version::CliVersion;

/// Keeps one version from being removed until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lease {
    path: PathBuf,
    _file: File,
}

impl Lease {
    /// Returns the executable that is kept.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }
}

impl Store {
    /// Marks an installed version as in use; any number of processes may do so at once.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotInstalled`] when the version is not there and sound,
    /// [`ErrorKind::InUse`] while it is being removed.
    pub fn lease(&self, version: &CliVersion, platform: Platform) -> Result<Lease> {
        let path = self.lock_path(version, &platform.to_string(), ".use.lock");
        let file = lock::open(&path)?;
        file.try_lock_shared().map_err(|cause| {
            Error::new(ErrorKind::InUse, "the version is being removed")
                .at(path.display().to_string())
                .caused_by(cause)
                .next(NextStep::Retry {
                    after_seconds: None,
                })
        })?;
        // Only under the lock is the answer lasting.
        match self.find_sound(version, platform) {
            Some(entry) => Ok(Lease {
                path: entry.path,
                _file: file,
            }),
            None => Err(Error::new(
                ErrorKind::NotInstalled,
                format!("version {version} for {platform} is not installed"),
            )
            .next(NextStep::InstallOnline {
                version: version.to_string(),
            })),
        }
    }
}
