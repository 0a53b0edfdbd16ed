//! What the numbers of Windows mean.

use std::io;

use super::ErrorKind;

/// Returns whether there are no handles or memory left.
pub(super) fn is_exhaustion(error: &io::Error) -> bool {
    /// The process has no handle left.
    const TOO_MANY_OPEN_FILES: i32 = 4;
    error.kind() == io::ErrorKind::OutOfMemory || error.raw_os_error() == Some(TOO_MANY_OPEN_FILES)
}

/// Returns what an error of `CreateProcess` that std has no name for means.
pub(super) fn spawn_error_kind(error: &io::Error) -> ErrorKind {
    /// The file is no program for this machine.
    const BAD_EXE_FORMAT: i32 = 193;
    /// The command line is longer than 32,767 characters.
    const FILENAME_EXCED_RANGE: i32 = 206;
    match error.raw_os_error() {
        Some(BAD_EXE_FORMAT) => ErrorKind::NotExecutable,
        Some(FILENAME_EXCED_RANGE) => ErrorKind::ArgumentsTooLong,
        _ => ErrorKind::Io,
    }
}
