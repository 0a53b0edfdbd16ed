//! What was decided, and whether what the stream shows was decided at all.

use std::collections::{HashMap, HashSet};

use amp_protocol::tool::{RejectionKind, ToolInput, ToolName};
use amp_protocol::{ContentBlock, Decoded, Event, RawJson, ToolResultBlock};
use serde_json::{Map, Value};

use super::decided::Decided;
use crate::dialect::{Dialect, Generation};
use crate::permission::{Decision, Evaluator, ToolCall};

/// The tools that builds since July 2026 let the service run: the client is never asked for them.
const SERVICE_TOOLS: [&str; 5] = ["Task", "oracle", "finder", "librarian", "web_search"];

/// Every decision of a turn, each to be found again by one result at most.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    all: Vec<(Decided, bool)>,
}

impl Decisions {
    pub(super) fn push(&mut self, decided: Decided) {
        self.all.push((decided, false));
    }

    pub(super) fn refused(&self) -> impl Iterator<Item = &Decided> {
        let refused = self.all.iter().map(|(decided, _)| decided);
        refused.filter(|decided| !decided.allowed)
    }

    /// Finds the decision about a call by its id, or else the first without an id whose tool and
    /// arguments are the same, and uses it up.
    fn take(&mut self, id: &str, tool: &str, arguments: &Map<String, Value>) -> Option<&Decided> {
        let unused = |(_, used): &&mut (Decided, bool)| !*used;
        let by_id =
            |entry: &&mut (Decided, bool)| entry.0.subject.tool_use_id.as_deref() == Some(id);
        let alike = |entry: &&mut (Decided, bool)| {
            let decided = &entry.0;
            decided.subject.tool_use_id.is_none()
                && decided.subject.tool == tool
                && decided.subject.arguments == *arguments
        };
        let position = self
            .all
            .iter_mut()
            .filter(unused)
            .any(|entry| by_id(&&mut *entry));
        let mut entries = self.all.iter_mut().filter(unused);
        let found = match position {
            true => entries.find(by_id),
            false => entries.find(alike),
        };
        found.map(|(decided, used)| {
            *used = true;
            &*decided
        })
    }
}

/// Holds every tool result of the stream against a decision.
#[derive(Debug)]
pub(super) struct Reconciler {
    generation: Generation,
    /// What the rules of the run decide by themselves.
    rules: Evaluator,
    /// The tools that the CLI has, as it said at the start.
    known: HashSet<ToolName>,
    calls: HashMap<String, (String, Map<String, Value>)>,
}

impl Reconciler {
    pub(super) fn new(dialect: &Dialect, rules: Evaluator) -> Self {
        Self {
            generation: dialect.generation(),
            rules,
            known: HashSet::new(),
            calls: HashMap::new(),
        }
    }

