//! Whose a file or a folder is.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Returns whether a folder is this user's, and not one where everybody may put files.
pub(super) fn is_private(folder: &Path) -> bool {
    const WRITABLE_BY_ALL: u32 = 0o002;
    folder
        .metadata()
        .is_ok_and(|about| is_own(&about) && about.mode() & WRITABLE_BY_ALL == 0)
}

/// Returns whether this is a file of this user's, and so is the link to it if there is one.
pub(super) fn is_own_file(path: &Path) -> bool {
    let link = path.symlink_metadata().is_ok_and(|about| is_own(&about));
    link && path
        .metadata()
        .is_ok_and(|about| about.is_file() && is_own(&about))
}

fn is_own(about: &Metadata) -> bool {
    about.uid() == rustix::process::geteuid().as_raw()
}
