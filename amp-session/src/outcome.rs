//! How a turn ended: a status, a typed reason, and everything a person needs to go on.

mod conclude;
mod last_message;
mod reason;
mod seen;
mod wait_in_words;

use std::fmt;
use std::time::Duration;

use amp_process::Exit;
use amp_protocol::progress::UsageTotals;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use conclude::{Ending, Observer};
pub use reason::Reason;
pub(crate) use seen::Seen;
use wait_in_words::wait_in_words;

use crate::approval::Decided;
use crate::credentials::KeyVerdict;
use crate::milliseconds::in_milliseconds;
use crate::plain_text::telling_line;
use crate::policy::caps::CapUse;
use crate::sandbox::SandboxReport;
use crate::secrets::Secrets;
use crate::service_log::Told;
use crate::thread_id::ThreadId;

/// How a turn ended.
///
/// It is drawn from the result line first, then from the process's end, its standard error and the
/// deadlines. Amp's exit codes are never trusted alone: every build of 2026 has exited with 0 after
/// a failure, and one with 1 after a success.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Outcome {
    /// How it ended, in a word.
    pub status: Status,
    /// Why, when it did not complete.
    pub failure: Option<Failure>,
    /// The thread, for [`Amp::resume`](crate::Amp::resume); `None` when there is none yet.
    pub thread: Option<ThreadId>,
    /// The final text of the agent, from the result line.
    pub text: Option<String>,
    /// How many assistant messages the CLI counted.
    pub messages: Option<u64>,
    /// The wall time that the CLI reported.
    pub reported_duration: Option<Duration>,
    /// The wall time from the start of the process to the proof of its end.
    pub wall_time: Duration,
    /// What was on standard output.
    pub lines: LineCounts,
    /// What the messages of the agent used, its subagents included where they are in the stream.
    pub usage: UsageTotals,
    /// How many tool calls the agent made.
    pub tool_calls: u64,
    /// How many tool calls were refused, by rules, a helper or a person.
    pub refused_tools: u64,
    /// The calls that were refused; their number is [`refused_tools`](Self::refused_tools).
    pub refused_calls: Vec<RefusedCall>,
    /// Head and tail of standard error, without terminal escapes and known secrets.
    pub stderr: String,
    /// What protected the turn and what its agent was refused; `None` without a sandbox.
    pub sandbox: Option<SandboxReport>,
    /// How the process ended; `None` in a replay.
    #[serde(serialize_with = "exit_as_text")]
    pub exit: Option<Exit>,
    /// Why the ledger holds less than was seen, when it does.
    pub ledger_failure: Option<String>,
    /// What the stream has shown of the thread.
    #[serde(skip)]
    pub(crate) seen: Seen,
}

/// A tool call that was refused, by a rule, a helper or a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RefusedCall {
    /// The tool.
    pub tool: String,
    /// The arguments as JSON, without known secrets, and cut to 400 characters.
    pub arguments: String,
    /// What the agent was told.
    pub reason: String,
    /// The id of the call, where it is known.
    #[serde(skip)]
    pub(crate) id: Option<String>,
}

/// How a turn ended, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// The agent said that it is done.
    Completed,
    /// The agent or the CLI said why it is not.
    Failed,
    /// The process ended without saying anything usable.
    NoResult,
    /// A deadline passed.
    TimedOut,
    /// It was cancelled.
    Cancelled,
    /// It wanted more than it may have.
    Capped,
}

/// Why a turn did not complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Failure {
    /// The typed reason.
    pub reason: Reason,
    /// What the CLI said, or what was seen when it said nothing; without known secrets.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// How long the service asks to wait, in milliseconds from the end of the turn; absent where
    /// it says nothing that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

/// How many lines of each kind came on standard output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LineCounts {
    /// Messages of a known type.
    pub events: u64,
    /// Messages of a type that this release does not know.
    pub unrecognised: u64,
    /// Lines that are no message, or a known one of the wrong shape.
    pub malformed: u64,
    /// Lines over the limit, of which only the beginning was kept.
    pub oversized: u64,
}

