//! A turn as one JSON object.

use std::io;
use std::path::Path;

use amp_session::approval::Decided;
use amp_session::protocol::progress::{ContextUse, UsageTotals};
use amp_session::{Outcome, RefusedCall, SandboxReport};
use serde::Serialize;

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
    /// The assistant messages that Amp counted.
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

/// What is known of a turn that has ended.
#[derive(Clone, Copy)]
pub(super) struct TurnReport<'a> {
    pub(super) outcome: &'a Outcome,
    pub(super) status: &'a Status,
    /// What was decided about calls.
    pub(super) answers: &'a [Decided],
}

/// Writes the object.
///
/// # Errors
/// Fails when the output was closed.
pub(super) fn write_document(
    turn: TurnReport<'_>,
    failure: Option<&Failure>,
    session: Option<&str>,
    amp: AmpInUse<'_>,
    to: impl io::Write,
) -> io::Result<()> {
    let TurnReport {
        outcome,
        status,
        answers,
    } = turn;
    let document = Document {
        outcome: outcome.status.as_str(),
        exit_code: failure.map_or(ExitCode::Done, Failure::code).number(),
        text: outcome.text.as_deref(),
        thread: outcome.thread.as_ref().map(ToString::to_string),
        session,
        mode: status.mode(),
        usage: status.usage(),
        context: status.context(),
        files_changed: status.changes().files(),
        messages: outcome.messages,
        duration_ms: status.elapsed().as_millis(),
        refused_tools: outcome.refused_tools,
        refused_calls: &outcome.refused_calls,
        decisions: answers,
        amp,
        sandbox: outcome.sandbox.as_ref(),
        error: failure.map(Failure::report),
    };
    json::write(&document, to)
}
