//! A thread with any Amp CLI of the year: start, stream, outcome, continue.
//!
//! Beside `tokio` with its features `macros` and `rt-multi-thread`, this is a whole program:
//!
//! ```no_run
//! use amp_session::{Options, execute};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let turn = execute("What does this repository do?", Options::from_env()).await?;
//!     println!("{}", turn.text().await?);
//!     Ok(())
//! }
//! ```
//!
//! [`Options::from_env`] takes the environment of the process, and `amp` from its `PATH`. A program
//! with more to say names what it uses, sees every line, and goes on with the thread:
//!
//! ```no_run
//! use amp_session::protocol::Event;
//! use amp_session::{Amp, Error, SessionConfig};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Error> {
//!     amp_session::run_helper_if_requested();
//!     let amp = Amp::probe("/usr/local/bin/amp", std::env::vars_os().collect()).await?;
//!     let session = amp.start(SessionConfig::new())?;
//!
//!     let mut turn = session.prompt("What does this repository do?").await?;
//!     while let Some(line) = turn.next_line().await {
//!         if let Some(Event::Assistant(assistant)) = line.event() {
//!             println!("{}", assistant.message.text());
//!         }
//!     }
//!     let outcome = turn.finish().await;
//!     println!("{}, {:?}", outcome.status, outcome.failure);
//!
//!     let turn = session.prompt("And who wrote it?").await?; // the same thread goes on
//!     assert_eq!(turn.finish().await.thread, session.thread());
//!     Ok(())
//! }
//! ```
//!
//! # Where to begin
//!
//! - [`execute`] sends one prompt; [`Turn::text`] waits for the answer.
//! - [`Amp`] pairs an executable with its version and environment; [`Amp::start`] begins a
//!   thread and [`Amp::resume`] goes on with one by its [`ThreadId`].
//! - [`SessionConfig`] holds mode, deadlines, folder, permission rules, MCP servers and the rest.
//! - [`Session::prompt`] makes a [`Turn`], a stream of [`TurnItem`]s: lines, then the [`Outcome`];
//!   [`Turn::canceller`] stops it from elsewhere.
//! - [`Ledger`] records sessions and replays them; [`Credentials`] says which key Amp would use;
//!   [`Capabilities`] what the Amp at hand can do.
//!
//! # What it knows
//!
//! The CLI's flags, modes, settings and failures changed five times in 2026. One table
//! ([`Dialect`], [`Feature`]) holds what each measured build has, [`invocation()`] turns a
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
//! It is handed an executable and an environment, downloads and prints nothing, and reads global
//! state only for a caller that asks by [`Options::from_env`]. `amp-bootstrap` finds and installs
//! executables. A host calls [`run_helper_if_requested`] first thing in `main`, so that nothing
//! the agent starts can outlive the host.
//!
//! # Limits
//!
//! A turn ends at [`default_deadlines`] unless the session has others
//! ([`five_minute_deadlines`], [`no_deadlines`]). One turn of a session runs at a time. It needs a
//! tokio runtime. Linux on x86-64 is where all of it is measured; the containment that other
//! platforms have is told by [`process`].

mod amp;
pub mod approval;
mod blocking;
mod capabilities;
mod claim;
mod config;
mod credentials;
mod dialect;
mod diff;
mod environment;
mod error;
mod execute;
mod file_address;
mod file_change;
mod file_lock;
mod guard;
mod image;
mod invocation;
mod ledger;
mod milliseconds;
mod ordinary_file;
mod outcome;
pub mod permission;
mod plain_text;
mod policy;
mod run_folder;
mod sandbox;
mod secrets;
mod service_log;
mod session;
mod settings;
mod thread_id;
mod thread_lock;
mod turn;
mod turn_line;
#[cfg(feature = "schema")]
mod typed_answer;
mod version;
mod whole_file;
mod workspace;

pub use amp_process as process;
pub use amp_protocol as protocol;

pub use amp::{Amp, Login, Skill, ThreadList, ThreadSummary};
pub use amp_process::Deadlines;
pub use approval::{Answer, Approval, Approver, Question, run_helper_if_requested};
pub use capabilities::{Ability, Capabilities, Support};
pub use config::{Executor, SessionConfig, default_deadlines, five_minute_deadlines, no_deadlines};
pub use credentials::{
    CredentialState, Credentials, CredentialsReport, KeyQuestion, KeyVerdict, Place, PlaceKind,
};
pub use dialect::{
    AgentMode, BUILDS, Dialect, EffortLevels, Feature, Generation, KnownBuild, Match, ModeSource,
    PatternEngine, RuleSemantics, Subagent,
};
pub use environment::Environment;
pub use error::{Error, ErrorKind};
pub use execute::{Options, execute};
pub use file_address::path_of_address;
pub use file_change::FileChange;
pub use image::{LARGEST_IMAGE, image_from_bytes};
pub use invocation::{Input, Invocation, Request, RunFile, StandardInput, invocation};
pub use ledger::{
    DISK_LIMIT, Excerpt, ExportFormat, Found, Ledger, Listing, NewSession, Retention, Search,
    SessionId, SessionMetadata, SessionRecord, Totals, TurnEnd, TurnLines, TurnRecord, TurnStart,
    recorded_folder,
};
pub use outcome::{Failure, LineCounts, Outcome, Reason, RefusedCall, Status};
pub use plain_text::without_escapes;
#[cfg(feature = "schema")]
pub use policy::{AfterAnswer, Answers, Misfit, Schema};
pub use policy::{
    AfterCheck, AfterTurn, Attempt, Attempts, Cap, CapUse, Caps, Check, CheckReport, How, Pause,
    Retries, Retry, RetryNote,
};
pub use sandbox::{Denial, DenialKind, SandboxConfig, SandboxReport};
pub use secrets::{Redaction, TakenOut};
pub use session::{Retried, Session};
pub use settings::{
    DEFAULT_SERVICE_URL, Effective, NamedBy, RefusedService, ServiceAddress, SettingsFile,
    SettingsScope, SettingsState,
};
pub use thread_id::ThreadId;
pub use turn::{Canceller, Turn, TurnInput, TurnItem};
pub use turn_line::TurnLine;
pub use version::AmpVersion;
pub use workspace::{Isolation, TurnFiles, Undo, Work, WorkTree, forget};
