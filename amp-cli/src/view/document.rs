//! A turn as one JSON object.

use std::io;
use std::path::Path;

use amp_session::approval::Decided;
use amp_session::protocol::progress::{ContextUse, UsageTotals};
use amp_session::{Attempt, CheckReport, Outcome, RefusedCall, SandboxReport};
use serde::Serialize;
use serde_json::Value;

use super::changes::ChangedFile;
use super::status::Status;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, FailureReport};
use crate::json;

/// The object that `--output json` writes.
///
/// Fields are never renamed or removed; new ones may come.
#[derive(Serialize)]
struct Document<'a> {
    /// `completed`, `failed`, `no_result`, `timed_out`, `cancelled` or `capped`.
    outcome: &'static str,
    exit_code: u8,
    /// The agent's final text.
    text: Option<&'a str>,
    /// The JSON value that a schema asked for; absent when none did, or when it does not fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'a Value>,
    /// What the check of the work said: `command`, `passed`, `end` and `output`; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<&'a CheckReport>,
    /// The id that Amp gave the thread.
    thread: Option<String>,
    /// The id of the record on disk; `None` when the turn was not recorded.
    session: Option<&'a str>,
    mode: Option<String>,
    /// The sum over the assistant messages of the turn, in tokens.
    usage: UsageTotals,
    /// How full the context window was after the last message, in tokens; absent when the stream
    /// does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<ContextUse>,
    /// What tools said they changed: `path`, and lines `added` and `deleted` of each.
    files_changed: &'a [ChangedFile],
    /// The assistant messages that Amp counted, in all attempts.
    messages: Option<u64>,
    /// How long the user waited, the start of Amp included.
    duration_ms: u128,
    refused_tools: u64,
    /// What was refused: `tool`, `arguments` and `reason` of each.
    refused_calls: &'a [RefusedCall],
    /// What was decided about calls, each as `Decided` of the library; absent where none was put to
    /// an approver.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    decisions: &'a [Decided],
    /// What became of each attempt, as `Attempt` of the library; absent in a run that does not go on
    /// after limits.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    attempts: &'a [Attempt],
    amp: AmpInUse<'a>,
    /// What protected the turn and what its agent was refused; absent without a sandbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    sandbox: Option<&'a SandboxReport>,
    error: Option<FailureReport<'a>>,
}

/// The executable that ran.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct AmpInUse<'a> {
    pub(crate) version: &'a str,
    pub(crate) path: &'a Path,
}

/// What is known of a run that has ended.
pub(crate) struct Finished<'a> {
    /// How its last turn ended.
    pub(crate) outcome: &'a Outcome,
    /// What became of each attempt, in a run that goes on after limits.
    pub(crate) attempts: &'a [Attempt],
    /// The calls that were refused, in all attempts.
    pub(crate) refused_calls: &'a [RefusedCall],
    /// The JSON value that a schema asked for, if it fits.
    pub(crate) answer: Option<&'a Value>,
    /// What the check of the work said.
    pub(crate) check: Option<&'a CheckReport>,
    pub(crate) failure: Option<&'a Failure>,
    /// The id of the record on disk.
    pub(crate) session: Option<&'a str>,
    pub(crate) amp: AmpInUse<'a>,
}

/// Writes the object.
///
/// # Errors
/// Fails when the output was closed.
pub(super) fn write_document(
    finished: &Finished<'_>,
    status: &Status,
    decisions: &[Decided],
    to: impl io::Write,
) -> io::Result<()> {
    let Finished {
        outcome,
        attempts,
        refused_calls,
        answer,
        check,
        failure,
        session,
        amp,
    } = *finished;
    let document = Document {
        outcome: outcome.status.as_str(),
        exit_code: failure.map_or(ExitCode::Done, Failure::code).number(),
        text: outcome.text.as_deref(),
        answer,
        check,
        thread: outcome.thread.as_ref().map(ToString::to_string),
        session,
        mode: status.mode(),
        usage: status.usage(),
        context: status.context(),
        files_changed: status.changes().files(),
        messages: match attempts {
            [] => outcome.messages,
            attempts => attempts
                .iter()
                .filter_map(|one| one.messages)
                .reduce(u64::saturating_add),
        },
        duration_ms: status.elapsed().as_millis(),
        refused_tools: match attempts {
            [] => outcome.refused_tools,
            _ => refused_calls.len() as u64,
        },
        refused_calls,
        decisions,
        attempts,
        amp,
        sandbox: outcome.sandbox.as_ref(),
        error: failure.map(Failure::report),
    };
    json::write(&document, to)
}
