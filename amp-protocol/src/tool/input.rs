//! What tools are asked to do.

use super::ToolName;
use crate::content::ToolUseBlock;
use crate::count::Count;
use crate::raw_json::RawJson;
use crate::wire_object::wire_object;

/// Declares the inputs with a known shape: one variant each, and how they are told by name.
macro_rules! tool_inputs {
    ($( $(#[$meta:meta])* $variant:ident($input:ty) = $($name:ident)|+ ),* $(,)?) => {
        /// A tool's input in its known shape, or raw.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum ToolInput<'call> {
            $( $(#[$meta])* $variant($input), )*
            /// A tool without a known shape, or an input of another shape.
            Raw(&'call RawJson),
        }

        impl<'call> ToolInput<'call> {
            /// Reads the input of a tool.
            #[must_use]
            pub fn read(name: &ToolName, input: &'call RawJson) -> Self {
                $(
                    if [$(ToolName::$name),+].contains(name) {
                        return input.parse().map_or(Self::Raw(input), Self::$variant);
                    }
                )*
                Self::Raw(input)
            }
        }
    };
}

tool_inputs! {
    /// Runs a shell command, through May 2026.
    Bash(BashInput) = BASH,
    /// Runs a shell command, newer builds.
    ShellCommand(ShellCommandInput) = SHELL_COMMAND | ASYNC_SHELL_COMMAND,
    /// Asks for the output of a command that still runs, or ends it.
    ShellProcess(ShellProcessInput) = SHELL_COMMAND_STATUS | SHELL_COMMAND_KILL,
    /// Reads a file or an image.
    Read(ReadInput) = READ,
    /// Writes a new file.
    CreateFile(CreateFileInput) = CREATE_FILE,
    /// Replaces text in a file.
    EditFile(EditFileInput) = EDIT_FILE,
    /// Takes the last edit of a file back.
    UndoEdit(UndoEditInput) = UNDO_EDIT,
    /// Applies a patch to several files.
    ApplyPatch(ApplyPatchInput) = APPLY_PATCH,
    /// Searches file contents.
    Grep(GrepInput) = GREP,
    /// Searches file names.
    Glob(GlobInput) = GLOB,
    /// Searches the code base by meaning.
    Finder(FinderInput) = FINDER,
    /// Starts a subagent.
    Task(TaskInput) = TASK,
    /// Asks a second model for advice.
    Oracle(OracleInput) = ORACLE,
    /// Asks about code in other repositories.
    Librarian(LibrarianInput) = LIBRARIAN,
    /// Asks about a picture or a document.
    LookAt(LookAtInput) = LOOK_AT,
    /// Makes a picture.
    Painter(PainterInput) = PAINTER,
    /// Searches earlier threads.
    FindThread(FindThreadInput) = FIND_THREAD,
    /// Reads an earlier thread.
    ReadThread(ReadThreadInput) = READ_THREAD,
    /// Continues in a new thread.
    Handoff(HandoffInput) = HANDOFF,
    /// Loads a skill.
    Skill(SkillInput) = SKILL,
    /// Reads a page of the web.
    ReadWebPage(ReadWebPageInput) = READ_WEB_PAGE,
    /// Searches the web.
    WebSearch(WebSearchInput) = WEB_SEARCH,
    /// Reads a resource of an MCP server.
    ReadMcpResource(ReadMcpResourceInput) = READ_MCP_RESOURCE,
    /// Writes the list of things to do.
    TodoWrite(TodoWriteInput) = TODO_WRITE,
}

impl ToolInput<'_> {
    /// Returns the command line when the tool runs one, whatever the build calls the tool.
    #[must_use]
    pub fn shell_command(&self) -> Option<&str> {
        match self {
            Self::Bash(input) => Some(&input.command),
            Self::ShellCommand(input) => Some(&input.command),
            _ => None,
        }
    }

    /// Returns the file when the tool works on exactly one.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Read(input) => Some(&input.path),
            Self::CreateFile(input) => Some(&input.path),
            Self::EditFile(input) => Some(&input.path),
            Self::UndoEdit(input) => Some(&input.path),
            Self::LookAt(input) => Some(&input.path),
            _ => None,
        }
    }
}

impl ToolUseBlock {
    /// Returns the input in its known shape, or raw.
    #[must_use]
    pub fn typed_input(&self) -> ToolInput<'_> {
        ToolInput::read(&self.name, &self.input)
    }
}

wire_object! {
    /// The input of `Bash`.
    pub struct BashInput {
        /// The command line.
        "cmd" => command: required String,
        /// The folder to run it in, absolute; the workspace when absent.
        "cwd" => working_directory: optional String,
    }
}

wire_object! {
    /// The input of `shell_command`.
    pub struct ShellCommandInput {
        /// The command line.
        "command" => command: required String,
        /// The folder to run it in; the workspace when absent.
        "workdir" => working_directory: optional String,
        /// Runs a login shell; May 2026.
        "login" => login: optional bool,
        /// How long to wait for its end, in milliseconds; afterwards it goes on by itself.
        "timeout_ms" => timeout_ms: optional Count,
    }
}

wire_object! {
    /// The input of `shell_command_status` and `shell_command_kill`.
    pub struct ShellProcessInput {
        /// The process, as the result of the shell command named it.
        "pid" => pid: required Count,
        /// How long to wait for its end, in milliseconds.
        "timeout_ms" => timeout_ms: optional Count,
    }
}

wire_object! {
    /// The input of `Read`.
    pub struct ReadInput {
        /// The file, absolute.
        "path" => path: required String,
        /// The first and the last line to read, from 1.
        "read_range" => read_range: optional Vec<Count>,
    }
}

