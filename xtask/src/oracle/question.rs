//! Rules and a call, put to a CLI and to our evaluator.

use std::fmt;

use amp_session::Dialect;
use amp_session::permission::{Decision, Evaluator, RuleFile, RuleScope, RuleSet, ToolCall};
use amp_session::protocol::PermissionContext;
use fixtures::permissions::PermissionCase;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Comparison;
use super::ask::Answer;

/// Rules and a call.
#[derive(Debug, Clone)]
pub struct Question {
    /// What the case is called.
    pub name: String,
    /// The value of `amp.permissions`.
    pub rules: Box<RawValue>,
    /// The tool of the call.
    pub tool: String,
    /// Its arguments, texts alone.
    pub arguments: Map<String, Value>,
    /// Where it is made.
    pub context: Option<String>,
}

impl Question {
    /// Takes a case on file, unless `amp permissions test` cannot be asked it: the command takes
    /// texts that are not empty, and runs the programs of `delegate` rules.
    #[must_use]
    pub fn on_file(case: &PermissionCase) -> Option<Self> {
        let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        let is_name = |name: &String| !name.is_empty() && !name.contains('=');
        let askable = case.arguments.values().all(is_text) && case.arguments.keys().all(is_name);
        let runs_programs = case.rules.get().contains("delegate");
        (askable && !runs_programs && !case.tool.is_empty()).then(|| Self {
            name: case.name.clone(),
            rules: case.rules.clone(),
            tool: case.tool.clone(),
            arguments: case.arguments.clone(),
            context: case.context.clone(),
        })
    }

    /// Compares a CLI's answer with our evaluator's for the same build.
    ///
    /// The CLI's own rules are not at hand: where one of them decided, none of ours may.
    #[must_use]
    pub fn compare(&self, answer: &Answer, version: &str) -> Comparison {
        let rules = self.rules.get().as_bytes();
        let list = match RuleFile::read(RuleScope::User, "rules.json".as_ref(), rules) {
            Ok(file) => file.list,
            Err(reason) => return Comparison::Different(reason),
        };
        let dialect = Dialect::for_version(&version.into());
        let opinion = Evaluator::new(RuleSet::of(vec![list]), &dialect).test(&ToolCall {
            tool: &self.tool,
            arguments: &self.arguments,
            context: self.context.as_deref().map(PermissionContext::from),
        });
        if opinion.decision == Decision::Unknown {
            return Comparison::Unknown;
        }
        let ours = Answer {
            action: opinion.decision.action().map(str::to_owned),
            index: opinion.matched.as_ref().map(|matched| matched.index),
            source: opinion
                .matched
                .as_ref()
                .map(|matched| matched.scope.source().to_owned()),
        };
        let theirs = match answer.source.as_deref() {
            Some("built-in") => &Answer::default(),
            _ => answer,
        };
        match ours == *theirs {
            true => Comparison::Same,
            false => Comparison::Different(format!("{ours} ({})", opinion.reason)),
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rules, arguments) = (self.rules.get(), Value::Object(self.arguments.clone()));
        write!(
            formatter,
            "{}: {rules} {:?} {arguments}",
            self.name, self.tool
        )?;
        match &self.context {
            Some(context) => write!(formatter, " in {context}"),
            None => Ok(()),
        }
    }
}
