//! What the numbers of a Unix mean.

use std::io;

use rustix::io::Errno;

use super::ErrorKind;

/// Returns whether there are no descriptors, processes or memory left.
pub(super) fn is_exhaustion(error: &io::Error) -> bool {
    let exhausted = [Errno::MFILE, Errno::NFILE, Errno::AGAIN, Errno::NOMEM];
    Errno::from_io_error(error).is_some_and(|errno| exhausted.contains(&errno))
}

/// Returns what an error of `execve` that std has no name for means.
pub(super) fn spawn_error_kind(error: &io::Error) -> ErrorKind {
    match Errno::from_io_error(error) {
        Some(Errno::NOEXEC) => ErrorKind::NotExecutable,
        _ => ErrorKind::Io,
    }
}
