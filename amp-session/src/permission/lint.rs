//! Rules that do not do what they say.
//!
//! Every finding names the rule, says what is wrong, and where one is known gives a rule that does
//! what was meant. What is reported is what the evaluator shows: a pattern is said to let something
//! through because it was compared with it.

mod argument;
mod finding;
mod pattern;
mod reach;
mod shape;
mod shell;
mod tool_name;

use amp_protocol::PermissionRule;

pub use finding::{Check, Finding, Severity};
pub(super) use shell::whole_text;

use super::evaluate::Evaluator;
use super::rule_set::RuleSet;
use super::rules::{RuleList, RuleScope, WrittenRule};
use crate::dialect::Dialect;

/// Returns everything that is wrong with rules for a build of the CLI, in the order of the rules.
///
/// The CLI's own rules are not reported on. For a build that nobody measured, what needs its
/// semantics (unreachable rules) is left out.
#[must_use]
pub fn lint(set: &RuleSet, dialect: &Dialect) -> Vec<Finding> {
    let mut findings = shape::of_set(set);
    let evaluator = Evaluator::new(set.clone(), dialect);
    let unreachable = reach::unreachable(&evaluator);
    for list in set.lists() {
        if list.scope == RuleScope::BuiltIn {
            continue;
        }
        findings.extend(shape::of_list(list));
        for written in &list.rules {
            let place = Place { list, written };
            match &written.rule {
                Err(problems) => findings.push(shape::dropped(place, problems)),
                Ok(rule) => {
                    let before = findings.len();
                    if let Some(reason) = unreachable.get(&(list.scope, written.number)) {
                        findings.push(place.error(Check::UnreachableRule, reason, None));
                    }
                    findings.extend(tool_name::check(place, rule, set));
                    findings.extend(argument::check(place, rule));
                    findings.extend(pattern::check(place, rule));
                    findings.extend(shape::context(place, rule));
                    findings.extend(shape::program(place, rule));
                    // A rule that cannot match as it is need not be told what gets round it.
                    let broken = findings[before..]
                        .iter()
                        .any(|finding| finding.severity == Severity::Error);
                    if !broken {
                        findings.extend(shell::check(place, rule));
                    }
                }
            }
        }
    }
    findings
}

/// Where a rule stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    list: &'a RuleList,
    written: &'a WrittenRule,
}

impl Place<'_> {
    fn error(
        self,
        check: Check,
        message: impl Into<String>,
        safer: Option<&PermissionRule>,
    ) -> Finding {
        self.finding(check, Severity::Error, message, safer)
    }

    fn warning(
        self,
        check: Check,
        message: impl Into<String>,
        safer: Option<&PermissionRule>,
    ) -> Finding {
        self.finding(check, Severity::Warning, message, safer)
    }

    fn finding(
        self,
        check: Check,
        severity: Severity,
        message: impl Into<String>,
        safer: Option<&PermissionRule>,
    ) -> Finding {
        Finding {
            check,
            severity,
            scope: self.list.scope,
            file: self.list.file.clone(),
            line: self.written.line,
            number: Some(self.written.number),
            message: message.into(),
            safer: safer.and_then(|rule| serde_json::to_string(rule).ok()),
        }
    }
}
