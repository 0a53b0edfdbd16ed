//! A rule that allows a call and those of the same shape.

use std::fmt::Write;

use amp_protocol::PermissionRule;
use serde_json::{Map, Value};

use super::lint::whole_text;

/// The shell tools and the argument that holds the command.
const SHELLS: [(&str, &str); 3] = [
    ("Bash", "cmd"),
    ("shell_command", "command"),
    ("async_shell_command", "command"),
];

/// Tools that write the file of this argument.
const WRITERS: [&str; 3] = ["create_file", "edit_file", "undo_edit"];

/// Programs whose arguments are programs again, or decide alone what becomes of things: of these the
/// very same command is allowed and no other.
const WHOLE: [&str; 30] = [
    "awk", "bash", "chmod", "chown", "curl", "dash", "dd", "doas", "env", "eval", "exec", "find",
    "ksh", "mv", "nice", "node", "nohup", "perl", "python", "python3", "rm", "ruby", "sed", "sh",
    "ssh", "sudo", "time", "timeout", "xargs", "zsh",
];

/// Returns a rule that allows this call and those of its shape; it matches the call itself.
///
/// Of a plain shell command, its program and subcommand with other plain words behind them; of any
/// other command, that one alone. Of a tool that writes a file, any content for that file; of any
/// other tool, all its calls. `None` when there is no rule for it, such as for a tool without name.
#[must_use]
pub fn rule_for_similar(tool: &str, arguments: &Map<String, Value>) -> Option<PermissionRule> {
    // A tool's name is read as a glob.
    if tool.is_empty() || tool.contains(['*', '?', '[', '{', '!', '\\', '(', '@', '+']) {
        return None;
    }
    if let Some((_, argument)) = SHELLS.iter().find(|(shell, _)| *shell == tool) {
        let command = arguments.get(*argument)?.as_str()?;
        let rule = PermissionRule::allow(tool).with_match(*argument, pattern(command).as_str());
        return Some(rule);
    }
    if WRITERS.contains(&tool) {
        let path = arguments.get("path")?.as_str()?;
        return Some(PermissionRule::allow(tool).with_match("path", exactly(path).as_str()));
    }
    Some(PermissionRule::allow(tool))
}

/// Says what [`rule_for_similar`] would let in, such as `` `cargo test` with plain arguments ``.
///
/// `None` where there is no rule.
#[must_use]
pub fn similar_in_words(tool: &str, arguments: &Map<String, Value>) -> Option<String> {
    rule_for_similar(tool, arguments)?;
    let argument = |name: &str| arguments.get(name)?.as_str();
    if let Some((_, name)) = SHELLS.iter().find(|(shell, _)| *shell == tool) {
        return Some(match beginning(argument(name)?) {
            Some(words) => format!("`{}` with plain arguments", words.join(" ")),
            None => "this very command".to_owned(),
        });
    }
    Some(match argument("path").filter(|_| WRITERS.contains(&tool)) {
        Some(path) => format!("{tool} of {path}"),
        None => format!("every {tool}"),
    })
}

/// Returns the pattern of a command's shape.
fn pattern(command: &str) -> String {
    let Some(words) = beginning(command) else {
        return exactly(command);
    };
    let words: Vec<String> = words.iter().map(|word| escaped(word)).collect();
    let plain = r"(?: [\w .,:=@%+\/-]*)?";
    whole_text(&format!("{}{plain}", words.join(" ")))
}

/// Returns the program of a plain command, and its subcommand; `None` for one that is allowed as a
/// whole or not at all.
fn beginning(command: &str) -> Option<Vec<&str>> {
    let words: Vec<&str> = command.split(' ').collect();
    let is_plain = |text: &str| {
        text.chars()
            .all(|character| character.is_ascii_alphanumeric() || "_.:=@%+/-, ".contains(character))
    };
    let program = words[0].rsplit('/').next().unwrap_or_default();
    if !is_plain(command) || program.is_empty() || WHOLE.contains(&program) || program.contains('=')
    {
        return None;
    }
    let is_subcommand = |word: &&&str| {
        !word.is_empty()
            && word
                .chars()
                .all(|character| character.is_ascii_lowercase() || character == '-')
            && !word.starts_with('-')
    };
    let subcommand = words.get(1).filter(is_subcommand);
    Some(words[..1].iter().chain(subcommand).copied().collect())
}

