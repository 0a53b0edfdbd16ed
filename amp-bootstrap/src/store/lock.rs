//! Locks between installers: advisory file locks on files that are never deleted.
//!
//! Some network file systems have no locks. There every lock is granted: nothing is unsafe without
//! one, but work may be done twice, and a version may be removed while it runs.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::Duration;

use super::{create_folder, system, wait};
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::progress::{Event, Progress};

/// How long a child that another thread starts may hold copies of our handles, and with them our
/// locks, before it runs its own program; microseconds, unless the machine is busy.
const HANDLE_COPIES: Duration = Duration::from_millis(200);

/// How long to pause between two attempts at the lock of another installer.
const INSTALLER_PAUSE: Duration = Duration::from_millis(10);

/// How long to pause between two attempts at a lock that is free in a moment.
const SHORT_PAUSE: Duration = Duration::from_millis(1);

/// An exclusive lock, released when dropped or when the process dies.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// How a wait for a lock ended.
#[derive(Debug)]
pub(crate) enum Acquired<T> {
    /// The lock is ours.
    Locked(Lock),
    /// Whoever held it did the work meanwhile.
    Done(T),
}

/// Whether a file is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It was not; now it is, by the handle that was asked about.
    Free,
    /// It is, by somebody else.
    Held,
    /// The file system has no locks.
    Unknown,
}

impl Lock {
    /// Waits for the lock, or until `done` finds that there is nothing left to do.
    pub(crate) fn acquire<T>(
        path: &Path,
        limit: Duration,
        progress: &dyn Progress,
        mut done: impl FnMut() -> Option<T>,
    ) -> Result<Acquired<T>> {
        let mut told = false;
        let acquired = wait::until(limit, INSTALLER_PAUSE, || {
            if let Some(result) = done() {
                return Some(Ok(Acquired::Done(result)));
            }
            let attempt = Self::try_acquire(path).transpose();
            if attempt.is_none() && !told {
                progress.event(&Event::WaitingForLock { path });
                told = true;
            }
            attempt.map(|lock| lock.map(Acquired::Locked))
        });
        acquired.unwrap_or_else(|| {
            Err(
                Error::new(ErrorKind::LockTimeout, "another installer holds the lock")
                    .at(path.display().to_string())
                    .compare(format!("at most {limit:?}"), "still held")
                    .next(NextStep::Retry {
                        after_seconds: None,
                    }),
            )
        })
    }

    /// Takes the lock unless somebody holds it for longer than a starting child does.
    pub(super) fn acquire_briefly(path: &Path) -> Result<Option<Self>> {
        wait::until(HANDLE_COPIES, SHORT_PAUSE, || {
            Self::try_acquire(path).transpose()
        })
        .transpose()
    }

    /// Takes the lock if nobody holds it.
    fn try_acquire(path: &Path) -> Result<Option<Self>> {
        let file = open(path)?;
        // If somebody deleted the file meanwhile, a lock on it would guard nothing.
        let is_ours = granted(file.try_lock(), path)? && is_still_there(&file, path);
        Ok(is_ours.then_some(Self { _file: file }))
    }
}

/// Returns whether a lock may be relied on as if it had been taken.
pub(super) fn granted(outcome: std::result::Result<(), TryLockError>, path: &Path) -> Result<bool> {
    match outcome {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(cause)) if system::has_no_locks(&cause) => Ok(true),
        Err(TryLockError::Error(cause)) => Err(Error::storage("lock", path, cause)),
    }
}

/// Locks a file unless somebody holds it for longer than a starting child does.
pub(super) fn state(file: &File) -> State {
    let state = wait::until(HANDLE_COPIES, SHORT_PAUSE, || match file.try_lock() {
        Ok(()) => Some(State::Free),
        Err(TryLockError::WouldBlock) => None,
        Err(TryLockError::Error(_)) => Some(State::Unknown),
    });
    state.unwrap_or(State::Held)
}

