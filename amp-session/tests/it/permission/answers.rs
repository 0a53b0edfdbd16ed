//! Every answer that a real CLI gave, given again.

use amp_session::Dialect;
use amp_session::permission::{
    Decision, Evaluator, Opinion, RuleFile, RuleScope, RuleSet, ToolCall,
};
use amp_session::protocol::PermissionContext;
use fixtures::permissions::{PermissionCase, Verdict};

/// Forms of patterns that are told as unclear, so that they are asked about.
const UNREAD_FORMS: [&str; 7] = ["\\", "\"", "(", ")", "..", "[[:", "{99999999999,"];

fn judge(case: &PermissionCase, version: &str) -> Opinion {
    let rules = case.rules.get().as_bytes();
    let file = RuleFile::read(RuleScope::User, "rules.json".as_ref(), rules);
    let set = RuleSet::of(vec![file.expect("it is JSON").list]);
    Evaluator::new(set, &Dialect::for_version(&version.into())).test(&ToolCall {
        tool: &case.tool,
        arguments: &case.arguments,
        context: case.context.as_deref().map(PermissionContext::from),
    })
}

#[test]
fn every_answer_of_a_real_cli_is_given_again() {
    let (mut compared, mut unclear, mut wrong) = (0, 0, Vec::new());
    for case in fixtures::permission_cases() {
        for answer in &case.answers {
            for version in answer.versions() {
                let opinion = judge(&case, version);
                let matched = opinion.matched.as_ref();
                let matched = matched.map(|rule| (rule.index, rule.scope.source()));
                let ours = Verdict::new(opinion.decision.action(), matched);
                if opinion.decision == Decision::Unknown {
                    let rules = case.rules.get();
                    assert!(
                        UNREAD_FORMS.iter().any(|form| rules.contains(form)),
                        "{rules} can be read"
                    );
                    unclear += 1;
                } else if answer.verdict.is_given_again_by(&ours) {
                    compared += 1;
                } else {
                    let theirs = &answer.verdict;
                    wrong.push(format!("{case}\n  {version} says {theirs}, we say {ours}"));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(compared > 1000, "{compared} compared");
    assert!(unclear < 200, "{unclear} unclear");
}
