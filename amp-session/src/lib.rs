//! A conversation with any Amp CLI of the year: start, stream, outcome, continue.
//!
//! ```no_run
//! use amp_session::{Amp, Environment, SessionConfig};
//!
//! # async fn converse(environment: Environment) -> Result<(), amp_session::Error> {
//! let amp = Amp::probe("/usr/local/bin/amp", environment).await?;
//! let session = amp.start(SessionConfig::new())?;
//! let mut turn = session.prompt("What does this repository do?").await?;
//! while let Some(line) = turn.next_line().await {
//!     let _event = line.event(); // or `line.bytes()`, as the agent wrote them
//! }
//! let outcome = turn.finish().await;
//! assert!(outcome.is_success(), "{:?}", outcome.failure);
//! let turn = session.prompt("And who wrote it?").await?; // the same thread goes on
//! assert_eq!(turn.finish().await.thread, session.thread());
//! # Ok(())
//! # }
//! ```
//!
//! # What it knows
//!
//! The CLI's flags, modes, settings and failures changed five times in 2026. One table
//! ([`Dialect`], [`Feature`]) holds what each measured build has, [`invocation`] turns a
//! [`SessionConfig`] into the command line of the build at hand, and what that build lacks is
//! refused before anything is started, naming the builds that have it.
//!
//! # What it promises
//!
//! - A prompt is sent at most once per call; an [`Error`] means that nothing was sent.
//! - Every line reaches the caller with its bytes, and the [`Ledger`] before that.
//! - Every turn ends in an [`Outcome`] with a typed [`Reason`], at a deadline if need be, and its
//!   process tree is gone then.
//! - No key is in an argument, an error, a report or the ledger.
//!
//! # What it leaves to others
//!
//! It is handed an executable and an environment: it finds, downloads and reads neither, and it
//! never prints. A host should call [`process::run_shim_if_requested`] first thing in `main`, so
//! that nothing the agent starts can outlive the host.

mod amp;
mod capabilities;
mod config;
mod credentials;
mod dialect;
mod environment;
mod error;
mod invocation;
mod ledger;
mod outcome;
mod plain_text;
mod run_folder;
mod secrets;
mod session;
mod settings;
mod thread_id;
mod turn;
mod version;

pub use amp_process as process;
pub use amp_protocol as protocol;

pub use amp::Amp;
pub use amp_process::Deadlines;
pub use capabilities::{Ability, Capabilities, Support};
pub use config::{Executor, PromptDelivery, SessionConfig, default_deadlines, no_deadlines};
pub use credentials::{
    CredentialState, Credentials, CredentialsReport, DEFAULT_SERVICE_URL, Place, PlaceKind,
};
pub use dialect::{
    AgentMode, BUILDS, Dialect, EffortLevels, Feature, Generation, KnownBuild, Match, ModeSource,
    Subagent,
};
pub use environment::Environment;
pub use error::{Error, ErrorKind};
pub use invocation::{Input, Invocation, Request, RunFile, StandardInput, invocation};
pub use ledger::{
    ExportFormat, Ledger, NewSession, RecordId, RecordedLines, RecordedTurn, Retention,
    SessionMetadata, SessionRecord, TurnEnd, TurnStart,
};
pub use outcome::{Failure, LineCounts, Outcome, Reason, Status};
pub use session::Session;
pub use settings::{SettingsFile, SettingsScope, SettingsState, settings_files};
pub use thread_id::ThreadId;
pub use turn::{Canceller, Turn, TurnInput, TurnLine};
pub use version::AmpVersion;