impl Outcome {
    /// Adds what became of the questions about tool calls.
    pub(crate) fn add_questions(
        &mut self,
        refused: &[Decided],
        bypass: Option<String>,
        secrets: &Secrets,
    ) {
        let told: Vec<RefusedCall> = refused
            .iter()
            .filter(|decided| !decided.subject.tool.is_empty())
            .map(|decided| {
                let arguments = json!(decided.subject.arguments).to_string();
                let reason = decided.reason.as_deref().unwrap_or_default();
                let id = decided.subject.tool_use_id.clone();
                RefusedCall::new(&decided.subject.tool, &arguments, reason, secrets).with_id(id)
            })
            .collect();
        // The stream tells of these as well, perhaps in words of its own: each of them once.
        let mut left: Vec<&RefusedCall> = told.iter().collect();
        self.refused_calls.retain(|seen| {
            let by_id = left.iter().position(|told| told.has_id_of(seen));
            let position = by_id.or_else(|| left.iter().position(|told| told.is_like(seen)));
            position
                .map(|position| left.swap_remove(position))
                .is_none()
        });
        self.refused_calls.extend(told);
        self.refused_tools = self.refused_calls.len() as u64;
        if let Some(reason) = bypass {
            self.fail(Reason::ApprovalBypassed, &secrets.redact_text(&reason));
        }
    }

    /// Says that the turn was stopped because it wanted more than it may have, unless its agent was
    /// done by then.
    pub(crate) fn cap(&mut self, cap: CapUse) {
        if self.status != Status::Completed {
            self.status = Status::Capped;
            self.failure = Some(Failure::of(Reason::CapReached, &cap.to_string()));
        }
    }

    /// Says that the turn was stopped because nothing followed a message that was cut, unless its
    /// agent was done by then.
    pub(crate) fn cut_short(&mut self) {
        if self.status != Status::Completed {
            self.fail(Reason::CutShort, "the model's last message was cut short");
        }
    }

    /// Says whether the model's last message was finished, by what Amp's
    /// [export](crate::Amp::export_thread) of the thread tells. Outcomes of another kind stay as they
    /// are.
    pub fn believe_thread(&mut self, export: &Value) {
        if !self.is_success() && self.reason() != Some(Reason::CutShort) {
            return;
        }
        match last_message::why_unfinished(export) {
            Some(Reason::ModelRefused) => self.fail(Reason::ModelRefused, "the model refused"),
            Some(reason) => self.fail(reason, "the model reached the limit of its output"),
            None => {}
        }
    }

    fn fail(&mut self, reason: Reason, message: &str) {
        self.status = Status::Failed;
        self.failure = Some(Failure::of(reason, message));
    }

    /// Corrects the reason of a start that failed as if for a wrong key, by what the service says of
    /// the key; [`Credentials::key_question`](crate::Credentials::key_question) asks it.
    ///
    /// The builds of February and March 2026 call every failed start a bad key. Other outcomes stay
    /// as they are.
    pub fn believe_key(&mut self, verdict: &KeyVerdict) {
        let Some(failure) = &mut self.failure else {
            return;
        };
        if failure.reason != Reason::RejectedKey {
            return;
        }
        let (reason, said) = match verdict {
            KeyVerdict::Rejected { .. } => return,
            KeyVerdict::Accepted { .. } => (Reason::ServiceError, "the service takes the key now"),
            KeyVerdict::Unclear { reason, status } => {
                let told = match status {
                    402 => Reason::OutOfCredits,
                    429 => Reason::RateLimited,
                    408 | 500..=599 => Reason::ServiceError,
                    _ => return,
                };
                (told, reason.as_str())
            }
        };
        failure.reason = reason;
        failure.message = format!("{} ({said})", failure.message);
        failure.hint = reason.hint().map(str::to_owned);
    }

