//! A tool call before it runs: what kind it is, its title, its files and what it would change.

use std::path::{Path, PathBuf};

use agent_client_protocol::v1::schema::{
    Diff, Meta, Terminal, TerminalId, ToolCallContent, ToolCallId, ToolCallLocation, ToolKind,
};
use amp_session::protocol::tool::{ToolInput, ToolName};
use amp_session::protocol::{Count, RawJson};
use serde_json::{Map, Value, json};

use super::content::{fenced, outline, text};
use super::edit::{Files, of_creation, of_edit};
use super::patch;
use crate::text::{fit, one_line};
use crate::view::relative;

/// The most columns of a title; questions show the whole command.
const LONGEST_TITLE: usize = 200;

/// A tool call before it runs.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) title: String,
    pub(super) kind: ToolKind,
    pub(super) locations: Vec<ToolCallLocation>,
    /// What it would change, or what it asks somebody else.
    pub(super) content: Vec<ToolCallContent>,
    /// The folder of a command, whose output suits a terminal.
    pub(super) runs_in: Option<PathBuf>,
    /// The command, or every argument, for who decides about the call.
    details: String,
}

impl Request {
    /// Reads a call of an agent that works in `folder`.
    pub(super) fn of(name: &ToolName, input: &RawJson, folder: &Path, files: Files) -> Self {
        let about = About { folder, files };
        let typed = ToolInput::read(name, input);
        let (kind, title) = about.kind_and_title(name, &typed);
        let details = match typed.shell_command() {
            Some(command) => command.to_owned(),
            None => outline(&input.parse::<Value>().unwrap_or_default()),
        };
        Self {
            title: fit(&one_line(&title), LONGEST_TITLE),
            kind,
            locations: about.locations(&typed),
            content: about.content(&typed),
            runs_in: about.folder_of_command(&typed),
            details,
        }
    }

    /// Returns the title of a call; of one of a subagent it says so.
    pub(super) fn title_of(&self, is_subagent: bool) -> String {
        match is_subagent {
            true => format!("subagent: {}", self.title),
            false => self.title.clone(),
        }
    }

    /// Reads a call that a question tells of.
    pub(super) fn of_arguments(
        name: &ToolName,
        arguments: &Map<String, Value>,
        folder: &Path,
        files: Files,
    ) -> Self {
        match RawJson::from_value(arguments) {
            Ok(input) => Self::of(name, &input, folder, files),
            Err(_) => Self {
                title: of_unknown(name),
                kind: ToolKind::Other,
                locations: Vec::new(),
                content: Vec::new(),
                runs_in: None,
                details: String::new(),
            },
        }
    }

    /// Returns what who decides about the call has to see: the change, or else the command or every
    /// argument.
    pub(super) fn content_of_question(&self) -> Vec<ToolCallContent> {
        let changes = |content: &&ToolCallContent| matches!(content, ToolCallContent::Diff(_));
        let diffs: Vec<_> = self.content.iter().filter(changes).cloned().collect();
        match diffs.is_empty() && !self.details.is_empty() {
            true => vec![fenced(&self.details)],
            false => diffs,
        }
    }

    /// Returns the call's content and `_meta` for a client with terminals of its own.
    pub(super) fn in_terminal(
        &self,
        id: &ToolCallId,
        runs_in: &Path,
    ) -> (Vec<ToolCallContent>, Option<Meta>) {
        let terminal = Terminal::new(TerminalId::new(id.0.clone()));
        let meta = Meta::from_iter([(
            "terminal_info".to_owned(),
            json!({"terminal_id": id, "cwd": runs_in}),
        )]);
        (vec![ToolCallContent::Terminal(terminal)], Some(meta))
    }
}

/// What a call is read against.
struct About<'a> {
    folder: &'a Path,
    files: Files,
}

