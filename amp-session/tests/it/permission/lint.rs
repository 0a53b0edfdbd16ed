//! The linter finds what is planted, and is silent on rules that do what they say.

use std::collections::BTreeSet;
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
    let mut seen = BTreeSet::from([Check::NotAList, Check::UnreachableRule]);
    for (rule, check) in planted {
        let found = checks(&json!([rule]));
        assert!(found.contains(&check), "{rule}: {found:?}");
        seen.insert(check);
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
    set.doubt = Some("a file that is no JSON".to_owned());
    seen.extend(lint(&set, &september()).iter().map(|finding| finding.check));
    assert_eq!(
        seen,
        BTreeSet::from(Check::ALL),
        "every check has a planted fault"
    );
}

/// Returns what is told of the way in which a rule for a command can be bypassed.
fn way(action: &str, command: &str) -> String {
    let rule = json!([{"tool": "Bash", "action": action, "matches": {"cmd": command}}]);
    let found = findings(&rule.to_string());
    let of_commands = [Check::WaysRound, Check::AllowsMore];
    let mut told = found.iter();
    let told = told.find(|finding| of_commands.contains(&finding.check));
    told.unwrap_or_else(|| panic!("{command}: {found:#?}"))
        .message
        .clone()
}

#[test]
fn every_way_round_a_rule_for_a_command_is_told() {
    for variant in [
        "true && git push x",
        "nohup git push x",
        "A=1 git push x",
        "sh -c 'git push x'",
        "git  push x",
        "git -C . push x",
    ] {
        assert!(way("reject", "git push *").contains(variant), "{variant}");
    }
    for command in ["git push", "/^git push$/", "/git push/"] {
        let told = way("ask", command);
        assert!(told.contains("git -C . push"), "{command}: {told}");
    }
    // A star stays within a line, and yet a line of its own is enough.
    assert!(way("reject", "git push").contains("true⏎git push"));
    assert!(!way("reject", "git push*").contains("true⏎git push"));
    for variant in [
        "git x && rm -rf ~",
        "git x; rm -rf ~",
        "git x | sh",
        "git x $(rm -rf ~)",
        "git x⏎rm -rf ~",
        "rm -rf ~⏎git x",
    ] {
        assert!(way("allow", "git *").contains(variant), "{variant}");
    }
}

/// Tells what a rule makes of a command, and what the linter says of the rule.
fn judged(rule: &str, command: &str) -> (Option<&'static str>, Vec<Finding>) {
    let rules = format!("[{rule}]");
    let file = RuleFile::read(RuleScope::User, "rules.json".as_ref(), rules.as_bytes());
    let set = RuleSet::of(vec![file.expect("it is JSON").list]);
    let arguments = json!({"cmd": command});
    let call = ToolCall {
        tool: "Bash",
        arguments: arguments.as_object().expect("arguments"),
        context: None,
    };
    let opinion = Evaluator::new(set, &september()).test(&call);
    (opinion.decision.action(), findings(&rules))
}

