//! A file that a record appends to: by whoever appends, or by a thread of its own where a disk that
//! does not answer may stop nobody.
//!
//! A line goes to the system's memory and not to the disk, which takes half a microsecond for 560
//! bytes and three for 4.5 KB; waiting for another thread takes seven (medians of 40,000 on ext4).

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::behind::{Behind, Failed, cannot_append};

/// A file that is appended to.
#[derive(Debug)]
pub(super) enum Appended {
    /// Whoever appends waits for the disk.
    AtOnce(AtOnce),
    /// A thread of its own waits for it.
    Behind(Behind),
}

#[derive(Debug)]
pub(super) struct AtOnce {
    path: PathBuf,
    file: File,
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
            None => Self::AtOnce(AtOnce {
                path: path.to_path_buf(),
                file: open()?,
                failure: Arc::clone(failure),
            }),
        })
    }

    /// Appends bytes, and tells whether they are written. After an error nothing more may be
    /// appended: a gap would be worse than an end.
    ///
    /// # Errors
    /// Fails when a write fails, or takes longer than the limit.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<bool, Failed> {
        match self {
            Self::AtOnce(at_once) => match at_once.file.write_all(bytes) {
                Ok(()) => Ok(true),
                Err(error) => {
                    let reason = || cannot_append(&at_once.path, &error.to_string());
                    at_once.failure.get_or_init(reason);
                    Err(Failed)
                }
            },
            Self::Behind(behind) => behind.append(bytes),
        }
    }

    /// Returns what is written by a thread of its own, which can be waited for.
    pub(super) fn behind(&self) -> Option<&Behind> {
        match self {
            Self::AtOnce(_) => None,
            Self::Behind(behind) => Some(behind),
        }
    }
}