impl About<'_> {
    fn kind_and_title(&self, name: &ToolName, input: &ToolInput<'_>) -> (ToolKind, String) {
        let path = |path: &str| relative(path, self.folder.to_str()).to_owned();
        match input {
            ToolInput::Bash(input) => (ToolKind::Execute, input.command.clone()),
            ToolInput::ShellCommand(input) => (ToolKind::Execute, input.command.clone()),
            ToolInput::ShellProcess(input) => {
                let what = match *name == ToolName::SHELL_COMMAND_KILL {
                    true => "Stop process",
                    false => "Output of process",
                };
                (ToolKind::Execute, format!("{what} {}", input.pid))
            }
            ToolInput::Read(input) => {
                let lines = input.read_range.as_deref().unwrap_or_default();
                let lines = match lines {
                    [first, last] => format!(" (lines {first} to {last})"),
                    _ => String::new(),
                };
                (ToolKind::Read, format!("Read {}{lines}", path(&input.path)))
            }
            ToolInput::ReadMcpResource(input) => (
                ToolKind::Read,
                format!("Read {} of {}", input.uri, input.server),
            ),
            ToolInput::LookAt(input) => (ToolKind::Read, format!("Look at {}", path(&input.path))),
            ToolInput::CreateFile(input) => {
                (ToolKind::Edit, format!("Write {}", path(&input.path)))
            }
            ToolInput::EditFile(input) => (ToolKind::Edit, format!("Edit {}", path(&input.path))),
            ToolInput::UndoEdit(input) => (
                ToolKind::Edit,
                format!("Undo the last edit of {}", path(&input.path)),
            ),
            ToolInput::ApplyPatch(input) => {
                let sections = patch::sections(&input.patch);
                let paths: Vec<_> = sections.iter().map(|section| path(section.path)).collect();
                (
                    patch::kind(&sections),
                    format!("Patch {}", paths.join(", ")),
                )
            }
            ToolInput::Grep(input) => {
                let place = input
                    .path
                    .as_deref()
                    .map(|place| format!(" in {}", path(place)));
                let place = place.unwrap_or_default();
                (ToolKind::Search, format!("Search {}{place}", input.pattern))
            }
            ToolInput::Glob(input) => (
                ToolKind::Search,
                format!("Find files {}", input.file_pattern),
            ),
            ToolInput::Finder(input) => (ToolKind::Search, input.query.clone()),
            ToolInput::FindThread(input) => {
                (ToolKind::Search, format!("Find threads: {}", input.query))
            }
            ToolInput::WebSearch(input) => (ToolKind::Fetch, input.objective.clone()),
            ToolInput::ReadWebPage(input) => (ToolKind::Fetch, input.url.clone()),
            ToolInput::Task(input) => {
                let title = input.description.as_deref();
                (
                    ToolKind::Think,
                    title.unwrap_or(first_line(&input.prompt)).to_owned(),
                )
            }
            ToolInput::Oracle(input) => (ToolKind::Think, first_line(&input.task).to_owned()),
            ToolInput::Librarian(input) => (ToolKind::Think, first_line(&input.query).to_owned()),
            ToolInput::Handoff(input) => (ToolKind::Think, first_line(&input.goal).to_owned()),
            ToolInput::ReadThread(input) => {
                (ToolKind::Think, format!("Read thread {}", input.thread_id))
            }
            ToolInput::Skill(input) => (ToolKind::Think, format!("Skill {}", input.name)),
            ToolInput::TodoWrite(_) => {
                (ToolKind::Think, "Write the list of things to do".to_owned())
            }
            ToolInput::Painter(input) => (ToolKind::Other, first_line(&input.prompt).to_owned()),
            _ => (ToolKind::Other, of_unknown(name)),
        }
    }

    fn folder_of_command(&self, input: &ToolInput<'_>) -> Option<PathBuf> {
        let folder = match input {
            ToolInput::Bash(input) => &input.working_directory,
            ToolInput::ShellCommand(input) => &input.working_directory,
            _ => return None,
        };
        Some(self.path(folder.as_deref().unwrap_or_default()))
    }

    fn locations(&self, input: &ToolInput<'_>) -> Vec<ToolCallLocation> {
        match input {
            ToolInput::Read(input) => {
                let first = input.read_range.as_deref().and_then(<[Count]>::first);
                let line = first
                    .and_then(Count::as_u64)
                    .and_then(|line| line.try_into().ok());
                vec![ToolCallLocation::new(self.path(&input.path)).line(line)]
            }
            ToolInput::ApplyPatch(input) => patch::sections(&input.patch)
                .iter()
                .map(|section| ToolCallLocation::new(section.target(self.folder)))
                .collect(),
            _ => {
                let path = input
                    .path()
                    .map(|path| ToolCallLocation::new(self.path(path)));
                path.into_iter().collect()
            }
        }
    }

    fn content(&self, input: &ToolInput<'_>) -> Vec<ToolCallContent> {
        let change = |diff: Diff| vec![ToolCallContent::Diff(diff)];
        match input {
            ToolInput::CreateFile(input) => change(of_creation(
                &self.path(&input.path),
                &input.content,
                self.files,
            )),
            ToolInput::EditFile(input) => {
                change(of_edit(&self.path(&input.path), input, self.files))
            }
            ToolInput::ApplyPatch(input) => patch::sections(&input.patch)
                .iter()
                .map(|section| ToolCallContent::Diff(section.diff(self.folder, self.files)))
                .collect(),
            ToolInput::Task(input) => vec![text(&input.prompt)],
            ToolInput::Oracle(input) => vec![text(&input.task)],
            ToolInput::Librarian(input) => vec![text(&input.query)],
            ToolInput::Handoff(input) => vec![text(&input.goal)],
            ToolInput::ReadThread(input) => vec![text(&input.goal)],
            ToolInput::LookAt(input) => vec![text(&input.objective)],
            ToolInput::Painter(input) => vec![text(&input.prompt)],
            _ => Vec::new(),
        }
    }

    /// Paths of the protocol are absolute.
    fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }
}

fn of_unknown(name: &ToolName) -> String {
    match name.as_mcp() {
        Some(mcp) => format!("{}: {}", mcp.server, mcp.tool),
        None => name.as_str().to_owned(),
    }
}

fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or_default()
}