    /// Adds what Amp's own log tells of the service's limits, at a time in milliseconds since 1970.
    pub(crate) fn add_service_log(&mut self, told: &Told, now: u64, secrets: &Secrets) {
        let waits_for_a_tool = self.seen.calls.values().any(|settled| !settled);
        let Some(failure) = &mut self.failure else {
            return;
        };
        let before = failure.reason;
        if before == Reason::IdleTimeout && told.is_reconnecting && !waits_for_a_tool {
            failure.reason = Reason::ConnectionLost;
            failure.message.push_str(": Amp had lost the connection");
        }
        if let (Reason::Agent, Some(code)) = (before, &told.code) {
            failure.reason = Reason::of_code(code).unwrap_or(Reason::Agent);
            let code = secrets.redact_text(code);
            failure.message = format!("{} ({code})", failure.message);
        }
        if failure.reason != before {
            failure.hint = failure.reason.hint().map(str::to_owned);
        }
        let wait = told.retry_at.map(|at| at.saturating_sub(now));
        failure.retry_after = wait.or(failure.retry_after);
    }

    /// Says that the turn was cancelled, whatever its agent has said of it.
    pub(crate) fn cancel(&mut self) {
        (self.status, self.failure) = conclude::cancelled();
    }

    /// Tells whether the agent said that it is done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status == Status::Completed
    }

    /// Tells whether nothing can have been sent: Amp ended by itself with an error, and not a line of
    /// the stream had come.
    ///
    /// Every measured build writes its init line before it sends a prompt, and ends with exit code 1
    /// and an empty standard output where a start, or the opening of a thread, fails.
    #[must_use]
    pub fn nothing_was_sent(&self) -> bool {
        let lines = self.lines;
        let none = lines.events + lines.unrecognised + lines.malformed + lines.oversized == 0;
        let code = self.exit.as_ref().and_then(|exit| exit.status().code());
        none && code == Some(1) && matches!(self.status, Status::Failed | Status::NoResult)
    }

    /// Tells whether the agent ended with a text that says something.
    #[must_use]
    pub fn has_answer(&self) -> bool {
        self.text
            .as_deref()
            .is_some_and(|text| !text.trim().is_empty())
    }

    /// Returns the line of standard error that names an error, perhaps in the middle of a page of
    /// source code.
    #[must_use]
    pub fn complaint(&self) -> Option<&str> {
        telling_line(&self.stderr)
    }

    /// Returns the typed reason, when the turn did not complete.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.failure.as_ref().map(|failure| failure.reason)
    }
}

impl RefusedCall {
    pub(crate) fn new(tool: &str, arguments: &str, reason: &str, secrets: &Secrets) -> Self {
        Self {
            tool: tool.to_owned(),
            arguments: secrets.redact_text(arguments).chars().take(400).collect(),
            reason: secrets.redact_text(reason),
            id: None,
        }
    }

    pub(crate) fn with_id(self, id: Option<String>) -> Self {
        Self { id, ..self }
    }

    fn has_id_of(&self, seen: &Self) -> bool {
        self.id.is_some() && self.id == seen.id
    }

    /// Tells whether a decision may be about a call of the stream where one of them has no id: the
    /// arguments are the same, or the reason that was given is in what the stream says.
    fn is_like(&self, seen: &Self) -> bool {
        let value = |text| serde_json::from_str::<Value>(text).ok();
        let same_arguments = self.arguments == seen.arguments
            || value(&self.arguments).is_some_and(|own| Some(own) == value(&seen.arguments));
        let same_words = same_arguments || seen.reason.contains(&self.reason);
        (self.id.is_none() || seen.id.is_none()) && self.tool == seen.tool && same_words
    }
}

impl Status {
    /// Returns the name, such as `no_result`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::NoResult => "no_result",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Capped => "capped",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl Failure {
    pub(crate) fn of(reason: Reason, message: &str) -> Self {
        let wait = reason
            .is_transient()
            .then(|| wait_in_words(message))
            .flatten();
        Self {
            reason,
            message: message.to_owned(),
            hint: reason.hint().map(str::to_owned),
            retry_after: wait.map(in_milliseconds),
        }
    }

    /// A turn that completed and said nothing.
    pub(crate) fn without_answer() -> Self {
        Self::of(Reason::NoAnswer, "the agent was done without a word")
    }
}

fn exit_as_text<S: serde::Serializer>(
    exit: &Option<Exit>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    exit.as_ref()
        .map(|exit| exit.status().to_string())
        .serialize(serializer)
}

#[cfg(test)]
mod tests;
