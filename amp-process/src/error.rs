//! The one error type of this crate.

#[cfg_attr(unix, path = "error/unix.rs")]
#[cfg_attr(windows, path = "error/windows.rs")]
mod platform;

use std::io;
use std::path::PathBuf;

use crate::containment::kind::ContainmentKind;
use crate::deadlines::Deadline;
use crate::sandbox::layer::LayerStatus;

/// What went wrong, as a value to branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No such program.
    ProgramNotFound,
    /// The program's file is there, but its loader or interpreter is not.
    InterpreterNotFound,
    /// The operating system may not execute the file.
    PermissionDenied,
    /// The file is no program for this machine.
    NotExecutable,
    /// The working directory does not exist or is no directory.
    WorkingDirectory,
    /// An argument or environment entry holds a NUL byte.
    InvalidArgument,
    /// Arguments and environment together are larger than the operating system takes.
    ArgumentsTooLong,
    /// The host has no file descriptors or processes left.
    ResourceExhausted,
    /// The containment that was asked for is not available here.
    ContainmentUnavailable,
    /// The sandbox that was asked for cannot be had, or its policy cannot be kept.
    SandboxRefused,
    /// There is no tokio runtime to run in, or it lacks I/O or time.
    NoRuntime,
    /// Standard input is closed: the program closed it, exited, or the run is being stopped.
    StdinClosed,
    /// A deadline passed; the escalation has begun.
    DeadlinePassed,
    /// Any other failure of the operating system.
    Io,
}

/// A failure to start or to talk to a program.
///
/// How a program *ended* is never an error; that is an [`Exit`](crate::Exit).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The program could not be started.
    #[error("cannot start {}", program.display())]
    #[non_exhaustive]
    Spawn {
        /// What kind of failure it was.
        kind: ErrorKind,
        /// The program as it was asked for.
        program: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The working directory cannot be used.
    #[error("cannot use {} as working directory", directory.display())]
    #[non_exhaustive]
    WorkingDirectory {
        /// The directory as it was asked for.
        directory: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The containment that was asked for is not available.
    #[error("containment by {wanted} is not available: {reason}")]
    #[non_exhaustive]
    Containment {
        /// The name of the containment.
        wanted: &'static str,
        /// Why not, in words.
        reason: String,
    },
    /// The program was not started, because it would not be in the sandbox that was asked for.
    #[error("the sandbox is refused: {reason}")]
    #[non_exhaustive]
    Sandbox {
        /// Why, in words.
        reason: String,
        /// What each layer of it is here, as far as that was found out.
        layers: Vec<LayerStatus>,
    },
    /// A deadline passed while the program ran.
    #[error("the {0} deadline passed")]
    DeadlinePassed(Deadline),
    /// Standard input is closed.
    #[error("standard input is closed")]
    StdinClosed,
    /// The call was made outside a tokio runtime.
    #[error("no tokio runtime is running here")]
    NoRuntime(#[source] tokio::runtime::TryCurrentError),
    /// The operating system failed us.
    #[error("cannot {action}")]
    #[non_exhaustive]
    Io {
        /// What was tried, in the imperative.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
}

impl Error {
    /// Returns what went wrong, as a value to branch on.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Spawn { kind, .. } => *kind,
            Self::WorkingDirectory { .. } => ErrorKind::WorkingDirectory,
            Self::Containment { .. } => ErrorKind::ContainmentUnavailable,
            Self::Sandbox { .. } => ErrorKind::SandboxRefused,
            Self::DeadlinePassed(_) => ErrorKind::DeadlinePassed,
            Self::StdinClosed => ErrorKind::StdinClosed,
            Self::NoRuntime(_) => ErrorKind::NoRuntime,
            Self::Io { source, .. } if platform::is_exhaustion(source) => {
                ErrorKind::ResourceExhausted
            }
            Self::Io { .. } => ErrorKind::Io,
        }
    }

    /// Returns the deadline that passed, if this is about one.
    pub fn deadline(&self) -> Option<Deadline> {
        match self {
            Self::DeadlinePassed(deadline) => Some(*deadline),
            _ => None,
        }
    }

    /// Returns a closure that wraps an I/O error with what was tried.
    pub(crate) fn io(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, source }
    }

    /// Says that a containment cannot be had.
    pub(crate) fn unavailable(wanted: ContainmentKind, reason: impl Into<String>) -> Self {
        Self::Containment {
            wanted: wanted.as_str(),
            reason: reason.into(),
        }
    }

    /// Says that a sandbox cannot be had.
    pub(crate) fn sandbox(reason: impl Into<String>, layers: Vec<LayerStatus>) -> Self {
        Self::Sandbox {
            reason: reason.into(),
            layers,
        }
    }

    /// Tells whether the program's file is open for writing somewhere, so that it cannot be executed.
    #[cfg(unix)]
    pub(crate) fn is_busy(&self) -> bool {
        let busy = io::ErrorKind::ExecutableFileBusy;
        matches!(self, Self::Spawn { source, .. } if source.kind() == busy)
    }

    /// Returns why a containment cannot be had, in words that do not name it.
    #[cfg(unix)]
    pub(crate) fn into_reason(self) -> String {
        match self {
            Self::Containment { reason, .. } => reason,
            Self::Spawn {
                program, source, ..
            } => format!("{} cannot be started: {source}", program.display()),
            Self::Io { action, source } => format!("cannot {action}: {source}"),
            other => other.to_string(),
        }
    }

    /// Wraps what the operating system answered to the attempt to start `program`.
    ///
    /// `exists` says whether the file is there, because "not found" for a file that exists means
    /// that its interpreter is missing.
    pub(crate) fn spawn(program: PathBuf, exists: bool, source: io::Error) -> Self {
        let kind = match source.kind() {
            io::ErrorKind::NotFound if exists => ErrorKind::InterpreterNotFound,
            io::ErrorKind::NotFound => ErrorKind::ProgramNotFound,
            io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
            io::ErrorKind::InvalidInput => ErrorKind::InvalidArgument,
            io::ErrorKind::ArgumentListTooLong => ErrorKind::ArgumentsTooLong,
            _ if platform::is_exhaustion(&source) => ErrorKind::ResourceExhausted,
            _ => platform::spawn_error_kind(&source),
        };
        Self::Spawn {
            kind,
            program,
            source,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::{Error, ErrorKind};
    use rustix::io::Errno;

    #[test]
    fn running_out_of_processes_or_descriptors_is_told_apart_from_a_bad_program() {
        for errno in [Errno::AGAIN, Errno::NOMEM, Errno::MFILE, Errno::NFILE] {
            for error in [
                Error::spawn("program".into(), true, errno.into()),
                Error::io("make pipes")(errno.into()),
            ] {
                assert_eq!(error.kind(), ErrorKind::ResourceExhausted, "{errno:?}");
            }
        }
    }
}
