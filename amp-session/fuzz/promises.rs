//! What the reading of rules promises for any bytes, checked by the fuzzer and by the tests alike.

use std::path::Path;

use amp_session::Dialect;
use amp_session::permission::{
    Check, Decision, Evaluator, RuleFile, RuleScope, RuleSet, ToolCall, lint,
};
use serde_json::{Map, Value};

/// Reads bytes as a file of rules, lints them and judges calls by them, and panics on a broken
/// promise.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(file) = RuleFile::read(RuleScope::User, Path::new("rules.json"), bytes) else {
        return;
    };
    let list = file.list;
    let invalid: Vec<usize> = list
        .rules
        .iter()
        .filter(|written| written.rule.is_err())
        .map(|written| written.number)
        .collect();
    let is_no_list = list.problem.is_some();
    let lines = list.rules.iter().map(|written| written.line);
    assert!(lines.is_sorted(), "rules stand in their order");
    let set = RuleSet::of(vec![list]);

    for version in ["0.0.1767830505-ga62310", "0.0.1790142911-g7618fb"] {
        let dialect = Dialect::for_version(&version.into());
        let findings = lint(&set, &dialect);
        let numbers = |check: Check| {
            let found = findings
                .iter()
                .filter(move |finding| finding.check == check);
            found
                .filter_map(|finding| finding.number)
                .collect::<Vec<_>>()
        };
        assert_eq!(numbers(Check::DroppedRule), invalid);
        let unlisted = findings
            .iter()
            .any(|finding| finding.check == Check::NotAList);
        assert_eq!(unlisted, is_no_list);

        let evaluator = Evaluator::new(set.clone(), &dialect);
        let dead = numbers(Check::UnreachableRule);
        for tool in ["Bash", "shell_command", "Foo", "mcp__a__b", ""] {
            let mut arguments = Map::new();
            for name in ["cmd", "command"] {
                arguments.insert(name.to_owned(), Value::from("git push\nls"));
            }
            let call = ToolCall {
                tool,
                arguments: &arguments,
                context: None,
            };
            let (test, run) = (evaluator.test(&call), evaluator.run(&call));
            let refused = test.decision == Decision::ConfigError;
            assert_eq!(refused, is_no_list || !invalid.is_empty());
            assert_ne!(run.decision, Decision::ConfigError);
            assert_ne!(run.decision, Decision::NoMatch);
            if let Some(matched) = &run.matched {
                assert!(!invalid.contains(&matched.number), "it was dropped");
                assert!(!dead.contains(&matched.number), "it never decides");
            }
        }
    }
}
