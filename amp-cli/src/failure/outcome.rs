//! Turns that did not complete.

use amp_session::{Outcome, Reason, Status};

use super::{Failure, last_lines, not_configured};
use crate::exit_code::ExitCode;

/// How many of the last lines of standard error are shown.
const STDERR_LINES: usize = 5;

impl Failure {
    /// Returns what is wrong with the outcome of a run with this service, if anything is.
    pub(crate) fn of_outcome(outcome: &Outcome, service_url: &str) -> Option<Self> {
        let message = outcome
            .failure
            .as_ref()
            .map_or("", |failure| failure.message.as_str());
        let failure = match (outcome.status, outcome.reason()) {
            (Status::Completed, _) => return None,
            (_, Some(Reason::NotConfigured)) => {
                return Some(not_configured(service_url).because(message));
            }
            (_, Some(Reason::RejectedKey)) => {
                Self::new(ExitCode::Credentials, "AMP_API_KEY was rejected")
                    .because(message)
                    .next(
                        "ampctl credentials status",
                        "shows which key is used, and for what",
                    )
                    .next("ampctl credentials set", "stores another one")
            }
            (_, Some(Reason::CutShort | Reason::OutputLimit)) => {
                Self::new(ExitCode::CutOff, "the answer was cut off").because(message)
            }
            (_, Some(Reason::ModelRefused)) => {
                Self::new(ExitCode::ModelRefused, "the model refused to answer")
            }
            (_, Some(Reason::ApprovalNeeded)) => {
                let what = "the agent asked for an approval that nobody could give";
                Self::new(ExitCode::NobodyToAsk, what)
                    .because(message)
                    .next("ampctl run --approve ask …", "puts its calls to you")
            }
            (Status::TimedOut, _) => Self::new(ExitCode::TimedOut, "timed out").because(message),
            (Status::Capped, _) => {
                Self::new(ExitCode::Capped, "the agent wanted more than it may have")
                    .because(message)
            }
            (Status::Cancelled, _) => Self::new(ExitCode::Interrupted, "interrupted"),
            (Status::NoResult, _) => {
                let how = outcome.exit.as_ref().map(|exit| exit.status().to_string());
                let how = how.unwrap_or_else(|| "its end was not seen".to_owned());
                Self::new(ExitCode::NoResult, "Amp process exited unexpectedly")
                    .because(format!("{how}, without a result line"))
            }
            (_, Some(Reason::VersionNotSupported)) => {
                let what = "the service no longer supports this version of Amp";
                return Some(
                    Self::new(ExitCode::NoUsableAmp, what)
                        .because(message)
                        .next("ampctl install", "installs the newest one"),
                );
            }
            (
                _,
                Some(
                    Reason::UnknownOption
                    | Reason::ModeNotAvailable
                    | Reason::InvalidSettings
                    | Reason::InvalidInput
                    | Reason::InputTooLarge
                    | Reason::ThreadNotFound,
                ),
            ) => Self::new(ExitCode::Usage, "Amp does not accept the run").because(message),
            _ => Self::new(ExitCode::Failed, "the agent reported a failure").because(message),
        };
        Some(failure.with_details_of(outcome))
    }

    fn with_details_of(mut self, outcome: &Outcome) -> Self {
        if outcome.status == Status::NoResult {
            let tail = last_lines(&outcome.stderr, STDERR_LINES);
            if let Some(complaint) = outcome.complaint().filter(|line| !tail.contains(*line)) {
                self = self.because(complaint);
            }
            self = self.because(match tail.trim() {
                "" => "it wrote nothing on standard error".to_owned(),
                tail => format!("it wrote on standard error:\n{tail}"),
            });
        } else if let Some(hint) = outcome.failure.as_ref().and_then(|one| one.hint.as_deref()) {
            self = self.hint(hint);
        }
        match (&outcome.thread, outcome.reason()) {
            (_, Some(Reason::UnknownOption | Reason::ModeNotAvailable)) => self
                .next("ampctl modes", "lists the modes of the Amp in use")
                .next("ampctl capabilities", "shows what else it takes"),
            (_, Some(Reason::ContextTooLong)) => {
                self.next("ampctl run \"…\"", "begins a new session")
            }
            (_, Some(Reason::Unreachable | Reason::SilentStart)) => self.next(
                "ampctl doctor --network",
                "tells whether the service can be reached",
            ),
            (_, Some(Reason::InputTooLarge)) => self,
            (Some(thread), _) => self.next(
                format!("ampctl continue --session {thread} \"…\""),
                "goes on from there",
            ),
            (None, _) => self.next("ampctl doctor", "checks everything a run needs"),
        }
    }
}
