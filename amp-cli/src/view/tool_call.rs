//! A tool call in one line: what it is about and how it ended.

use std::fmt;

use serde_json::{Map, Value};

use crate::text::one_line;

/// The arguments that say best what a call is about, the most telling first.
///
/// They are the argument names of the tools in the recordings of January to September 2026.
const TELLING_ARGUMENTS: [&str; 14] = [
    "command",
    "cmd",
    "description",
    "path",
    "file_path",
    "filePattern",
    "pattern",
    "query",
    "url",
    "objective",
    "task",
    "prompt",
    "name",
    "message",
];

/// How many characters of a subject are kept; a line shows fewer.
const LONGEST_SUBJECT: usize = 400;

/// Represents a tool call by its name and its subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToolCall {
    pub(crate) name: String,
    /// The command, path or question the call is about; may be empty.
    pub(crate) subject: String,
}

impl ToolCall {
    /// Describes a call; `input` is its JSON, `directory` the folder paths are shown relative to.
    pub(crate) fn new(name: &str, input: &str, directory: Option<&str>) -> Self {
        let arguments: Map<String, Value> = serde_json::from_str(input).unwrap_or_default();
        let subject = patched_files(&arguments)
            .or_else(|| {
                let telling = TELLING_ARGUMENTS
                    .iter()
                    .find_map(|name| arguments.get(*name)?.as_str());
                telling.map(str::to_owned)
            })
            .unwrap_or_else(|| match arguments.is_empty() {
                true => String::new(),
                false => Value::Object(arguments).to_string(),
            });
        let subject: String = subject.chars().take(LONGEST_SUBJECT).collect();
        let subject = match directory.and_then(|folder| subject.strip_prefix(folder)) {
            Some(inside) if inside.starts_with('/') => one_line(&inside[1..]),
            _ => one_line(&subject),
        };
        Self {
            name: one_line(name),
            subject,
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

/// Returns the files a patch changes, from its own headers.
fn patched_files(arguments: &Map<String, Value>) -> Option<String> {
    let patch = ["patchText", "patch", "input"]
        .iter()
        .find_map(|name| arguments.get(*name)?.as_str())
        .filter(|text| text.contains("*** Begin Patch"))?;
    let headers = ["*** Add File: ", "*** Update File: ", "*** Delete File: "];
    let files: Vec<&str> = patch
        .lines()
        .filter_map(|line| headers.iter().find_map(|header| line.strip_prefix(header)))
        .collect();
    (!files.is_empty()).then(|| files.join(", "))
}

/// Represents how a tool call ended, as far as its result tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ToolOutcome {
    Succeeded,
    /// With a short reason, which may be empty.
    Failed(String),
    /// A permission rule or a person said no.
    Refused(String),
}

impl ToolOutcome {
    /// Reads the outcome from the text of a tool result.
    ///
    /// A shell command that fails has `is_error: false` and an `exitCode` in its JSON; a refusal has
    /// a fixed beginning that differs between the two generations of Amp (recordings `bash` and
    /// `perm-reject` of February, May and September 2026).
    pub(crate) fn of_result(text: &str, is_error: bool) -> Self {
        const REFUSALS: [&str; 3] = [
            "Tool execution rejected by user: ",
            "Tool rejected by plugin: ",
            "Plugin error: ",
        ];
        if let Some(reason) = REFUSALS
            .iter()
            .find_map(|beginning| text.strip_prefix(beginning))
        {
            return Self::Refused(short(reason));
        }
        match exit_code(text) {
            Some(0) => Self::Succeeded,
            Some(code) => Self::Failed(format!("exit {code}")),
            None if is_error => Self::Failed(short(text)),
            None => Self::Succeeded,
        }
    }
}

fn exit_code(text: &str) -> Option<i64> {
    #[derive(serde::Deserialize)]
    struct ShellResult {
        #[serde(rename = "exitCode")]
        exit_code: i64,
    }
    if !text.starts_with('{') {
        return None;
    }
    serde_json::from_str::<ShellResult>(text)
        .ok()
        .map(|result| result.exit_code)
}

fn short(text: &str) -> String {
    let text: String = text.chars().take(LONGEST_SUBJECT).collect();
    one_line(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(input: &str) -> String {
        ToolCall::new("tool", input, Some("/home/user/project")).subject
    }

    #[test]
    fn the_most_telling_argument_is_the_subject() {
        assert_eq!(
            subject(r#"{"workdir":"/tmp","command":"cargo  test\n-p x"}"#),
            "cargo test -p x"
        );
        assert_eq!(
            subject(r#"{"description":"child job","prompt":"long"}"#),
            "child job"
        );
        assert_eq!(subject(r#"{"unheard":1}"#), r#"{"unheard":1}"#);
        assert_eq!(subject("{}"), "");
        assert_eq!(subject("not JSON"), "");
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
    fn a_patch_is_about_the_files_it_changes() {
        let input = r#"{"patchText":"*** Begin Patch\n*** Add File: a\n+x\n*** Update File: b\n"}"#;
        assert_eq!(subject(input), "a, b");
    }

    #[test]
    fn a_failing_command_is_told_from_a_failing_tool_and_a_refusal() {
        let outcome = |text| ToolOutcome::of_result(text, false);
        assert_eq!(
            outcome(r#"{"output":"","exitCode":0}"#),
            ToolOutcome::Succeeded
        );
        assert_eq!(
            outcome(r#"{"output":"","exitCode":2}"#),
            ToolOutcome::Failed("exit 2".into())
        );
        assert_eq!(outcome("anything"), ToolOutcome::Succeeded);
        assert_eq!(
            outcome("Tool rejected by plugin: Rejected by user permissions rule 1"),
            ToolOutcome::Refused("Rejected by user permissions rule 1".into())
        );
        assert_eq!(
            ToolOutcome::of_result("no such file", true),
            ToolOutcome::Failed("no such file".into())
        );
    }
}