/// Returns a pattern for one text.
fn exactly(text: &str) -> String {
    whole_text(&escaped(text))
}

/// Returns a text as the source of an expression.
fn escaped(text: &str) -> String {
    let mut source = String::new();
    for character in text.chars() {
        match character {
            '\n' => source.push_str(r"\n"),
            '\r' => source.push_str(r"\r"),
            character => {
                if r"\.+*?()[]{}|^$/".contains(character) {
                    source.push('\\');
                }
                // Nothing keeps a text from being written.
                let _ = write!(source, "{character}");
            }
        }
    }
    source
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{
        Decision, Evaluator, RuleList, RuleScope, RuleSet, Severity, ToolCall, lint,
    };
    use super::*;
    use crate::dialect::Dialect;

    const SEPTEMBER: &str = "0.0.1790142911-g7618fb";

    fn allows(rule: &PermissionRule, tool: &str, arguments: &Value) -> bool {
        let dialect = Dialect::for_version(&SEPTEMBER.into());
        let set = RuleSet::of(vec![RuleList::from_rules(
            RuleScope::User,
            std::slice::from_ref(rule),
        )]);
        let findings = lint(&set, &dialect);
        let is_error = |severity| severity == Severity::Error;
        assert!(
            !findings.iter().any(|finding| is_error(finding.severity)),
            "{findings:?}"
        );
        let call = ToolCall {
            tool,
            arguments: arguments.as_object().unwrap(),
            context: None,
        };
        Evaluator::new(set, &dialect).run(&call).decision == Decision::Allow
    }

    #[test]
    fn a_plain_command_allows_its_subcommand_and_nothing_behind_it() {
        let command = |command: &str| json!({ "command": command });
        let shell = "shell_command";
        let call = command("cargo test -p amp-cli");
        let rule = rule_for_similar(shell, call.as_object().unwrap()).unwrap();
        for allowed in ["cargo test -p amp-cli", "cargo test", "cargo test --lib"] {
            assert!(allows(&rule, shell, &command(allowed)), "{allowed}");
        }
        for other in [
            "cargo testament",
            "cargo publish",
            "cargo test; rm -rf ~",
            "cargo test && sh",
            "cargo test $(sh)",
            "cargo test\nsh",
            "sh\ncargo test",
            "cargo test > x",
        ] {
            assert!(!allows(&rule, shell, &command(other)), "{other}");
        }
    }

    #[test]
    fn what_a_rule_lets_in_is_said_in_words() {
        let words =
            |tool: &str, arguments: Value| similar_in_words(tool, arguments.as_object().unwrap());
        let said = words("Bash", json!({"cmd": "cargo test -p x"}));
        assert_eq!(said.as_deref(), Some("`cargo test` with plain arguments"));
        let said = words("shell_command", json!({"command": "rm -rf target"}));
        assert_eq!(said.as_deref(), Some("this very command"));
        let said = words("edit_file", json!({"path": "/a.rs"}));
        assert_eq!(said.as_deref(), Some("edit_file of /a.rs"));
        assert_eq!(words("Read", json!({})).as_deref(), Some("every Read"));
        assert_eq!(words("*", json!({})), None);
    }

    #[test]
    fn every_call_is_matched_by_its_own_rule() {
        let calls = [
            ("shell_command", json!({"command": "rm -rf target"})),
            (
                "shell_command",
                json!({"command": "a && b | c > \"d/e\"\nf"}),
            ),
            ("shell_command", json!({"command": "./run.sh x"})),
            ("shell_command", json!({"command": "A=1 make"})),
            (
                "create_file",
                json!({"path": "/a b/c.(txt)", "content": "x"}),
            ),
            ("mcp__server__tool", json!({"x": 1})),
        ];
        for (tool, arguments) in calls {
            let rule = rule_for_similar(tool, arguments.as_object().unwrap()).unwrap();
            assert!(allows(&rule, tool, &arguments), "{rule:?}");
        }
    }

    #[test]
    fn a_program_that_runs_others_is_allowed_with_the_same_arguments_alone() {
        for command in ["sudo ls", "sh -c ls", "rm a"] {
            let call = json!({ "command": command });
            let rule = rule_for_similar("shell_command", call.as_object().unwrap()).unwrap();
            let other = json!({"command": format!("{command} b")});
            assert!(!allows(&rule, "shell_command", &other), "{command}");
        }
    }
}
