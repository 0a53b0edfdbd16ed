//! What the rules that answers have asked to be remembered make of a call.

use amp_protocol::{PermissionAction, PermissionRule};

use crate::dialect::{BUILDS, Dialect};
use crate::permission::{Decision, Evaluator, RuleList, RuleScope, RuleSet, ToolCall};

/// Tells whether a call may run by the rules of answers before it; `None` when somebody has to be
/// asked.
///
/// A rejection counts before every permission, whichever came first, and what may match one is
/// rejected. It is never given to Amp, so it is read as the newest measured build reads rules, on a
/// build that nobody measured as well; no such build allows anything by a rule.
pub(super) fn verdict(
    rules: &[PermissionRule],
    call: &ToolCall<'_>,
    dialect: &Dialect,
) -> Option<bool> {
    let decision = |rules: &[PermissionRule], dialect: &Dialect| {
        let rules = RuleSet::of(vec![RuleList::from_rules(RuleScope::User, rules)]);
        Evaluator::new(rules, dialect).test(call).decision
    };
    let (rejections, others): (Vec<_>, Vec<_>) = rules
        .iter()
        .cloned()
        .partition(|rule| rule.action == PermissionAction::REJECT);
    if !rejections.is_empty() {
        let newest = newest_measured();
        // One by one: a rule that cannot be read gives up those beside it.
        let rejects = |rule| decision(std::slice::from_ref(rule), &newest) != Decision::NoMatch;
        if rejections.iter().any(rejects) {
            return Some(false);
        }
    }
    (decision(&others, dialect) == Decision::Allow).then_some(true)
}

/// Returns the newest build whose reading of rules was measured.
fn newest_measured() -> Dialect {
    let newest_first = BUILDS.iter().rev();
    let mut dialects = newest_first.map(|build| Dialect::for_version(&build.version.into()));
    let measured = dialects.find(|dialect| dialect.rule_semantics().is_some());
    measured.expect("a build was measured")
}

#[cfg(test)]
mod tests;
