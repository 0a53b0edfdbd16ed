//! How long each wait may last, and how a tree is asked to stop.

use std::fmt;
use std::time::Duration;

use crate::Signal;

/// Every wait of a run, each with its limit.
///
/// `None` waits for ever, by explicit choice. They are kept while the caller waits: for a line with
/// [`Process::next_line`](crate::Process::next_line), or beside work of its own with
/// [`Process::until_deadline`](crate::Process::until_deadline).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deadlines {
    /// From the spawn to the first byte on standard output.
    pub startup: Option<Duration>,
    /// From one byte on standard output to the next, counted while the caller waits for a line.
    pub idle: Option<Duration>,
    /// From the spawn to the end of the run.
    pub total: Option<Duration>,
    /// After the program's exit: how long other holders of its standard output may go on writing.
    /// After [`Process::finish`](crate::Process::finish): how long the program may take to exit.
    pub drain: Duration,
    /// From the polite signal to SIGKILL.
    pub grace: Duration,
    /// From SIGKILL to giving up on the proof that the tree is empty.
    pub proof: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            startup: Some(Duration::from_secs(120)),
            idle: Some(Duration::from_secs(60 * 60)),
            total: Some(Duration::from_secs(24 * 60 * 60)),
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

    /// Sets the limit for silence on standard output.
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

    /// Sets the time between the polite signal and SIGKILL.
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

/// The rungs of the stop ladder before SIGKILL.
///
/// Standard input is always closed first, and SIGKILL for the whole tree always comes last.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StopPolicy {
    /// How long the program may take to exit on the end of its input, before any signal.
    pub stdin_grace: Duration,
    /// The polite signal, sent to the program's process group; `None` goes straight to SIGKILL.
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

    /// Sets the polite signal.
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
