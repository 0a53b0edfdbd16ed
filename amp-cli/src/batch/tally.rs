//! How many tasks ended how.

use super::state::TaskStatus;

/// How many tasks ended how, those of earlier processes included.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) ok: u64,
    pub(super) failed: u64,
    /// Nothing was begun, or they can be gone on with.
    pub(super) left: u64,
    /// Somebody has to decide.
    pub(super) held: u64,
    /// How many have failed in this process, and what they all have used in it.
    pub(super) failed_now: u64,
    pub(super) tokens_now: u64,
}

impl Tally {
    /// Counts a task.
    pub(super) fn ended(&mut self, status: TaskStatus) {
        match status {
            TaskStatus::Ok => self.ok += 1,
            _ => self.failed += 1,
        }
    }
}
