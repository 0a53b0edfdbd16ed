//! The files of one run: private to the user, gone when the turn ends.
//!
//! A host that is killed cannot remove them. They may hold secrets, so the next run that needs
//! such files removes those of hosts that are gone.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::fs::{self, DirEntry, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

#[cfg(unix)]
use self::unix as platform;
#[cfg(windows)]
use self::windows as platform;
use crate::environment::{self, Environment};
use crate::error::Error;
use crate::invocation::RunFile;

const PREFIX: &str = "amp-session-";

/// The file that is locked for as long as the folder is in use.
const LOCK: &str = "lock";

/// How long a folder is left alone without a look at its lock, which is not there at first.
const YOUNG: Duration = Duration::from_secs(60 * 60);

/// How long the part of a name is that chance makes.
const CHANCE: usize = 12;

/// Where the folder of a run is made when there is a file to put into it.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
}

/// A folder that is in use, with files in it.
#[derive(Debug)]
pub(crate) struct RunFiles {
    _folder: TempDir,
    _lock: File,
}

impl RunFolder {
    /// Takes a name where the environment wants temporary files, else where the system does.
    pub(crate) fn within(environment: &Environment) -> Self {
        let wanted = ["TMPDIR", "TEMP"];
        let base = wanted
            .iter()
            .find_map(|name| environment::value(environment, name));
        let base = base.map_or_else(std::env::temp_dir, PathBuf::from);
        let chance: String = std::iter::repeat_with(fastrand::alphanumeric)
            .take(CHANCE)
            .collect();
        Self {
            path: platform::without_links(base).join(format!("{PREFIX}{chance}")),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folder, which only this user can read and which is removed with what is returned,
    /// and writes the files with mode 0600; without any, the folder is not needed.
    pub(crate) fn fill(&self, files: &[RunFile]) -> Result<Option<RunFiles>, Error> {
        if files.is_empty() {
            return Ok(None);
        }
        let files = self.make().and_then(|folder| {
            self.remove_abandoned();
            Self::write(folder, files)
        });
        files.map(Some).map_err(Error::RunFiles)
    }

    /// Makes the folder, which must not be there yet.
    fn make(&self) -> io::Result<TempDir> {
        let (base, name) = self
            .path
            .parent()
            .zip(self.path.file_name())
            .ok_or(io::ErrorKind::InvalidFilename)?;
        let mut folder = tempfile::Builder::new();
        platform::make_private(&mut folder);
        folder.prefix(name).rand_bytes(0).tempdir_in(base)
    }

    fn write(folder: TempDir, files: &[RunFile]) -> io::Result<RunFiles> {
        let lock = create_private(&folder.path().join(LOCK))?;
        lock.try_lock()?;
        for file in files {
            create_private(&file.path)?.write_all(file.content.as_bytes())?;
        }
        Ok(RunFiles {
            _folder: folder,
            _lock: lock,
        })
    }

    /// Removes the folders beside this one whose hosts are gone.
    fn remove_abandoned(&self) {
        let neighbours = self.path().parent().map(fs::read_dir);
        for neighbour in neighbours.into_iter().flatten().flatten().flatten() {
            // Others may remove it at the same time, or it may not be ours.
            let _ = remove_if_abandoned(&neighbour);
        }
    }
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn remove_if_abandoned(folder: &DirEntry) -> io::Result<()> {
    if !folder.file_name().to_string_lossy().starts_with(PREFIX) {
        return Ok(());
    }
    let age = folder.metadata()?.modified()?.elapsed();
    if age.is_ok_and(|age| age > YOUNG) {
        // Temporary folders are shared: what looks like one of ours may be anybody's.
        let lock = platform::open_own(&folder.path(), LOCK)?;
        lock.try_lock()?;
        fs::remove_dir_all(folder.path())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
