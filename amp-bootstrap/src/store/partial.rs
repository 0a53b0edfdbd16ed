//! Transfers that broke off: the bytes that came, kept for the next attempt.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::{Store, lock, staging};
use crate::digest::Digest;
use crate::error::{Error, Result};

/// The received start of one download, named after the digest it must have in the end.
///
/// Its owner holds a lock on the file.
#[derive(Debug)]
pub(crate) struct Partial {
    path: PathBuf,
    file: File,
    length: u64,
    origin: Origin,
}

/// What the server said about the resource when the first bytes came.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Origin {
    validator: Option<String>,
    total: Option<u64>,
}

impl Store {
    /// Opens what there is of a download; `None` when another process is writing it, or when no
    /// lock could tell.
    pub(crate) fn partial(&self, digest: Digest, packing: &str) -> Result<Option<Partial>> {
        let folder = self.root().join("partial");
        super::create_folder(&folder)?;
        Partial::open(folder.join(format!("{}.{packing}.part", digest.to_hex())))
    }

    /// Returns the files of transfers that nobody has continued for a while, each locked by the
    /// handle that comes with it.
    pub(super) fn stale_partials(&self, age: Duration) -> Vec<(PathBuf, File)> {
        let Ok(entries) = fs::read_dir(self.root().join("partial")) else {
            return Vec::new();
        };
        let Some(before) = SystemTime::now().checked_sub(age) else {
            return Vec::new();
        };
        let stale = entries.flatten().filter_map(|entry| {
            let path = entry.path();
            let file = File::open(&path).ok()?;
            // Where there are no locks, its age alone says that nobody works on it.
            let is_held = lock::state(&file) == lock::State::Held;
            let modified = file.metadata().ok()?.modified().ok()?;
            (!is_held && modified <= before).then_some((path, file))
        });
        stale.collect()
    }
}

impl Partial {
    fn open(path: PathBuf) -> Result<Option<Self>> {
        let failed = |cause| Error::storage("open", &path, cause);
        if fs::symlink_metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
            fs::remove_file(&path)
                .or_else(|_| fs::remove_dir_all(&path))
                .map_err(failed)?;
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        if lock::state(&file) != lock::State::Free {
            return Ok(None);
        }
        let length = file.metadata().map_err(failed)?.len();
        let origin = fs::read(origin_path(&path)).ok();
        let origin = origin.and_then(|bytes| serde_json::from_slice::<Origin>(&bytes).ok());
        Ok(Some(Self {
            origin: origin.unwrap_or_default(),
            path,
            file,
            length,
        }))
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn validator(&self) -> Option<&str> {
        self.origin.validator.as_deref()
    }

    /// Returns whether all bytes are here, as far as the server said how many there are.
    pub(crate) fn is_whole(&self) -> bool {
        self.origin.total == Some(self.length)
    }

    /// Remembers what the server says about the bytes that follow.
    pub(crate) fn begin(&mut self, validator: Option<&str>, total: Option<u64>) -> Result<()> {
        self.origin = Origin {
            validator: validator.map(str::to_owned),
            total,
        };
        staging::write_whole(&origin_path(&self.path), &self.origin)
    }

    /// Reads kept bytes from a position on.
    pub(crate) fn read_at(&mut self, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.seek(SeekFrom::Start(position))?;
        self.file.read(buffer)
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let mut write = || -> io::Result<()> {
            self.file.seek(SeekFrom::Start(self.length))?;
            self.file.write_all(bytes)
        };
        write().map_err(|cause| Error::storage("write", &self.path, cause))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Deletes the file, because its bytes are of no more use.
    pub(crate) fn discard(self) {
        // What cannot be deleted now is deleted by `collect`.
        drop(fs::remove_file(origin_path(&self.path)));
        drop(fs::remove_file(&self.path));
    }
}

fn origin_path(part: &Path) -> PathBuf {
    part.with_extension("json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Hasher;
    use crate::store::tests::{store, touch};

    #[test]
    fn a_transfer_that_goes_on_has_the_bytes_of_every_attempt_and_knows_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("download.part");
        let open = || Partial::open(path.clone()).unwrap().unwrap();

        let mut partial = open();
        partial.append(b"one ").unwrap();
        assert!(!partial.is_whole(), "nobody said how many there are");
        partial.begin(Some("\"tag\""), Some(13)).unwrap();
        partial.append(b"two ").unwrap();
        assert_eq!(partial.length(), 8);
        assert!(!partial.is_whole());
        drop(partial);

        let mut partial = open();
        assert_eq!(
            (partial.length(), partial.validator()),
            (8, Some("\"tag\""))
        );
        partial.append(b"three").unwrap();
        assert!(partial.is_whole());
        let mut bytes = [0; 13];
        assert_eq!(partial.read_at(0, &mut bytes).unwrap(), 13);
        assert_eq!(&bytes, b"one two three");
        partial.append(b"!").unwrap();
        assert!(!partial.is_whole());

        partial.discard();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_transfer_that_another_process_writes_cannot_be_opened() {
        let (_folder, store) = store();
        let digest = Hasher::sha256_of(&b"download"[..]).unwrap();
        let open = || store.partial(digest, "gz").unwrap();
        let held = open().unwrap();
        assert!(open().is_none());
        drop(held);
        assert!(open().is_some());
    }

    #[test]
    fn what_is_no_file_makes_way_for_a_transfer_and_a_file_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("download.part");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("file"), "bytes").unwrap();
        let length = || Partial::open(path.clone()).unwrap().unwrap().length();
        assert_eq!(length(), 0);
        fs::write(&path, "bytes").unwrap();
        assert_eq!(length(), 5);
    }

    #[test]
    fn a_transfer_is_stale_once_it_is_old_and_nobody_works_on_it() {
        let (_folder, store) = store();
        let digest = Hasher::sha256_of(&b"download"[..]).unwrap();
        let open = || store.partial(digest, "gz").unwrap().unwrap();
        let stale = || {
            let stale = store.stale_partials(Duration::from_secs(3600));
            let paths = stale.into_iter().map(|(path, _locked)| path);
            paths.collect::<Vec<_>>()
        };
        let path = open().path;
        assert!(stale().is_empty(), "it was written to a moment ago");
        touch(&path);
        let held = open();
        assert!(stale().is_empty(), "somebody works on it");
        drop(held);
        assert_eq!(stale(), [path]);
    }
}
