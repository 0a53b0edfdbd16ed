//! What Windows knows about files; a running executable cannot be replaced there, which is
//! protection enough.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::Path;

/// Returns a number that changes when another file takes the name: its creation time.
pub(super) fn identity(metadata: &Metadata) -> u64 {
    use std::os::windows::fs::MetadataExt;
    metadata.creation_time()
}

pub(super) fn is_executable(_metadata: &Metadata) -> bool {
    true
}

pub(super) fn make_executable(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Creates the folder; the user's profile is private already.
pub(super) fn create_private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Does nothing: folders cannot be synchronised, the file system journals renames.
pub(super) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Returns whether the file is held open for execution, told by its refusal to be written.
pub(super) fn is_running(executable: &Path) -> bool {
    executable.exists() && File::options().write(true).open(executable).is_err()
}

pub(super) fn refuses_to_execute(_folder: &Path) -> bool {
    false
}
