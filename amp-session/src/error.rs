//! The one error type of the crate: everything that stops a turn before it has begun.
//!
//! What goes wrong once the agent runs is not an error but an [`Outcome`](crate::Outcome).

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A reason why a turn, a store or a ledger operation could not be carried out.
///
/// Nothing was sent to the agent when a turn ends in one of these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No key was found, so the CLI would wait five minutes in a login flow.
    #[error("AMP_API_KEY not configured for {service_url}")]
    NotConfigured {
        /// The service that needs the key.
        service_url: String,
    },
    /// The CLI at hand lacks an option that was asked for.
    #[error("Amp {version} has no {option} ({available})")]
    UnsupportedOption {
        /// The flag, setting or variable.
        option: &'static str,
        /// The version at hand.
        version: String,
        /// The versions that have it, in words.
        available: String,
    },
    /// The CLI at hand cannot run a mode through this crate.
    #[error("mode {mode:?} is not available in Amp {version}: {reason}")]
    ModeNotAvailable {
        /// The mode asked for.
        mode: String,
        /// The version at hand.
        version: String,
        /// Why, and which modes are.
        reason: String,
    },
    /// One of Amp's own `threads` commands could not do its work.
    #[error("Amp's `threads {command}` failed: {reason}")]
    ThreadsFailed {
        /// The command.
        command: String,
        /// What Amp said.
        reason: String,
    },
    /// An option has a value that no CLI accepts, or contradicts another one.
    #[error("{option}: {reason}")]
    InvalidOption {
        /// The option's name.
        option: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A text is no JSON Schema that an answer can be held against.
    #[error("{reason}")]
    InvalidSchema {
        /// What is wrong with it.
        reason: String,
    },
    /// A prompt has no text.
    #[error("the prompt is empty")]
    EmptyPrompt,
    /// A text is not a thread id.
    #[error("{text:?} is not a thread id such as T-5928a90d-d53b-488f-a829-4e36442142ee")]
    InvalidThread {
        /// The text.
        text: String,
    },
    /// A session has one turn at a time, and one is running.
    #[error("a turn of this session is still running")]
    TurnInProgress,
    /// A thread has one turn at a time, and one is running: in another session or process.
    #[error("a turn of thread {thread} is still running")]
    ThreadInUse {
        /// The thread.
        thread: String,
    },
    /// The executable did not say which version of Amp it is.
    #[error("{} does not answer like an Amp CLI: {reason}", executable.display())]
    NotAmp {
        /// The executable asked.
        executable: PathBuf,
        /// What it did instead.
        reason: String,
    },
    /// The permission rules of the run would not hold: Amp would drop one, or something outranks
    /// them.
    #[error("the permission rules of the run would not hold: {reason}")]
    UnsafeRules {
        /// Why not.
        reason: String,
        /// What can be done about it.
        advice: &'static str,
    },
    /// The calls of the run cannot be put to anybody.
    #[error("nobody can be asked about the calls of the run: {reason}")]
    NoApproval {
        /// Why not.
        reason: String,
    },
    /// The service is not among those that the sandbox allows.
    #[error("the sandbox does not allow the service {service_url}")]
    SandboxedService {
        /// The service.
        service_url: String,
        /// The rule that would allow it.
        rule: String,
    },
    /// Amp's own login came to nothing.
    #[error("the login failed: {reason}")]
    LoginFailed {
        /// What Amp says.
        reason: String,
    },
    /// Nobody logged in in time.
    #[error("nobody logged in within {timeout:?}")]
    LoginTimedOut {
        /// How long there was.
        timeout: Duration,
    },
    /// A settings file cannot be used as the base of the run's settings.
    #[error("settings file {}: {reason}", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A settings file could not be replaced by one with a rule more or less.
    #[error("cannot change settings file {}", path.display())]
    WriteSettings {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A credentials file could not be read or written.
    #[error("cannot {action} {}", path.display())]
    Credentials {
        /// What was tried, such as `read`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A ledger file could not be read or written.
    #[error("cannot {action} {}", path.display())]
    Ledger {
        /// What was tried, such as `append to`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The snapshots of a Git work tree could not be made, read or restored.
    #[error("the files of the work tree: {reason}")]
    WorkTree {
        /// Why not.
        reason: String,
    },
    /// A document could not be written to where its reader wants it.
    #[error("output could not be written")]
    Output(#[from] io::Error),
    /// The files of a run could not be written.
    #[error("cannot prepare the files of the run")]
    RunFiles(#[source] io::Error),
    /// The agent does not take messages: it has closed its input, exited, or is being stopped.
    #[error("the agent takes no more messages")]
    InputClosed(#[source] io::Error),
    /// The agent has not read enough of the messages that were sent before: read lines of the turn,
    /// then send again.
    #[error("{waiting} bytes of messages wait for the agent already")]
    InputFull {
        /// How many bytes wait.
        waiting: usize,
    },
    /// The agent's process could not be started.
    #[error("cannot run {}", executable.display())]
    Process {
        /// The executable.
        executable: PathBuf,
        /// The cause.
        source: amp_process::Error,
    },
}

/// The kind of an [`Error`], for programs that map errors to exit codes or texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No key: the user has to configure one.
    NotConfigured,
    /// An option, mode, prompt or thread id that cannot be used.
    Usage,
    /// The executable is missing, is not Amp, or cannot be started.
    Executable,
    /// What should control the run would not hold.
    Refused,
    /// A turn is still running.
    Busy,
    /// A turn takes no more messages.
    InputClosed,
    /// Too many messages wait for the agent.
    InputFull,
    /// A login came to nothing.
    Login,
    /// The service's threads could not be had.
    Threads,
    /// A deadline passed.
    TimedOut,
    /// A file could not be read or written.
    Files,
    /// There is no snapshot of a work tree, or it cannot be restored.
    WorkTree,
}

impl Error {
    /// Tells whether a file of the ledger is not there at all.
    pub(crate) fn is_missing(&self) -> bool {
        let missing = io::ErrorKind::NotFound;
        matches!(self, Self::Ledger { source, .. } if source.kind() == missing)
    }

    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotConfigured { .. } => ErrorKind::NotConfigured,
            Self::UnsupportedOption { .. }
            | Self::ModeNotAvailable { .. }
            | Self::InvalidOption { .. }
            | Self::InvalidSchema { .. }
            | Self::EmptyPrompt
            | Self::InvalidThread { .. } => ErrorKind::Usage,
            Self::Process { source, .. }
                if source.kind() == amp_process::ErrorKind::SandboxRefused =>
            {
                ErrorKind::Refused
            }
            Self::NotAmp { .. } | Self::Process { .. } => ErrorKind::Executable,
            Self::UnsafeRules { .. } | Self::NoApproval { .. } | Self::SandboxedService { .. } => {
                ErrorKind::Refused
            }
            Self::TurnInProgress | Self::ThreadInUse { .. } => ErrorKind::Busy,
            Self::InputClosed(_) => ErrorKind::InputClosed,
            Self::InputFull { .. } => ErrorKind::InputFull,
            Self::LoginFailed { .. } => ErrorKind::Login,
            Self::ThreadsFailed { .. } => ErrorKind::Threads,
            Self::LoginTimedOut { .. } => ErrorKind::TimedOut,
            Self::WorkTree { .. } => ErrorKind::WorkTree,
            Self::Settings { .. }
            | Self::WriteSettings { .. }
            | Self::Credentials { .. }
            | Self::Ledger { .. }
            | Self::Output(_)
            | Self::RunFiles(_) => ErrorKind::Files,
        }
    }
}
