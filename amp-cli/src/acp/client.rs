//! What the client at the other end can do.

use agent_client_protocol::v1::schema::{ClientCapabilities, Meta};
use serde_json::Value;

/// What a client can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shows {
    /// The output of commands, as in a terminal: `_meta.terminal_output`, which Zed invented.
    pub(crate) terminals: bool,
    /// Notices beside the conversation.
    pub(crate) notices: bool,
}

/// What a client can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) shows: Shows,
    /// It runs a login in a terminal of its own.
    pub(crate) logs_in_by_terminal: bool,
}

impl Client {
    /// Reads what a client has said of itself.
    pub(crate) fn of(capabilities: &ClientCapabilities) -> Self {
        let session = capabilities.session.as_ref();
        let meta = capabilities.meta.as_ref();
        Self {
            shows: Shows {
                terminals: is_set(meta, "terminal_output"),
                notices: session.is_some_and(|session| session.notices.is_some()),
            },
            logs_in_by_terminal: capabilities.auth.terminal || is_set(meta, "terminal-auth"),
        }
    }
}

fn is_set(meta: Option<&Meta>, name: &str) -> bool {
    meta.and_then(|meta| meta.get(name)) == Some(&Value::Bool(true))
}
