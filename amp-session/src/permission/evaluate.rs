//! What a set of rules makes of a tool call.

use amp_protocol::{PermissionAction, PermissionContext, PermissionRule};
use serde_json::{Map, Value};

use super::alias;
use super::condition::Demands;
use super::expression::Found;
use super::opinion::{Decision, Matched, Opinion};
use super::rule_set::{BuiltInRules, RuleSet};
use super::rules::RuleScope;
use super::tool_glob::ToolPattern;
use crate::dialect::{Dialect, RuleSemantics};

/// A call of a tool, as far as rules look at it.
#[derive(Debug, Clone)]
pub struct ToolCall<'a> {
    /// The tool's name.
    pub tool: &'a str,
    /// Its arguments.
    pub arguments: &'a Map<String, Value>,
    /// Where it is made; rules with a context do not match a call without one.
    pub context: Option<PermissionContext>,
}

/// A set of rules, ready to judge calls as one build of the CLI does.
///
/// ```
/// use amp_session::Dialect;
/// use amp_session::permission::{Decision, Evaluator, RuleList, RuleScope, RuleSet, ToolCall};
/// use amp_session::protocol::PermissionRule;
/// use serde_json::json;
///
/// let rules = [PermissionRule::reject("Bash").with_match("cmd", "git push*")];
/// let rules = RuleSet::of(vec![RuleList::from_rules(RuleScope::User, &rules)]);
/// let september = Dialect::for_version(&"0.0.1790142911-g7618fb".into());
/// let evaluator = Evaluator::new(rules, &september);
///
/// let arguments = json!({"command": "git push origin"});
/// let call = ToolCall { tool: "shell_command", arguments: arguments.as_object().unwrap(), context: None };
/// let opinion = evaluator.test(&call);
/// assert_eq!(opinion.decision, Decision::Reject);
/// // The rule for `Bash` was copied for the other names of the shell tool.
/// assert_eq!(opinion.matched.unwrap().index, 1);
/// ```
#[derive(Debug, Clone)]
pub struct Evaluator {
    set: RuleSet,
    semantics: Option<RuleSemantics>,
    build: String,
    steps: Vec<Step>,
}

/// One rule as the CLI walks over it.
#[derive(Debug, Clone)]
struct Step {
    list: usize,
    written: usize,
    /// The position among the rules of this source, copies counted.
    index: usize,
    rule: PermissionRule,
    tool: ToolPattern,
    demands: Option<Demands>,
}

impl Evaluator {
    /// Prepares rules for a build.
    #[must_use]
    pub fn new(set: RuleSet, dialect: &Dialect) -> Self {
        let semantics = dialect.rule_semantics();
        let steps = semantics.map_or_else(Vec::new, |semantics| steps(&set, semantics));
        Self {
            set,
            semantics,
            build: dialect.build().version.to_owned(),
            steps,
        }
    }

    /// Returns the rules.
    #[must_use]
    pub fn rules(&self) -> &RuleSet {
        &self.set
    }

    /// Returns what `amp permissions test` says of these rules.
    ///
    /// It refuses the whole configuration over one bad rule and ignores allow-all. Where a
    /// `delegate` rule matches, the CLI runs its program; this never does and says so.
    #[must_use]
    pub fn test(&self, call: &ToolCall<'_>) -> Opinion {
        let problems = self.set.problems();
        if !problems.is_empty() {
            return Opinion {
                decision: Decision::ConfigError,
                matched: None,
                reason: format!("invalid permissions: {}", problems.join("; ")),
            };
        }
        self.walk(call)
    }

    /// Returns what a run does with the call.
    ///
    /// A run drops bad rules and keeps the others, and an allow-all overrides every rule. Settings
    /// that could not be read as Amp reads them, and a build nobody measured, make it unknown;
    /// what no rule matches is asked about.
    #[must_use]
    pub fn run(&self, call: &ToolCall<'_>) -> Opinion {
        if let Some(allow_all) = &self.set.allow_all {
            return Opinion {
                decision: Decision::Allow,
                matched: None,
                reason: format!("{allow_all} allows every tool, whatever the rules say"),
            };
        }
        if let Some(doubt) = &self.set.doubt {
            return Opinion::unknown(doubt);
        }
        let opinion = self.walk(call);
        match opinion.decision {
            Decision::NoMatch => Opinion {
                decision: Decision::Ask,
                reason: format!("{}, and a run asks then", opinion.reason),
                ..opinion
            },
            _ => opinion,
        }
    }

