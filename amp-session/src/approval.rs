//! People in the loop: each tool call of a run is put to an [`Approver`] before it runs.
//!
//! Amp's stream carries no questions, but a permission rule may hand a call to a program. Here that
//! program is the host's own executable, started by the CLI as a *helper*: it reads the call, asks
//! the host over a private socket, and tells the CLI yes or no. Whatever goes wrong on the way is
//! a no.
//!
//! - [`Approval`] is what a [`SessionConfig`](crate::SessionConfig) asks for; [`Approver`] answers
//!   each [`Question`] with an [`Answer`].
//! - Settings that outrank the rules of the run are refused before it starts and watched while it
//!   runs; every tool result is held against a recorded decision, and a run that got round its
//!   questions is killed ([`Reason::ApprovalBypassed`](crate::Reason::ApprovalBypassed)).
//! - Builds since July 2026 load a plugin of the run as well, from a configuration folder of its
//!   own, and ask it beside the helper: a call that one of the two is not asked about is refused,
//!   and the question has the id of its call.
//! - The host calls [`run_helper_if_requested`] first thing in
//!   `main`; a host that does not cannot serve as the helper, and its runs are refused.
//!
//! What was measured of the CLIs (six builds, 2026-01-08 to 2026-09-23): a helper is asked before
//! each local tool call, those that the CLI's own rules would allow included; it may take as long
//! as it likes; exit code 0 allows and 2 rejects with the text of standard error; 1 means "ask",
//! and hangs, aborts or rejects; one that exits before its input was read ends the run.

mod answer;
pub(crate) mod approver;
mod asked;
#[cfg_attr(not(unix), expect(dead_code, reason = "every run is refused before"))]
mod beginning;
#[cfg(unix)]
mod bridge;
#[cfg(unix)]
mod control;
#[cfg_attr(not(unix), expect(dead_code, reason = "nobody is asked there"))]
mod decided;
#[cfg(unix)]
mod decisions;
mod diff;
mod helper;
mod memory;
mod note;
#[cfg(unix)]
mod opinion;
#[cfg(unix)]
mod peer;
#[cfg(unix)]
mod plugin;
pub mod program;
#[cfg(unix)]
mod protocol;
mod question;
#[cfg(unix)]
mod remembered;
mod rules;
#[cfg(unix)]
mod second_lock;
#[cfg(unix)]
mod shared;
#[cfg(unix)]
mod supervision;
#[cfg(not(unix))]
mod supervision_elsewhere;

pub use answer::{Answer, Remember};
pub use approver::{AllowReadOnly, Approval, Approver, RejectAll, approve_with};
pub use asked::Asked;
pub(crate) use beginning::Beginning;
pub use decided::{Decided, DecidedBy, KeptRule};
pub(crate) use helper::program as helper_program;
pub use helper::run_helper_if_requested;
pub(crate) use memory::{Memory, rules_of_folder};
pub use note::ApprovalNote;
pub(crate) use note::RecordedNote;
pub use program::ProgramApprover;
pub use question::{Concern, Question, Subject};
pub(crate) use rules::take_over;
#[cfg(unix)]
pub(crate) use supervision::Supervision;
#[cfg(not(unix))]
pub(crate) use supervision_elsewhere::Supervision;
