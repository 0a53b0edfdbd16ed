//! The assistant message: what the model said.

use super::{Role, SessionId, Usage};
use crate::content::{ContentBlock, ToolUseBlock, ToolUseId};
use crate::open_string::open_string;
use crate::wire_object::wire_object;

wire_object! {
    /// What the model said, or which tools it asks for.
    pub struct AssistantEvent tagged "assistant" {
        /// The message.
        "message" => message: required AssistantMessage,
        /// The tool call under which a subagent sent it; set by the January 2026 builds only.
        "parent_tool_use_id" => parent_tool_use_id: optional ToolUseId,
        /// The thread.
        "session_id" => session_id: optional SessionId,
    }
}

wire_object! {
    /// The message of an assistant event.
    pub struct AssistantMessage {
        /// The provider's id, declared by the SDKs and absent from every recording.
        "id" => id: optional String,
        /// Always `message`.
        "type" => message_type: optional MessageType,
        /// Always `assistant`.
        "role" => role: optional Role,
        /// The model, declared by the SDKs and absent from every recording.
        "model" => model: optional String,
        /// What was said, in order.
        "content" => content: required Vec<ContentBlock>,
        /// Why the model stopped; `null` when the answer was cut.
        "stop_reason" => stop_reason: optional StopReason,
        /// The stop sequence met, declared by the SDKs and absent from every recording.
        "stop_sequence" => stop_sequence: optional String,
        /// What the answer cost in tokens; absent when the service does not tell.
        "usage" => usage: optional Box<Usage>,
    }
}

impl AssistantMessage {
    /// Returns the text blocks joined the way the CLI joins them for its result, by a blank line.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write_text(&mut text);
        text
    }

    /// Puts the text in place of another.
    pub(crate) fn write_text(&self, text: &mut String) {
        text.clear();
        let blocks = self.content.iter().filter_map(ContentBlock::as_text);
        for (index, block) in blocks.enumerate() {
            if index > 0 {
                text.push_str("\n\n");
            }
            text.push_str(block);
        }
    }

    /// Returns the tool calls in order.
    pub fn tool_uses(&self) -> impl Iterator<Item = &ToolUseBlock> {
        self.content.iter().filter_map(ContentBlock::as_tool_use)
    }
}

open_string! {
    /// The kind of a provider's message.
    pub struct MessageType {
        /// The only kind ever recorded.
        MESSAGE = "message",
    }
}

open_string! {
    /// Why the model stopped.
    pub struct StopReason {
        /// It was done.
        END_TURN = "end_turn",
        /// It waits for tools.
        TOOL_USE = "tool_use",
        /// It hit the output limit; declared by the SDKs, never recorded.
        MAX_TOKENS = "max_tokens",
        /// It met a stop sequence; never recorded, the CLI writes `end_turn`.
        STOP_SEQUENCE = "stop_sequence",
        /// It refused; never recorded.
        REFUSAL = "refusal",
        /// It paused a long turn; never recorded.
        PAUSE_TURN = "pause_turn",
    }
}
