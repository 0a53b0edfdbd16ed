//! The user message: prompts and tool results.

use super::SessionId;
use crate::content::{ContentBlock, ToolUseId};
use crate::wire_object::wire_object;

wire_object! {
    /// What the user said, echoed, or what tools answered.
    pub struct UserEvent tagged "user" {
        /// The message.
        "message" => message: required UserMessage,
        /// The tool call under which a subagent sent it; `null` in every recording.
        "parent_tool_use_id" => parent_tool_use_id: optional ToolUseId,
        /// The thread.
        "session_id" => session_id: optional SessionId,
    }
}

wire_object! {
    /// The message of a user event.
    pub struct UserMessage {
        /// Always `user`.
        "role" => role: optional Role,
        /// Text of a prompt, or one result for each tool call of the message before.
        "content" => content: required Vec<ContentBlock>,
    }
}

crate::open_string::open_string! {
    /// Who speaks.
    pub struct Role {
        /// The user, and the tools on the user's side.
        USER = "user",
        /// The model.
        ASSISTANT = "assistant",
    }
}
