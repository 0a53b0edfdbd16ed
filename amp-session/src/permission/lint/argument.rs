//! Conditions on arguments that the tool does not have.

use amp_protocol::{Condition, Conditions, PermissionRule};

use super::Place;
use super::finding::{Check, Finding};
use crate::permission::alias;

/// What tools call their arguments, as recorded; the other tools are not judged.
const ARGUMENTS: [(&str, &[&str]); 13] = [
    ("Bash", &["cmd", "cwd"]),
    (
        "shell_command",
        &["command", "workdir", "login", "timeout_ms"],
    ),
    (
        "async_shell_command",
        &["command", "workdir", "login", "timeout_ms"],
    ),
    ("Read", &["path", "read_range"]),
    ("create_file", &["path", "content"]),
    ("edit_file", &["path", "old_str", "new_str", "replace_all"]),
    ("undo_edit", &["path"]),
    ("apply_patch", &["patchText"]),
    (
        "Grep",
        &["pattern", "path", "glob", "caseSensitive", "literal"],
    ),
    ("glob", &["filePattern", "limit", "offset"]),
    ("read_web_page", &["url", "objective", "forceRefetch"]),
    (
        "web_search",
        &["objective", "search_queries", "max_results"],
    ),
    ("skill", &["name", "arguments"]),
];

/// What people call an argument that a tool calls otherwise.
const MEANT: [(&str, &[&str]); 5] = [
    (
        "path",
        &["file_path", "filePath", "file", "filename", "filepath"],
    ),
    ("patchText", &["patch", "diff"]),
    ("filePattern", &["pattern", "path", "glob"]),
    ("url", &["uri", "address", "domain"]),
    ("content", &["text", "contents"]),
];

pub(super) fn check(place: Place<'_>, rule: &PermissionRule) -> Option<Finding> {
    let matches = rule.matches.as_ref()?;
    if let Some(finding) = of_any_shell(place, rule, matches) {
        return Some(finding);
    }
    let (tool, known) = ARGUMENTS
        .iter()
        .find(|(tool, _)| tool.eq_ignore_ascii_case(&rule.tool))?;
    let top = |path: &str| path.split('.').next().unwrap_or_default().to_owned();
    let (wrong, _) = matches
        .iter()
        .find(|(argument, _)| !known.contains(&top(argument).as_str()))?;
    let meant = renamed(tool, wrong, known);
    let message = format!(
        "{tool} has no argument {wrong}, so that this never matches; it has {}",
        known.join(", ")
    );
    let safer = meant.map(|meant| with_argument(rule, wrong, meant));
    Some(place.error(Check::WrongArgument, message, safer.as_ref()))
}

/// Returns what the tool calls an argument that was named otherwise.
fn renamed(tool: &str, wrong: &str, known: &[&'static str]) -> Option<&'static str> {
    let of_shell = alias::argument_of(tool, wrong);
    let synonym = MEANT
        .iter()
        .find(|(meant, names)| known.contains(meant) && names.contains(&wrong))
        .map(|(meant, _)| *meant);
    known
        .iter()
        .copied()
        .find(|name| *name == of_shell)
        .or(synonym)
}

fn with_argument(rule: &PermissionRule, wrong: &str, meant: &str) -> PermissionRule {
    let mut renamed = Conditions::default();
    for (argument, condition) in rule.matches.iter().flat_map(Conditions::iter) {
        let argument = if argument == wrong { meant } else { argument };
        renamed.push(argument, condition.clone());
    }
    let mut safer = rule.clone();
    safer.matches = Some(renamed);
    safer
}

/// A glob for the tool is not copied for the names of the shell tool, nor are its arguments.
fn of_any_shell(place: Place<'_>, rule: &PermissionRule, matches: &Conditions) -> Option<Finding> {
    if !rule.tool.contains(['*', '?', '[', '{']) {
        return None;
    }
    let has = |name: &str| matches.iter().any(|(argument, _)| argument == name);
    let (named, other, tool) = match (has("cmd"), has("command")) {
        (true, false) => ("cmd", "shell_command", "Bash"),
        (false, true) => ("command", "Bash", "shell_command"),
        _ => return None,
    };
    let message = format!(
        "{other} does not call its argument {named}, and a rule for {} is not copied for it as one \
         for {tool} is",
        rule.tool
    );
    let mut safer = rule.clone();
    safer.tool = tool.to_owned();
    Some(place.warning(Check::WrongArgument, message, Some(&safer)))
}

/// Returns every text that a condition holds, with the argument it is about.
pub(super) fn texts(rule: &PermissionRule) -> Vec<(&str, &str)> {
    fn collect<'a>(argument: &'a str, condition: &'a Condition, to: &mut Vec<(&'a str, &'a str)>) {
        match condition {
            Condition::Text(text) => to.push((argument, text)),
            Condition::Any(alternatives) => {
                for alternative in alternatives {
                    collect(argument, alternative, to);
                }
            }
            Condition::Fields(fields) => {
                for (field, condition) in fields.iter() {
                    collect(field, condition, to);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    for (argument, condition) in rule.matches.iter().flat_map(Conditions::iter) {
        collect(argument, condition, &mut found);
    }
    found
}

/// Returns the rule with one text of its conditions replaced.
pub(super) fn with_text(rule: &PermissionRule, text: &str, replaced: &str) -> PermissionRule {
    fn replace(condition: &Condition, text: &str, replaced: &str) -> Condition {
        match condition {
            Condition::Text(found) if found == text => Condition::from(replaced),
            Condition::Any(alternatives) => Condition::Any(
                alternatives
                    .iter()
                    .map(|alternative| replace(alternative, text, replaced))
                    .collect(),
            ),
            Condition::Fields(fields) => Condition::Fields(in_all(fields, text, replaced)),
            other => other.clone(),
        }
    }
    fn in_all(conditions: &Conditions, text: &str, replaced: &str) -> Conditions {
        let mut all = Conditions::default();
        for (argument, condition) in conditions.iter() {
            all.push(argument, replace(condition, text, replaced));
        }
        all
    }
    let mut safer = rule.clone();
    safer.matches = rule.matches.as_ref().map(|all| in_all(all, text, replaced));
    safer
}
