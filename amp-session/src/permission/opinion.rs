//! What rules say about a call, and which of them says it.

use std::path::PathBuf;

use amp_protocol::PermissionRule;

use super::rules::RuleScope;

/// What rules say about a call.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Opinion {
    /// What becomes of the call.
    pub decision: Decision,
    /// The rule that decides.
    pub matched: Option<Matched>,
    /// Why, for a person.
    pub reason: String,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// It runs.
    Allow,
    /// A person is asked.
    Ask,
    /// It is refused.
    Reject,
    /// The program of the rule decides.
    Delegate,
    /// No rule matches.
    NoMatch,
    /// The CLI's `permissions test` refuses the configuration.
    ConfigError,
    /// It cannot be told; treat it as [`Ask`](Self::Ask).
    Unknown,
}

impl Decision {
    /// Returns the word for it: the rule's action, `config-error`, or `None` where none matches.
    ///
    /// What is unknown is asked about.
    #[must_use]
    pub const fn action(self) -> Option<&'static str> {
        match self {
            Self::Allow => Some("allow"),
            Self::Ask | Self::Unknown => Some("ask"),
            Self::Reject => Some("reject"),
            Self::Delegate => Some("delegate"),
            Self::ConfigError => Some("config-error"),
            Self::NoMatch => None,
        }
    }
}

/// A rule that decides.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Matched {
    /// Whose rule it is.
    pub scope: RuleScope,
    /// The file it stands in.
    pub file: Option<PathBuf>,
    /// The line it begins on, from 1.
    pub line: Option<usize>,
    /// Its number in the file's list, from 1.
    pub number: usize,
    /// Its position as Amp counts: from 0, among the rules of all files or among the built-in ones,
    /// with the copies that Amp makes for other names of the shell tool.
    pub index: usize,
    /// The rule, or the copy of it that matches.
    pub rule: PermissionRule,
}

impl Opinion {
    pub(super) fn unknown(reason: &str) -> Self {
        Self {
            decision: Decision::Unknown,
            matched: None,
            reason: format!("unknown, so treated as ask: {reason}"),
        }
    }
}
