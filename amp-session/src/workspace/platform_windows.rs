//! Windows: paths are text, and whether a file is a program is known to Git alone.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

/// What tells whether a file is still the same without reading it: nothing that could be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stamp {}

impl Stamp {
    pub(super) fn of(_metadata: &Metadata) -> Option<Self> {
        None
    }

    pub(super) fn is_before(&self, _second: i64) -> bool {
        match *self {}
    }
}

pub(super) fn path(bytes: &[u8]) -> PathBuf {
    String::from_utf8_lossy(bytes).into_owned().into()
}

pub(super) fn bytes(path: &Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}

/// Returns the permission bits that Git would give the file.
pub(super) fn permissions(_metadata: &Metadata, is_program: bool) -> u32 {
    if is_program { 0o755 } else { 0o644 }
}

pub(super) fn set_permissions(_path: &Path, _permissions: u32) -> io::Result<()> {
    Ok(())
}

pub(super) fn make_link(target: &[u8], path: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(self::path(target), path)
}
