//! Tools: their names, and the known shapes of their inputs and results.
//!
//! [`ToolUseBlock::subject`](crate::ToolUseBlock::subject) says what a call is about and
//! [`ToolResultBlock::outcome`](crate::ToolResultBlock::outcome) what became of it.
//!
//! The stream carries a tool's input as any JSON and its result as any text. The shapes here are
//! helpers on top: reading one never fails, because what has another shape stays raw. Inputs are
//! the schemas that the CLI itself prints (`amp tools show`, builds of January, May and September
//! 2026); results are those of recordings.

mod input;
pub(crate) mod name;
mod outcome;
mod patch;
mod rejection;
mod result;
mod subject;

pub use input::{
    ApplyPatchInput, BashInput, CreateFileInput, EditFileInput, FindThreadInput, FinderInput,
    GlobInput, GrepInput, HandoffInput, LibrarianInput, LookAtInput, OracleInput, PainterInput,
    ReadInput, ReadMcpResourceInput, ReadThreadInput, ReadWebPageInput, ShellCommandInput,
    ShellProcessInput, SkillInput, TaskInput, Todo, TodoWriteInput, ToolInput, UndoEditInput,
    WebSearchInput,
};
pub use name::{McpToolName, ToolName};
pub use outcome::ToolOutcome;
pub use patch::{FilePatch, PatchedAs, file_patches};
pub use rejection::{Rejection, RejectionKind};
pub use result::{
    EditResult, FileResult, ImageInfo, McpContent, PatchResult, PatchedFile, ShellResult,
    ToolOutput, Truncation,
};
