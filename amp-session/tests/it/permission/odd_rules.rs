//! Rules that JavaScript reads otherwise than they look; each answer is one of real CLIs.

use amp_session::Dialect;
use amp_session::permission::{
    Decision, Evaluator, Opinion, RuleList, RuleScope, RuleSet, ToolCall,
};
use serde_json::{Value, json};

fn judged(rules: &Value, arguments: &Value) -> Opinion {
    let own = json!([{"tool": "*", "action": "ask"}]);
    let list = RuleList::from_value(RuleScope::User, None, rules);
    let own = RuleList::from_value(RuleScope::BuiltIn, None, &own);
    let set = RuleSet::of(vec![list]).with_built_in(own);
    let september = Dialect::for_version(&"0.0.1790142911-g7618fb".into());
    let call = ToolCall {
        tool: "Foo",
        arguments: arguments.as_object().expect("arguments"),
        context: None,
    };
    let evaluator = Evaluator::new(set, &september);
    let opinion = evaluator.test(&call);
    if opinion.decision != Decision::ConfigError {
        let traced = evaluator.trace(&call);
        let decides = traced.iter().filter(|rule| rule.matches).count();
        assert_eq!(decides, usize::from(opinion.matched.is_some()));
    }
    opinion
}

/// Returns what decides about a call of `Foo` by these rules: the action and whose rule it is.
fn decided(rules: &Value, arguments: &Value) -> (Option<&'static str>, Option<&'static str>) {
    let opinion = judged(rules, arguments);
    let source = opinion.matched.map(|rule| rule.scope.source());
    (opinion.decision.action(), source)
}

#[test]
fn at_an_invalid_pattern_the_rules_of_files_end_and_amps_own_decide() {
    let rules = json!([
        {"tool": "Foo", "action": "allow", "matches": {"path": "/(/"}},
        {"tool": "Foo", "action": "reject"},
    ]);
    let compared = decided(&rules, &json!({"path": "x"}));
    assert_eq!(compared, (Some("ask"), Some("built-in")));
    // What is not compared cannot fail.
    let not_compared = decided(&rules, &json!({}));
    assert_eq!(not_compared, (Some("reject"), Some("user")));
}

#[test]
fn a_tool_that_is_no_valid_glob_matches_nothing_and_later_rules_decide() {
    for tool in ["F{", "[", "F*{"] {
        let rules = json!([{"tool": tool, "action": "allow"}, {"tool": "Foo", "action": "reject"}]);
        let found = decided(&rules, &json!({}));
        assert_eq!(found, (Some("reject"), Some("user")), "{tool}");
    }
}

#[test]
fn a_question_mark_by_itself_is_the_tool_of_that_name() {
    let decision = |tool: &str, named: &str| {
        let rules = json!([{"tool": tool, "action": "reject"}]);
        let list = RuleList::from_value(RuleScope::User, None, &rules);
        let call = ToolCall {
            tool: named,
            arguments: &serde_json::Map::new(),
            context: None,
        };
        let may = Dialect::for_version(&"0.0.1777897475-g2324e1".into());
        Evaluator::new(RuleSet::of(vec![list]), &may)
            .test(&call)
            .decision
    };
    for named in ["a", "*", "."] {
        assert_eq!(decision("?", named), Decision::NoMatch, "{named}");
    }
    assert_eq!(decision("?", "?"), Decision::Reject);
    assert_eq!(decision("??", "*a"), Decision::Reject);
}

#[test]
fn what_a_rule_demands_of_proto_is_lost() {
    for demanded in [json!("x"), json!(5), json!({"a": "y"}), Value::Null] {
        let rules =
            json!([{"tool": "Foo", "action": "reject", "matches": {"__proto__": demanded}}]);
        let found = decided(&rules, &json!({"a": "z"}));
        assert_eq!(found, (Some("reject"), Some("user")), "{demanded}");
    }
    let rules = json!([{"tool": "Foo", "action": "reject", "matches": {"__proto__": ["x"]}}]);
    assert_eq!(decided(&rules, &json!({})).0, Some("config-error"));
    let rules = json!([{"tool": "Foo", "action": "reject", "matches": {"__proto__.a": "y"}}]);
    let found = decided(&rules, &json!({"a": "y"}));
    assert_eq!(found, (Some("ask"), Some("built-in")));
}