/// Opens the file of a lock, which is made if need be.
pub(super) fn open(path: &Path) -> Result<File> {
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|cause| Error::storage("open the lock", path, cause))
}

fn is_still_there(file: &File, path: &Path) -> bool {
    let named = std::fs::symlink_metadata(path);
    let named = named.and_then(|metadata| system::identity(path, &metadata));
    match (system::identity_of(file), named) {
        (Ok(held), Ok(named)) => held == named,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::progress::Silent;

    const HOUR: Duration = Duration::from_secs(3600);

    fn lock_path() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("locks").join("a.lock");
        (folder, path)
    }

    fn never() -> Option<()> {
        None
    }

    #[test]
    fn a_lock_that_is_given_back_during_the_wait_is_taken() {
        let (_folder, path) = lock_path();
        let held = RefCell::new(Lock::acquire_briefly(&path).unwrap());
        let told = RefCell::new(0);
        // The holder lets go when it hears that somebody waits.
        let give_back = |event: &Event<'_>| {
            assert!(matches!(event, Event::WaitingForLock { .. }));
            *told.borrow_mut() += 1;
            held.take();
        };
        let acquired = Lock::acquire(&path, HOUR, &give_back, never).unwrap();
        assert!(matches!(acquired, Acquired::Locked(_)));
        assert_eq!(*told.borrow(), 1);
        // It is exclusive.
        assert!(Lock::acquire_briefly(&path).unwrap().is_none());
        drop(acquired);
        assert!(Lock::acquire_briefly(&path).unwrap().is_some());
    }

    #[test]
    fn a_wait_is_told_once_and_ends_at_its_limit() {
        let (_folder, path) = lock_path();
        let _held = Lock::acquire_briefly(&path).unwrap().unwrap();
        let told = RefCell::new(0);
        let count = |_: &Event<'_>| *told.borrow_mut() += 1;
        let limit = INSTALLER_PAUSE * 3;
        let error = Lock::acquire(&path, limit, &count, never).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LockTimeout);
        assert_eq!(*told.borrow(), 1);
    }

    #[test]
    fn work_that_others_did_meanwhile_ends_the_wait() {
        let (_folder, path) = lock_path();
        let _held = Lock::acquire_briefly(&path).unwrap().unwrap();
        let mut looks = 0;
        let done = || {
            looks += 1;
            (looks == 3).then_some("done by others")
        };
        let acquired = Lock::acquire(&path, HOUR, &Silent, done).unwrap();
        assert!(matches!(acquired, Acquired::Done("done by others")));
    }

    #[test]
    fn a_file_is_free_held_or_ours() {
        let (_folder, path) = lock_path();
        let (first, second) = (open(&path).unwrap(), open(&path).unwrap());
        assert_eq!(state(&first), State::Free);
        assert_eq!(state(&second), State::Held);
        drop(first);
        assert_eq!(state(&second), State::Free);
    }

    // Windows keeps a deleted file for as long as somebody has it open.
    #[cfg(unix)]
    #[test]
    fn a_lock_on_a_deleted_file_is_none() {
        let (_folder, path) = lock_path();
        let file = open(&path).unwrap();
        assert!(is_still_there(&file, &path));
        std::fs::remove_file(&path).unwrap();
        assert!(!is_still_there(&file, &path));
        let _another = open(&path).unwrap();
        assert!(!is_still_there(&file, &path));
    }

    #[test]
    #[cfg(unix)]
    fn a_file_system_without_locks_grants_every_lock() {
        use std::io;
        let path = Path::new("lock");
        let outcome = |code| Err(TryLockError::Error(io::Error::from_raw_os_error(code)));
        for error in [rustix::io::Errno::NOLCK, rustix::io::Errno::NOTSUP] {
            assert!(granted(outcome(error.raw_os_error()), path).unwrap());
        }
        assert!(granted(Ok(()), path).unwrap());
        assert!(!granted(Err(TryLockError::WouldBlock), path).unwrap());
        let error = granted(outcome(rustix::io::Errno::IO.raw_os_error()), path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage);
    }
}
