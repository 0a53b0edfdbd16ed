//! The user's own temporary folder, which is not shared with others there.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Leaves a folder as the system makes it: closed to others, as the one around it is.
pub(super) fn make_private(_: &mut tempfile::Builder<'_, '_>) {}

/// Returns the path as it is: without links it would have a form that programs do not expect.
pub(super) fn without_links(folder: PathBuf) -> PathBuf {
    folder
}

/// Opens a file in a folder.
pub(super) fn open_own(folder: &Path, name: &str) -> io::Result<File> {
    File::open(folder.join(name))
}
