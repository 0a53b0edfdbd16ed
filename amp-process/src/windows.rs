//! Windows: pipes, programs, and the lack of signals.

use std::path::{Path, PathBuf};
use std::pin::Pin;

use tokio::io::AsyncRead;
use tokio::process::ChildStdin;

use crate::deadlines::{Deadlines, StopPolicy};

/// Our end of a pipe that the program writes to.
pub(crate) type OutputPipe = Pin<Box<dyn AsyncRead + Send + Sync>>;
/// Our end of a pipe that the program reads from.
pub(crate) type InputPipe = ChildStdin;

/// Returns the policy without its signal, for there are none: the time that a program would have to
/// obey it is time to exit on the end of its input.
pub(crate) fn without_signal(mut policy: StopPolicy, deadlines: &Deadlines) -> StopPolicy {
    if policy.signal.take().is_some() {
        policy.stdin_grace = policy.stdin_grace.saturating_add(deadlines.grace);
    }
    policy
}

/// Returns how many bytes can be read from `pipe` without waiting.
///
/// `None` where that cannot be known.
pub(crate) fn buffered_bytes(_: &OutputPipe) -> Option<u64> {
    None
}

/// Returns the file to try for a program found in `PATH`, if one is there.
pub(crate) fn with_program_suffix(candidate: PathBuf) -> Option<PathBuf> {
    if candidate.is_file() {
        return Some(candidate);
    }
    let mut name = candidate.into_os_string();
    name.push(".exe");
    let candidate = PathBuf::from(name);
    candidate.is_file().then_some(candidate)
}

/// Returns whether the file may be executed; on Windows the attempt alone tells.
pub(crate) fn is_executable(file: &Path) -> bool {
    file.is_file()
}
