//! The one join of tool calls with their results.

use std::collections::BTreeMap;

use crate::content::{ToolResultBlock, ToolUseBlock, ToolUseId};
use crate::tool::ToolOutcome;

/// A tool call without a result.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OpenCall {
    /// What the model asked for.
    pub request: ToolUseBlock,
    /// The open call whose subagent asked; builds of early January 2026 only.
    pub parent: Option<ToolUseId>,
    /// How many calls it is below: 0 when the agent itself asked.
    pub depth: usize,
    /// The calls of its subagent; some may have ended.
    below: Vec<ToolUseId>,
}

/// A tool call that has ended.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ClosedCall<'event> {
    /// The call; `None` for a result whose call was never seen.
    pub call: Option<OpenCall>,
    /// What the tool answered; `None` when the call ended without an answer that was streamed.
    pub result: Option<&'event ToolResultBlock>,
}

impl ClosedCall<'_> {
    /// Returns what became of the call, as far as its result tells.
    #[must_use]
    pub fn outcome(&self) -> Option<ToolOutcome<'_>> {
        self.result.map(ToolResultBlock::outcome)
    }
}

/// The tool calls without a result.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct OpenCalls {
    /// In the order they came.
    calls: BTreeMap<u64, OpenCall>,
    numbers: BTreeMap<ToolUseId, u64>,
    next: u64,
}

impl OpenCalls {
    pub(super) fn iter(&self) -> impl Iterator<Item = &OpenCall> {
        self.calls.values()
    }

    pub(super) fn get(&self, id: &ToolUseId) -> Option<&OpenCall> {
        self.calls.get(self.numbers.get(id)?)
    }

    /// Adds a call; one of the same id that is open ends.
    ///
    /// A parent that is not open counts as none, so there are no circles.
    pub(super) fn begin(
        &mut self,
        request: &ToolUseBlock,
        parent: Option<&ToolUseId>,
        closed: &mut Vec<ClosedCall<'_>>,
    ) {
        self.close(&request.id, None, closed);
        let number = self.next;
        self.next += 1;
        let above = parent
            .and_then(|parent| self.numbers.get(parent))
            .and_then(|number| self.calls.get_mut(number));
        let (parent, depth) = match above {
            Some(above) => {
                above.below.push(request.id.clone());
                (Some(above.request.id.clone()), above.depth + 1)
            }
            None => (None, 0),
        };
        let call = OpenCall {
            request: request.clone(),
            parent,
            depth,
            below: Vec::new(),
        };
        self.calls.insert(number, call);
        self.numbers.insert(request.id.clone(), number);
    }

    /// Ends the call that a result answers.
    pub(super) fn answer<'event>(
        &mut self,
        result: &'event ToolResultBlock,
        closed: &mut Vec<ClosedCall<'event>>,
    ) {
        if !self.close(&result.tool_use_id, Some(result), closed) {
            closed.push(ClosedCall {
                call: None,
                result: Some(result),
            });
        }
    }

    /// Ends the calls of a subagent, and those of its own subagents, without a result.
    pub(super) fn close_below(&mut self, id: &ToolUseId, closed: &mut Vec<ClosedCall<'_>>) {
        let below = self.take_children(id);
        self.close_all_of(below, closed);
    }

    /// Ends all calls without a result.
    pub(super) fn close_all(&mut self) -> Vec<ClosedCall<'static>> {
        let mut closed = Vec::new();
        while let Some((_, first)) = self.calls.first_key_value() {
            let id = first.request.id.clone();
            self.close(&id, None, &mut closed);
        }
        closed
    }

    /// Ends a call and those below it; tells whether it was open.
    fn close<'event>(
        &mut self,
        id: &ToolUseId,
        result: Option<&'event ToolResultBlock>,
        closed: &mut Vec<ClosedCall<'event>>,
    ) -> bool {
        let Some(mut call) = self.take(id) else {
            return false;
        };
        let below = std::mem::take(&mut call.below);
        self.close_all_of(self.still_below(id, below), closed);
        closed.push(ClosedCall {
            call: Some(call),
            result,
        });
        true
    }

    fn take(&mut self, id: &ToolUseId) -> Option<OpenCall> {
        let number = self.numbers.remove(id)?;
        self.calls.remove(&number)
    }

    /// Ends these calls without a result, each behind those below itself.
    ///
    /// Without recursion: nothing bounds how deep subagents start subagents.
    fn close_all_of(&mut self, mut waiting: Vec<ToolUseId>, closed: &mut Vec<ClosedCall<'_>>) {
        let mut taken = Vec::new();
        while let Some(id) = waiting.pop() {
            waiting.extend(self.take_children(&id));
            taken.extend(self.take(&id));
        }
        closed.extend(taken.into_iter().rev().map(|call| ClosedCall {
            call: Some(call),
            result: None,
        }));
    }

    /// Returns the open calls right below one, which forgets them.
    fn take_children(&mut self, id: &ToolUseId) -> Vec<ToolUseId> {
        let number = self.numbers.get(id);
        let call = number.and_then(|number| self.calls.get_mut(number));
        let below = call.map(|call| std::mem::take(&mut call.below));
        self.still_below(id, below.unwrap_or_default())
    }

    /// Keeps those of these calls that are open and below this one: the id of a call that has ended
    /// may be another's by now.
    fn still_below(&self, id: &ToolUseId, mut below: Vec<ToolUseId>) -> Vec<ToolUseId> {
        below.retain(|child| {
            let child = self.get(child);
            child.is_some_and(|child| child.parent.as_ref() == Some(id))
        });
        below
    }
}
