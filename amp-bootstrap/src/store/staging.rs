//! Files on their way into the store: complete and durable under a temporary name first.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use tempfile::TempPath;

use super::{lock, system, wait};
use crate::error::{Error, ErrorKind, Result};

const PREFIX: &str = ".incoming-";

/// How long children in the making may hold copies of a handle; they need microseconds.
const COPIES_GONE: Duration = Duration::from_secs(2);

/// How long others, such as virus scanners, may read a file that is to be replaced.
const OTHERS_DONE: Duration = Duration::from_secs(2);

/// A file that becomes the executable once every check has passed.
///
/// It is private and not executable until [`seal`](Self::seal). Its owner holds a lock on it, so
/// what a killed process left behind can be told from what is being written.
#[derive(Debug)]
pub(crate) struct Staging {
    file: File,
    path: TempPath,
}

/// A durable, executable and closed file that still lacks its final name.
#[derive(Debug)]
pub(crate) struct Sealed {
    path: TempPath,
}

impl Staging {
    pub(crate) fn create(folder: &Path) -> Result<Self> {
        super::create_folder(folder)?;
        let failed = |cause| Error::storage("create a file in", folder, cause);
        let (file, path) = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempfile_in(folder)
            .map_err(failed)?
            .into_parts();
        // Where files cannot be locked, nobody sweeps them up either.
        drop(file.try_lock());
        Ok(Self { file, path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file
            .write_all(bytes)
            .map_err(|cause| Error::storage("write", &self.path, cause))
    }

    /// Makes the file executable and durable, and closes it.
    ///
    /// A file that anyone has open for writing cannot be run, and a child that another thread
    /// starts meanwhile holds a copy of our handle until it runs its own program. The lock on the
    /// file is shared by all such copies, so once a fresh handle gets it the last one is gone.
    pub(crate) fn seal(self) -> Result<Sealed> {
        let failed = |cause| Error::storage("finish", &self.path, cause);
        system::make_executable(&self.file).map_err(failed)?;
        self.file.sync_all().map_err(failed)?;
        drop(self.file);
        let reader = File::open(&self.path).map_err(failed)?;
        // Whoever still holds a copy at the limit makes the first start fail, and no more.
        let _ = wait::until(COPIES_GONE, Duration::from_millis(1), || released(&reader));
        Ok(Sealed { path: self.path })
    }
}

/// Returns an answer once no copy is left of the handle that had a file locked.
fn released(reader: &File) -> Option<()> {
    match reader.try_lock_shared() {
        Err(TryLockError::WouldBlock) => None,
        _ => Some(()),
    }
}

impl Sealed {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its final name, in place of whatever had it.
    pub(crate) fn place(self, target: &Path) -> Result<()> {
        clear_the_way(target)?;
        rename(self.path, target).map_err(|cause| match check_replaceable(target) {
            Err(error) => error.caused_by(cause),
            Ok(()) => Error::storage("put in place", target, cause),
        })?;
        if let Some(folder) = target.parent() {
            system::sync_folder(folder)
                .map_err(|cause| Error::storage("synchronise", folder, cause))?;
        }
        Ok(())
    }
}

/// Refuses to replace an executable that runs, where the system does.
pub(crate) fn check_replaceable(target: &Path) -> Result<()> {
    if !system::is_held_in_place(target) {
        return Ok(());
    }
    let message = "the executable to replace is in use";
    Err(Error::new(ErrorKind::InUse, message).at(target.display().to_string()))
}

/// Gives a file its final name, in place of whatever had it.
///
/// Where open files cannot be replaced, whoever reads the old one is given a moment to finish.
fn rename(from: TempPath, to: &Path) -> io::Result<()> {
    let mut last = None;
    let mut from = Some(from);
    let renamed = wait::until(OTHERS_DONE, Duration::from_millis(5), || {
        match from.take()?.persist(to) {
            Err(failure) if system::may_pass(&failure.error) => {
                from = Some(failure.path);
                last = Some(failure.error);
                None
            }
            outcome => Some(outcome.map_err(|failure| failure.error)),
        }
    });
    renamed.unwrap_or_else(|| Err(last.unwrap_or_else(|| io::ErrorKind::TimedOut.into())))
}

/// Moves a folder out of the way: a rename replaces files and links, but not folders.
fn clear_the_way(target: &Path) -> Result<()> {
    match fs::symlink_metadata(target) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(target)
            .map_err(|cause| Error::storage("remove the folder", target, cause)),
        _ => Ok(()),
    }
}

/// Writes a JSON document so that a reader sees all of it or none.
pub(super) fn write_whole(path: &Path, document: &impl Serialize) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new(""));
    super::create_folder(folder)?;
    let write = || -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempfile_in(folder)?;
        let mut text = serde_json::to_vec_pretty(document)?;
        text.push(b'\n');
        file.write_all(&text)?;
        file.as_file().sync_all()?;
        rename(file.into_temp_path(), path)?;
        system::sync_folder(folder)
    };
    write().map_err(|cause| Error::storage("write", path, cause))
}

