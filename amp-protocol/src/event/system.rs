//! The system message: how a run is set up.

use super::SessionId;
use crate::mode::{Mode, ReasoningEffort};
use crate::open_string::open_string;
use crate::tool::ToolName;
use crate::wire_object::wire_object;

open_string! {
    /// What a system message is about.
    pub struct SystemSubtype {
        /// The set-up of the run, the only one ever recorded.
        INIT = "init",
    }
}

wire_object! {
    /// How the run is set up.
    pub struct SystemEvent tagged "system" {
        /// What the message is about.
        "subtype" => subtype: required SystemSubtype,
        /// The working directory, absolute.
        "cwd" => cwd: optional String,
        /// The thread.
        "session_id" => session_id: optional SessionId,
        /// The tools the model may ask for.
        "tools" => tools: default Vec<ToolName>,
        /// The MCP servers and whether they are up.
        "mcp_servers" => mcp_servers: default Vec<McpServerState>,
        /// The agent mode; sent since 2026-05-04, and any string since July 2026.
        "agent_mode" => agent_mode: optional Mode,
        /// The reasoning effort; sent by the 2026-05-04 build only, for `smart` and `deep`.
        "reasoning_effort" => reasoning_effort: optional ReasoningEffort,
    }
}

wire_object! {
    /// An MCP server and whether it is up.
    pub struct McpServerState {
        /// The name from the configuration.
        "name" => name: required String,
        /// Whether it is up.
        "status" => status: required McpStatus,
    }
}

open_string! {
    /// Whether an MCP server is up.
    ///
    /// Recorded: `connected` and `reconnecting`, the latter also for a program that does not
    /// exist. The others are declared by the Python SDK of 2026-09-18.
    pub struct McpStatus {
        /// Ready.
        CONNECTED = "connected",
        /// Not up; tried again and again.
        RECONNECTING = "reconnecting",
        /// Being started.
        CONNECTING = "connecting",
        /// Waits for an OAuth login.
        AUTHENTICATING = "authenticating",
        /// Waits for `amp mcp approve`.
        AWAITING_APPROVAL = "awaiting-approval",
        /// Approval was refused.
        DENIED = "denied",
        /// Given up.
        FAILED = "failed",
        /// Not in the registry the organisation allows.
        BLOCKED_BY_REGISTRY = "blocked-by-registry",
    }
}
