//! How long each wait may last, and how a tree is asked to stop.

use std::fmt;
use std::time::Duration;

use crate::signal::Signal;

/// Every wait of a run, each with its limit.
///
/// While the program runs there is no limit unless it is asked for: `None`, the default, waits for
/// ever. Once it is to end, every wait has one. Limits are kept while the caller waits: for a line
/// with [`Process::next_line`](crate::Process::next_line), or beside work of its own with
/// [`Process::until_deadline`](crate::Process::until_deadline).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deadlines {
    /// From the spawn, or from the last byte on standard error, to the first byte on standard
    /// output. None unless set.
    pub startup: Option<Duration>,
    /// From one byte on standard output or standard error to the next, counted while the caller
    /// waits for a line and from the first byte on standard output on. None unless set.
    pub idle: Option<Duration>,
    /// From the spawn to the end of the run. None unless set.
    pub total: Option<Duration>,
    /// After the program's exit: how long other holders of its standard output may go on writing.
    /// After [`Process::finish`](crate::Process::finish): how long the program may take to exit.
    /// Half a second unless set. What was written by then is read, however late; Windows cannot
    /// tell whether that is all, and waits up to a second more for it.
    pub drain: Duration,
    /// From the signal that asks the program to stop to SIGKILL. Five seconds unless set.
    pub grace: Duration,
    /// From SIGKILL to giving up on the proof that the tree is empty. Two seconds unless set.
    pub proof: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            startup: None,
            idle: None,
            total: None,
            drain: Duration::from_millis(500),
            grace: Duration::from_secs(5),
            proof: Duration::from_secs(2),
        }
    }
}

impl Deadlines {
    /// Sets the limit for the first byte on standard output.
    #[must_use]
    pub fn with_startup(mut self, startup: Option<Duration>) -> Self {
        self.startup = startup;
        self
    }

    /// Sets the limit for silence.
    #[must_use]
    pub fn with_idle(mut self, idle: Option<Duration>) -> Self {
        self.idle = idle;
        self
    }

    /// Sets the limit for the whole run.
    #[must_use]
    pub fn with_total(mut self, total: Option<Duration>) -> Self {
        self.total = total;
        self
    }

    /// Sets the limit for what may still come after the end.
    #[must_use]
    pub fn with_drain(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// Sets the time between the first signal and SIGKILL.
    #[must_use]
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Sets how long to look for proof that the tree is empty.
    #[must_use]
    pub fn with_proof(mut self, proof: Duration) -> Self {
        self.proof = proof;
        self
    }
}

/// The steps of the escalation before SIGKILL.
///
/// Standard input is always closed first, and SIGKILL for the whole tree always comes last.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StopPolicy {
    /// How long the program may take to exit on the end of its input, before any signal.
    pub stdin_grace: Duration,
    /// The signal that asks it to stop, sent to the program's process group; `None` goes straight to
    /// SIGKILL.
    pub signal: Option<Signal>,
}

impl Default for StopPolicy {
    fn default() -> Self {
        Self {
            stdin_grace: Duration::ZERO,
            signal: Some(Signal::TERMINATE),
        }
    }
}

impl StopPolicy {
    /// Sets how long the end of input alone may take to work.
    #[must_use]
    pub fn with_stdin_grace(mut self, stdin_grace: Duration) -> Self {
        self.stdin_grace = stdin_grace;
        self
    }

    /// Sets the signal that asks the program to stop.
    #[must_use]
    pub fn with_signal(mut self, signal: Option<Signal>) -> Self {
        self.signal = signal;
        self
    }
}

/// A limit that was reached while the program ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Deadline {
    /// [`Deadlines::startup`]
    Startup,
    /// [`Deadlines::idle`]
    Idle,
    /// [`Deadlines::total`]
    Total,
}

impl Deadline {
    /// Returns the deadline's name, as in [`Deadlines`].
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Idle => "idle",
            Self::Total => "total",
        }
    }
}

impl fmt::Display for Deadline {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
