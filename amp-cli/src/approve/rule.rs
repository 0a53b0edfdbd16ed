//! The rule that an answer keeps, as a person edits it.

use amp_session::Dialect;
use amp_session::permission::{Finding, RuleList, RuleScope, RuleSet, lint};
use amp_session::protocol::{Conditions, PermissionAction, PermissionRule};

/// Returns the rule that a person has typed: a whole one in JSON, or another pattern for the
/// argument that `rule` is about.
///
/// # Errors
/// Says why it is none that allows something.
pub(super) fn edited(rule: &PermissionRule, typed: &str) -> Result<PermissionRule, String> {
    let rule = match typed.starts_with('{') {
        true => serde_json::from_str(typed).map_err(|error| format!("that is no rule: {error}"))?,
        false => {
            let mut arguments = rule.matches.iter().flat_map(Conditions::iter);
            let argument = arguments.next().map(|(argument, _)| argument);
            let argument = argument.ok_or("this rule has no pattern; type a whole rule in JSON")?;
            PermissionRule::allow(&rule.tool).with_match(argument, typed)
        }
    };
    if rule.action != PermissionAction::ALLOW {
        return Err("only a rule that allows can be kept here".to_owned());
    }
    match rule.problems().first() {
        Some(problem) => Err(problem.to_string()),
        None => Ok(rule),
    }
}

/// Returns what is wrong with a rule.
pub(super) fn findings(rule: &PermissionRule, dialect: &Dialect) -> Vec<Finding> {
    let list = RuleList::from_rules(RuleScope::User, std::slice::from_ref(rule));
    lint(&RuleSet::of(vec![list]), dialect)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> PermissionRule {
        PermissionRule::allow("shell_command").with_match("command", "cargo test*")
    }

    #[test]
    fn a_pattern_replaces_the_one_that_was_proposed() {
        let expected = PermissionRule::allow("shell_command").with_match("command", "cargo *");
        assert_eq!(edited(&rule(), "cargo *"), Ok(expected));
    }

    #[test]
    fn a_whole_rule_has_to_allow() {
        let own = r#"{"tool":"Read","action":"allow"}"#;
        assert_eq!(edited(&rule(), own), Ok(PermissionRule::allow("Read")));
        for other in [
            r#"{"tool":"Read","action":"reject"}"#,
            r#"{"tool":"Read"}"#,
            "{",
        ] {
            assert!(edited(&rule(), other).is_err(), "{other}");
        }
        assert!(edited(&PermissionRule::allow("mcp__x"), "x").is_err());
    }

    #[test]
    fn what_a_rule_lets_in_is_said() {
        let dialect = Dialect::for_version(&"0.0.1790142911-g7618fb".into());
        assert!(!findings(&rule(), &dialect).is_empty());
    }
}
