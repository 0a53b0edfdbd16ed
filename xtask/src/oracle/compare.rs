//! A CLI's answer beside our evaluator's.

use amp_session::Dialect;
use amp_session::permission::{
    Decision, Evaluator, RuleFile, RuleList, RuleScope, RuleSet, ToolCall,
};
use amp_session::protocol::PermissionContext;
use fixtures::permissions::{PermissionCase, Verdict};

use super::ask;

/// How an answer of ours relates to the CLI's.
pub(super) enum Comparison {
    /// It is the same.
    Same,
    /// Ours is "unknown, treated as ask".
    Unknown,
    /// It is another one: this.
    Different(String),
}

/// What our evaluator needs to answer for a build.
pub(super) struct Judge {
    pub(super) built_in: RuleList,
    pub(super) dialect: Dialect,
}

impl Judge {
    /// Compares a CLI's answer with ours.
    pub(super) fn compare(&self, case: &PermissionCase, answer: &Verdict) -> Comparison {
        let rules = case.rules.get().as_bytes();
        let list = match RuleFile::read(RuleScope::User, "rules.json".as_ref(), rules) {
            Ok(file) => file.list,
            Err(reason) => return Comparison::Different(reason),
        };
        let set = RuleSet::of(vec![list]).with_built_in(self.built_in.clone());
        let evaluator = Evaluator::new(set, &self.dialect);
        let call = ToolCall {
            tool: &case.tool,
            arguments: &case.arguments,
            context: case.context.as_deref().map(PermissionContext::from),
        };
        let in_run = !ask::can_be_asked(case);
        let opinion = match in_run {
            true => evaluator.run(&call),
            false => evaluator.test(&call),
        };
        if opinion.decision == Decision::Unknown {
            return Comparison::Unknown;
        }
        let matched = opinion.matched.as_ref().map(|rule| {
            // The message of a rule counts those that a run drops.
            let index = if in_run { rule.number - 1 } else { rule.index };
            (index, rule.scope.source())
        });
        let mut ours = Verdict::new(opinion.decision.action(), matched);
        if in_run && answer.index.is_none() {
            // A run does not tell which rule of the CLI's own let a call through.
            ours.index = None;
        }
        match ours == *answer {
            true => Comparison::Same,
            false => Comparison::Different(format!("{ours} ({})", opinion.reason)),
        }
    }
}
