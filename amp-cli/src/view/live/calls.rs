//! The open calls as they are shown: in which words, since when, and below which one.

use std::collections::HashMap;
use std::iter::successors;
use std::time::Instant;

use amp_session::protocol::ToolUseId;
use amp_session::protocol::progress::OpenCall;

use crate::view::tool_call::ToolCall;

/// How many levels of subagents are shown; calls further below stand at the last one.
const LEVELS: usize = 6;

/// Represents a tool call without its result.
pub(super) struct ShownCall {
    pub(super) id: ToolUseId,
    /// The open call whose subagent made this one.
    pub(super) parent: Option<ToolUseId>,
    /// How many calls it stands below, [`LEVELS`] at most.
    pub(super) level: usize,
    pub(super) call: ToolCall,
    pub(super) started: Instant,
}

/// Holds the open calls, and the one whose subagent wrote the last line.
#[derive(Default)]
pub(super) struct ShownCalls {
    calls: HashMap<ToolUseId, ShownCall>,
    last_writer: Option<ToolUseId>,
}

impl ShownCalls {
    /// Adds a call.
    pub(super) fn begin(&mut self, open: &OpenCall, call: ToolCall, started: Instant) {
        let id = open.request.id.clone();
        let shown = ShownCall {
            id: id.clone(),
            parent: open.parent.clone(),
            level: open.depth.min(LEVELS),
            call,
            started,
        };
        self.calls.insert(id, shown);
    }

    /// Takes out a call; the line about its end follows the last line of its subagent.
    pub(super) fn take(&mut self, id: &ToolUseId) -> Option<ShownCall> {
        let taken = self.calls.remove(id)?;
        if self.last_writer.as_ref() == Some(id) {
            self.last_writer.clone_from(&taken.parent);
        }
        Some(taken)
    }

    pub(super) fn get(&self, id: &ToolUseId) -> Option<&ShownCall> {
        self.calls.get(id)
    }

    /// Remembers whose subagent has written the last line, or that none has.
    pub(super) fn set_last_writer(&mut self, id: Option<ToolUseId>) {
        self.last_writer = id;
    }

    /// Returns the calls to name again before a line of this one's subagent, the outermost first:
    /// those that the last line was not below.
    pub(super) fn to_name(&self, id: &ToolUseId) -> Vec<&ShownCall> {
        let mut calls: Vec<_> = self
            .upwards(id)
            .take_while(|call| !self.is_last_writer_below(&call.id))
            .collect();
        calls.reverse();
        calls
    }

    fn is_last_writer_below(&self, id: &ToolUseId) -> bool {
        let last_writer = self.last_writer.as_ref();
        last_writer.is_some_and(|last_writer| self.upwards(last_writer).any(|call| call.id == *id))
    }

    /// Returns a call and those it is below, as many as are shown: nothing bounds how deep
    /// subagents start subagents.
    fn upwards(&self, id: &ToolUseId) -> impl Iterator<Item = &ShownCall> {
        let above = |call: &&ShownCall| self.get(call.parent.as_ref()?);
        successors(self.get(id), move |call| above(call)).take(LEVELS)
    }
}
