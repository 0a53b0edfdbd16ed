//! From what was seen to an outcome: pure, so that every recording can be put to the question.

use std::time::Duration;

use amp_process::{Cause, Deadline, ExitStatus};
use amp_protocol::progress::Progress;
use amp_protocol::{Count, Decoded, Event};

use super::{Failure, LineCounts, Outcome, Reason, RefusedCall, Seen, Status};
use crate::dialect::{Dialect, Feature, Generation};
use crate::secrets::{Cut, Secrets};
use crate::thread_id::ThreadId;

/// The first words that a CLI without a key prints on standard output before it waits 300 s.
const LOGIN_FLOW: &[u8] = b"No API key found. Starting login flow";

/// The most of a stray line that is kept, in bytes.
const KEPT: usize = 64 * 1024;

/// The most of a stray line that a message quotes, in characters.
const QUOTED: usize = 200;

/// Watches the lines of a turn and remembers what its outcome needs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Observer {
    /// What the CLI is known to do; unknown in a replay.
    dialect: Option<Dialect>,
    pub(crate) thread: Option<ThreadId>,
    progress: Progress,
    seen: Seen,
    counts: LineCounts,
    /// Id, tool, arguments and reason of each refused call.
    refused: Vec<(Option<String>, String, String, String)>,
    login_flow: bool,
    /// The beginning of the first line that is no message, for a turn that says nothing else.
    stray: Option<Vec<u8>>,
}

/// How a turn's process ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ending {
    pub(crate) cause: Option<Cause>,
    pub(crate) status: Option<ExitStatus>,
    pub(crate) stderr: String,
    pub(crate) wall_time: Duration,
    /// The operating system failed while the turn ran.
    pub(crate) trouble: Option<String>,
}

impl Observer {
    /// Watches a turn of a CLI with these habits.
    pub(crate) fn of(dialect: Dialect) -> Self {
        Self {
            dialect: Some(dialect),
            ..Self::default()
        }
    }

    /// Takes note of a line.
    pub(crate) fn observe(&mut self, decoded: &Decoded, oversized: bool) {
        if oversized {
            self.counts.oversized += 1;
        }
        match decoded {
            Decoded::Event(event) => self.observe_event(event),
            Decoded::Unrecognised(_) => self.counts.unrecognised += 1,
            Decoded::Malformed(malformed) => {
                self.counts.malformed += 1;
                self.login_flow |= malformed.line.starts_with(LOGIN_FLOW);
                if self.stray.is_none() && !malformed.line.trim_ascii().is_empty() {
                    // Cut when it is known what in it is secret.
                    let kept = &malformed.line[..malformed.line.len().min(KEPT)];
                    self.stray = Some(kept.to_vec());
                }
            }
        }
    }

    /// Returns what the turn has come to so far.
    pub(crate) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Tells whether the result line has come, which ends a turn.
    pub(crate) fn has_result(&self) -> bool {
        self.progress.result().is_some()
    }

    /// Tells whether the last message was cut in a build that says no more then.
    pub(crate) fn waits_for_ever(&self) -> bool {
        let is_of_then = |dialect: Dialect| matches!(dialect.generation(), Generation::LocalLoop);
        !self.has_result() && self.progress.is_cut_short() && self.dialect.is_some_and(is_of_then)
    }

    /// Tells whether the CLI has begun to wait for somebody to log in.
    pub(crate) fn is_login_flow(&self) -> bool {
        self.login_flow && !self.has_result()
    }

    fn observe_event(&mut self, event: &Event) {
        self.counts.events += 1;
        self.seen.observe(event);
        for closed in self.progress.observe(event) {
            let refused = closed.result.filter(|result| result.refusal().is_some());
            if let Some(result) = refused {
                let request = closed.call.map(|call| call.request);
                let (id, tool, arguments) = request.map_or_else(Default::default, |request| {
                    (
                        Some(request.id.as_str().to_owned()),
                        request.name.as_str().to_owned(),
                        request.input.as_str().to_owned(),
                    )
                });
                let reason = result.text().unwrap_or_default().to_owned();
                self.refused.push((id, tool, arguments, reason));
            }
        }
        if self.thread.is_none() {
            let id = self.progress.session_id();
            self.thread = id.and_then(|id| id.as_str().parse().ok());
        }
    }

    /// Draws the conclusion: the result line counts most, then deadlines and cancelling, then what
    /// the process said and how it ended.
    pub(crate) fn conclude(self, ending: &Ending, secrets: &Secrets) -> Outcome {
        let (status, failure) = self.judge(ending, secrets);
        let counted = |count: &Option<Count>| count.as_ref().and_then(Count::as_u64);
        let (text, messages, milliseconds) = match self.progress.result() {
            Some(result) => (
                result.result.clone(),
                counted(&result.num_turns),
                counted(&result.duration_ms),
            ),
            None => (None, None, None),
        };
        Outcome {
            status,
            failure: failure.map(|failure| Failure {
                message: secrets.redact_text(&failure.message),
                ..failure
            }),
            thread: self.thread,
            text,
            messages,
            reported_duration: milliseconds.map(Duration::from_millis),
            wall_time: ending.wall_time,
            lines: self.counts,
            usage: self.progress.usage(),
            tool_calls: self.progress.tool_calls(),
            refused_tools: self.progress.refused_calls(),
            refused_calls: self
                .refused
                .iter()
                .map(|(id, tool, arguments, reason)| {
                    RefusedCall::new(tool, arguments, reason, secrets).with_id(id.clone())
                })
                .collect(),
            stderr: secrets.redact_text(&ending.stderr),
            sandbox: None,
            exit: None,
            ledger_failure: None,
            seen: self.seen,
        }
    }

