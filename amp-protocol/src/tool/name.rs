//! Names of tools.

use crate::open_string::open_string;

open_string! {
    /// The name of a tool. MCP tools are `mcp__<server>__<tool>`.
    pub struct ToolName {
        /// Runs a shell command, through May 2026.
        BASH = "Bash",
        /// Runs a shell command, in `deep` mode from May 2026 and everywhere from July.
        SHELL_COMMAND = "shell_command",
        /// What permission rules of July 2026 and later also call `shell_command`.
        ASYNC_SHELL_COMMAND = "async_shell_command",
        /// Asks for the output of a command that still runs.
        SHELL_COMMAND_STATUS = "shell_command_status",
        /// Ends a command that still runs.
        SHELL_COMMAND_KILL = "shell_command_kill",
        /// Reads a file or an image.
        READ = "Read",
        /// Writes a new file.
        CREATE_FILE = "create_file",
        /// Replaces text in a file.
        EDIT_FILE = "edit_file",
        /// Takes the last edit of a file back.
        UNDO_EDIT = "undo_edit",
        /// Applies a patch to several files.
        APPLY_PATCH = "apply_patch",
        /// Searches file contents.
        GREP = "Grep",
        /// Searches file names.
        GLOB = "glob",
        /// Searches the code base by meaning.
        FINDER = "finder",
        /// Starts a subagent.
        TASK = "Task",
        /// Asks a second model for advice.
        ORACLE = "oracle",
        /// Asks about code in other repositories.
        LIBRARIAN = "librarian",
        /// Asks about a picture or a document.
        LOOK_AT = "look_at",
        /// Makes a picture.
        PAINTER = "painter",
        /// Searches earlier threads.
        FIND_THREAD = "find_thread",
        /// Reads an earlier thread.
        READ_THREAD = "read_thread",
        /// Continues in a new thread.
        HANDOFF = "handoff",
        /// Loads a skill.
        SKILL = "skill",
        /// Reads a page of the web.
        READ_WEB_PAGE = "read_web_page",
        /// Searches the web.
        WEB_SEARCH = "web_search",
        /// Reads a resource of an MCP server.
        READ_MCP_RESOURCE = "read_mcp_resource",
        /// Writes the list of things to do, January 2026.
        TODO_WRITE = "todo_write",
    }
}

/// The parts of an MCP tool's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct McpToolName<'name> {
    /// The server's name, in which the CLI writes hyphens as underscores.
    pub server: &'name str,
    /// The tool's name on that server.
    pub tool: &'name str,
}

impl ToolName {
    /// Returns the parts of the name when it is an MCP tool's.
    #[must_use]
    pub fn as_mcp(&self) -> Option<McpToolName<'_>> {
        let (server, tool) = self.as_str().strip_prefix("mcp__")?.split_once("__")?;
        Some(McpToolName { server, tool })
    }
}
