//! A tool call in one line: what it is about and how it ended.

use std::fmt;

use amp_session::protocol::ToolUseBlock;
use amp_session::protocol::tool::ToolOutcome;

use super::changes::relative;
use crate::text::one_line;

/// How many characters of a reason are kept; a line shows fewer.
const LONGEST_REASON: usize = 400;

/// Represents a tool call by its name and its subject, each on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToolCall {
    pub(crate) name: String,
    /// The command, path or question the call is about; may be empty.
    pub(crate) subject: String,
    /// What kind of text the subject is.
    pub(crate) kind: Subject,
}

/// What kind of text the subject of a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A command line.
    Command,
    /// A file, which can be recognised by its ends.
    Path,
    /// Anything else.
    Words,
}

impl ToolCall {
    /// Describes a call; paths in `directory` are shown relative to it.
    pub(crate) fn of(request: &ToolUseBlock, directory: Option<&str>) -> Self {
        let subject = request.subject();
        let input = request.typed_input();
        let kind = match (input.shell_command(), input.path()) {
            (Some(_), _) => Subject::Command,
            (_, Some(_)) => Subject::Path,
            _ => Subject::Words,
        };
        Self {
            name: one_line(request.name.as_str()),
            subject: one_line(relative(&subject, directory)),
            kind,
        }
    }

    /// Says what the agent is doing: `running cargo test`, `Read src/a.rs`.
    pub(crate) fn activity(&self) -> String {
        match self.kind {
            Subject::Command => format!("running {}", self.subject),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for ToolCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)?;
        if !self.subject.is_empty() {
            write!(formatter, " {}", self.subject)?;
        }
        Ok(())
    }
}

/// Returns the reason that an outcome gives, on one line; may be empty.
pub(crate) fn reason(outcome: &ToolOutcome<'_>) -> String {
    let text = match outcome {
        ToolOutcome::ExitCode(code) => return format!("exit {code}"),
        ToolOutcome::Failed(text) | ToolOutcome::Cancelled(text) => text,
        ToolOutcome::Refused(rejection) => rejection.reason,
        _ => "",
    };
    let text: String = text.chars().take(LONGEST_REASON).collect();
    one_line(&text)
}

#[cfg(test)]
mod tests {
    use amp_session::protocol::{RawJson, ToolResultBlock};

    use super::*;

    fn subject(input: &str) -> String {
        let input = RawJson::from_text(input.to_owned()).expect("JSON");
        let request = ToolUseBlock::new("id", "tool", input);
        ToolCall::of(&request, Some("/home/user/project")).subject
    }

    #[test]
    fn a_subject_is_shown_on_one_line() {
        let input = r#"{"command":"cargo  test\n-p x"}"#;
        assert_eq!(subject(input), "cargo test -p x");
        assert_eq!(subject("{}"), "");
    }

    #[test]
    fn paths_inside_the_folder_are_relative() {
        assert_eq!(
            subject(r#"{"path":"/home/user/project/src/a.rs"}"#),
            "src/a.rs"
        );
        assert_eq!(
            subject(r#"{"path":"/home/user/projects"}"#),
            "/home/user/projects"
        );
    }

    #[test]
    fn a_reason_is_the_code_of_a_command_or_the_words_of_who_refused() {
        let reason_of = |text: &str| reason(&ToolResultBlock::from_text("id", text).outcome());
        assert_eq!(reason_of(r#"{"output":"","exitCode":0}"#), "");
        assert_eq!(reason_of(r#"{"output":"","exitCode":2}"#), "exit 2");
        assert_eq!(
            reason_of("Tool rejected by plugin: Rejected by\nrule 1"),
            "Rejected by rule 1"
        );
    }
}
