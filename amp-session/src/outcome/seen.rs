//! What the stream has shown of its thread, to be compared with the thread itself.

use std::collections::BTreeMap;

use amp_protocol::{ContentBlock, Event};

/// What the stream has shown of its thread; what subagents do is in no thread that Amp exports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The tool calls by their ids, and whether their results were shown.
    pub(crate) calls: BTreeMap<String, bool>,
    /// How many messages of the model there were.
    pub(crate) messages: u64,
}

impl Seen {
    /// Takes note of an event.
    pub(super) fn observe(&mut self, event: &Event) {
        match event {
            Event::Assistant(assistant) if assistant.parent_tool_use_id.is_none() => {
                self.messages += 1;
                for call in assistant.message.tool_uses() {
                    self.calls.entry(call.id.as_str().to_owned()).or_default();
                }
            }
            Event::User(user) if user.parent_tool_use_id.is_none() => {
                let blocks = user.message.content.iter();
                for result in blocks.filter_map(ContentBlock::as_tool_result) {
                    if let Some(settled) = self.calls.get_mut(result.tool_use_id.as_str()) {
                        *settled = true;
                    }
                }
            }
            _ => {}
        }
    }

    /// Adds what another turn of the same thread has shown.
    pub(crate) fn add(&mut self, other: &Self) {
        self.messages += other.messages;
        for (id, settled) in &other.calls {
            *self.calls.entry(id.clone()).or_default() |= settled;
        }
    }
}
