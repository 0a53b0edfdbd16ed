//! What became of a question.

use std::path::PathBuf;

use amp_protocol::PermissionRule;
use serde::{Deserialize, Serialize};

use super::answer::Remember;
use super::question::Subject;

/// A question and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Decided {
    /// What was asked about.
    #[serde(flatten)]
    pub subject: Subject,
    /// Whether it may go on.
    pub allowed: bool,
    /// Who decided.
    pub by: DecidedBy,
    /// Who answered, where the [approver](super::Approver::name) was asked.
    #[serde(default)]
    pub approver: Option<String>,
    /// What the agent was told, when it may not.
    pub reason: Option<String>,
    /// The rule that the answer asked to be remembered.
    #[serde(default)]
    pub kept: Option<KeptRule>,
}

/// A rule that an answer asked to be remembered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeptRule {
    /// The rule.
    pub rule: PermissionRule,
    /// For how long it was to be remembered.
    pub remember: Remember,
    /// The file that it was written to.
    pub file: Option<PathBuf>,
    /// Why it is not kept that long, or at all; the call itself was decided as answered.
    pub trouble: Option<String>,
}

/// Who decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DecidedBy {
    /// The approver.
    Approver,
    /// A rule that an answer before has asked to be remembered.
    RememberedRule,
    /// The deadline of the question.
    Deadline,
    /// Nobody: the CLI is gone, or took its question back.
    Withdrawn,
    /// This program, because the question was none that can be put.
    Host,
}

/// What is decided about a question.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) allowed: bool,
    pub(super) by: DecidedBy,
    /// Who answered, where somebody did.
    pub(super) approver: Option<String>,
    /// What the agent is told, when it may not.
    pub(super) reason: Option<String>,
    pub(super) kept: Option<KeptRule>,
}

impl Verdict {
    pub(super) fn allowed(by: DecidedBy) -> Self {
        Self {
            allowed: true,
            by,
            approver: None,
            reason: None,
            kept: None,
        }
    }

    pub(super) fn refused(by: DecidedBy, reason: impl Into<String>) -> Self {
        Self {
            allowed: false,
            reason: Some(reason.into()),
            ..Self::allowed(by)
        }
    }
}

impl Decided {
    /// Returns what was decided, by whom and why, such as `rejected by read-only: only …`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let verdict = match self.allowed {
            true => "allowed",
            false => "rejected",
        };
        let by = match (&self.approver, self.by) {
            (Some(approver), _) => format!(" by {approver}"),
            (None, DecidedBy::RememberedRule) => " by a remembered rule".to_owned(),
            (None, _) => String::new(),
        };
        let reason = self.reason.as_deref().map(|reason| format!(": {reason}"));
        format!("{verdict}{by}{}", reason.unwrap_or_default())
    }

    pub(super) fn new(subject: Subject, verdict: Verdict) -> Self {
        Self {
            subject,
            allowed: verdict.allowed,
            by: verdict.by,
            approver: verdict.approver,
            reason: verdict.reason,
            kept: verdict.kept,
        }
    }
}