    /// Takes note of a line.
    ///
    /// # Errors
    ///
    /// Names the call whose result nobody allowed.
    pub(super) fn observe(
        &mut self,
        decoded: &Decoded,
        decisions: &mut Decisions,
    ) -> Result<(), String> {
        match decoded {
            Decoded::Event(Event::System(system)) => {
                self.known.extend(system.tools.iter().cloned());
            }
            // What a subagent does was asked about under names and ids of its own.
            Decoded::Event(Event::Assistant(assistant))
                if assistant.parent_tool_use_id.is_none() =>
            {
                for call in assistant.message.tool_uses() {
                    let arguments = call.input.parse().unwrap_or_default();
                    let call_of = (call.name.as_str().to_owned(), arguments);
                    self.calls.insert(call.id.as_str().to_owned(), call_of);
                }
            }
            Decoded::Event(Event::User(user)) if user.parent_tool_use_id.is_none() => {
                for block in &user.message.content {
                    if let ContentBlock::ToolResult(result) = block {
                        self.check(result, decisions)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn check(&mut self, result: &ToolResultBlock, decisions: &mut Decisions) -> Result<(), String> {
        let id = result.tool_use_id.as_str();
        let Some((tool, arguments)) = self.calls.remove(id) else {
            return Ok(());
        };
        let rejected = result.rejection().map(|rejection| rejection.kind);
        if decisions.take(id, &tool, &arguments).is_some()
            || self.is_of_the_service(&tool)
            || rejected == Some(RejectionKind::Cancelled)
        {
            return Ok(());
        }
        // A tool that the CLI does not have cannot run, and three builds of 2026 ask nobody then.
        let is_known = self.known.contains(&ToolName::from(tool.as_str()));
        if result.is_error && (!is_known || failed_before_asking(&tool, &arguments, result)) {
            return Ok(());
        }
        let call = ToolCall {
            tool: &tool,
            arguments: &arguments,
            context: None,
        };
        match self.rules.run(&call).decision {
            Decision::Allow | Decision::Reject => Ok(()),
            Decision::Unknown if rejected.is_some() => Ok(()),
            _ => Err(format!("{tool} ran, and nobody was asked about it")),
        }
    }

    fn is_of_the_service(&self, tool: &str) -> bool {
        self.generation == Generation::ServerThreads && SERVICE_TOOLS.contains(&tool)
    }
}

/// The tools that cannot run without their arguments.
const WITH_ARGUMENTS: [&str; 8] = [
    "Bash",
    "Grep",
    "Read",
    "create_file",
    "edit_file",
    "glob",
    "shell_command",
    "undo_edit",
];

/// Tells whether a call has failed before there was anything to ask about: the mode does not have
/// its tool, or it lacks the arguments without which the tool has nothing to do.
///
/// By the words of the builds of 2026-02-10, 2026-05-04 and 2026-09-23 (recordings `badinput`,
/// `grep` and `toolerror`).
fn failed_before_asking(
    tool: &str,
    arguments: &Map<String, Value>,
    result: &ToolResultBlock,
) -> bool {
    let text = result.text().unwrap_or_default();
    if text == format!("tool \"{tool}\" not found")
        || text.starts_with(&format!("tool \"{tool}\" is not allowed for "))
    {
        return true;
    }
    let is_type_error = [
        "Cannot read properties of undefined (reading '",
        "undefined is not an object (evaluating '",
    ]
    .iter()
    .any(|beginning| text.starts_with(beginning));
    let is_malformed = || {
        let json = RawJson::from_value(arguments);
        json.is_ok_and(|json| {
            let input = ToolInput::read(&ToolName::from(tool), &json);
            matches!(input, ToolInput::Raw(_)) && WITH_ARGUMENTS.contains(&tool)
        })
    };
    is_type_error && is_malformed()
}

#[cfg(test)]
mod tests {
    use amp_protocol::{PermissionRule, decode_line};
    use serde_json::json;

    use super::super::decided::DecidedBy;
    use super::super::question::{Concern, Subject};
    use super::*;
    use crate::permission::{RuleList, RuleScope, RuleSet};

    const FEBRUARY: &str = "0.0.1770734955-g93e689";
    const SEPTEMBER: &str = "0.0.1790142911-g7618fb";

    /// Tells whether a turn is in order in which one call of a tool got this result.
    fn in_order(
        version: &str,
        tool: &str,
        decided: &[(Option<&str>, Value)],
        is_error: bool,
    ) -> bool {
        let dialect = Dialect::for_version(&version.into());
        let rules = [
            PermissionRule::allow("Read"),
            PermissionRule::delegate("*", "/helper"),
        ];
        let rules = RuleSet::of(vec![RuleList::from_rules(RuleScope::User, &rules)]);
        let mut reconciler = Reconciler::new(&dialect, Evaluator::new(rules, &dialect));
        let mut decisions = Decisions::default();
        for (id, arguments) in decided {
            decisions.push(Decided {
                subject: Subject {
                    number: 1,
                    concern: Concern::Call,
                    tool: tool.to_owned(),
                    arguments: arguments.as_object().unwrap().clone(),
                    tool_use_id: id.map(str::to_owned),
                    thread: None,
                },
                allowed: true,
                by: DecidedBy::Approver,
                approver: None,
                reason: None,
                kept: None,
            });
        }
        let lines = [
            json!({"type": "system", "subtype": "init", "tools": ["Bash", "shell_command", "Read"], "mcp_servers": []}),
            json!({"type": "assistant", "parent_tool_use_id": null, "message": {"role": "assistant", "content": [
                {"type": "tool_use", "id": "one", "name": tool, "input": {"a": 1}}]}}),
            json!({"type": "user", "parent_tool_use_id": null, "message": {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "one", "content": "{}", "is_error": is_error}]}}),
        ];
        lines.iter().all(|line| {
            let decoded = decode_line(line.to_string().as_bytes());
            assert!(matches!(decoded, Decoded::Event(_)), "{line}");
            reconciler.observe(&decoded, &mut decisions).is_ok()
        })
    }

    #[test]
    fn a_result_without_a_decision_is_a_bypass() {
        assert!(!in_order(FEBRUARY, "Bash", &[], false));
        assert!(!in_order(SEPTEMBER, "shell_command", &[], false));
        assert!(!in_order(FEBRUARY, "Task", &[], false));
        assert!(!in_order(FEBRUARY, "Bash", &[], true));
    }

    #[test]
    fn a_decision_is_found_by_its_id_or_by_the_call() {
        assert!(in_order(
            FEBRUARY,
            "Bash",
            &[(Some("one"), json!({"a": 2}))],
            false
        ));
        assert!(!in_order(
            FEBRUARY,
            "Bash",
            &[(Some("two"), json!({"a": 1}))],
            false
        ));
        assert!(in_order(
            SEPTEMBER,
            "shell_command",
            &[(None, json!({"a": 1}))],
            false
        ));
        assert!(!in_order(
            SEPTEMBER,
            "shell_command",
            &[(None, json!({"a": 2}))],
            false
        ));
    }

    #[test]
    fn a_call_that_failed_before_anybody_could_be_asked_is_none_that_ran() {
        let failed = |tool: &str, arguments: Value, text: &str| {
            let result = json!({"type": "tool_result", "tool_use_id": "one", "content": text, "is_error": true});
            let result: ToolResultBlock = serde_json::from_value(result).unwrap();
            failed_before_asking(tool, arguments.as_object().unwrap(), &result)
        };
        let wrong = || json!({"wrong": true});
        let words = "undefined is not an object (evaluating 'H.replace')";
        assert!(failed("Read", wrong(), words));
        let words = "Cannot read properties of undefined (reading 'replace')";
        assert!(failed("Read", wrong(), words));
        let words = "tool \"Grep\" is not allowed for smart mode";
        assert!(failed("Grep", json!({"pattern": "x"}), words));
        // These have done what they do.
        assert!(!failed(
            "Read",
            json!({"path": "/a"}),
            "undefined is not an object (evaluating 'x')"
        ));
        assert!(!failed("Read", wrong(), "File not found: file:///a"));
        assert!(!failed(
            "mcp__a__b",
            wrong(),
            "undefined is not an object (evaluating 'x')"
        ));
        assert!(!failed("Bash", wrong(), "tool \"Read\" not found"));
    }

    #[test]
    fn rules_services_and_tools_that_are_not_there_need_no_decision() {
        assert!(in_order(FEBRUARY, "Read", &[], false));
        assert!(in_order(SEPTEMBER, "Task", &[], false));
        assert!(in_order(FEBRUARY, "no_such_tool", &[], true));
        assert!(!in_order(FEBRUARY, "no_such_tool", &[], false));
    }
}
