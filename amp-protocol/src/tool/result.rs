//! What tools answer: text, often with JSON inside.

use super::ToolName;
use crate::content::{ContentBlock, ToolResultBlock, ToolResultContent};
use crate::count::Count;
use crate::raw_json::RawJson;
use crate::wire_object::wire_object;

/// A tool's answer in its known shape, or as it came.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ToolOutput<'result> {
    /// A shell command ran, or still runs.
    Shell(ShellResult),
    /// A file or an image was read.
    File(FileResult),
    /// A file was changed.
    Edit(EditResult),
    /// A patch was applied.
    Patch(PatchResult),
    /// An MCP tool answered with content.
    Mcp(Vec<McpContent>),
    /// Any other text, errors included.
    Text(&'result str),
    /// Blocks, which no recording has.
    Blocks(&'result [ContentBlock]),
    /// Nothing.
    Empty,
}

impl<'result> ToolOutput<'result> {
    /// Reads the answer of a tool.
    #[must_use]
    pub fn read(name: &ToolName, content: Option<&'result ToolResultContent>) -> Self {
        let text = match content {
            Some(ToolResultContent::Text(text)) => text,
            Some(ToolResultContent::Blocks(blocks)) => return Self::Blocks(blocks),
            None => return Self::Empty,
        };
        let known = match name.as_str() {
            "Bash"
            | "shell_command"
            | "async_shell_command"
            | "shell_command_status"
            | "shell_command_kill" => serde_json::from_str(text).map(Self::Shell).ok(),
            "Read" => serde_json::from_str(text).map(Self::File).ok(),
            "edit_file" | "undo_edit" => serde_json::from_str(text).map(Self::Edit).ok(),
            "apply_patch" => serde_json::from_str(text).map(Self::Patch).ok(),
            _ if name.as_mcp().is_some() => serde_json::from_str(text).map(Self::Mcp).ok(),
            _ => None,
        };
        known.unwrap_or(Self::Text(text))
    }
}

impl ToolResultBlock {
    /// Returns the answer in its known shape; the tool's name stands in the call it answers.
    #[must_use]
    pub fn typed_output(&self, name: &ToolName) -> ToolOutput<'_> {
        ToolOutput::read(name, self.content.as_ref())
    }
}

wire_object! {
    /// What a shell command did.
    pub struct ShellResult {
        /// What it wrote, standard output and standard error together.
        "output" => output: required String,
        /// What was left out of the output.
        "truncation" => truncation: optional Truncation,
        /// Its exit code; absent while it runs.
        "exitCode" => exit_code: optional Count,
        /// Tells that it still runs; recorded since September 2026.
        "running" => running: optional bool,
        /// The process that still runs.
        "pid" => pid: optional Count,
    }
}

wire_object! {
    /// What was left out of an output.
    pub struct Truncation {
        /// How many lines are missing at the start.
        "prefixLinesOmitted" => prefix_lines_omitted: optional Count,
    }
}

wire_object! {
    /// A file or an image.
    pub struct FileResult {
        /// The file.
        "absolutePath" => absolute_path: required String,
        /// Lines with their numbers (`1: text`), or an image in base64.
        "content" => content: optional String,
        /// Tells that it is an image.
        "isImage" => is_image: optional bool,
        /// What kind of image.
        "imageInfo" => image_info: optional ImageInfo,
    }
}

wire_object! {
    /// What kind of image was read.
    pub struct ImageInfo {
        /// For example `image/png`.
        "mimeType" => media_type: optional String,
        /// Its size in bytes.
        "size" => size: optional Count,
    }
}

wire_object! {
    /// A change to a file.
    pub struct EditResult {
        /// The change as a fenced diff.
        "diff" => diff: required String,
        /// The first and the last line changed, from 1.
        "lineRange" => line_range: optional Vec<Count>,
    }
}

wire_object! {
    /// What a patch did.
    pub struct PatchResult {
        /// One line for each file.
        "summary" => summary: required String,
        /// The files.
        "files" => files: default Vec<PatchedFile>,
    }
}

wire_object! {
    /// What a patch did to one file.
    pub struct PatchedFile {
        /// The file, relative to the workspace; not in the build of 2026-09-23.
        "path" => path: optional String,
        /// The file as a `file:` address; of one that was moved, the new one.
        "uri" => uri: optional String,
        /// What happened to it: `add`, `update`, `move` or `delete` (builds of 2026-05-04 and
        /// 2026-09-23).
        "type" => change: optional String,
        /// Lines added.
        "additions" => additions: optional Count,
        /// Lines deleted.
        "deletions" => deletions: optional Count,
        /// The change.
        "diff" => diff: optional String,
    }
}

wire_object! {
    /// One piece of an MCP tool's answer.
    pub struct McpContent {
        /// `text`, `image` or another kind.
        "type" => content_type: required String,
        /// The text of a `text`.
        "text" => text: optional String,
        /// The bytes of an `image`, in base64.
        "data" => data: optional String,
        /// For example `image/png`.
        "mimeType" => media_type: optional String,
        /// The resource of a `resource`.
        "resource" => resource: optional RawJson,
    }
}
