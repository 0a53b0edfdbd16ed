//! The linter finds what is planted, and is silent on rules that do what they say.

use std::path::Path;

use amp_session::Dialect;
use amp_session::permission::{
    Check, Evaluator, Finding, RuleFile, RuleList, RuleScope, RuleSet, ToolCall, lint,
};
use amp_session::protocol::PermissionRule;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn september() -> Dialect {
    Dialect::for_version(&"0.0.1790142911-g7618fb".into())
}

fn findings(rules: &str) -> Vec<Finding> {
    let file = RuleFile::read(RuleScope::User, Path::new("rules.json"), rules.as_bytes());
    lint(&RuleSet::of(vec![file.expect("JSON").list]), &september())
}

fn checks(rules: &Value) -> Vec<Check> {
    let found = findings(&rules.to_string());
    found.into_iter().map(|finding| finding.check).collect()
}

#[test]
fn every_planted_fault_is_found() {
    let planted = [
        (
            json!({"tool": "Bash", "action": "deny"}),
            Check::DroppedRule,
        ),
        (
            json!({"tool": "Bash", "action": "delegate"}),
            Check::DroppedRule,
        ),
        (json!({"action": "reject"}), Check::DroppedRule),
        (
            json!({"tool": "Read", "action": "reject", "matches": {"path": []}}),
            Check::DroppedRule,
        ),
        (
            json!({"tool": "Bahs", "action": "reject"}),
            Check::UnknownTool,
        ),
        (
            json!({"tool": "/^Ba/", "action": "reject"}),
            Check::NeverMatches,
        ),
        (
            json!({"tool": "Bash", "action": "reject", "matches": {"command": "*rm*"}}),
            Check::WrongArgument,
        ),
        (
            json!({"tool": "shell_command", "action": "reject", "matches": {"cmd": "*rm*"}}),
            Check::WrongArgument,
        ),
        (
            json!({"tool": "*", "action": "reject", "matches": {"cmd": "*rm*"}}),
            Check::WrongArgument,
        ),
        (
            json!({"tool": "Read", "action": "reject", "matches": {"file_path": "/etc/*"}}),
            Check::WrongArgument,
        ),
        (
            json!({"tool": "Read", "action": "reject", "matches": {"path": "/tmp/"}}),
            Check::SlashesArePattern,
        ),
        (
            json!({"tool": "Read", "action": "reject", "matches": {"path": "/(/"}}),
            Check::NeverMatches,
        ),
        (
            json!({"tool": "Bash", "action": "reject", "matches": {"cmd": "/rm/i"}}),
            Check::NeverMatches,
        ),
        (
            json!({"tool": "Read", "action": "reject", "matches": {"path": "*.{key,pem}"}}),
            Check::OnlyStarIsSpecial,
        ),
        (
            json!({"tool": "Read", "action": "reject", "matches": {"path": [["x"]]}}),
            Check::NeverMatches,
        ),
        (
            json!({"tool": "Bash", "action": "reject", "matches": {"cmd": "git push*"}}),
            Check::WaysRound,
        ),
        (
            json!({"tool": "Bash", "action": "reject", "matches": {"cmd": "rm -rf /"}}),
            Check::WaysRound,
        ),
        (
            json!({"tool": "Bash", "action": "allow", "matches": {"cmd": "git *"}}),
            Check::AllowsMore,
        ),
        (
            json!({"tool": "Read", "action": "reject", "context": "subagent"}),
            Check::ContextUntested,
        ),
        (
            json!({"tool": "Read", "action": "delegate", "to": "./helper"}),
            Check::DelegateProgram,
        ),
        (
            json!({"tool": "Read", "action": "delegate", "to": "/bin/sh -c x"}),
            Check::DelegateProgram,
        ),
    ];
    for (rule, check) in planted {
        let found = checks(&json!([rule]));
        assert!(found.contains(&check), "{rule}: {found:?}");
    }
    assert_eq!(checks(&json!({"Foo": "reject"})), [Check::NotAList]);
    let shadowed = json!([{"tool": "Read", "action": "allow"},
        {"tool": "Read", "action": "reject", "matches": {"path": "/etc/*"}}]);
    assert_eq!(checks(&shadowed), [Check::UnreachableRule]);
    let mut set = RuleSet::of(vec![RuleList::from_rules(
        RuleScope::User,
        &[PermissionRule::reject("Read")],
    )]);
    set.allow_all = Some("a flag".to_owned());
    assert_eq!(lint(&set, &september())[0].check, Check::AllowAll);
}

