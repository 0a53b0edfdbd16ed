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

/// Holds the open calls, and knows whose subagent wrote the last line.
#[derive(Default)]
pub(super) struct ShownCalls {
    calls: HashMap<ToolUseId, ShownCall>,
    speaking: Option<ToolUseId>,
}

impl ShownCalls {
    /// Adds a call that begins now.
    pub(super) fn begin(&mut self, open: &OpenCall, call: ToolCall) {
        let id = open.request.id.clone();
        let shown = ShownCall {
            id: id.clone(),
            parent: open.parent.clone(),
            level: open.depth.min(LEVELS),
            call,
            started: Instant::now(),
        };
        self.calls.insert(id, shown);
    }

    /// Takes out a call; its subagent has said its last word, and its end follows right below.
    pub(super) fn take(&mut self, id: &ToolUseId) -> Option<ShownCall> {
        let taken = self.calls.remove(id)?;
        if self.speaking.as_ref() == Some(id) {
            self.speaking.clone_from(&taken.parent);
        }
        Some(taken)
    }

    pub(super) fn get(&self, id: &ToolUseId) -> Option<&ShownCall> {
        self.calls.get(id)
    }

    /// Remembers whose subagent has written a line, or that none has.
    pub(super) fn set_speaking(&mut self, id: Option<ToolUseId>) {
        self.speaking = id;
    }

    /// Returns the calls to name again before a line of this one's subagent, the outermost first:
    /// those that the last line was not below.
    pub(super) fn to_name(&self, id: &ToolUseId) -> Vec<&ShownCall> {
        let mut calls: Vec<_> = self
            .upwards(id)
            .take_while(|call| !self.is_speaking_below(&call.id))
            .collect();
        calls.reverse();
        calls
    }

    fn is_speaking_below(&self, id: &ToolUseId) -> bool {
        let speaking = self.speaking.as_ref();
        speaking.is_some_and(|speaking| self.upwards(speaking).any(|call| call.id == *id))
    }

    /// Returns a call and those it is below, as many as are shown: nothing bounds how deep
    /// subagents start subagents.
    fn upwards(&self, id: &ToolUseId) -> impl Iterator<Item = &ShownCall> {
        let above = |call: &&ShownCall| self.get(call.parent.as_ref()?);
        successors(self.get(id), move |call| above(call)).take(LEVELS)
    }
}
