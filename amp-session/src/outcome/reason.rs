//! Why a turn did not complete, told from the texts that the CLI writes.

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
    /// The conversation no longer fits the model's context window.
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
    /// A tool waits for an approval that the stream cannot give.
    ApprovalNeeded,
    /// The turn was cancelled, by this program or by a signal from elsewhere.
    Cancelled,
    /// A line did not come in time.
    IdleTimeout,
    /// The turn did not end in time.
    TotalTimeout,
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
            Self::ApprovalNeeded => "approval_needed",
            Self::Cancelled => "cancelled",
            Self::IdleTimeout => "idle_timeout",
            Self::TotalTimeout => "total_timeout",
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
            Self::ApprovalNeeded => "allow the tool by a rule, or refuse it by one",
            Self::IdleTimeout | Self::TotalTimeout => "allow more time, or none at all on request",
            Self::ExitedUnexpectedly => "see what it wrote on standard error",
            Self::Cancelled | Self::Agent => return None,
        })
    }

    /// Tells the reason from the `error` of a result line; every text is one that a recording has.
    pub(super) fn of_result(error: &str) -> Self {
        let told = find(IN_RESULTS, error);
        told.or_else(|| of_status(error)).unwrap_or(Self::Agent)
    }

    /// Tells the reason from standard error, when it names one.
    pub(super) fn of_stderr(stderr: &str) -> Option<Self> {
        find(ON_STDERR, stderr)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Tells the reason from the HTTP status that an error begins with, as in `500 oops`.
fn of_status(error: &str) -> Option<Reason> {
    let (status, _) = error.split_once(' ')?;
    let is_server_error = status.len() == 3 && status.starts_with('5');
    let is_number = status.bytes().all(|byte| byte.is_ascii_digit());
    (is_server_error && is_number).then_some(Reason::ServiceError)
}

/// Parts of error texts, in lower case, and what they mean; the first match counts.
type Texts = &'static [(&'static str, Reason)];

fn find(texts: Texts, text: &str) -> Option<Reason> {
    let text = text.to_lowercase();
    texts
        .iter()
        .find(|(part, _)| text.contains(part))
        .map(|(_, reason)| *reason)
}

/// What result lines say. Provider errors reach the stream as `STATUS {json}` from the JavaScript
/// builds and as the message alone from the native ones.
const IN_RESULTS: Texts = &[
    ("user cancelled", Reason::Cancelled),
    ("require user approval", Reason::ApprovalNeeded),
    ("unauthorized", Reason::RejectedKey),
    ("invalid x-api-key", Reason::RejectedKey),
    ("invalid or missing api key", Reason::RejectedKey),
    ("context limit reached", Reason::ContextTooLong),
    ("context window limit", Reason::ContextTooLong),
    ("prompt is too long", Reason::ContextTooLong),
    ("out of credits", Reason::OutOfCredits),
    ("rate_limit_error", Reason::RateLimited),
    ("rate limit", Reason::RateLimited),
    ("overloaded", Reason::Overloaded),
    ("invalid url", Reason::InvalidSettings),
    ("on stdin line", Reason::InvalidInput),
    ("no valid messages found in stdin", Reason::InvalidInput),
    ("connection error", Reason::ConnectionLost),
    ("terminated", Reason::ConnectionLost),
    ("does not exist", Reason::ThreadNotFound),
    ("api_error", Reason::ServiceError),
    ("internal", Reason::ServiceError),
];

/// What standard error says when a run ends before, or without, a result line.
const ON_STDERR: Texts = &[
    ("unknown option", Reason::UnknownOption),
    ("unknown command", Reason::UnknownOption),
    ("mode is not permitted with", Reason::ModeNotAvailable),
    (
        "option '-m, --mode <value>' argument",
        Reason::ModeNotAvailable,
    ),
    ("allowed choices are", Reason::UnknownOption),
    ("invalid visibility", Reason::UnknownOption),
    ("is not available for", Reason::UnknownOption),
    ("mutually exclusive", Reason::UnknownOption),
    ("flag requires", Reason::UnknownOption),
    ("invalid or missing api key", Reason::RejectedKey),
    ("not logged in", Reason::RejectedKey),
    ("login failed", Reason::NotConfigured),
    ("couldn't connect to the amp server", Reason::Unreachable),
    ("cannot reach amp servers", Reason::Unreachable),
    ("invalid url", Reason::InvalidSettings),
    ("invalid_url", Reason::InvalidSettings),
    ("invalid json in settings file", Reason::InvalidSettings),
    ("--mcp-config", Reason::InvalidSettings),
    ("invalid thread", Reason::ThreadNotFound),
    ("does not exist", Reason::ThreadNotFound),
    ("user message must be provided", Reason::InvalidInput),
    ("input is too large to send", Reason::InputTooLarge),
    ("amp server returned an error", Reason::ServiceError),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_tells_a_failing_service_only_at_the_beginning() {
        let cases = [
            ("500 oops", Reason::ServiceError),
            ("503 Service Unavailable", Reason::ServiceError),
            ("400 {\"type\":\"error\"}", Reason::Agent),
            ("read 1500 bytes", Reason::Agent),
            ("5000 things", Reason::Agent),
            ("", Reason::Agent),
        ];
        for (error, reason) in cases {
            assert_eq!(Reason::of_result(error), reason, "{error:?}");
        }
    }

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
