//! Tools: their names, and the known shapes of their inputs and results.

use crate::open_string::open_string;

open_string! {
    /// The name of a tool. MCP tools are `mcp__<server>__<tool>`.
    pub struct ToolName {
        /// Runs a shell command, through May 2026.
        BASH = "Bash",
        /// Runs a shell command, in `deep` mode from May 2026 and everywhere from July.
        SHELL_COMMAND = "shell_command",
        /// Reads a file or an image.
        READ = "Read",
        /// Writes a new file.
        CREATE_FILE = "create_file",
        /// Replaces text in a file.
        EDIT_FILE = "edit_file",
        /// Applies a patch to several files.
        APPLY_PATCH = "apply_patch",
        /// Searches file contents.
        GREP = "Grep",
        /// Searches file names.
        GLOB = "glob",
        /// Starts a subagent.
        TASK = "Task",
        /// Asks a second model.
        ORACLE = "oracle",
        /// Searches the code base by meaning.
        FINDER = "finder",
    }
}
