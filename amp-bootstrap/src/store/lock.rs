//! Locks between installers: advisory file locks on files that are never deleted.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::system;
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::progress::{Event, Progress};

/// An exclusive lock, released when dropped or when the process dies.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// How a wait for a lock ended.
pub(crate) enum Acquired<T> {
    /// The lock is ours.
    Locked(Lock),
    /// Whoever held it did the work meanwhile.
    Done(T),
}

impl Lock {
    /// Waits for the lock, or until `done` finds that there is nothing left to do.
    pub(crate) fn acquire<T>(
        path: &Path,
        wait: Duration,
        progress: &dyn Progress,
        mut done: impl FnMut() -> Option<T>,
    ) -> Result<Acquired<T>> {
        let end = Instant::now() + wait;
        let mut pause = Duration::from_millis(2);
        let mut told = false;
        loop {
            if let Some(result) = done() {
                return Ok(Acquired::Done(result));
            }
            if let Some(lock) = Self::try_acquire(path)? {
                return Ok(Acquired::Locked(lock));
            }
            if !told {
                progress.event(&Event::WaitingForLock { path });
                told = true;
            }
            if Instant::now() >= end {
                return Err(
                    Error::new(ErrorKind::LockTimeout, "another installer holds the lock")
                        .at(path.display().to_string())
                        .compare(format!("at most {wait:?}"), "still held")
                        .next(NextStep::Retry {
                            after_seconds: None,
                        }),
                );
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    /// Takes the lock if nobody holds it.
    fn try_acquire(path: &Path) -> Result<Option<Self>> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) if is_still_there(&file, path) => Ok(Some(Self { _file: file })),
            // Somebody deleted the file meanwhile: a lock on it would guard nothing.
            Ok(()) | Err(TryLockError::WouldBlock) => Ok(None),
            // Some network file systems have no locks. Everything below is safe without one; it
            // only may be done twice.
            Err(TryLockError::Error(cause)) if cause.kind() == io::ErrorKind::Unsupported => {
                Ok(Some(Self { _file: file }))
            }
            Err(TryLockError::Error(cause)) => Err(Error::storage("lock", path, cause)),
        }
    }

    /// Takes the lock unless somebody holds it for longer than a child needs to be born.
    pub(super) fn acquire_briefly(path: &Path) -> Result<Option<Self>> {
        let end = Instant::now() + BIRTH;
        loop {
            match Self::try_acquire(path)? {
                None if Instant::now() < end => thread::sleep(Duration::from_millis(1)),
                outcome => return Ok(outcome),
            }
        }
    }
}

/// How long a child that another thread starts may hold copies of our handles, and with them our
/// locks, before it runs its own program; microseconds, unless the machine is busy.
const BIRTH: Duration = Duration::from_millis(200);

/// Returns whether nobody holds a lock on a file, or only a child that is being born.
pub(super) fn is_free(file: &File) -> bool {
    let end = Instant::now() + BIRTH;
    loop {
        match file.try_lock() {
            Ok(()) => return true,
            Err(TryLockError::WouldBlock) if Instant::now() < end => {
                thread::sleep(Duration::from_millis(1));
            }
            Err(_) => return false,
        }
    }
}

pub(super) fn open(path: &Path) -> Result<File> {
    if let Some(folder) = path.parent() {
        super::create_folder(folder)?;
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
