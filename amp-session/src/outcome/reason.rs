//! Why a turn did not complete, told from the texts that the CLI writes.

mod texts;

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a turn did not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// No key was found, and the CLI began its login flow.
    NotConfigured,
    /// The service or the model's provider refused the key.
    RejectedKey,
    /// The service could not be reached.
    Unreachable,
    /// Nothing at all came before the start-up deadline, as when the service does not answer.
    SilentStart,
    /// The CLI does not know an option or its value.
    UnknownOption,
    /// The CLI does not have a mode, or not for this use.
    ModeNotAvailable,
    /// A settings or MCP file, or the service's address, is not valid.
    InvalidSettings,
    /// What was sent on standard input was refused.
    InvalidInput,
    /// The prompt is longer than this build sends: 1 MiB in September 2026.
    InputTooLarge,
    /// There is no such thread.
    ThreadNotFound,
    /// The thread no longer fits the model's context window.
    ContextTooLong,
    /// The model's provider limits the rate.
    RateLimited,
    /// The account has no credit left.
    OutOfCredits,
    /// The model's provider is overloaded.
    Overloaded,
    /// The service or the provider failed in another way.
    ServiceError,
    /// The connection was lost during the turn.
    ConnectionLost,
    /// The model's last message was cut, by its output limit or a refusal, and the build waited for
    /// ever: January to May 2026.
    CutShort,
    /// The model reached the limit of its output.
    OutputLimit,
    /// The model refused to answer.
    ModelRefused,
    /// The agent was done without a word.
    NoAnswer,
    /// A tool waits for an approval that the stream cannot give.
    ApprovalNeeded,
    /// A tool call ran without its question, or what decides about questions was changed.
    ApprovalBypassed,
    /// The agent wanted more tokens, tool calls or messages than it may have.
    CapReached,
    /// The answer does not fit the schema that was asked for, nor did it when that was pointed out.
    UnfitAnswer,
    /// The turn was cancelled, by this program or by a signal from elsewhere.
    Cancelled,
    /// A line did not come in time.
    IdleTimeout,
    /// The turn did not end in time.
    TotalTimeout,
    /// The service takes no more from this version of Amp.
    VersionNotSupported,
    /// The process ended without a result: a crash, a kill, or a fault of the CLI.
    ExitedUnexpectedly,
    /// The agent reported a failure that is none of the others.
    Agent,
}

impl Reason {
    /// Returns the name, such as `rate_limited`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotConfigured => "not_configured",
            Self::RejectedKey => "rejected_key",
            Self::Unreachable => "unreachable",
            Self::SilentStart => "silent_start",
            Self::UnknownOption => "unknown_option",
            Self::ModeNotAvailable => "mode_not_available",
            Self::InvalidSettings => "invalid_settings",
            Self::InvalidInput => "invalid_input",
            Self::InputTooLarge => "input_too_large",
            Self::ThreadNotFound => "thread_not_found",
            Self::ContextTooLong => "context_too_long",
            Self::RateLimited => "rate_limited",
            Self::OutOfCredits => "out_of_credits",
            Self::Overloaded => "overloaded",
            Self::ServiceError => "service_error",
            Self::ConnectionLost => "connection_lost",
            Self::CutShort => "cut_short",
            Self::OutputLimit => "output_limit",
            Self::ModelRefused => "model_refused",
            Self::NoAnswer => "no_answer",
            Self::ApprovalNeeded => "approval_needed",
            Self::ApprovalBypassed => "approval_bypassed",
            Self::CapReached => "cap_reached",
            Self::UnfitAnswer => "unfit_answer",
            Self::Cancelled => "cancelled",
            Self::IdleTimeout => "idle_timeout",
            Self::TotalTimeout => "total_timeout",
            Self::VersionNotSupported => "version_not_supported",
            Self::ExitedUnexpectedly => "exited_unexpectedly",
            Self::Agent => "agent",
        }
    }

    /// Tells whether the same turn may work later without any change.
    ///
    /// It says nothing about what the agent had already done: only a turn without a tool call can
    /// be repeated without a second thought.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Unreachable
                | Self::SilentStart
                | Self::RateLimited
                | Self::Overloaded
                | Self::ServiceError
                | Self::ConnectionLost
        )
    }

    /// Returns what a person can do about it.
    #[must_use]
    pub fn hint(self) -> Option<&'static str> {
        Some(match self {
            Self::NotConfigured => "set AMP_API_KEY or store a key for this service",
            Self::RejectedKey => "check that the key is current and belongs to this service",
            Self::Unreachable => "check the network, the proxy settings and AMP_URL",
            Self::SilentStart => {
                "check the network and what it wrote on standard error, try later, or allow more time"
            }
            Self::UnknownOption => {
                "this Amp does not take that option, its value or the two together"
            }
            Self::ModeNotAvailable => "choose a mode that this Amp has",
            Self::InvalidSettings => "correct the file or address that the message names",
            Self::InvalidInput => "send user messages with text, one JSON object a line",
            Self::InputTooLarge => "put the long part into a file that the agent can read",
            Self::ThreadNotFound => "check the thread id, the account and the service",
            Self::ContextTooLong => "start a new thread with the parts that matter",
            Self::RateLimited | Self::Overloaded => "wait and try again; Amp itself does not retry",
            Self::OutOfCredits => "add credits to the account",
            Self::ServiceError => "try again later",
            Self::ConnectionLost => "continue the thread once the network is back",
            Self::CutShort => {
                "its output limit or a refusal does that; this Amp does not say which"
            }
            Self::OutputLimit => "ask it to go on, or for something shorter",
            Self::ModelRefused => "put it in other words, or use another mode",
            Self::NoAnswer => "ask what it has done",
            Self::ApprovalNeeded => "allow the tool by a rule, or refuse it by one",
            Self::ApprovalBypassed => "look at what changed in the project before the next run",
            Self::IdleTimeout | Self::TotalTimeout => "allow more time, or none at all on request",
            Self::VersionNotSupported => "install a newer Amp",
            Self::ExitedUnexpectedly => "see what it wrote on standard error",
            Self::CapReached => "go on with the thread when what it has done is worth more",
            Self::UnfitAnswer => "ask for something simpler, or say more of what is wanted",
            Self::Cancelled | Self::Agent => return None,
        })
    }

    /// Tells the reason from the `error` of a result line.
    pub(super) fn of_result(error: &str) -> Self {
        texts::of_result(error).unwrap_or(Self::Agent)
    }

    /// Tells the reason from a code of the service, such as `rate_limit_error`, when it names one.
    ///
    /// The codes are those of the model's provider; which ones the service has is not known.
    pub(super) fn of_code(code: &str) -> Option<Self> {
        let code = code.to_lowercase();
        let holds = |parts: &[&str]| parts.iter().any(|part| code.contains(part));
        Some(match () {
            () if holds(&["credit", "billing", "payment"]) => Self::OutOfCredits,
            () if holds(&["auth", "permission"]) => Self::RejectedKey,
            () if holds(&["rate_limit", "rate-limit"]) => Self::RateLimited,
            () if holds(&["overloaded"]) => Self::Overloaded,
            () if holds(&["api_error", "internal", "timeout", "unavailable"]) => Self::ServiceError,
            () => return None,
        })
    }

    /// Tells the reason from standard error, when it names one.
    pub(super) fn of_stderr(stderr: &str) -> Option<Self> {
        texts::of_stderr(stderr)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_serialised_form() {
        for reason in [
            Reason::SilentStart,
            Reason::OutOfCredits,
            Reason::ExitedUnexpectedly,
        ] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
    }
}
