//! One thing that is wrong with a rule.

use std::path::PathBuf;

use serde::Serialize;

use crate::permission::rules::RuleScope;

/// One thing that is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What was looked for.
    pub check: Check,
    /// How bad it is.
    pub severity: Severity,
    /// Whose rules they are.
    pub scope: RuleScope,
    /// The file.
    pub file: Option<PathBuf>,
    /// The line that the rule begins on, from 1.
    pub line: Option<usize>,
    /// The rule's number in its list, from 1; absent where the whole list is meant.
    pub number: Option<usize>,
    /// What is wrong and why.
    pub message: String,
    /// A rule that does what was meant, as JSON.
    pub safer: Option<String>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Severity {
    /// The rule does something, and less or more than it seems to.
    Warning,
    /// The rule does nothing, or something else than it says.
    Error,
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Check {
    /// The setting is no list, so that none of it counts.
    NotAList,
    /// A run drops the rule and goes on with the others.
    DroppedRule,
    /// An allow-all overrides every rule beside it.
    AllowAll,
    /// A settings file cannot be read as Amp reads it.
    UnreadableFile,
    /// A rule before it decides about everything it is about.
    UnreachableRule,
    /// No build knows a tool of this name.
    UnknownTool,
    /// The tool calls its argument otherwise.
    WrongArgument,
    /// The condition never holds.
    NeverMatches,
    /// A text between slashes is a pattern that is searched anywhere.
    SlashesArePattern,
    /// A condition looks like a glob, in which `*` alone is special.
    OnlyStarIsSpecial,
    /// A rule that should stop a command lets variants of it through.
    WaysRound,
    /// A rule that allows a command allows others with it.
    AllowsMore,
    /// `amp permissions test` leaves the rule out unless told a context.
    ContextUntested,
    /// The program of a `delegate` rule is not the one that is meant.
    DelegateProgram,
}

impl Check {
    /// Every check.
    pub const ALL: [Self; 14] = [
        Self::NotAList,
        Self::DroppedRule,
        Self::AllowAll,
        Self::UnreadableFile,
        Self::UnreachableRule,
        Self::UnknownTool,
        Self::WrongArgument,
        Self::NeverMatches,
        Self::SlashesArePattern,
        Self::OnlyStarIsSpecial,
        Self::WaysRound,
        Self::AllowsMore,
        Self::ContextUntested,
        Self::DelegateProgram,
    ];

    /// Returns the name that reports have for it, such as `dropped-rule`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::NotAList => "not-a-list",
            Self::DroppedRule => "dropped-rule",
            Self::AllowAll => "allow-all",
            Self::UnreadableFile => "unreadable-file",
            Self::UnreachableRule => "unreachable-rule",
            Self::UnknownTool => "unknown-tool",
            Self::WrongArgument => "wrong-argument",
            Self::NeverMatches => "never-matches",
            Self::SlashesArePattern => "slashes-are-pattern",
            Self::OnlyStarIsSpecial => "only-star-is-special",
            Self::WaysRound => "ways-round",
            Self::AllowsMore => "allows-more",
            Self::ContextUntested => "context-untested",
            Self::DelegateProgram => "delegate-program",
        }
    }

    /// Describes in a sentence what it looks for.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::NotAList => "The setting amp.permissions is no list, so no rule of it counts.",
            Self::DroppedRule => "A run drops an invalid rule and goes on with the others.",
            Self::AllowAll => "An allow-all overrides every rule.",
            Self::UnreadableFile => "A settings file cannot be read as Amp reads it.",
            Self::UnreachableRule => "A rule before it decides about everything it is about.",
            Self::UnknownTool => "No known build has a tool of this name.",
            Self::WrongArgument => "The tool calls the argument otherwise.",
            Self::NeverMatches => "The rule can never match.",
            Self::SlashesArePattern => {
                "A text between slashes is a pattern that is searched anywhere."
            }
            Self::OnlyStarIsSpecial => "In a condition only * is special.",
            Self::WaysRound => "Variants of the command are not covered by the rule.",
            Self::AllowsMore => "The rule allows other commands along with the one it names.",
            Self::ContextUntested => {
                "amp permissions test leaves the rule out unless it is told a context."
            }
            Self::DelegateProgram => "The program of a delegate rule may not be the one meant.",
        }
    }
}
