//! Every answer that a real CLI gave, given again.

use amp_session::Dialect;
use amp_session::permission::{Evaluator, Opinion, RuleList, RuleScope, RuleSet, ToolCall};
use amp_session::protocol::PermissionContext;
use fixtures::permissions::PermissionCase;

/// Forms of tool patterns that are told as unclear, so that they are asked about.
const UNREAD_FORMS: [&str; 5] = ["\\", "(", ")", "..", "[[:"];

fn judge(case: &PermissionCase, version: &str) -> Opinion {
    let rules = case.rules.get();
    let file = amp_session::permission::RuleFile::read(
        RuleScope::User,
        "rules.json".as_ref(),
        rules.as_bytes(),
    );
    let list: RuleList = file.expect("it is JSON").list;
    let evaluator = Evaluator::new(
        RuleSet::of(vec![list]),
        &Dialect::for_version(&version.into()),
    );
    evaluator.test(&ToolCall {
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
            // The CLI's own rules are not carried here: where they decide, none of ours may.
            let own = answer.source.as_deref() == Some("built-in");
            let expected = answer.action.as_deref().filter(|_| !own);
            for version in answer.versions() {
                let opinion = judge(&case, version);
                let matched = opinion.matched.as_ref();
                let index = matched.map(|matched| matched.index);
                if opinion.decision == amp_session::permission::Decision::Unknown {
                    let rules = case.rules.get();
                    assert!(
                        UNREAD_FORMS.iter().any(|form| rules.contains(form)),
                        "{rules} can be read"
                    );
                    unclear += 1;
                } else if opinion.decision.action() != expected
                    || answer
                        .index
                        .is_some_and(|wanted| index != Some(wanted) && !own)
                    || (!own && answer.source.as_deref() != matched.map(|it| it.scope.source()))
                {
                    wrong.push(format!(
                        "{} ({version}): {:?} {index:?}, not {expected:?} {:?}: {} {} {:?}",
                        case.name,
                        opinion.decision,
                        answer.index,
                        case.rules,
                        case.tool,
                        case.arguments
                    ));
                } else {
                    compared += 1;
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
    assert!(unclear < 40, "{unclear} unclear");
}