    /// Tells of every rule up to the deciding one, whether it matches the call, and why not.
    #[must_use]
    pub fn trace(&self, call: &ToolCall<'_>) -> Vec<TracedRule<'_>> {
        let mut traced = Vec::new();
        let Some(semantics) = self.semantics else {
            return traced;
        };
        for (step, found, why) in self.compared(call, semantics) {
            traced.push(TracedRule {
                scope: self.set.lists()[step.list].scope,
                name: self.name_of(step),
                rule: &step.rule,
                tool_matches: why != Why::Tool,
                matches: found == Found::Yes,
                why: why.sentence(step, found),
            });
        }
        traced
    }

    /// Returns every rule and copy in the order in which the CLI walks over them.
    pub(super) fn walked(&self) -> Vec<Walked<'_>> {
        let walked = self.steps.iter().map(|step| {
            let list = &self.set.lists()[step.list];
            Walked {
                scope: list.scope,
                number: list.rules[step.written].number,
                name: self.name_of(step),
                rule: &step.rule,
            }
        });
        walked.collect()
    }

    /// Tells whether a rule's tool means the tool of this name.
    pub(super) fn tool_matches(&self, pattern: &str, tool: &str) -> Found {
        let ignore_case = self
            .semantics
            .is_some_and(|semantics| semantics.ignores_case_of_tools);
        ToolPattern::new(pattern, ignore_case).matches(tool, ignore_case)
    }

    fn walk(&self, call: &ToolCall<'_>) -> Opinion {
        let Some(semantics) = self.semantics else {
            return Opinion::unknown(&format!(
                "nobody measured how this build reads rules; the nearest known one is {}",
                self.build
            ));
        };
        let mut given_up = None;
        for (step, found, _) in self.compared(call, semantics) {
            match found {
                Found::No => {}
                Found::Yes => return self.decided(step),
                Found::Unclear(reason) => {
                    let name = self.name_of(step);
                    return Opinion::unknown(&format!("{name} may match: {reason}"));
                }
                Found::Invalid => given_up = Some(step),
            }
        }
        let reason = match given_up {
            Some(step) => format!("{} {GIVES_UP}", self.name_of(step)),
            None => "no rule matches".to_owned(),
        };
        match self.set.built_in() {
            BuiltInRules::Unknown => Opinion::unknown(&format!(
                "{reason}, and the CLI's own rules are not at hand"
            )),
            _ => Opinion {
                decision: Decision::NoMatch,
                matched: None,
                reason,
            },
        }
    }

    /// Compares a call with the rules one by one, up to the one that settles it.
    ///
    /// At an invalid pattern the CLI gives up the rules of all files and goes on with its own:
    /// measured with builds from January to September.
    fn compared(
        &self,
        call: &ToolCall<'_>,
        semantics: RuleSemantics,
    ) -> impl Iterator<Item = (&Step, Found, Why)> {
        let mut given_up = false;
        let mut settled = false;
        self.steps.iter().filter_map(move |step| {
            if settled || (given_up && !self.is_built_in(step)) {
                return None;
            }
            let (found, why) = step.compare(call, semantics);
            given_up |= found == Found::Invalid;
            settled = matches!(found, Found::Yes | Found::Unclear(_));
            Some((step, found, why))
        })
    }

    fn decided(&self, step: &Step) -> Opinion {
        let list = &self.set.lists()[step.list];
        let written = &list.rules[step.written];
        let rule = &step.rule;
        let decision = match &rule.action {
            action if *action == PermissionAction::ALLOW => Decision::Allow,
            action if *action == PermissionAction::REJECT => Decision::Reject,
            action if *action == PermissionAction::DELEGATE => Decision::Delegate,
            _ => Decision::Ask,
        };
        let does = match (&decision, &rule.to) {
            (Decision::Allow, _) => "allows".to_owned(),
            (Decision::Reject, _) => "rejects".to_owned(),
            (Decision::Delegate, Some(program)) => format!("lets {program} decide about"),
            _ => "asks about".to_owned(),
        };
        let copied = written
            .rule
            .as_ref()
            .is_ok_and(|whole| whole.tool != rule.tool);
        let as_copy = match copied {
            true => format!(", copied for {}", rule.tool),
            false => String::new(),
        };
        let reason = format!("{}{as_copy} {does} {}", self.name_of(step), described(rule));
        Opinion {
            decision,
            matched: Some(Matched {
                scope: list.scope,
                file: list.file.clone(),
                line: written.line,
                number: written.number,
                index: step.index,
                rule: rule.clone(),
            }),
            reason,
        }
    }

