//! Whether a path is a file or a folder; the owner is not asked for on Windows.

use std::path::Path;

/// Returns whether this is a folder.
pub(super) fn is_private(folder: &Path) -> bool {
    folder.is_dir()
}

/// Returns whether this is a file.
pub(super) fn is_own_file(path: &Path) -> bool {
    path.is_file()
}
