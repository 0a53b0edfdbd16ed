//! The tool calls that have no result yet, and whose subagents made them.

use std::time::Instant;

use crate::view::ToolCall;

/// Represents a tool call without its result.
pub(super) struct OpenCall {
    pub(super) id: String,
    /// The open call whose subagent made this one.
    pub(super) parent: Option<String>,
    pub(super) call: ToolCall,
    pub(super) started: Instant,
}

/// Holds the open calls, each one after its parent.
#[derive(Default)]
pub(super) struct OpenCalls(Vec<OpenCall>);

impl OpenCalls {
    /// Adds a call that was not open.
    ///
    /// A parent that is not open itself counts as none, so there are no circles.
    pub(super) fn begin(&mut self, id: &str, parent: Option<&str>, call: ToolCall) {
        let parent = parent.filter(|parent| self.get(parent).is_some());
        self.0.push(OpenCall {
            id: id.to_owned(),
            parent: parent.map(str::to_owned),
            call,
            started: Instant::now(),
        });
    }

    pub(super) fn get(&self, id: &str) -> Option<&OpenCall> {
        self.0.iter().find(|open| open.id == id)
    }

    /// Takes out a call; those below it must be gone.
    pub(super) fn take(&mut self, id: &str) -> Option<OpenCall> {
        let index = self.0.iter().position(|open| open.id == id)?;
        Some(self.0.remove(index))
    }

    /// Returns the first call of a subagent, or of the agent itself.
    pub(super) fn first_of(&self, parent: Option<&str>) -> Option<String> {
        let mut calls = self.0.iter();
        let first = calls.find(|open| open.parent.as_deref() == parent)?;
        Some(first.id.clone())
    }

    /// Returns how many open calls a subagent is below, 0 for the agent itself.
    pub(super) fn depth(&self, parent: Option<&str>) -> usize {
        match parent.and_then(|id| self.get(id)) {
            None => 0,
            Some(open) => 1 + self.depth(open.parent.as_deref()),
        }
    }

    /// Returns whether `id` is `above`, or a call below it.
    pub(super) fn is_within(&self, id: &str, above: &str) -> bool {
        let parent = || self.get(id)?.parent.as_deref();
        id == above || parent().is_some_and(|parent| self.is_within(parent, above))
    }

    /// Returns what is going on: a call that waits for its own subagent is not counted.
    pub(super) fn activity(&self) -> Option<String> {
        let is_waiting = |id: &str| self.first_of(Some(id)).is_some();
        let mut working = self.0.iter().filter(|open| !is_waiting(&open.id));
        match (working.next()?, working.count()) {
            (only, 0) => Some(only.call.to_string()),
            (_, others) => Some(format!("{} tools running", others + 1)),
        }
    }
}