    fn is_built_in(&self, step: &Step) -> bool {
        self.set.lists()[step.list].scope == RuleScope::BuiltIn
    }

    fn name_of(&self, step: &Step) -> String {
        let list = &self.set.lists()[step.list];
        list.name_of(&list.rules[step.written])
    }
}

/// A rule or a copy of it, as the CLI walks over them.
pub(super) struct Walked<'a> {
    pub(super) scope: RuleScope,
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) rule: &'a PermissionRule,
}

/// A rule that a call was compared with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TracedRule<'a> {
    /// Whose it is.
    pub scope: RuleScope,
    /// Its number and place, for a person.
    pub name: String,
    /// The rule as it was compared: a copy for another name of the shell tool has that name.
    pub rule: &'a PermissionRule,
    /// Whether its tool is the call's.
    pub tool_matches: bool,
    /// Whether it decides.
    pub matches: bool,
    /// Why it matches or does not.
    pub why: String,
}

/// Describes what a rule is about, such as `Bash where cmd is "git *"`.
pub(super) fn described(rule: &PermissionRule) -> String {
    let demands = rule.matches.as_ref().filter(|demands| !demands.is_empty());
    let tool = match rule.tool.as_str() {
        "*" => "every tool",
        tool => tool,
    };
    let context = match &rule.context {
        Some(context) => format!(" in the context {context}"),
        None => String::new(),
    };
    let Some(demands) = demands else {
        return format!("{tool}{context}");
    };
    let demands = demands.iter().map(|(argument, condition)| {
        let condition = serde_json::to_string(condition).unwrap_or_default();
        format!("{argument} is {condition}")
    });
    let demands: Vec<String> = demands.collect();
    format!("{tool}{context} where {}", demands.join(" and "))
}

fn steps(set: &RuleSet, semantics: RuleSemantics) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut of_files = 0;
    for (position, list) in set.lists().iter().enumerate() {
        let mut own = 0;
        // The CLI lists its own rules with their copies, and counts them for themselves.
        let built_in = list.scope == RuleScope::BuiltIn;
        let next = if built_in { &mut own } else { &mut of_files };
        for (written, rule) in list.taken() {
            let copies = match built_in {
                true => vec![rule.clone()],
                false => alias::copies(rule, semantics.shell_tools),
            };
            for rule in copies {
                steps.push(Step {
                    list: position,
                    written: written.number - 1,
                    index: *next,
                    tool: ToolPattern::new(&rule.tool, semantics.ignores_case_of_tools),
                    demands: rule
                        .matches
                        .as_ref()
                        .map(|demands| Demands::new(demands, semantics.engine)),
                    rule,
                });
                *next += 1;
            }
        }
    }
    steps
}

/// What a rule does whose pattern cannot be compared.
const GIVES_UP: &str =
    "holds an invalid pattern, at which the CLI gives up: no later rule of a file decides";

/// What settled whether a rule matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Tool,
    Context,
    Arguments,
}

impl Why {
    fn sentence(self, step: &Step, found: Found) -> String {
        let demands = step
            .rule
            .matches
            .as_ref()
            .filter(|demands| !demands.is_empty());
        match (self, found) {
            (_, Found::Yes) => "it matches".to_owned(),
            (_, Found::Unclear(reason)) => format!("it may match: {reason}"),
            (_, Found::Invalid) => format!("it {GIVES_UP}"),
            (Self::Tool, _) => format!("it is about {}", step.rule.tool),
            (Self::Context, _) => match &step.rule.context {
                Some(context) => format!("it holds in the context {context} alone"),
                None => "it holds in another context".to_owned(),
            },
            (Self::Arguments, _) if demands.is_none() => "its arguments differ".to_owned(),
            (Self::Arguments, _) => format!("it is about {}", described(&step.rule)),
        }
    }
}

impl Step {
    fn compare(&self, call: &ToolCall<'_>, semantics: RuleSemantics) -> (Found, Why) {
        let tool = self
            .tool
            .matches(call.tool, semantics.ignores_case_of_tools);
        if tool == Found::No {
            return (Found::No, Why::Tool);
        }
        if self.rule.context.is_some() && self.rule.context != call.context {
            return (Found::No, Why::Context);
        }
        let demands = &self.demands;
        let found = tool.and(|| match demands {
            Some(demands) => demands.are_met_by(call.arguments),
            None => Found::Yes,
        });
        (found, Why::Arguments)
    }
}
