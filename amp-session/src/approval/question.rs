//! What an approver is asked.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::diff;
use crate::permission::Opinion;

/// What is asked about, with the same names wherever it is told: in a [`Question`], in what a turn
/// shows and records of it ([`Asked`](super::Asked)), and in what became of it
/// ([`Decided`](super::Decided)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Subject {
    /// The number of the question within the turn, from 1; several may be open at once.
    pub number: u64,
    /// What it is about.
    pub concern: Concern,
    /// The tool.
    pub tool: String,
    /// The arguments of the call, as the CLI hands them to its helper.
    pub arguments: Map<String, Value>,
    /// The id of the call in the stream, where the build tells it (2026-01 to 2026-05).
    pub tool_use_id: Option<String>,
    /// The thread; for a call of a subagent its own in the build of 2026-01-08, else the parent's.
    pub thread: Option<String>,
}

/// A question: may this go on?
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Question {
    /// What is asked about.
    pub subject: Subject,
    /// The folder that the agent works in.
    pub folder: PathBuf,
    /// What the user's own rules and those of the CLI say about the call.
    pub opinion: Option<Opinion>,
}

/// What a question is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Concern {
    /// A tool call.
    Call,
    /// A tool call that names files which decide what may run, such as a project's `.amp`. No
    /// remembered rule answers it.
    ControlFiles,
    /// Files that decide what may run have changed during the turn; there is no tool. To refuse it
    /// ends the turn.
    Changed(Vec<PathBuf>),
}

impl Question {
    /// Returns what the call would change in a file, as a unified diff.
    ///
    /// `None` for a tool that edits nothing, or a file that is no text or longer than 1 MiB.
    #[must_use]
    pub fn diff(&self) -> Option<String> {
        diff::of_call(&self.subject.tool, &self.subject.arguments, &self.folder)
    }

    /// Tells whether the tool only reads files of this machine.
    ///
    /// A positive list: `Read`, `Grep` and `glob`. Others that read also send what they read, or
    /// what they look for, to somebody else.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        let changes = matches!(self.subject.concern, Concern::Changed(_));
        !changes && matches!(self.subject.tool.as_str(), "Read" | "Grep" | "glob")
    }
}
