//! Rules that never decide, because rules before them do.

use std::collections::BTreeMap;

use amp_protocol::{Condition, Conditions, PermissionRule};

use crate::dialect::PatternEngine;
use crate::permission::condition::TextPattern;
use crate::permission::evaluate::Evaluator;
use crate::permission::expression::Found;
use crate::permission::rules::RuleScope;

/// Returns why rules never decide, by scope and number.
///
/// A rule is unreachable when for each of its copies one earlier rule matches every call that the
/// copy matches. That is told only where it is certain.
pub(super) fn unreachable(evaluator: &Evaluator) -> BTreeMap<(RuleScope, usize), String> {
    let steps = evaluator.walked();
    let mut reasons: BTreeMap<(RuleScope, usize), Option<String>> = BTreeMap::new();
    for (position, step) in steps.iter().enumerate() {
        let cover = steps[..position].iter().find(|earlier| {
            (earlier.scope, earlier.number) != (step.scope, step.number)
                && covers_tool(evaluator, earlier.rule, step.rule)
                && covers(earlier.rule, step.rule)
        });
        let reason =
            cover.map(|earlier| format!("it never decides: {} matches before it", earlier.name));
        reasons
            .entry((step.scope, step.number))
            // Every copy must be covered.
            .and_modify(|known| {
                if reason.is_none() {
                    *known = None;
                }
            })
            .or_insert(reason);
    }
    reasons
        .into_iter()
        .filter_map(|(place, reason)| Some((place, reason?)))
        .collect()
}

fn covers_tool(evaluator: &Evaluator, earlier: &PermissionRule, later: &PermissionRule) -> bool {
    earlier.tool == "*"
        || earlier.tool == later.tool
        || (!later.tool.contains(['*', '?', '[', '{'])
            && evaluator.tool_matches(&earlier.tool, &later.tool) == Found::Yes)
}

fn covers(earlier: &PermissionRule, later: &PermissionRule) -> bool {
    if earlier.context.is_some() && earlier.context != later.context {
        return false;
    }
    let none = Conditions::default();
    let demanded = later.matches.as_ref().unwrap_or(&none);
    earlier
        .matches
        .iter()
        .flat_map(Conditions::iter)
        .all(|(argument, condition)| {
            argument != "__proto__"
                && demanded
                    .iter()
                    .any(|(other, narrower)| other == argument && implies(narrower, condition))
        })
}

/// Tells whether every value that meets one condition meets the other as well.
fn implies(narrower: &Condition, wider: &Condition) -> bool {
    match (narrower, wider) {
        // An expression that nobody can tell decides nothing.
        (Condition::Text(narrower), Condition::Text(wider)) => implies_text(narrower, wider),
        (Condition::Any(alternatives), wider) => alternatives
            .iter()
            .all(|alternative| never(alternative) || implies(alternative, wider)),
        (narrower, Condition::Any(alternatives)) => alternatives
            .iter()
            .any(|alternative| !never(alternative) && implies(narrower, alternative)),
        (Condition::Number(one), Condition::Number(other)) => one.as_f64() == other.as_f64(),
        (Condition::Bool(one), Condition::Bool(other)) => one == other,
        (Condition::Null, Condition::Null) => true,
        _ => false,
    }
}

/// Alternatives that are lists or objects never match.
fn never(alternative: &Condition) -> bool {
    matches!(alternative, Condition::Any(_) | Condition::Fields(_))
}

fn implies_text(narrower: &str, wider: &str) -> bool {
    let pattern = |text| TextPattern::new(text, PatternEngine::Node);
    match (pattern(narrower), pattern(wider)) {
        (_, TextPattern::Any) => true,
        (TextPattern::Exact(text), wider) => wider.matches(&text) == Found::Yes,
        (TextPattern::Lines(_), TextPattern::Lines(_)) => narrower == wider,
        _ => false,
    }
}
