//! How a build reads permission rules, where that was measured.

use super::{Dialect, Feature, Generation, Match};

/// Builds of the table that nobody asked about rules.
const NOT_ASKED: [&str; 2] = ["0.0.1788854443-g7f007d", "0.0.1789582098-g39fff0"];

/// How a build reads permission rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleSemantics {
    /// Whether tool names match whatever their case.
    pub ignores_case_of_tools: bool,
    /// The names of the shell tool that a rule for one of them covers, in the order in which the
    /// CLI adds the copies of such a rule.
    pub shell_tools: &'static [&'static str],
    /// What reads the patterns between slashes.
    pub engine: PatternEngine,
}

/// What reads the ECMAScript patterns of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternEngine {
    /// Whichever Node.js runs the CLI: only what every release reads alike is known. The linter
    /// goes by this one, for rules may meet any build.
    Node,
    /// The engine in the executable itself, asked of the builds of 2026-07-15 and 2026-09-23.
    Embedded,
}

impl Dialect {
    /// Returns how this very build reads permission rules; `None` for a build nobody measured.
    ///
    /// What a neighbour does is no answer here: a guess could let something through. Of
    /// [`BUILDS`](super::BUILDS) all but two of September were asked with `amp permissions test`:
    ///
    /// - hundreds of questions: 2026-01-08, 2026-05-04 and 2026-09-23; more than a hundred:
    ///   2026-02-10, 2026-03-13 and 2026-07-15;
    /// - two questions, the ones that divide the others (the case of a tool's name, a rule for one
    ///   name of the shell tool): 2026-01-10, 2026-01-25, 2026-02-16 and the three of April.
    #[must_use]
    pub fn rule_semantics(&self) -> Option<RuleSemantics> {
        let asked = |version| !NOT_ASKED.contains(&version);
        if self.matched() != Match::Exact || !asked(self.build().version) {
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
            engine: match self.generation() {
                Generation::ServerThreads => PatternEngine::Embedded,
                _ => PatternEngine::Node,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::BUILDS;

    #[test]
    fn nothing_is_known_of_a_build_that_nobody_asked_about_rules() {
        let known = |version: &str| Dialect::for_version(&version.into()).rule_semantics();
        for version in NOT_ASKED {
            assert!(BUILDS.iter().any(|build| build.version == version));
            assert_eq!(known(version), None, "{version}");
        }
        assert!(known("0.0.1790142911-g7618fb").is_some());
        // Neighbours are no answer either.
        assert_eq!(known("0.0.1790142910-gabc"), None);
    }
}
