//! The same messages as a derived, internally tagged enum: what one would write first.

#![expect(dead_code, reason = "the fields are only read by serde")]

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Event {
    System {
        subtype: String,
        cwd: Option<String>,
        session_id: Option<String>,
        tools: Vec<String>,
        mcp_servers: Vec<McpServer>,
        agent_mode: Option<String>,
        reasoning_effort: Option<String>,
    },
    User {
        message: UserMessage,
        parent_tool_use_id: Option<String>,
        session_id: Option<String>,
    },
    Assistant {
        message: AssistantMessage,
        parent_tool_use_id: Option<String>,
        session_id: Option<String>,
    },
    Result {
        subtype: String,
        duration_ms: Option<u64>,
        is_error: bool,
        num_turns: Option<u64>,
        result: Option<String>,
        error: Option<String>,
        usage: Option<Usage>,
        permission_denials: Option<Vec<String>>,
        session_id: Option<String>,
    },
}

#[derive(Deserialize)]
pub(crate) struct McpServer {
    name: String,
    status: String,
}

#[derive(Deserialize)]
pub(crate) struct UserMessage {
    role: Option<String>,
    content: Vec<Block>,
}

#[derive(Deserialize)]
pub(crate) struct AssistantMessage {
    id: Option<String>,
    #[serde(rename = "type")]
    message_type: Option<String>,
    role: Option<String>,
    model: Option<String>,
    content: Vec<Block>,
    stop_reason: Option<String>,
    stop_sequence: Option<String>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Block {
    Text {
        text: String,
    },
    ToolUse {
        id: String,
        name: String,
        input: Value,
    },
    ToolResult {
        tool_use_id: String,
        content: Option<String>,
        is_error: Option<bool>,
    },
    Thinking {
        thinking: String,
        signature: Option<String>,
    },
    RedactedThinking {
        data: String,
    },
}

#[derive(Deserialize)]
pub(crate) struct Usage {
    input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    max_tokens: Option<u64>,
    service_tier: Option<String>,
}