wire_object! {
    /// The input of `create_file`.
    pub struct CreateFileInput {
        /// The file, absolute.
        "path" => path: required String,
        /// All it shall hold.
        "content" => content: required String,
    }
}

wire_object! {
    /// The input of `edit_file`.
    pub struct EditFileInput {
        /// The file, absolute.
        "path" => path: required String,
        /// The text to replace.
        "old_str" => old_text: required String,
        /// The text to put there.
        "new_str" => new_text: required String,
        /// Replaces every occurrence instead of the only one.
        "replace_all" => replace_all: optional bool,
    }
}

wire_object! {
    /// The input of `undo_edit`.
    pub struct UndoEditInput {
        /// The file, absolute.
        "path" => path: required String,
    }
}

wire_object! {
    /// The input of `apply_patch`.
    pub struct ApplyPatchInput {
        /// The patch, from `*** Begin Patch` to `*** End Patch`.
        "patchText" => patch: required String,
    }
}

wire_object! {
    /// The input of `Grep`.
    pub struct GrepInput {
        /// The regular expression to find.
        "pattern" => pattern: required String,
        /// The file or folder to search.
        "path" => path: optional String,
        /// The file names to search.
        "glob" => glob: optional String,
        /// Tells small letters from capital ones.
        "caseSensitive" => case_sensitive: optional bool,
        /// Takes the pattern as plain text.
        "literal" => literal: optional bool,
    }
}

wire_object! {
    /// The input of `glob`.
    pub struct GlobInput {
        /// The file names to find.
        "filePattern" => file_pattern: required String,
        /// How many to return.
        "limit" => limit: optional Count,
        /// How many to skip first.
        "offset" => offset: optional Count,
    }
}

wire_object! {
    /// The input of `finder`.
    pub struct FinderInput {
        /// What to find, in words.
        "query" => query: required String,
    }
}

wire_object! {
    /// The input of `Task`.
    pub struct TaskInput {
        /// What the subagent shall do, in a few words.
        "description" => description: optional String,
        /// What the subagent is told.
        "prompt" => prompt: required String,
    }
}

wire_object! {
    /// The input of `oracle`.
    pub struct OracleInput {
        /// The question.
        "task" => task: required String,
        /// What is known about it.
        "context" => context: optional String,
        /// Files to look at.
        "files" => files: optional Vec<String>,
    }
}

wire_object! {
    /// The input of `librarian`.
    pub struct LibrarianInput {
        /// The question.
        "query" => query: required String,
        /// What is known about it.
        "context" => context: optional String,
    }
}

wire_object! {
    /// The input of `look_at`.
    pub struct LookAtInput {
        /// The file to look at.
        "path" => path: required String,
        /// What to find out.
        "objective" => objective: required String,
        /// What is known about it.
        "context" => context: optional String,
        /// Files to compare it with.
        "referenceFiles" => reference_files: optional Vec<String>,
    }
}

wire_object! {
    /// The input of `painter`.
    pub struct PainterInput {
        /// What to paint.
        "prompt" => prompt: required String,
        /// Pictures to start from.
        "inputImagePaths" => input_image_paths: optional Vec<String>,
        /// Where to save the picture.
        "savePath" => save_path: optional String,
    }
}

wire_object! {
    /// The input of `find_thread`.
    pub struct FindThreadInput {
        /// What to find.
        "query" => query: required String,
        /// How many threads to return.
        "limit" => limit: optional Count,
    }
}

wire_object! {
    /// The input of `read_thread`.
    pub struct ReadThreadInput {
        /// The thread.
        "threadID" => thread_id: required String,
        /// What to find out.
        "goal" => goal: required String,
    }
}

wire_object! {
    /// The input of `handoff`.
    pub struct HandoffInput {
        /// What the new thread is for.
        "goal" => goal: required String,
        /// Goes on in the new thread at once.
        "follow" => follow: optional bool,
        /// The agent mode of the new thread.
        "mode" => mode: optional String,
    }
}

wire_object! {
    /// The input of `skill`.
    pub struct SkillInput {
        /// The skill.
        "name" => name: required String,
        /// What it is given.
        "arguments" => arguments: optional String,
    }
}

wire_object! {
    /// The input of `read_web_page`.
    pub struct ReadWebPageInput {
        /// The page's address.
        "url" => url: required String,
        /// What to find out.
        "objective" => objective: optional String,
        /// Leaves the cache aside.
        "forceRefetch" => force_refetch: optional bool,
    }
}

wire_object! {
    /// The input of `web_search`.
    pub struct WebSearchInput {
        /// What to find out.
        "objective" => objective: required String,
        /// What to search for.
        "search_queries" => search_queries: optional Vec<String>,
        /// How many results to return.
        "max_results" => max_results: optional Count,
    }
}

wire_object! {
    /// The input of `read_mcp_resource`.
    pub struct ReadMcpResourceInput {
        /// The MCP server.
        "server" => server: required String,
        /// The resource.
        "uri" => uri: required String,
    }
}

wire_object! {
    /// The input of `todo_write`.
    pub struct TodoWriteInput {
        /// The whole list.
        "todos" => todos: required Vec<Todo>,
    }
}

wire_object! {
    /// One thing to do.
    pub struct Todo {
        /// Its id.
        "id" => id: optional String,
        /// What is to be done.
        "content" => content: required String,
        /// How far it is.
        "status" => status: optional String,
        /// How urgent it is.
        "priority" => priority: optional String,
    }
}
