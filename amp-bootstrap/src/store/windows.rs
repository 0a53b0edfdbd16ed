//! What Windows knows about files: a file that somebody has open can be neither replaced nor
//! removed, and a running executable is always open.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;

/// The errors of an operation that somebody's open file forbids, from `winerror.h`.
const ACCESS_DENIED: i32 = 5;
const SHARING_VIOLATION: i32 = 32;

/// Returns a number that changes when another file takes the name: the file's index on its volume.
///
/// The creation time would not do, because a new file inherits that of its predecessor.
pub(super) fn identity(path: &Path, _metadata: &Metadata) -> io::Result<u64> {
    // Asks for no access at all, so it is refused to nobody and refuses nothing to others.
    identity_of(&File::options().access_mode(0).open(path)?)
}

pub(super) fn identity_of(file: &File) -> io::Result<u64> {
    Ok(winapi_util::file::information(file)?.file_index())
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

/// Returns nothing: a user's profile is private, and a folder elsewhere has the rights that its
/// owner gave it.
pub(super) fn write_access(_path: &Path, _with_sticky_bit: bool) -> Option<String> {
    None
}

/// Returns whether a lock failed because the file system has none.
pub(super) fn has_no_locks(cause: &io::Error) -> bool {
    cause.kind() == io::ErrorKind::Unsupported
}

/// Does nothing: folders cannot be synchronised, the file system journals renames.
pub(super) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Returns whether somebody has the file open, to run it or otherwise, told by the refusal to
/// open it for ourselves alone.
pub(super) fn is_in_use(executable: &Path) -> bool {
    let alone = File::options().write(true).share_mode(0).open(executable);
    alone.is_err_and(|cause| cause.raw_os_error() == Some(SHARING_VIOLATION))
}

/// Returns whether the file cannot be replaced now.
pub(super) fn is_held_in_place(file: &Path) -> bool {
    is_in_use(file)
}

/// Returns whether an operation may have failed only because somebody had a file open.
pub(super) fn may_pass(cause: &io::Error) -> bool {
    matches!(
        cause.raw_os_error(),
        Some(ACCESS_DENIED | SHARING_VIOLATION)
    )
}

pub(super) fn refuses_to_execute(_folder: &Path) -> bool {
    false
}
