//! Why the CLI would not take a rule.
//!
//! `amp permissions test` refuses the whole list over one bad rule. A run drops only the bad
//! rule and keeps the others, so a mistyped `reject` lets everything through.

use super::{Condition, Conditions, PermissionAction, PermissionRule};
use crate::malformed::reason;
use crate::raw_json::RawJson;

/// Why the CLI would not take a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleProblem {
    /// The rule is no object, or a field is missing or has the wrong type.
    #[error("{0}")]
    WrongShape(String),
    /// `tool` is empty.
    #[error("the tool is empty")]
    EmptyTool,
    /// `action` is not one of the four.
    #[error("the action {0:?} is none of allow, reject, ask and delegate")]
    UnknownAction(String),
    /// `context` is neither `thread` nor `subagent`.
    #[error("the context {0:?} is neither thread nor subagent")]
    UnknownContext(String),
    /// A `delegate` rule has no `to`.
    #[error("a delegate rule needs a program in `to`")]
    DelegateWithoutProgram,
    /// Another rule has a `to`.
    #[error("`to` belongs to delegate rules only")]
    ProgramWithoutDelegate,
    /// A rule that is no `reject` has a `message`.
    #[error("`message` belongs to reject rules only")]
    MessageWithoutReject,
    /// An optional field is `null` instead of absent.
    #[error("an optional field is null instead of absent")]
    NullField,
    /// A list of alternatives is empty.
    #[error("the list of alternatives for `{0}` is empty")]
    NoAlternatives(String),
}

impl PermissionRule {
    /// Reads a rule the way the CLI does, which takes it or leaves it.
    ///
    /// # Errors
    /// Returns all that is wrong with the rule.
    pub fn read(rule: &RawJson) -> Result<Self, Vec<RuleProblem>> {
        let rule: Self = rule
            .parse()
            .map_err(|error| vec![RuleProblem::WrongShape(reason(&error))])?;
        let problems = rule.problems();
        if problems.is_empty() {
            Ok(rule)
        } else {
            Err(problems)
        }
    }

    /// Returns all that the CLI would hold against the rule; nothing when it is fine.
    #[must_use]
    pub fn problems(&self) -> Vec<RuleProblem> {
        let mut problems = Vec::new();
        if self.tool.is_empty() {
            problems.push(RuleProblem::EmptyTool);
        }
        if !self.action.is_known() {
            problems.push(RuleProblem::UnknownAction(self.action.to_string()));
        }
        if let Some(context) = self.context.as_ref().filter(|context| !context.is_known()) {
            problems.push(RuleProblem::UnknownContext(context.to_string()));
        }
        let delegates = self.action == PermissionAction::DELEGATE;
        if delegates && self.to.as_ref().is_none_or(String::is_empty) {
            problems.push(RuleProblem::DelegateWithoutProgram);
        }
        if !delegates && self.to.is_some() {
            problems.push(RuleProblem::ProgramWithoutDelegate);
        }
        let says_something = self
            .message
            .as_ref()
            .is_some_and(|message| !message.is_empty());
        if self.action != PermissionAction::REJECT && says_something {
            problems.push(RuleProblem::MessageWithoutReject);
        }
        if self.extra.nulls != 0 {
            problems.push(RuleProblem::NullField);
        }
        if let Some(conditions) = &self.matches {
            find_empty_alternatives(conditions, &mut problems);
            if is_list(conditions) {
                let reason = "`matches` is a list to JavaScript, whose prototype it names";
                problems.push(RuleProblem::WrongShape(reason.to_owned()));
            }
        }
        problems
    }
}

/// Tells whether JavaScript takes an object for a list: by its `__proto__`, unless it says itself
/// what its `constructor` is.
fn is_list(conditions: &Conditions) -> bool {
    let has = |name: &str, is: fn(&Condition) -> bool| {
        let mut all = conditions.iter();
        all.any(|(argument, condition)| argument == name && is(condition))
    };
    has("__proto__", |condition| {
        matches!(condition, Condition::Any(_))
    }) && !has("constructor", |_| true)
}

fn find_empty_alternatives(conditions: &Conditions, problems: &mut Vec<RuleProblem>) {
    for (argument, condition) in conditions.iter() {
        find_empty_alternatives_in(argument, condition, problems);
    }
}

fn find_empty_alternatives_in(
    argument: &str,
    condition: &Condition,
    problems: &mut Vec<RuleProblem>,
) {
    match condition {
        Condition::Any(alternatives) if alternatives.is_empty() => {
            problems.push(RuleProblem::NoAlternatives(argument.to_owned()));
        }
        Condition::Any(alternatives) => {
            for alternative in alternatives {
                find_empty_alternatives_in(argument, alternative, problems);
            }
        }
        Condition::Fields(fields) => find_empty_alternatives(fields, problems),
        _ => {}
    }
}
