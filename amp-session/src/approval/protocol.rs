//! What helper and host say to each other: one question and one answer on each connection.
//!
//! The helper sends a line of JSON and then the arguments as they came; the host answers with a
//! line of JSON. Nothing else is understood, so that a connection can ask and never decide.

use std::io;

use serde::{Deserialize, Serialize};

/// Names the host's socket to the helper.
pub(super) const SOCKET: &str = "AMP_SESSION_APPROVAL_SOCKET";
/// Carries what the host knows its own run by.
pub(super) const TOKEN: &str = "AMP_SESSION_APPROVAL_TOKEN";
/// Says which process is the host, as [`whereabouts`] has it.
pub(super) const HOST: &str = "AMP_SESSION_APPROVAL_HOST";
/// The CLI's own word for the tool; it is set for a helper and for nothing else.
pub(super) const TOOL: &str = "AGENT_TOOL_NAME";
/// The CLI's own word for the id of the call, through May 2026.
pub(super) const TOOL_USE_ID: &str = "AGENT_TOOL_USE_ID";
/// The CLI's own word for the thread.
pub(super) const THREAD: &str = "AMP_THREAD_ID";

/// The most bytes of a call's arguments.
pub(super) const MOST_ARGUMENTS: usize = 16 << 20;
/// The most bytes of a line.
pub(super) const LONGEST_LINE: usize = 64 << 10;
/// The most of a reason that the agent is told, in characters.
pub(super) const LONGEST_REASON: usize = 4000;

/// Returns the PID namespace of this process.
pub(super) fn namespace() -> io::Result<String> {
    let link = std::fs::read_link("/proc/self/ns/pid")?;
    Ok(link.to_string_lossy().into_owned())
}

/// Returns what the helper knows the host by: its process id and its PID namespace.
pub(super) fn whereabouts() -> io::Result<String> {
    Ok(format!("{} {}", std::process::id(), namespace()?))
}

/// What the helper says first; the arguments follow.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) token: String,
    pub(super) tool: String,
    pub(super) tool_use_id: Option<String>,
    pub(super) thread: Option<String>,
    /// How many bytes of arguments follow.
    pub(super) length: usize,
}

/// What the plugin says first; its calls follow, a line each.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Greeting {
    pub(super) token: String,
    /// Always; a question has nothing of this name.
    pub(super) plugin: bool,
}

/// What the host answers.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reply {
    Allow,
    Reject(String),
}

impl Reply {
    /// Returns why the call is refused, if it is.
    pub(super) fn refusal(&self) -> Option<&str> {
        match self {
            Self::Allow => None,
            Self::Reject(reason) => Some(reason),
        }
    }

    /// Returns the line, its newline included.
    pub(super) fn encode(&self) -> String {
        // A unit and a string always can be written.
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}