/// Returns the temporary files in a folder that nobody works on any more.
pub(super) fn abandoned(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let is_temporary = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(PREFIX))
    };
    let is_abandoned =
        |path: &PathBuf| File::open(path).is_ok_and(|file| lock::state(&file) == lock::State::Free);
    let paths = entries.flatten().map(|entry| entry.path());
    paths.filter(is_temporary).filter(is_abandoned).collect()
}

/// Deletes what killed installers left in a folder.
pub(crate) fn sweep(folder: &Path) {
    for path in abandoned(folder) {
        // Whoever else removes it first did the same work.
        drop(fs::remove_file(path));
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::error::NextStep;

    #[test]
    fn a_full_disk_is_told_as_such_with_a_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let mut staging = Staging::create(folder.path()).unwrap();
        staging.file = File::options().write(true).open("/dev/full").unwrap();
        let error = staging.write(b"more than fits").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        assert!(matches!(
            error.next_steps()[..],
            [NextStep::FreeSpace, NextStep::MoveStore { .. }]
        ));
        drop(staging);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_killed_installers_left_is_swept_up_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at_work = Staging::create(folder.path()).unwrap();
        let left_behind = folder.path().join(format!("{PREFIX}left-behind"));
        let installed = folder.path().join("amp");
        for path in [&left_behind, &installed] {
            fs::write(path, "bytes").unwrap();
        }
        assert_eq!(abandoned(folder.path()), std::slice::from_ref(&left_behind));
        sweep(folder.path());
        assert!(!left_behind.exists());
        assert!(at_work.path().exists() && installed.exists());
        assert!(abandoned(folder.path()).is_empty());
        assert!(abandoned(&folder.path().join("absent")).is_empty());
    }

    #[test]
    fn a_file_is_released_with_the_last_copy_of_the_handle_that_locked_it() {
        let folder = tempfile::tempdir().unwrap();
        let staging = Staging::create(folder.path()).unwrap();
        let reader = File::open(staging.path()).unwrap();
        let copy = staging.file.try_clone().unwrap();
        drop(staging.file);
        assert_eq!(released(&reader), None);
        drop(copy);
        assert_eq!(released(&reader), Some(()));
    }

    #[test]
    fn a_sealed_file_takes_the_place_of_a_file_a_link_and_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("amp");
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "another's").unwrap();
        let in_the_way: [&dyn Fn(); 4] = [
            &|| (),
            &|| fs::write(&target, "old").unwrap(),
            &|| std::os::unix::fs::symlink(&elsewhere, &target).unwrap(),
            &|| fs::create_dir_all(target.join("folder")).unwrap(),
        ];
        for put in in_the_way {
            put();
            check_replaceable(&target).unwrap();
            let mut staging = Staging::create(folder.path()).unwrap();
            staging.write(b"new").unwrap();
            staging.seal().unwrap().place(&target).unwrap();
            let metadata = fs::symlink_metadata(&target).unwrap();
            assert!(metadata.is_file() && system::is_executable(&metadata));
            assert_eq!(fs::read(&target).unwrap(), b"new");
            fs::remove_file(&target).unwrap();
        }
        assert_eq!(fs::read(&elsewhere).unwrap(), b"another's");
    }
}