    fn judge(&self, ending: &Ending, secrets: &Secrets) -> (Status, Option<Failure>) {
        let deadline = match ending.cause {
            Some(Cause::DeadlinePassed(deadline)) => Some(deadline),
            _ => None,
        };
        let stopped = ending.cause == Some(Cause::Stopped);
        if let Some(result) = self.progress.result() {
            if result.is_success() {
                return (Status::Completed, None);
            }
            let error = result.error.as_deref().unwrap_or_default();
            let mut reason = Reason::of_result(error);
            if reason == Reason::Cancelled {
                // The CLI answers our own signal in these words as well.
                return match deadline {
                    Some(deadline) => self.timed_out(deadline, ending, secrets),
                    None => cancelled(),
                };
            }
            if reason == Reason::ConnectionLost
                && let Some(told) = Reason::of_stderr(&ending.stderr)
            {
                reason = told;
            }
            return (Status::Failed, Some(Failure::of(reason, error)));
        }
        if self.login_flow {
            let message = "AMP_API_KEY not configured: Amp began its login flow";
            return (
                Status::Failed,
                Some(Failure::of(Reason::NotConfigured, message)),
            );
        }
        if let Some(deadline) = deadline {
            return self.timed_out(deadline, ending, secrets);
        }
        if stopped {
            return cancelled();
        }
        if let Some(reason) = Reason::of_stderr(&ending.stderr) {
            let mut failure = Failure::of(reason, telling_line(&ending.stderr));
            let misleading = |dialect: Dialect| dialect.supports(Feature::MisleadingKeyError);
            if reason == Reason::RejectedKey && self.dialect.is_some_and(misleading) {
                failure.hint = Some(
                    "check the key and the service: this Amp says so whenever the service fails"
                        .to_owned(),
                );
            }
            return (Status::Failed, Some(failure));
        }
        let how = match (&ending.trouble, ending.status) {
            (Some(trouble), _) => trouble.clone(),
            (None, Some(status)) => status.to_string(),
            (None, None) => "it was interrupted".to_owned(),
        };
        let said = match (telling_line(&ending.stderr), &self.stray) {
            ("", None) => String::new(),
            ("", Some(stray)) => format!(": {}", quoted(stray, secrets)),
            (line, _) => format!(": {line}"),
        };
        let message = format!("Amp process exited unexpectedly ({how}) without a result{said}");
        (
            Status::NoResult,
            Some(Failure::of(Reason::ExitedUnexpectedly, &message)),
        )
    }

    fn timed_out(
        &self,
        deadline: Deadline,
        ending: &Ending,
        secrets: &Secrets,
    ) -> (Status, Option<Failure>) {
        let reason = match deadline {
            Deadline::Startup => Reason::SilentStart,
            Deadline::Idle => Reason::IdleTimeout,
            _ => Reason::TotalTimeout,
        };
        let mut message = format!("the {deadline} deadline passed");
        if deadline == Deadline::Startup {
            message.push_str(&seen_at_start(&ending.stderr, secrets));
        }
        let mut failure = Failure::of(reason, &message);
        if self.progress.is_cut_short() {
            failure.hint = Some(
                "the model's last message was cut short, by its output limit or a refusal, and \
                 this Amp never says so"
                    .to_owned(),
            );
        } else if self.progress.open_calls().next().is_some() {
            failure.hint = Some(
                "a tool call was never answered: it still ran, or this Amp waited for an approval \
                 that the stream cannot give"
                    .to_owned(),
            );
        }
        (Status::TimedOut, Some(failure))
    }
}

/// Returns what was seen of an Amp that wrote no line before the start-up deadline.
fn seen_at_start(stderr: &str, secrets: &Secrets) -> String {
    let stderr = secrets.redact_text(stderr);
    let mut lines = stderr.lines().rev().map(str::trim);
    match lines.find(|line| !line.is_empty()) {
        None => ": nothing was written".to_owned(),
        Some(last) => {
            let last: String = last.chars().take(QUOTED).collect();
            format!(": standard output stayed empty, standard error ends with: {last}")
        }
    }
}

/// Returns the beginning of a stray line, without the secrets in it.
fn quoted(stray: &[u8], secrets: &Secrets) -> String {
    let cut = match stray.len() {
        KEPT => Cut::End,
        _ => Cut::Nowhere,
    };
    let redacted = secrets.redacted(stray, cut);
    String::from_utf8_lossy(&redacted)
        .chars()
        .take(QUOTED)
        .collect()
}

pub(super) fn cancelled() -> (Status, Option<Failure>) {
    (
        Status::Cancelled,
        Some(Failure::of(Reason::Cancelled, "cancelled")),
    )
}

/// Returns the line that says what went wrong, without the CLI's `Error: ` in front.
///
/// It is the first one, unless a later one names an error, as in the trace of a crash.
fn telling_line(stderr: &str) -> &str {
    let mut lines = stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let first = lines.clone().next().unwrap_or_default();
    let named = lines.find(|line| line.contains("Error: ") || line.contains("Error]: "));
    let mut line = named.unwrap_or(first);
    for prefix in ["Error: ", "error: "] {
        line = line.strip_prefix(prefix).unwrap_or(line);
    }
    line
}
