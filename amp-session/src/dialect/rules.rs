//! How a build reads permission rules, where that was measured.

use super::{Dialect, Feature, Match};

/// How a build reads permission rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleSemantics {
    /// Whether tool names match whatever their case.
    pub ignores_case_of_tools: bool,
    /// The names of the shell tool that a rule for one of them covers, in the order in which the
    /// CLI adds the copies of such a rule.
    pub shell_tools: &'static [&'static str],
}

impl Dialect {
    /// Returns how this very build reads permission rules; `None` for a build nobody measured.
    ///
    /// What a neighbour does is no answer here: a guess could let something through. Every build
    /// of [`BUILDS`](super::BUILDS) was asked with `amp permissions test`.
    #[must_use]
    pub fn rule_semantics(&self) -> Option<RuleSemantics> {
        if self.matched() != Match::Exact {
            return None;
        }
        let shell_tools: &[&str] = if self.supports(Feature::AsyncShellToolAlias) {
            &["Bash", "shell_command", "async_shell_command"]
        } else if self.supports(Feature::ShellToolAliases) {
            &["Bash", "shell_command"]
        } else {
            &[]
        };
        Some(RuleSemantics {
            ignores_case_of_tools: self.supports(Feature::CaseInsensitiveToolRules),
            shell_tools,
        })
    }
}
