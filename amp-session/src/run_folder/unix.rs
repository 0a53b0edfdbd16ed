//! Private folders, and locks that are known to be the user's own.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, openat};
use rustix::process::geteuid;

/// Lets nobody else look into a folder that is about to be made.
pub(super) fn make_private(folder: &mut tempfile::Builder<'_, '_>) {
    folder.permissions(Permissions::from_mode(0o700));
}

/// Returns the path of a folder without links, for one could be led elsewhere while a run lasts.
pub(super) fn without_links(folder: PathBuf) -> PathBuf {
    folder.canonicalize().unwrap_or(folder)
}

/// Opens a file in a folder, if both are what this user made: a folder that nobody else can write
/// to, and a regular file.
///
/// Links are not followed, and a pipe without a writer is not waited for.
pub(super) fn open_own(folder: &Path, name: &str) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let folder = openat(CWD, folder, flags | OFlags::DIRECTORY, Mode::empty())?;
    let about = fstat(&folder)?;
    let writable = Mode::from_raw_mode(about.st_mode).intersects(Mode::WGRP | Mode::WOTH);
    if writable || !is_own(&about) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let file = openat(&folder, name, flags, Mode::empty())?;
    let about = fstat(&file)?;
    match FileType::from_raw_mode(about.st_mode) {
        FileType::RegularFile if is_own(&about) => Ok(file.into()),
        _ => Err(io::ErrorKind::PermissionDenied.into()),
    }
}

fn is_own(about: &Stat) -> bool {
    about.st_uid == geteuid().as_raw()
}
