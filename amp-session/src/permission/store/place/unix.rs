//! Modes and owners of settings files on Unix.

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

use crate::settings::SettingsScope;

/// Returns the mode that a new file is made with; by itself it is 0600, because the user's settings
/// may hold secrets. A workspace's are for everybody who has the repository.
pub(super) fn new_mode(scope: SettingsScope) -> Option<Permissions> {
    // The process's umask takes off what it should.
    (scope == SettingsScope::Workspace).then(|| Permissions::from_mode(0o666))
}

/// Gives a new file the owner of the old one.
pub(super) fn keep_owner(file: &File, old: &Metadata) -> io::Result<()> {
    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    fchown(file, Some(old.uid()), Some(old.gid()))
}
