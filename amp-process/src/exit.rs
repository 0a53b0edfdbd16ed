//! How a run ended: status, cause, force, and what was found in the tree.

use std::fmt;
use std::time::Duration;

use crate::containment::kind::ContainmentKind;
use crate::deadlines::Deadline;
use crate::signal::Signal;
use crate::stderr::StderrText;

/// The program's own end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExitStatus {
    /// It exited with this code.
    Code(i32),
    /// A signal ended it.
    Signal(Signal),
    /// Its end could not be learned, because whoever watched it was killed as well.
    Unknown,
}

impl ExitStatus {
    /// Returns whether the exit code is zero.
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }

    /// Returns the exit code, unless a signal ended the program.
    pub fn code(self) -> Option<i32> {
        match self {
            Self::Code(code) => Some(code),
            _ => None,
        }
    }

    /// Returns the signal that ended the program.
    pub fn signal(self) -> Option<Signal> {
        match self {
            Self::Signal(signal) => Some(signal),
            _ => None,
        }
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(formatter, "exit code {code}"),
            Self::Signal(signal) => signal.fmt(formatter),
            Self::Unknown => formatter.write_str("unknown end"),
        }
    }
}

/// Who ended the run, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The program exited before anybody asked it to.
    Exited,
    /// The caller had what it wanted ([`Process::finish`](crate::Process::finish)).
    Finished,
    /// The caller stopped it ([`Process::stop`](crate::Process::stop)).
    Stopped,
    /// A deadline passed.
    DeadlinePassed(Deadline),
}

/// The last step of the escalation that was taken before the program's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Force {
    /// None: the program ended without being pushed.
    None,
    /// Its standard input was closed.
    StdinClosed,
    /// The signal that asks it to stop was sent.
    Signalled,
    /// SIGKILL.
    Killed,
}

/// A process of the tree, other than the program itself, that was still alive at the end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Survivor {
    /// Its process id. In a PID namespace, the id inside it.
    pub pid: u32,
    /// Its short name, as the operating system knows it.
    pub name: String,
}

impl Survivor {
    pub(crate) fn new(pid: u32, name: String) -> Self {
        Self { pid, name }
    }
}

/// Everything there is to say about a run that is over.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Exit {
    pub(crate) status: ExitStatus,
    pub(crate) cause: Cause,
    pub(crate) force: Force,
    pub(crate) containment: ContainmentKind,
    pub(crate) survivors: Vec<Survivor>,
    pub(crate) leaked: Vec<Survivor>,
    pub(crate) proven_empty: bool,
    pub(crate) stderr: StderrText,
    pub(crate) discarded: u64,
    pub(crate) elapsed: Duration,
}

impl Exit {
    /// Returns how the program itself ended.
    pub fn status(&self) -> ExitStatus {
        self.status
    }

    /// Returns who ended the run, and why.
    pub fn cause(&self) -> Cause {
        self.cause
    }

    /// Returns the last step of the escalation that was taken.
    pub fn force(&self) -> Force {
        self.force
    }

    /// Returns the containment that was in use.
    pub fn containment(&self) -> ContainmentKind {
        self.containment
    }

    /// Returns the processes that had to be killed, the program itself left out.
    pub fn survivors(&self) -> &[Survivor] {
        &self.survivors
    }

    /// Returns the processes that SIGKILL could not remove within the proof deadline.
    pub fn leaked(&self) -> &[Survivor] {
        &self.leaked
    }

    /// Returns whether the tree was proven to be empty.
    ///
    /// [`ContainmentKind::Group`] can prove no such thing, because it does not see who has left the
    /// group; there, nothing [leaked](Self::leaked) is the most that can be said.
    pub fn is_proven_empty(&self) -> bool {
        self.proven_empty
    }

    /// Returns the head and the tail of what was written to standard error.
    pub fn stderr(&self) -> &StderrText {
        &self.stderr
    }

    /// Returns how many bytes of standard output were dropped by finishing before the last line.
    pub fn discarded_bytes(&self) -> u64 {
        self.discarded
    }

    /// Returns the time from the spawn to the proof.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }
}
