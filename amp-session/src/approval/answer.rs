//! What an approver answers.

use amp_protocol::PermissionRule;
use serde::{Deserialize, Serialize};

/// The answer to a [`Question`](super::Question).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// It may go on.
    Allow,
    /// It may, and so may every later call that this rule matches.
    ///
    /// A rule that does not allow, or that Amp would not take, is as good as none: the call is
    /// allowed and the next one asked about. [`Decided::kept`](super::Decided::kept) tells.
    AllowAndRemember {
        /// The rule.
        rule: PermissionRule,
        /// For how long.
        remember: Remember,
    },
    /// It may not.
    Reject {
        /// What the agent is told; a sentence of ours when empty.
        reason: String,
    },
    /// It may not, and neither may any later call of the session that this rule matches, whatever
    /// another answer allows.
    ///
    /// A rule that does not reject, or that Amp would not take, is as good as none: this call alone
    /// is rejected. [`Decided::kept`](super::Decided::kept) tells.
    RejectAndRemember {
        /// The rule.
        rule: PermissionRule,
        /// What the agent is told, as of a rejection that is not remembered.
        reason: String,
    },
    /// It may not, and the turn is cancelled.
    Stop,
}

/// How long an answer is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Remember {
    /// For the turns of this configuration, and of its clones.
    Session,
    /// For every run of this user in the folder that the agent works in, where its calls are asked
    /// about. The rule is kept below the user's state folder and becomes part of the settings that
    /// such a run gives to Amp: in the project's own settings it would outrank every run, and
    /// whoever clones the project would have it.
    Folder,
    /// For every run of this user: the rule is put in front of those of their settings.
    User,
}

impl Answer {
    /// Rejects with a reason for the agent.
    #[must_use]
    pub fn reject(reason: impl Into<String>) -> Self {
        Self::Reject {
            reason: reason.into(),
        }
    }
}