#[test]
fn a_finding_says_where_why_and_what_would_do() {
    let found = findings("[\n // the first\n {\"tool\": \"Bash\", \"action\": \"deny\"}\n]");
    assert_eq!((found[0].line, found[0].number), (Some(3), Some(1)));
    assert!(found[0].message.contains("deny"), "{}", found[0].message);
    assert_eq!(
        found[0].safer.as_deref(),
        Some(r#"{"tool":"Bash","action":"reject"}"#)
    );
}

#[test]
fn rules_that_do_what_they_say_are_passed_in_silence() {
    let rules = json!([
        {"tool": "Bash", "action": "reject", "matches": {"cmd": "*git*push*"}},
        {"tool": "Bash", "action": "allow", "matches": {"cmd": "git status"}},
        {"tool": "Read", "action": "reject", "matches": {"path": ["/etc/*", "*.pem"]}},
        {"tool": "mcp__*", "action": "ask"},
        {"tool": "mcp__github__create_*", "action": "delegate", "to": "/usr/local/bin/helper"},
        {"tool": "{create_file,edit_file}", "action": "reject", "message": "not here"},
        {"tool": "web_search", "action": "allow"},
        {"tool": "*", "action": "ask"},
    ]);
    let rules = match rules {
        // The catch-all for MCP would make the delegate unreachable.
        Value::Array(mut rules) => {
            rules.swap(3, 4);
            Value::Array(rules)
        }
        other => other,
    };
    let found = findings(&rules.to_string());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn what_is_given_as_safer_is_passed_in_silence() {
    for rule in [
        json!({"tool": "Bash", "action": "reject", "matches": {"cmd": "git push*"}}),
        json!({"tool": "Bash", "action": "allow", "matches": {"cmd": "git *"}}),
        json!({"tool": "shell_command", "action": "reject", "matches": {"cmd": "*rm*"}}),
        json!({"tool": "Bahs", "action": "reject"}),
    ] {
        for finding in findings(&json!([rule]).to_string()) {
            let safer = finding.safer.expect("a safer rule");
            assert!(findings(&format!("[{safer}]")).is_empty(), "{safer}");
        }
    }
}

fn rule() -> impl Strategy<Value = Value> {
    let tool = prop::sample::select(vec![
        "*",
        "Bash",
        "bash",
        "shell_command",
        "Read",
        "{Read,Bash}",
        "B*",
    ]);
    let text = prop::sample::select(vec!["*", "a", "a*", "/a/", "ab", "a*b"]);
    let condition = prop_oneof![
        text.clone().prop_map(|text| json!(text)),
        prop::collection::vec(text, 1..3).prop_map(|texts| json!(texts)),
        Just(json!(5)),
        Just(json!({"x": "a"})),
        Just(json!([{"x": "a"}, "a"])),
    ];
    let argument = prop::sample::select(vec!["cmd", "command", "path", "path.x"]);
    let matches = prop::option::of(prop::collection::btree_map(argument, condition, 0..3));
    let context = prop::option::of(prop::sample::select(vec!["thread", "subagent"]));
    (tool, matches, context).prop_map(|(tool, matches, context)| {
        let mut rule = json!({"tool": tool, "action": "reject"});
        if let Some(matches) = matches {
            rule["matches"] = json!(matches);
        }
        if let Some(context) = context {
            rule["context"] = json!(context);
        }
        rule
    })
}

fn call() -> impl Strategy<Value = (&'static str, Map<String, Value>, Option<&'static str>)> {
    let value = prop::sample::select(vec![
        json!("a"),
        json!("ab"),
        json!("xab"),
        json!(5),
        json!({"x": "a"}),
        json!("a\nb"),
    ]);
    let argument = prop::sample::select(vec!["cmd", "command", "path"]);
    let arguments = prop::collection::btree_map(argument, value, 0..3);
    let tool = prop::sample::select(vec!["Bash", "bash", "shell_command", "Read", "Foo"]);
    let context = prop::option::of(prop::sample::select(vec!["thread", "subagent"]));
    (tool, arguments, context).prop_map(|(tool, arguments, context)| {
        let arguments = arguments
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        (tool, arguments.collect(), context)
    })
}

proptest! {
    #[test]
    fn a_rule_that_is_called_unreachable_never_decides(
        rules in prop::collection::vec(rule(), 1..6),
        calls in prop::collection::vec(call(), 20),
    ) {
        let list = RuleList::from_value(RuleScope::User, None, &json!(rules));
        let set = RuleSet::of(vec![list]);
        let unreachable: Vec<Option<usize>> = lint(&set, &september())
            .into_iter()
            .filter(|finding| finding.check == Check::UnreachableRule)
            .map(|finding| finding.number)
            .collect();
        let evaluator = Evaluator::new(set, &september());
        for (tool, arguments, context) in &calls {
            let call = ToolCall { tool, arguments, context: context.map(Into::into) };
            let decided = evaluator.test(&call).matched.map(|matched| matched.number);
            prop_assert!(decided.is_none() || !unreachable.contains(&decided), "{decided:?}");
        }
    }
}
