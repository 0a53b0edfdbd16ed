//! The stream of the Amp CLI as types: decode every line, lose nothing.
//!
//! `amp --execute --stream-json` writes one JSON object a line. This is a whole program, which reads
//! them from a pipe and says what the run came to:
//!
//! ```no_run
//! use amp_protocol::{Decoded, decode_reader, progress::Progress};
//!
//! fn main() -> std::io::Result<()> {
//!     let mut progress = Progress::new();
//!     for line in decode_reader(std::io::stdin().lock()) {
//!         match line? {
//!             Decoded::Event(event) => drop(progress.observe(&event)),
//!             other => println!("passed over: {other:?}"),
//!         }
//!     }
//!     println!("{}", progress.final_text().unwrap_or("no answer"));
//!     Ok(())
//! }
//! ```
//!
//! # Where to begin
//!
//! - [`decode_line`] turns a line into exactly one of three outcomes: an [`Event`], a message of a
//!   type that this crate does not know, or a [`Malformed`] line; [`encode_line`] goes back.
//! - [`decode_reader`] does so for each line of a file, a pipe or a socket.
//! - [`progress`] says what events have come to: tool calls joined with their results, those of
//!   subagents below the call that started them, refusals, tokens, the answer.
//! - [`tool`] knows what a call is about, what became of it, and the shapes of inputs and results.
//! - [`UserInput`] is what goes the other way; [`PermissionRule`], [`McpConfig`] and
//!   [`SettingsKey`] are what the CLI is configured with.
//!
//! # Making messages
//!
//! Tests and bridges make messages as well as read them. `new` takes the fields that are always
//! there, the others are public; everything is [`Serialize`](serde::Serialize) and
//! [`Deserialize`](serde::Deserialize), from any deserializer of a format that describes itself.
//! Constants of open strings work in patterns (of a reference `name`, write `match *name`):
//!
//! ```
//! use amp_protocol::tool::ToolName;
//! use amp_protocol::{AssistantEvent, AssistantMessage, Event, TextBlock, ToolUseBlock};
//!
//! let call = ToolUseBlock::new("toolu_1", ToolName::READ, serde_json::json!({"path": "/a"}));
//! let message = AssistantMessage::new([TextBlock::new("I look.").into(), call.into()]);
//! let event = Event::from(AssistantEvent::new(message));
//! let Event::Assistant(assistant) = &event else { unreachable!() };
//! for call in assistant.message.tool_uses() {
//!     match call.name {
//!         ToolName::READ | ToolName::GREP | ToolName::GLOB => println!("only looks"),
//!         ToolName::BASH | ToolName::SHELL_COMMAND => println!("runs a command"),
//!         _ => println!("{}, whatever it does", call.name),
//!     }
//! }
//! assert_eq!(serde_json::from_value::<Event>(serde_json::to_value(&event)?)?, event);
//! # Ok::<(), serde_json::Error>(())
//! ```
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
//! the fault and the line as it came. [`Error`] is about what *we* send. A line may nest 127 arrays
//! and objects deep, what is kept as text included; a deeper one is [`Malformed`]. So is one of
//! more than 64 MiB ([`DEFAULT_MAX_LINE_BYTES`]) that [`decode_reader`] finds: its head is kept,
//! the rest is counted, and the stream goes on. Damage that writers are known to do (a byte
//! order mark, invalid UTF-8, half of a surrogate pair) is repaired and reported as [`Repairs`].
//!
//! # What it leaves to others
//!
//! The crate opens nothing and reads no clock and no environment; `amp-session` starts the CLI. It
//! has no features, six dependencies, one of them on x86-64 alone, and builds for every platform,
//! WebAssembly too.

mod decode;
mod malformed;
mod repair;

mod content;
mod event;

mod count;
mod extra;
mod raw_json;

mod error;
mod fidelity;
mod input;
mod mcp;
mod mode;
mod permission;
pub mod progress;
mod secret;
mod settings;
pub mod tool;

mod json_path;
mod nesting;
mod open_string;
mod reader;
mod tagged;
mod wire_object;

pub use content::{
    ContentBlock, ImageBlock, ImageSource, RedactedThinkingBlock, TextBlock, ThinkingBlock,
    ToolResultBlock, ToolResultContent, ToolUseBlock, ToolUseId, UnknownBlock,
};
pub use count::Count;
pub use decode::{
    DEFAULT_MAX_LINE_BYTES, DecodeReader, Decoded, Unrecognised, decode_line, decode_reader,
    encode_line,
};
pub use error::{Error, ErrorKind};
pub use event::{
    AssistantEvent, AssistantMessage, DeniedCall, Event, McpServerState, McpStatus, MessageType,
    PermissionDenial, ResultEvent, ResultSubtype, Role, ServiceTier, SessionId, StopReason,
    SystemEvent, SystemSubtype, Usage, UserEvent, UserMessage,
};
pub use extra::Extra;
pub use fidelity::lost_fields;
pub use input::UserInput;
pub use malformed::{Malformed, MalformedKind};
pub use mcp::{McpConfig, McpHttpServer, McpOAuth, McpServer, McpStdioServer};
pub use mode::{Mode, ReasoningEffort};
pub use permission::{
    Condition, Conditions, PermissionAction, PermissionContext, PermissionRule, RuleProblem,
};
pub use raw_json::RawJson;
pub use repair::{Repair, Repairs};
pub use secret::Secret;
pub use settings::SettingsKey;
