//! What became of each attempt.

use amp_protocol::progress::UsageTotals;
use serde::Serialize;

use super::note::RetryNote;
use crate::milliseconds::in_milliseconds;
use crate::outcome::{Outcome, Reason, Status};
use crate::thread_id::ThreadId;

/// What became of an attempt, and what it cost.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Attempt {
    /// Why and how it followed the one before; absent for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryNote>,
    /// Its thread, if there was one.
    pub thread: Option<ThreadId>,
    /// How it ended.
    pub outcome: Status,
    /// Why, when it did not complete.
    pub reason: Option<Reason>,
    /// What Amp said then.
    pub message: Option<String>,
    /// What its messages used.
    pub usage: UsageTotals,
    /// How many tool calls the agent made.
    pub tool_calls: u64,
    /// How many messages of the agent Amp counted.
    pub messages: Option<u64>,
    /// How long it took, in milliseconds.
    pub wall_time: u64,
    /// What followed, in words; absent where nothing had to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub then: Option<String>,
}

impl Attempt {
    pub(super) fn of(outcome: &Outcome, retry: Option<RetryNote>) -> Self {
        let failure = outcome.failure.as_ref();
        Self {
            retry,
            thread: outcome.thread.clone(),
            outcome: outcome.status,
            reason: outcome.reason(),
            message: failure.map(|failure| failure.message.clone()),
            usage: outcome.usage,
            tool_calls: outcome.tool_calls,
            messages: outcome.messages,
            wall_time: in_milliseconds(outcome.wall_time),
            then: None,
        }
    }
}
