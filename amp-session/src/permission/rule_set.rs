//! All rules that may decide about a call, in the order in which they count.

use super::rules::{RuleList, RuleScope};

/// All rules that may decide about a call.
///
/// # Precedence
///
/// Measured in runs of the builds of 2026-01-08 and 2026-05-04: the administrator's rules, then the
/// workspace's, then the user's, then the CLI's own; the first that matches decides. Where the
/// administrator sets the list, no other file counts.
#[derive(Debug, Clone)]
pub struct RuleSet {
    lists: Vec<RuleList>,
    built_in: BuiltInRules,
    /// Who allows everything, in words, such as `amp.dangerouslyAllowAll in FILE`.
    pub allow_all: Option<String>,
    /// Why it is not known what a run would read, such as a settings file that nobody can read.
    pub doubt: Option<String>,
}

/// The rules that the CLI brings along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuiltInRules {
    /// They are in the set.
    Known,
    /// There are none.
    None,
    /// Nobody asked the CLI.
    Unknown,
}

impl RuleSet {
    /// Takes lists in any order, as if the CLI had no rules of its own.
    #[must_use]
    pub fn of(mut lists: Vec<RuleList>) -> Self {
        lists.sort_by_key(|list| list.scope);
        let managed = |list: &RuleList| list.scope == RuleScope::Managed;
        if lists.iter().any(managed) {
            lists.retain(|list| managed(list) || list.scope == RuleScope::BuiltIn);
        }
        let known = lists.iter().any(|list| list.scope == RuleScope::BuiltIn);
        Self {
            lists,
            built_in: if known {
                BuiltInRules::Known
            } else {
                BuiltInRules::None
            },
            allow_all: None,
            doubt: None,
        }
    }

    /// Takes a list in place of the one of its scope.
    pub(super) fn with_list(self, list: RuleList) -> Self {
        let others = self.lists.into_iter();
        let mut lists: Vec<RuleList> = others.filter(|other| other.scope != list.scope).collect();
        lists.push(list);
        Self {
            lists: Self::of(lists).lists,
            ..self
        }
    }

    /// Leaves out the rules of files but for those of one scope.
    #[must_use]
    pub fn with_scope_alone(mut self, scope: RuleScope) -> Self {
        let kept = [scope, RuleScope::BuiltIn];
        self.lists.retain(|list| kept.contains(&list.scope));
        self
    }

    /// Returns how many rules of a scope there are, those that Amp would drop too.
    pub(super) fn count(&self, scope: RuleScope) -> usize {
        let lists = self.lists.iter().filter(|list| list.scope == scope);
        lists.map(|list| list.rules.len()).sum()
    }

    /// Adds the CLI's own rules, as `amp permissions list --builtin --json` prints them.
    #[must_use]
    pub fn with_built_in(mut self, list: RuleList) -> Self {
        self.lists.push(RuleList {
            scope: RuleScope::BuiltIn,
            ..list
        });
        self.built_in = BuiltInRules::Known;
        self
    }

    /// Says that the CLI's own rules are not at hand.
    #[must_use]
    pub fn without_built_in(mut self) -> Self {
        self.built_in = BuiltInRules::Unknown;
        self
    }

    /// Returns the lists, the first to count first.
    #[must_use]
    pub fn lists(&self) -> &[RuleList] {
        &self.lists
    }

    /// Returns whether the CLI's own rules are among them.
    #[must_use]
    pub fn built_in(&self) -> BuiltInRules {
        self.built_in
    }

    /// Returns everything that makes `amp permissions test` refuse the rules.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        self.lists.iter().flat_map(RuleList::problems).collect()
    }
}
