//! One turn of a thread at a time on this machine, whichever session or process runs it.
//!
//! Of two at once, builds of every generation have printed the answer of the other turn, or waited
//! for ever.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::environment::{self, Environment};
use crate::error::Error;
use crate::file_lock;
use crate::ledger::create_private_folder;
use crate::thread_id::ThreadId;

/// Returns where the locks are kept; `None` in an environment without a home.
pub(crate) fn folder(environment: &Environment) -> Option<PathBuf> {
    environment::state_folder(environment).map(|state| state.join("threads"))
}

/// The right to run the one turn of a thread; given back on drop.
#[derive(Debug)]
pub(crate) struct ThreadLock {
    path: PathBuf,
    _file: File,
}

impl ThreadLock {
    /// Takes it, unless a turn of the thread runs; blocks for as long as a child is born.
    ///
    /// `None` where the folder for locks cannot be made, or they do not work there: runs of people
    /// with such homes should not fail for it.
    pub(crate) fn take(folder: &Path, thread: &ThreadId) -> Result<Option<Self>, Error> {
        if create_private_folder(folder).is_err() {
            return Ok(None);
        }
        match lock(&folder.join(format!("{thread}.lock"))) {
            Ok(lock) => Ok(Some(lock)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(Error::ThreadInUse {
                thread: thread.to_string(),
            }),
            Err(_) => Ok(None),
        }
    }
}

impl Drop for ThreadLock {
    /// Takes the file away while it is still locked, so that nobody else can hold it.
    fn drop(&mut self) {
        if cfg!(unix) {
            // One that stays is empty, and serves the next turn of the thread.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn lock(path: &Path) -> io::Result<ThreadLock> {
    loop {
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        file_lock::take(&file)?;
        if is_at(&file, path)? {
            return Ok(ThreadLock {
                path: path.to_path_buf(),
                _file: file,
            });
        }
        // Its last holder took it away between the two calls.
    }
}

/// Tells whether a file that was opened at a path is still there.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match fs::metadata(path) {
        Ok(there) => Ok(identity(there) == identity(file.metadata()?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Tells whether a file that was opened at a path is still there; nobody takes it away.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thread() -> ThreadId {
        "T-5928a90d-d53b-488f-a829-4e36442142ee".parse().unwrap()
    }

    #[test]
    fn of_many_that_want_a_thread_at_once_one_has_it_and_no_file_stays() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("threads");
        let running = std::sync::atomic::AtomicU32::new(0);
        let order = std::sync::atomic::Ordering::SeqCst;
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        if let Ok(lock) = ThreadLock::take(&folder, &thread()) {
                            assert!(lock.is_some());
                            assert_eq!(running.fetch_add(1, order), 0);
                            running.fetch_sub(1, order);
                        }
                    }
                });
            }
        });
        if cfg!(unix) {
            assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
        }
    }

    #[test]
    fn where_no_lock_can_be_a_turn_runs_all_the_same() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(ThreadLock::take(file.path(), &thread()).unwrap().is_none());
        assert_eq!(folder(&Environment::new()), None);
    }
}
