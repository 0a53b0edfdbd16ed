//! A line of a task file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::arguments::Limit;

/// The longest id, in bytes; it is the name of a folder.
const LONGEST_ID: usize = 100;

/// How many digits of a hash are the id of a task without one.
const HASHED: usize = 16;

/// A task: a prompt, and where and how the agent works on it.
///
/// Paths are those of the file's folder.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Task {
    /// The name of its results: letters, digits, `.`, `_` and `-`.
    pub(super) id: Option<String>,
    pub(super) prompt: Option<String>,
    pub(super) prompt_file: Option<PathBuf>,
    /// The folder to work in, as it is.
    pub(super) cwd: Option<PathBuf>,
    /// The repository to make a work tree of.
    pub(super) repo: Option<PathBuf>,
    /// The commit of it; what is checked out there unless it is named.
    #[serde(rename = "ref")]
    pub(super) revision: Option<String>,
    pub(super) mode: Option<String>,
    pub(super) effort: Option<String>,
    pub(super) labels: Vec<String>,
    pub(super) timeout: Option<Limit>,
    /// Variables by name alone that have to be set, and that a sandbox lets through.
    pub(super) env: Vec<String>,
    /// MCP servers, in the form of `amp.mcpServers`.
    pub(super) mcp: Map<String, Value>,
    /// Settings of Amp, by full key.
    pub(super) settings: Map<String, Value>,
    /// Permission rules, before those of the command line.
    pub(super) rules: Vec<Value>,
    /// Whether it runs in a sandbox although the others do not.
    pub(super) sandbox: bool,
    /// Commands of the shell that its work has to pass, one after the other.
    pub(super) check: Vec<String>,
    /// Anything; it is in the result.
    pub(super) meta: Value,
}

impl Task {
    /// Reads a line.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub(super) fn parse(line: &[u8]) -> Result<Self, String> {
        let task: Self = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        match (&task.prompt, &task.prompt_file) {
            (None, None) => return Err("it has neither `prompt` nor `prompt_file`".to_owned()),
            (Some(_), Some(_)) => return Err("it has `prompt` and `prompt_file`".to_owned()),
            (Some(prompt), None) if prompt.trim().is_empty() => {
                return Err("its prompt is empty".to_owned());
            }
            _ => {}
        }
        if task.cwd.is_some() && task.repo.is_some() {
            return Err("it has `cwd` and `repo`".to_owned());
        }
        if task.revision.is_some() && task.repo.is_none() {
            return Err("it has `ref` and no `repo`".to_owned());
        }
        if task
            .env
            .iter()
            .any(|name| name.contains('=') || name.is_empty())
        {
            return Err("`env` has names alone: values do not belong into a file".to_owned());
        }
        if task.check.iter().any(|command| command.trim().is_empty()) {
            return Err("a command of its `check` is empty".to_owned());
        }
        if let Some(id) = &task.id {
            check_id(id)?;
        }
        Ok(task)
    }

    /// Returns its id: its own, or the beginning of a hash of the line.
    ///
    /// Blanks and the order of keys make no difference.
    pub(super) fn id_of(&self, line: &[u8]) -> String {
        if let Some(id) = &self.id {
            return id.clone();
        }
        let value = serde_json::from_slice::<Value>(line).unwrap_or_default();
        let mut id = hex(&Sha256::digest(sorted(value).to_string()));
        id.truncate(HASHED);
        id
    }

    /// Returns the command of its checks.
    pub(super) fn check_command(&self) -> Option<String> {
        match self.check.as_slice() {
            [] => None,
            [command] => Some(command.clone()),
            commands => {
                let each = commands.iter().map(|command| format!("({command})"));
                Some(each.collect::<Vec<_>>().join(" && "))
            }
        }
    }
}

/// Returns a value with the keys of every object in their order.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<String, Value> = fields.into_iter().collect();
            let fields = fields.into_iter().map(|(key, value)| (key, sorted(value)));
            Value::Object(fields.collect())
        }
        Value::Array(values) => values.into_iter().map(sorted).collect(),
        value => value,
    }
}

/// Returns bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn check_id(id: &str) -> Result<(), String> {
    let is_good = |one: char| one.is_ascii_alphanumeric() || "._-".contains(one);
    if id.is_empty() || id.len() > LONGEST_ID || !id.chars().all(is_good) {
        return Err(format!(
            "its id {id:?} is not made of 1 to {LONGEST_ID} letters, digits, `.`, `_` and `-`"
        ));
    }
    // They are names of folders, on Windows too.
    match id.trim_end_matches('.') == id && !id.starts_with('-') {
        true => Ok(()),
        false => Err(format!("its id {id:?} begins with `-` or ends with `.`")),
    }
}

#[cfg(test)]
mod tests {
    use super::Task;

    #[test]
    fn what_is_wrong_with_a_line_is_told() {
        let lines = [
            r#"{"prompt":"a","promt_file":"b"}"#,
            r#"{"id":"a"}"#,
            r#"{"prompt":" "}"#,
            r#"{"prompt":"a","prompt_file":"b"}"#,
            r#"{"prompt":"a","cwd":"b","repo":"c"}"#,
            r#"{"prompt":"a","ref":"main"}"#,
            r#"{"prompt":"a","env":["KEY=secret"]}"#,
            r#"{"prompt":"a","id":"../b"}"#,
            r#"{"prompt":"a","id":".."}"#,
            r#"{"prompt":"a","id":"-rf"}"#,
            r#"{"prompt":"a","id":""}"#,
            r#"{"prompt":"a","check":[""]}"#,
            r#"{"prompt":"a","timeout":"soon"}"#,
            r#"["a"]"#,
            r#"// a comment"#,
            "",
            r#"{"prompt":"a"} {"prompt":"b"}"#,
        ];
        let told = |line: &&str| match Task::parse(line.as_bytes()) {
            Ok(_) => format!("{line}\n    is a task"),
            Err(why) => format!("{line}\n    {why}"),
        };
        let told: Vec<String> = lines.iter().map(told).collect();
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn an_id_of_its_own_does_not_depend_on_how_the_line_is_written() {
        let id = |line: &str| {
            Task::parse(line.as_bytes())
                .expect(line)
                .id_of(line.as_bytes())
        };
        let one = id(r#"{"prompt":"a","repo":"b"}"#);
        assert_eq!(one, id(r#"{ "repo" : "b", "prompt" : "a" }"#));
        assert_ne!(one, id(r#"{"prompt":"a","repo":"c"}"#));
        // Other releases go on with it.
        assert_eq!(one, "802cf5ea273c21f3");
        assert_eq!(
            id(r#"{"prompt":"a","id":"Fix_the.bug-1"}"#),
            "Fix_the.bug-1"
        );
    }

    #[test]
    fn several_checks_have_to_pass() {
        let line = br#"{"prompt":"a","check":["make || true","make test"]}"#;
        let command = Task::parse(line).expect("a task").check_command();
        assert_eq!(command.as_deref(), Some("(make || true) && (make test)"));
    }
}