#[test]
fn a_way_round_is_closed_by_the_safer_rule_of_which_nothing_is_told() {
    for (action, pattern, variant) in [
        ("reject", "git push", "true\ngit push"),
        ("reject", "git push *", "true && git push x"),
        ("reject", "*git push*", "git -C . push"),
        ("reject", "git push*", "nohup git push"),
        ("reject", "git push*", "A=1 git push"),
        ("reject", "git push*", "sh -c 'git push'"),
        ("reject", "*git push*", "git  push"),
        ("allow", "git status*", "git status\nrm -rf ~"),
        ("allow", "git status*", "git status && rm -rf ~"),
    ] {
        let rule = json!({"tool": "Bash", "action": action, "matches": {"cmd": pattern}});
        let rule = rule.to_string();
        let (decision, found) = judged(&rule, variant);
        let is_got_round = (decision == Some(action)) == (action == "allow");
        assert!(is_got_round, "{rule} {variant:?}: {decision:?}");
        let shown = variant.replace('\n', "⏎");
        let told = found
            .iter()
            .find(|finding| finding.message.contains(&shown));
        let told = told.unwrap_or_else(|| panic!("{rule}, {shown}: {found:#?}"));
        let safer = told.safer.as_deref().expect("a safer rule");
        let (decision, found) = judged(safer, variant);
        assert!(found.is_empty(), "{safer}: {found:#?}");
        let is_got_round = (decision == Some(action)) == (action == "allow");
        assert!(!is_got_round, "{safer} {variant:?}: {decision:?}");
    }
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
        "**",
        "Bash",
        "bash",
        "shell_command",
        "Read",
        "{Read,Bash}",
        "B*",
        "?ash",
        "!Bash",
        "mcp__*",
        "mcp__a__*",
        "mcp__a__b",
        "[",
    ]);
    let text = prop::sample::select(vec![
        "*",
        "a",
        "a*",
        "*b",
        "/a/",
        "/^a$/",
        "ab",
        "a*b",
        "a\nb",
        "",
        "**",
        "/(/",
        "/(?<!a)b/",
        "A",
    ]);
    let condition = prop_oneof![
        4 => text.clone().prop_map(|text| json!(text)),
        2 => prop::collection::vec(text, 1..3).prop_map(|texts| json!(texts)),
        1 => Just(json!(5)),
        1 => Just(json!(5.0)),
        1 => Just(json!(null)),
        1 => Just(json!(true)),
        1 => Just(json!({})),
        1 => Just(json!({"x": "a"})),
        1 => Just(json!([{"x": "a"}, "a"])),
        1 => Just(json!([["a"], 5, null])),
    ];
    let argument = prop::sample::select(vec!["cmd", "command", "path", "path.x", "__proto__"]);
    let matches = prop::option::of(prop::collection::btree_map(argument, condition, 0..3));
    let context = prop::option::weighted(0.3, prop::sample::select(vec!["thread", "subagent"]));
    let action = prop::sample::select(vec!["reject", "allow", "ask"]);
    (tool, matches, context, action).prop_map(|(tool, matches, context, action)| {
        let mut rule = json!({"tool": tool, "action": action});
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
        json!("A"),
        json!("ab"),
        json!("b"),
        json!("xab"),
        json!(""),
        json!(5),
        json!(null),
        json!(true),
        json!({}),
        json!(["a"]),
        json!({"x": "a"}),
        json!("a\nb"),
    ]);
    let argument = prop::sample::select(vec!["cmd", "command", "path", "path.x", "__proto__"]);
    let arguments = prop::collection::btree_map(argument, value, 0..3);
    let tool = prop::sample::select(vec![
        "Bash",
        "bash",
        "shell_command",
        "async_shell_command",
        "Read",
        "Foo",
        "mcp__a__b",
        "mcp__a/b",
        "",
    ]);
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
        of_workspace in prop::collection::vec(rule(), 0..4),
        of_user in prop::collection::vec(rule(), 1..6),
        calls in prop::collection::vec(call(), 20),
        version in prop::sample::select(fixtures::permissions::ASKED_VERSIONS.to_vec()),
    ) {
        let build = Dialect::for_version(&version.into());
        let set = RuleSet::of(vec![
            RuleList::from_value(RuleScope::Workspace, None, &json!(of_workspace)),
            RuleList::from_value(RuleScope::User, None, &json!(of_user)),
        ]);
        let unreachable: Vec<(RuleScope, Option<usize>)> = lint(&set, &build)
            .into_iter()
            .filter(|finding| finding.check == Check::UnreachableRule)
            .map(|finding| (finding.scope, finding.number))
            .collect();
        let evaluator = Evaluator::new(set, &build);
        for (tool, arguments, context) in &calls {
            let call = ToolCall { tool, arguments, context: context.map(Into::into) };
            // A run drops what makes the CLI's `test` refuse the whole.
            if let Some(matched) = evaluator.run(&call).matched {
                let decided = (matched.scope, Some(matched.number));
                prop_assert!(!unreachable.contains(&decided), "{decided:?} of {tool}");
            }
        }
    }
}
