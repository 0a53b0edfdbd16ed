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
mod tests {
    use serde_json::json;

    use super::*;

    const SEPTEMBER: &str = "0.0.1790142911-g7618fb";

    fn on(version: &str, rules: &[PermissionRule], command: &str) -> Option<bool> {
        let arguments = json!({"command": command});
        let call = ToolCall {
            tool: "shell_command",
            arguments: arguments.as_object().unwrap(),
            context: None,
        };
        verdict(rules, &call, &Dialect::for_version(&version.into()))
    }

    fn reject(pattern: &str) -> PermissionRule {
        PermissionRule::reject("shell_command").with_match("command", pattern)
    }

    #[test]
    fn a_rejection_counts_before_a_permission_whichever_came_first() {
        let allow = PermissionRule::allow("shell_command");
        for rules in [
            [allow.clone(), reject("git push*")],
            [reject("git push*"), allow.clone()],
        ] {
            assert_eq!(on(SEPTEMBER, &rules, "git push"), Some(false));
            assert_eq!(on(SEPTEMBER, &rules, "git status"), Some(true));
        }
        assert_eq!(on(SEPTEMBER, &[reject("git push*")], "git status"), None);
        assert_eq!(on(SEPTEMBER, &[], "git status"), None);
    }

    #[test]
    fn on_a_build_that_nobody_measured_a_rejection_holds_and_a_permission_does_not() {
        let unmeasured = "0.0.1799999999-gabcdef";
        let rules = [PermissionRule::allow("shell_command"), reject("git push*")];
        assert_eq!(on(unmeasured, &rules, "git push"), Some(false));
        assert_eq!(on(unmeasured, &rules, "git status"), None);
    }

    #[test]
    fn a_call_that_may_match_a_rejection_is_rejected() {
        let unmeasured_form = PermissionRule::reject("shell_[[:alpha:]]ommand");
        assert_eq!(on(SEPTEMBER, &[unmeasured_form], "ls"), Some(false));
        let beside_one_that_cannot_be_read = [reject("/(/"), reject("ls*")];
        let told = on(SEPTEMBER, &beside_one_that_cannot_be_read, "ls");
        assert_eq!(told, Some(false));
    }
}
