//! Rules and files that do not count as a whole.

use amp_protocol::{PermissionAction, PermissionRule, RuleProblem};
use serde_json::Value;

use super::finding::{Check, Finding, Severity};
use super::{Place, RuleList, RuleSet};
use crate::permission::rules::RuleScope;

/// Words that people write for an action, and the action.
const ACTIONS: [(&str, &[&str]); 3] = [
    (
        "reject",
        &["deny", "block", "forbid", "refuse", "disallow", "never"],
    ),
    ("allow", &["permit", "accept", "approve", "always", "yes"]),
    ("ask", &["prompt", "confirm"]),
];

/// Reports what makes the whole set doubtful or idle.
pub(super) fn of_set(set: &RuleSet) -> Vec<Finding> {
    let about = |check, message: String| Finding {
        check,
        severity: Severity::Error,
        scope: set
            .lists()
            .first()
            .map_or(RuleScope::User, |list| list.scope),
        file: None,
        line: None,
        number: None,
        message,
        safer: None,
    };
    let mut findings = Vec::new();
    if let Some(doubt) = &set.doubt {
        findings.push(about(Check::UnreadableFile, doubt.clone()));
    }
    let of_files = set
        .lists()
        .iter()
        .filter(|list| list.scope != RuleScope::BuiltIn);
    let stops = of_files
        .flat_map(RuleList::taken)
        .any(|(_, rule)| rule.action != PermissionAction::ALLOW);
    if let Some(allow_all) = set.allow_all.as_ref().filter(|_| stops) {
        let message =
            format!("{allow_all} overrides every rule, so that none of them stops a call");
        findings.push(about(Check::AllowAll, message));
    }
    findings
}

pub(super) fn of_list(list: &RuleList) -> Option<Finding> {
    let problem = list.problem.as_ref()?;
    Some(Finding {
        check: Check::NotAList,
        severity: Severity::Error,
        scope: list.scope,
        file: list.file.clone(),
        line: None,
        number: None,
        message: format!("{problem}; a run goes on without any of them"),
        safer: Some(r#"[{"tool":"NAME","action":"reject"}]"#.to_owned()),
    })
}

/// Reports a rule that Amp does not take.
pub(super) fn dropped(place: Place<'_>, problems: &[RuleProblem]) -> Finding {
    let reasons: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let message = format!("a run drops this rule: {}", reasons.join("; "));
    Finding {
        safer: corrected(place),
        ..place.error(Check::DroppedRule, message, None)
    }
}

/// Returns the rule with what is wrong put right, where it is plain what was meant.
fn corrected(place: Place<'_>) -> Option<String> {
    let mut rule: Value = place.written.json.parse().ok()?;
    let fields = rule.as_object_mut()?;
    let action = fields
        .get("action")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let action = meant(action)?;
    fields.insert("action".to_owned(), action.into());
    match fields.get("to").and_then(Value::as_str) {
        None | Some("") if action == "delegate" => {
            fields.insert("to".to_owned(), "/path/to/program".into());
        }
        _ if action != "delegate" => drop(fields.remove("to")),
        _ => {}
    }
    if action != "reject" {
        fields.remove("message");
    }
    fields.retain(|_, value| !value.is_null());
    let rule: PermissionRule = serde_json::from_value(rule).ok()?;
    if !rule.problems().is_empty() {
        return None;
    }
    serde_json::to_string(&rule).ok()
}

fn meant(action: &str) -> Option<&'static str> {
    let action = action.to_lowercase();
    let known = ["allow", "ask", "reject", "delegate"];
    let synonym = ACTIONS
        .iter()
        .find(|(_, words)| words.contains(&action.as_str()))
        .map(|(meant, _)| *meant);
    synonym.or_else(|| {
        known
            .into_iter()
            .find(|known| super::tool_name::distance(known, &action) <= 2)
    })
}

pub(super) fn context(place: Place<'_>, rule: &PermissionRule) -> Option<Finding> {
    let context = rule.context.as_ref()?;
    let message = format!(
        "`amp permissions test` leaves this rule out unless it is told `--context {context}`, so its \
         answer is not that of a run"
    );
    Some(place.warning(Check::ContextUntested, message, None))
}

pub(super) fn program(place: Place<'_>, rule: &PermissionRule) -> Option<Finding> {
    let program = rule.to.as_ref()?;
    let mut safer = rule.clone();
    safer.to = Some("/path/to/program".to_owned());
    if program.starts_with(['/', '~']) || (cfg!(windows) && program.contains(':')) {
        let (first, rest) = program.split_once(' ')?;
        if !rest.starts_with('-') {
            return None;
        }
        safer.to = Some(first.to_owned());
        let message = "Amp gives the program no arguments: it takes all of this for its path, and \
                       rejects every call";
        return Some(place.error(Check::DelegateProgram, message, Some(&safer)));
    }
    if !program.contains('/') {
        return None;
    }
    let message = format!(
        "{program} is looked for from the workspace on, so that a repository could bring its own"
    );
    Some(place.error(Check::DelegateProgram, message, Some(&safer)))
}
