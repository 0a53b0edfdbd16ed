//! What became of a question.

use serde::Serialize;
use serde_json::{Map, Value};

use super::question::{Concern, Question};

/// A question and what became of it.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Decided {
    /// The number of the question.
    pub number: u64,
    /// What it was about.
    pub concern: Concern,
    /// The tool.
    pub tool: String,
    /// The arguments.
    pub arguments: Map<String, Value>,
    /// The id of the call, where the build tells it.
    pub tool_use_id: Option<String>,
    /// The thread.
    pub thread: Option<String>,
    /// Whether it may go on.
    pub allowed: bool,
    /// Who decided.
    pub by: DecidedBy,
    /// What the agent was told, when it may not.
    pub reason: Option<String>,
}

/// Who decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DecidedBy {
    /// The approver.
    Approver,
    /// A rule that an answer before has asked to be remembered.
    RememberedRule,
    /// The deadline of the question.
    Deadline,
    /// Nobody: the CLI is gone, or took its question back.
    Withdrawn,
    /// This program, because the question was none that can be put.
    Host,
}

/// What is decided about a question.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) allowed: bool,
    pub(super) by: DecidedBy,
    /// What the agent is told, when it may not.
    pub(super) reason: Option<String>,
}

impl Verdict {
    pub(super) fn allowed(by: DecidedBy) -> Self {
        Self {
            allowed: true,
            by,
            reason: None,
        }
    }

    pub(super) fn refused(by: DecidedBy, reason: impl Into<String>) -> Self {
        Self {
            allowed: false,
            by,
            reason: Some(reason.into()),
        }
    }
}

impl Decided {
    pub(super) fn new(question: Question, verdict: Verdict) -> Self {
        Self {
            number: question.number,
            concern: question.concern,
            tool: question.tool,
            arguments: question.arguments,
            tool_use_id: question.tool_use_id,
            thread: question.thread,
            allowed: verdict.allowed,
            by: verdict.by,
            reason: verdict.reason,
        }
    }
}
