//! Unix: paths are bytes, and files have permissions and times of change that cannot be set back.

use std::ffi::OsString;
use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What tells whether a file is still the same without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    file: (u64, u64, u64),
    modified: (i64, i64),
    /// When the file was changed last, in seconds and nanoseconds since 1970.
    changed: (i64, i64),
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Option<Self> {
        Some(Self {
            file: (metadata.dev(), metadata.ino(), metadata.size()),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// Tells whether the last change was before this second since 1970: a later one shows.
    pub(super) fn is_before(&self, second: i64) -> bool {
        self.changed.0 < second
    }
}

pub(super) fn path(bytes: &[u8]) -> PathBuf {
    OsString::from_vec(bytes.to_vec()).into()
}

pub(super) fn bytes(path: &Path) -> Vec<u8> {
    path.as_os_str().as_bytes().to_vec()
}

/// Returns the permission bits of a file.
pub(super) fn permissions(metadata: &Metadata, _is_program: bool) -> u32 {
    metadata.mode() & 0o7777
}

pub(super) fn set_permissions(path: &Path, permissions: u32) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(permissions))
}

pub(super) fn make_link(target: &[u8], path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(self::path(target), path)
}
