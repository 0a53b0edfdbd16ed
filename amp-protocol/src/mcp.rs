//! Configuration of MCP servers: `--mcp-config` and the setting `amp.mcpServers`.
//!
//! The shape is the one that Amp's SDKs of 2026 declare. It carries credentials, so it belongs
//! in a file that only its owner can read, never on a command line.

use std::collections::BTreeMap;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny};
use serde::ser::{Serialize, Serializer};

use crate::raw_json::RawJson;
use crate::secret::Secret;
use crate::wire_object::wire_object;

/// MCP servers by name.
pub type McpConfig = BTreeMap<String, McpServer>;

/// How to reach one MCP server.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum McpServer {
    /// A program that speaks on its standard input and output: it has a `command`.
    Stdio(McpStdioServer),
    /// A service: it has a `url`.
    Http(McpHttpServer),
    /// Neither.
    Unknown(RawJson),
}

wire_object! {
    /// A program that speaks on its standard input and output.
    pub struct McpStdioServer {
        /// The program.
        "command" => command: required String,
        /// Its arguments.
        "args" => args: optional Vec<String>,
        /// Variables for its environment.
        "env" => env: optional BTreeMap<String, Secret>,
        /// Switches the server off.
        "disabled" => disabled: optional bool,
    }
}

impl McpStdioServer {
    /// Sets the program's arguments.
    #[must_use]
    pub fn with_args(mut self, args: impl IntoIterator<Item: Into<String>>) -> Self {
        self.args = Some(args.into_iter().map(Into::into).collect());
        self
    }
}

wire_object! {
    /// A service that speaks HTTP.
    pub struct McpHttpServer {
        /// Its address.
        "url" => url: required String,
        /// Headers for every request.
        "headers" => headers: optional BTreeMap<String, Secret>,
        /// How to speak to it, `sse` for one; the CLI finds out by itself when absent.
        "transport" => transport: optional String,
        /// How to log in.
        "oauth" => oauth: optional McpOAuth,
        /// Switches the server off.
        "disabled" => disabled: optional bool,
    }
}

wire_object! {
    /// How to log in to a service by OAuth.
    pub struct McpOAuth {
        /// The client's id.
        "clientId" => client_id: required String,
        /// The client's secret.
        "clientSecret" => client_secret: optional Secret,
        /// Where the user consents.
        "authUrl" => authorization_url: required String,
        /// Where tokens come from.
        "tokenUrl" => token_url: required String,
        /// What to ask for.
        "scopes" => scopes: optional Vec<String>,
        /// Where the browser is sent back to.
        "redirectUrl" => redirect_url: optional String,
    }
}

impl<'de> Deserialize<'de> for McpServer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawJson::deserialize(deserializer)?;
        let fields: BTreeMap<String, IgnoredAny> = raw.parse().unwrap_or_default();
        if fields.contains_key("command") {
            raw.parse().map(Self::Stdio).map_err(de::Error::custom)
        } else if fields.contains_key("url") {
            raw.parse().map(Self::Http).map_err(de::Error::custom)
        } else {
            Ok(Self::Unknown(raw))
        }
    }
}

impl Serialize for McpServer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Stdio(server) => server.serialize(serializer),
            Self::Http(server) => server.serialize(serializer),
            Self::Unknown(raw) => raw.serialize(serializer),
        }
    }
}
