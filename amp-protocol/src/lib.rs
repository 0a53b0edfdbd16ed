//! The stream of the Amp CLI as types: decode every line, lose nothing.
//!
//! `amp --execute --stream-json` writes one JSON object a line. [`LineSplitter`] cuts bytes into
//! lines, [`decode_line`] turns a line into exactly one of three outcomes, and [`UserInput`] is
//! what goes the other way. On top of that, [`transcript`] folds events into a conversation and
//! [`tool`] knows the shapes of what tools are asked and answer. [`PermissionRule`],
//! [`McpConfig`], [`SettingsKey`], [`Mode`] and [`Visibility`] are what the CLI is configured
//! with. The crate does no I/O and reads no clock and no environment.
//!
//! Amp changes weekly, so nothing here is closed. Strings whose values belong to Amp keep values
//! they do not know, objects keep unknown fields, and content blocks of unknown type are kept
//! whole; all of it is written back unchanged.
//!
//! ```
//! use amp_protocol::{Decoded, Event, LineSplitter, SplitLine, decode_line};
//!
//! let mut splitter = LineSplitter::new();
//! splitter.push(b"{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"T-1\"}\nbye\n");
//! while let Some(SplitLine::Line(line)) = splitter.next_line() {
//!     match decode_line(line) {
//!         Decoded::Event(Event::System(system)) => assert_eq!(system.subtype, "init"),
//!         Decoded::Event(_) => {}
//!         Decoded::Unrecognised(unrecognised) => drop(unrecognised.payload),
//!         Decoded::Malformed(malformed) => assert_eq!(malformed.line, b"bye"),
//!     }
//! }
//! ```

mod decode;
mod line_splitter;
mod malformed;
mod repair;

mod content;
mod event;

mod count;
mod extra;
mod raw_json;

mod build;
mod error;
mod fidelity;
mod input;
mod mcp;
mod mode;
mod permission;
mod secret;
mod settings;
pub mod tool;
pub mod transcript;

mod json_path;
mod open_string;
mod reader;
mod wire_object;

pub use build::{BuildSpan, BuildTime};
pub use content::{
    ContentBlock, ImageBlock, ImageSource, RedactedThinkingBlock, TextBlock, ThinkingBlock,
    ToolResultBlock, ToolResultContent, ToolUseBlock, ToolUseId, UnknownBlock,
};
pub use count::Count;
pub use decode::{Decoded, Unrecognised, decode_line, encode_line};
pub use error::{Error, ErrorKind};
pub use event::{
    AssistantEvent, AssistantMessage, DeniedCall, Event, McpServerState, McpStatus, MessageType,
    PermissionDenial, ResultEvent, ResultSubtype, Role, ServiceTier, SessionId, StopReason,
    SystemEvent, SystemSubtype, Usage, UserEvent, UserMessage,
};
pub use extra::Extra;
pub use fidelity::lost_fields;
pub use input::UserInput;
pub use line_splitter::{LineSplitter, Oversized, SplitLine};
pub use malformed::{Malformed, MalformedKind};
pub use mcp::{McpConfig, McpHttpServer, McpOAuth, McpServer, McpStdioServer};
pub use mode::{Mode, ReasoningEffort, Visibility};
pub use permission::{
    Condition, Conditions, PermissionAction, PermissionContext, PermissionRule, RuleProblem,
};
pub use raw_json::RawJson;
pub use repair::{Repair, Repairs};
pub use secret::Secret;
pub use settings::SettingsKey;
