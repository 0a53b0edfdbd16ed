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
mod tests {
    use super::*;

    fn folder_in(base: &TempDir) -> RunFolder {
        RunFolder::within(&[("TMPDIR".into(), base.path().into())].into())
    }

    fn filled(folder: &RunFolder) -> (PathBuf, RunFiles) {
        let path = folder.path().to_path_buf();
        let file = RunFile {
            path: path.join("settings.json"),
            content: "{}".to_owned(),
        };
        (path, folder.fill(&[file]).unwrap().unwrap())
    }

    #[cfg(unix)]
    fn make_old(folder: &Path) {
        let yesterday = std::time::SystemTime::now() - 24 * YOUNG;
        File::open(folder).unwrap().set_modified(yesterday).unwrap();
    }

    #[test]
    fn without_files_there_is_no_folder() {
        let base = TempDir::new().unwrap();
        assert!(folder_in(&base).fill(&[]).unwrap().is_none());
        assert_eq!(fs::read_dir(base.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_name_that_somebody_else_has_taken_is_not_used() {
        let base = TempDir::new().unwrap();
        let folder = folder_in(&base);
        fs::create_dir(folder.path()).unwrap();
        let file = RunFile {
            path: folder.path().join("settings.json"),
            content: "{}".to_owned(),
        };
        assert!(folder.fill(&[file]).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn files_are_gone_with_their_owner() {
        let base = TempDir::new().unwrap();
        let (path, files) = filled(&folder_in(&base));
        assert_eq!(fs::read(path.join("settings.json")).unwrap(), b"{}");
        drop(files);
        assert!(!path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn the_next_run_removes_what_a_killed_host_has_left() {
        let base = TempDir::new().unwrap();
        let (abandoned, files) = filled(&folder_in(&base));
        let RunFiles {
            _folder: folder,
            _lock: lock,
        } = files;
        let _ = folder.keep();
        drop(lock);
        make_old(&abandoned);
        let _next = filled(&folder_in(&base));
        assert!(!abandoned.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_long_run_and_a_young_folder_keep_their_files() {
        let base = TempDir::new().unwrap();
        let (long, _files) = filled(&folder_in(&base));
        make_old(&long);
        let young = folder_in(&base).make().unwrap();
        fs::write(young.path().join(LOCK), "").unwrap();
        let _next = filled(&folder_in(&base));
        assert!(long.join("settings.json").exists() && young.path().exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_on_the_way_is_not_part_of_its_name() {
        let base = TempDir::new().unwrap();
        let (real, link) = (base.path().join("real"), base.path().join("link"));
        fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let folder = RunFolder::within(&[("TMPDIR".into(), link.into())].into());
        assert_eq!(
            folder.path().parent(),
            Some(real.canonicalize().unwrap().as_path())
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_is_closed_to_others() {
        use std::os::unix::fs::PermissionsExt;
        let base = TempDir::new().unwrap();
        let (path, _files) = filled(&folder_in(&base));
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    /// Makes something that is named like an abandoned folder of ours, and takes the next run.
    #[cfg(target_os = "linux")]
    fn left_alone(make: impl FnOnce(&Path)) {
        let base = TempDir::new().unwrap();
        let lure = base.path().join("amp-session-lure");
        make(&lure);
        let (done, waited) = std::sync::mpsc::channel();
        let folder = folder_in(&base);
        std::thread::spawn(move || done.send(filled(&folder)));
        let next = waited.recv_timeout(Duration::from_secs(60));
        assert!(next.is_ok(), "the run waits for what is not its own");
        assert!(
            fs::symlink_metadata(&lure).is_ok(),
            "somebody's folder is gone"
        );
    }

    #[cfg(target_os = "linux")]
    fn make_fifo(path: &Path) {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pipe_in_place_of_the_lock_does_not_hold_a_run_up() {
        left_alone(|lure| {
            fs::create_dir(lure).unwrap();
            make_fifo(&lure.join(LOCK));
            make_old(lure);
        });
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pipe_in_place_of_the_folder_does_not_hold_a_run_up() {
        left_alone(|lure| {
            make_fifo(lure);
            let yesterday = std::time::SystemTime::now() - 24 * YOUNG;
            let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NONBLOCK;
            let pipe = rustix::fs::open(lure, flags, rustix::fs::Mode::empty()).unwrap();
            File::from(pipe).set_modified(yesterday).unwrap();
        });
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_link_in_place_of_the_folder_is_not_followed() {
        let elsewhere = TempDir::new().unwrap();
        fs::write(elsewhere.path().join(LOCK), "").unwrap();
        let target = elsewhere.path().to_path_buf();
        left_alone(|lure| {
            use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
            std::os::unix::fs::symlink(&target, lure).unwrap();
            let long_ago = Timespec {
                tv_sec: 1,
                tv_nsec: 0,
            };
            let times = Timestamps {
                last_access: long_ago,
                last_modification: long_ago,
            };
            utimensat(CWD, lure, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
        });
        assert!(elsewhere.path().join(LOCK).exists());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_of_somebody_else_is_not_removed() {
        use std::os::unix::fs::chown;
        left_alone(|lure| {
            fs::create_dir(lure).unwrap();
            fs::write(lure.join(LOCK), "").unwrap();
            match chown(lure, Some(65_533), None) {
                Ok(()) => make_old(lure),
                Err(error) => fixtures::Requirement::Root.is_missing(error),
            }
        });
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_others_may_write_to_is_not_removed() {
        use std::os::unix::fs::PermissionsExt;
        left_alone(|lure| {
            fs::create_dir(lure).unwrap();
            fs::write(lure.join(LOCK), "").unwrap();
            fs::set_permissions(lure, fs::Permissions::from_mode(0o777)).unwrap();
            make_old(lure);
        });
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_link_in_place_of_the_lock_is_not_followed() {
        let elsewhere = TempDir::new().unwrap();
        fs::write(elsewhere.path().join(LOCK), "").unwrap();
        make_old(elsewhere.path());
        let target = elsewhere.path().to_path_buf();
        left_alone(|lure| {
            fs::create_dir(lure).unwrap();
            std::os::unix::fs::symlink(target.join(LOCK), lure.join(LOCK)).unwrap();
            make_old(lure);
        });
        assert!(elsewhere.path().join(LOCK).exists());
    }
}
