//! Whether waiting helps against what ended a turn.

use std::time::Duration;

use crate::dialect::{Dialect, Generation};
use crate::outcome::{Outcome, Reason, Status};

/// The first line with which builds with server-side threads end when the service refuses to create
/// a thread or to open one (2026-07-15 and 2026-09-23, HTTP 429, 5xx and a cut connection alike).
const NOT_OPENED: &str = "Unexpected error inside Amp CLI";

/// Something that may be gone after a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit {
    /// What it is, in words.
    pub(super) name: &'static str,
    /// Whether it is a limit of so many requests a minute, which takes longer to be gone.
    pub(super) is_rate: bool,
    /// Whether the service may have gone on with the turn by itself.
    pub(super) is_lost: bool,
    /// How long the service asks to wait.
    pub(super) asked: Option<Duration>,
}

/// Returns what ended a turn, if waiting may help.
///
/// # Errors
/// Says why waiting does not help.
pub(super) fn of(outcome: &Outcome, dialect: &Dialect) -> Result<Limit, &'static str> {
    let reason = match outcome.reason() {
        _ if outcome.status == Status::Capped => return Err("a cap was reached"),
        Some(Reason::ExitedUnexpectedly) if is_not_opened(outcome, dialect) => Reason::ServiceError,
        Some(reason) => reason,
        None => return Err("it is not known what went wrong"),
    };
    let name = match reason {
        Reason::RateLimited => "rate limited",
        Reason::Overloaded => "overloaded",
        Reason::ServiceError => "the service failed",
        Reason::ConnectionLost => "connection lost",
        Reason::Unreachable => "the service could not be reached",
        Reason::SilentStart => "the service did not answer",
        Reason::OutOfCredits => return Err("credits do not come back by waiting"),
        Reason::RejectedKey | Reason::NotConfigured => {
            return Err("a key does not become a good one by waiting");
        }
        Reason::ApprovalNeeded | Reason::ApprovalBypassed => {
            return Err("an approval is not had by waiting");
        }
        Reason::Cancelled => return Err("the turn was cancelled"),
        Reason::VersionNotSupported => return Err("this version of Amp is no longer served"),
        Reason::IdleTimeout | Reason::TotalTimeout => return Err("its time was up"),
        _ => return Err("waiting does not help"),
    };
    let asked = outcome.failure.as_ref().and_then(|one| one.retry_after);
    Ok(Limit {
        name,
        is_rate: reason == Reason::RateLimited,
        is_lost: reason == Reason::ConnectionLost
            && dialect.generation() == Generation::ServerThreads,
        asked: asked.map(Duration::from_millis),
    })
}

fn is_not_opened(outcome: &Outcome, dialect: &Dialect) -> bool {
    let mut said = outcome.stderr.lines();
    dialect.generation() == Generation::ServerThreads
        && outcome.nothing_was_sent()
        && said.any(|line| line.contains(NOT_OPENED))
}
