//! Modes and owners of settings files on Windows, where a new file has those of its folder.

use std::fs::{File, Metadata, Permissions};
use std::io;

use crate::settings::SettingsScope;

pub(super) fn new_mode(_scope: SettingsScope) -> Option<Permissions> {
    None
}

pub(super) fn keep_owner(_file: &File, _old: &Metadata) -> io::Result<()> {
    Ok(())
}
