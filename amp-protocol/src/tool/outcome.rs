//! What became of a tool call, as far as its result tells.

use serde::Deserialize;

use super::{Rejection, RejectionKind};
use crate::content::ToolResultBlock;
use crate::count::Count;

/// What became of a tool call, as far as its result tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolOutcome<'result> {
    /// Nothing says that it failed.
    Succeeded,
    /// A shell command ran and ended with another code than 0.
    ExitCode(i64),
    /// The tool failed, with these words, which may be none.
    Failed(&'result str),
    /// A rule, a program or a person did not let it run.
    Refused(Rejection<'result>),
    /// The run was cancelled while the tool ran, with these words.
    Cancelled(&'result str),
}

/// The one field of a shell's result that matters here.
#[derive(Deserialize)]
struct Shell {
    #[serde(rename = "exitCode")]
    exit_code: Count,
}

impl ToolResultBlock {
    /// Returns what became of the call.
    ///
    /// A shell command that fails has `is_error: false` and an `exitCode` in its JSON, under every
    /// name that shells had (recordings `bash` of January to September 2026).
    #[must_use]
    pub fn outcome(&self) -> ToolOutcome<'_> {
        if let Some(rejection) = self.rejection() {
            return match rejection.kind {
                RejectionKind::Cancelled => ToolOutcome::Cancelled(rejection.reason),
                _ => ToolOutcome::Refused(rejection),
            };
        }
        let text = self.text().unwrap_or_default();
        let shell = text.starts_with('{').then(|| serde_json::from_str(text));
        let exit_code = match shell {
            Some(Ok(Shell { exit_code })) => exit_code.as_i64(),
            _ => None,
        };
        match exit_code {
            Some(0) => ToolOutcome::Succeeded,
            Some(code) => ToolOutcome::ExitCode(code),
            None if self.is_error => ToolOutcome::Failed(text),
            None => ToolOutcome::Succeeded,
        }
    }
}
