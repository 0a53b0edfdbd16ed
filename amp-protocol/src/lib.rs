//! The stream of the Amp CLI as types: decode every line, lose nothing.
//!
//! `amp --execute --stream-json` writes one JSON object a line. This reads such a stream and says
//! what the conversation came to:
//!
//! ```
//! use amp_protocol::{Decoded, LineSplitter, SplitLine, decode_line, transcript::Transcript};
//!
//! let stream = br#"{"type":"system","subtype":"init","session_id":"T-1","tools":[]}
//! {"type":"user","message":{"role":"user","content":[{"type":"text","text":"2+2?"}]}}
//! a line that is no JSON
//! {"type":"assistant","message":{"content":[{"type":"text","text":"4"}]}}
//! "#;
//! let mut splitter = LineSplitter::new();
//! splitter.push(stream);
//! let mut transcript = Transcript::new();
//! while let Some(SplitLine::Line(line)) = splitter.next_line() {
//!     match decode_line(line) {
//!         Decoded::Event(event) => transcript.push(event),
//!         Decoded::Unrecognised(unknown) => println!("new in this Amp: {}", unknown.event_type),
//!         Decoded::Malformed(malformed) => println!("passed over: {malformed}"),
//!     }
//! }
//! assert_eq!(transcript.final_text().as_deref(), Some("4"));
//! ```
//!
//! # Where to begin
//!
//! - [`decode_line`] turns a line into exactly one of three outcomes: an [`Event`], a message of a
//!   type that this crate does not know, or a [`Malformed`] line; [`encode_line`] goes back.
//! - [`LineSplitter`] cuts bytes into lines, however they arrive.
//! - [`transcript`] folds events into a conversation: turns, tool calls with their results,
//!   subagents, token counts.
//! - [`tool`] knows the shapes of what tools are asked and answer.
//! - [`UserInput`] is what goes the other way; [`PermissionRule`], [`McpConfig`], [`SettingsKey`],
//!   [`Mode`] and [`Visibility`] are what the CLI is configured with.
//!
//! # Nothing is closed
//!
//! Amp changes weekly. Strings whose values belong to Amp keep values they do not know, objects
//! keep unknown fields, and content blocks of unknown type are kept whole; all of it is written
//! back unchanged. What the types say is what recordings of seven builds of 2026 hold.
//!
//! # Errors and limits
//!
//! Decoding never fails and never panics: what is wrong with a line is a value, with the place of
//! the fault and the line as it came. [`Error`] is about what *we* send. A line may have 64 MiB
//! ([`LineSplitter::DEFAULT_MAX_LINE_BYTES`]); a longer one is reported as
//! [`SplitLine::Oversized`], and the stream goes on. It may nest 127 arrays and objects deep, what
//! is kept as text included; a deeper one is [`Malformed`]. Damage that writers are known to do (a byte
//! order mark, invalid UTF-8, half of a surrogate pair) is repaired and reported as [`Repairs`].
//!
//! # What it leaves to others
//!
//! The crate does no I/O and reads no clock and no environment; `amp-session` starts the CLI. It
//! has no features, six dependencies, one of them on x86-64 alone, and builds for every platform,
//! WebAssembly too.

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
mod nesting;
mod open_string;
mod reader;
mod tagged;
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
