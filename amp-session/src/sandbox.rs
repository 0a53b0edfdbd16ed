//! The agent in a sandbox: what it may reach by default, and what came of it.
//!
//! [`SandboxConfig`] is what a session asks for; [`Session`](crate::Session) turns it into a policy
//! of [`process::sandbox`](amp_process::sandbox), which knows nothing of Amp. [`SandboxReport`] is
//! what an [`Outcome`](crate::Outcome) says about it.

mod config;
mod default;
mod git;
mod key;
mod observed;
mod question;
mod report;
mod watch;

pub use config::SandboxConfig;
pub(crate) use default::{Subject, sandbox};
pub(crate) use key::no_stored_keys;
pub(crate) use question::{allowed_variables, question_sandbox};
pub use report::{Denial, DenialKind, SandboxReport};
pub(crate) use watch::Watch;
