//! The events of a run, as its supervisors read them.

use amp_session::Cap;
use amp_session::approval::DecidedBy;
use amp_session::protocol::progress::UsageTotals;
use serde::Serialize;

/// Something that happened in a run. `docs/events.md` explains each of them to users.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event<'a> {
    RunBegan {
        amp_version: &'a str,
        folder: String,
        session: Option<&'a str>,
        /// The thread that goes on.
        thread: Option<String>,
    },
    TurnBegan {
        turn: u32,
    },
    ToolBegan {
        turn: u32,
        id: &'a str,
        tool: &'a str,
        about: String,
        /// The call whose subagent makes it.
        parent: Option<&'a str>,
    },
    ToolEnded {
        turn: u32,
        id: &'a str,
        tool: &'a str,
        /// `succeeded`, `failed`, `refused`, `cancelled`, or `unknown` where the stream does not tell.
        end: &'static str,
        /// Of a command that ran.
        exit_code: Option<i64>,
        duration_ms: u64,
    },
    QuestionAsked {
        turn: u32,
        question: u64,
        tool: &'a str,
        about: String,
    },
    QuestionAnswered {
        turn: u32,
        question: u64,
        tool: &'a str,
        about: String,
        allowed: bool,
        by: DecidedBy,
        reason: Option<&'a str>,
    },
    /// The sandbox refused something for the first time.
    SandboxDenied {
        turn: u32,
        what: String,
        /// The option that would allow it.
        allow: Option<&'a str>,
    },
    CapNear {
        turn: u32,
        cap: Cap,
        used: u64,
        limit: u64,
    },
    AnswerUnfit {
        turn: u32,
        complaints: &'a [String],
    },
    CheckBegan {
        turn: u32,
        command: &'a str,
    },
    CheckEnded {
        turn: u32,
        command: &'a str,
        passed: bool,
        end: &'a str,
    },
    TurnEnded {
        turn: u32,
        /// As `outcome` of `--output json`.
        outcome: &'static str,
        /// The typed reason of a turn that did not complete.
        reason: Option<&'static str>,
        message: Option<&'a str>,
        thread: Option<String>,
        usage: UsageTotals,
        tool_calls: u64,
        refused_tools: u64,
        duration_ms: u64,
    },
    RetryWaits {
        turn: u32,
        why: &'a str,
        /// The attempt that follows.
        attempt: u32,
        most: Option<u32>,
        wait_ms: u64,
    },
    RunEnded {
        exit_code: u8,
        /// The name of the exit code.
        kind: &'static str,
        /// What went wrong, without what may be tried.
        error: Option<String>,
    },
}

#[cfg(test)]
mod tests;
