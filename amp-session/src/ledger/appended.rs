//! A file that a record appends to: by whoever appends, or by a thread of its own where a disk that
//! does not answer may stop nobody.
//!
//! A line goes to the system's memory and not to the disk, which takes half a microsecond for 560
//! bytes and three for 4.5 KB; waiting for another thread takes seven (medians of 40,000 on ext4).

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::behind::{Behind, Failed, cannot_append};

/// A file that is appended to.
#[derive(Debug, Clone)]
pub(super) enum Appended {
    /// Whoever appends waits for the disk.
    AtOnce(Arc<AtOnce>),
    /// A thread of its own waits for it.
    Behind(Behind),
}

#[derive(Debug)]
pub(super) struct AtOnce {
    path: PathBuf,
    /// Nothing once a write has failed: a gap would be worse than an end.
    file: Mutex<Option<File>>,
    /// Why the record is not whole.
    failure: Arc<OnceLock<String>>,
}

impl Appended {
    /// Opens a file: here, or in a thread of its own where there is a limit to how long the disk may
    /// take to answer.
    ///
    /// # Errors
    /// Fails when it cannot be opened here, or there is no thread to be had.
    pub(super) fn new(
        path: &Path,
        open: impl FnOnce() -> io::Result<File> + Send + 'static,
        limit: Option<Duration>,
        failure: &Arc<OnceLock<String>>,
    ) -> io::Result<Self> {
        Ok(match limit {
            Some(limit) => Self::Behind(Behind::new(path, open, limit, failure)?),
            None => Self::AtOnce(Arc::new(AtOnce {
                path: path.to_path_buf(),
                file: Mutex::new(Some(open()?)),
                failure: Arc::clone(failure),
            })),
        })
    }

    /// Appends bytes, and tells whether they are written.
    ///
    /// # Errors
    /// Fails once a write has failed, or took longer than the limit.
    pub(super) fn append(&self, bytes: &[u8]) -> Result<bool, Failed> {
        let AtOnce {
            path,
            file,
            failure,
        } = match self {
            Self::AtOnce(at_once) => &**at_once,
            Self::Behind(behind) => return behind.append(bytes),
        };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = file.as_mut().ok_or(Failed)?.write_all(bytes);
        written.map(|()| true).map_err(|error| {
            *file = None;
            failure.get_or_init(|| cannot_append(path, &error.to_string()));
            Failed
        })
    }

    /// Waits until everything was written.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub(super) fn flush(&self) -> Result<(), Failed> {
        match self {
            Self::AtOnce(at_once) => {
                let file = at_once.file.lock();
                let file = file.unwrap_or_else(PoisonError::into_inner);
                file.as_ref().map(drop).ok_or(Failed)
            }
            Self::Behind(behind) => behind.flush(),
        }
    }
}
