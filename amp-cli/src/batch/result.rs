//! What has become of a task: the document in its folder.

use amp_session::protocol::progress::UsageTotals;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::state::TaskStatus;

/// What has become of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct TaskResult {
    pub(super) id: String,
    pub(super) status: TaskStatus,
    /// Why, as the exit code of `ampctl run` would have been named; absent when it is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<String>,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
    pub(super) attempt: u32,
    pub(super) shard: String,
    pub(super) thread: Option<String>,
    pub(super) amp_version: String,
    /// What the agent said last.
    pub(super) text: Option<String>,
    pub(super) usage: Usage,
    /// In milliseconds since 1970.
    pub(super) started_at: u64,
    pub(super) ended_at: u64,
    /// In milliseconds, waits for the service's limits included.
    pub(super) wall_time: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) work: Option<WorkDone>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) check: Option<CheckDone>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(super) meta: Value,
}

/// What a task has used, all of its turns together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Usage {
    pub(super) turns: u64,
    #[serde(flatten)]
    pub(super) messages: UsageTotals,
    pub(super) tool_calls: u64,
    pub(super) refused_calls: u64,
}

impl Usage {
    /// Adds what another one has used.
    pub(super) fn add(&mut self, other: &Self) {
        self.turns += other.turns;
        self.messages.add_totals(&other.messages);
        self.tool_calls += other.tool_calls;
        self.refused_calls += other.refused_calls;
    }

    /// Returns the tokens that caps count.
    pub(super) fn tokens(&self) -> u64 {
        self.messages.uncached_tokens()
    }
}

impl From<&amp_session::Outcome> for Usage {
    fn from(outcome: &amp_session::Outcome) -> Self {
        Self {
            turns: 1,
            messages: outcome.usage,
            tool_calls: outcome.tool_calls,
            refused_calls: outcome.refused_tools,
        }
    }
}

/// What a task has done to the files of its work tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WorkDone {
    /// The commit that it began with.
    pub(super) base: String,
    /// The commit that was checked out at its end.
    pub(super) head: String,
    /// The branch of the repository that keeps its commits; absent without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) branch: Option<String>,
    /// The files that are not as they were.
    pub(super) files: Vec<String>,
    /// The SHA-256 of the patch.
    pub(super) patch_sha256: String,
    /// Where the work tree of a task is that has failed; `--rerun-failed` removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) left_at: Option<String>,
}

/// What the check of a task has said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CheckDone {
    pub(super) command: String,
    pub(super) passed: bool,
    /// How it ended, such as `exit code 1`.
    pub(super) end: String,
}
