//! Permission rules, judged: what they make of a call, and where they do not do what they say.
//!
//! [`Evaluator`] gives the answers of `amp permissions test`, and those of a run, without any Amp:
//! rules, tool, arguments and build in, an [`Opinion`] out. Everything in it was asked of the real
//! CLIs; what differs between them is in the table of builds ([`Dialect::rule_semantics`]), and for
//! a build that nobody asked the answer is *unknown, treated as ask*.
//!
//! [`Dialect::rule_semantics`]: crate::Dialect::rule_semantics

mod alias;
mod builtin;
mod condition;
mod evaluate;
mod expression;
mod file;
mod in_force;
mod lint;
mod opinion;
mod proposal;
mod rule_set;
mod rules;
mod store;
mod tool_glob;

pub use evaluate::{Evaluator, ToolCall, TracedRule};
pub use lint::{Check, Finding, Severity, lint};
pub use opinion::{Decision, Matched, Opinion};
pub use proposal::{rule_for_similar, similar_in_words};
pub use rule_set::{BuiltInRules, RuleSet};
pub use rules::{RuleFile, RuleList, RuleScope, WrittenRule};
pub use store::{RuleChange, RuleStore};
