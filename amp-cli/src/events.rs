//! What happens in a run, for programs that supervise it: typed events, as they come.

pub(crate) mod event;
pub(crate) mod lines;
mod sink;
mod target;

use std::collections::HashMap;
use std::time::Instant;

use amp_session::protocol::progress::{ClosedCall, Progress};
use amp_session::protocol::tool::ToolOutcome;
use amp_session::protocol::{Event as StreamEvent, ToolUseId};
use amp_session::{CheckReport, Misfit, Outcome, Pause, TurnItem};

pub(crate) use self::event::Event;
use self::lines::{Lines, milliseconds};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::telemetry::Telemetry;
use crate::text::fit;
use crate::view::{ToolCall, about};

/// The most columns that a call is described in.
const LONGEST: usize = 300;

/// Tells of what happens in a run.
#[derive(Debug, Default)]
pub(crate) struct Events {
    lines: Option<Lines>,
    telemetry: Option<Telemetry>,
    turn: u32,
    progress: Progress,
    /// When the open calls began.
    calls: HashMap<ToolUseId, Instant>,
}

impl Events {
    /// Begins to tell of a run, where somebody wants to hear.
    ///
    /// # Errors
    /// When what `--events` names cannot be written to, or a collector of OpenTelemetry not told.
    pub(crate) fn new(wanted: Option<&str>, context: &Context) -> Result<Self, Failure> {
        let open = |word: &str| {
            let opened = target::open(word, &context.resolve(word.as_ref()));
            opened.map_err(|error| {
                let what = format!("no events can be written to {word}");
                Failure::new(ExitCode::Usage, what)
                    .caused_by(&error)
                    .next(
                        "ampctl run --events events.jsonl …",
                        "appends them to a file",
                    )
                    .next("ampctl run --events 3 … 3>&1 >/dev/null | …", "pipes them")
            })
        };
        let sink = wanted.map(open).transpose()?;
        Ok(Self {
            lines: sink.map(Lines::new),
            telemetry: Telemetry::new(context)?,
            ..Self::default()
        })
    }

    /// Tells whether nobody wants to hear.
    fn is_unheard(&self) -> bool {
        self.lines.is_none() && self.telemetry.is_none()
    }

    /// Tells of an event.
    pub(crate) fn tell(&mut self, event: &Event<'_>) {
        if let Some(lines) = &mut self.lines {
            lines.tell(event);
        }
        if let Some(telemetry) = &mut self.telemetry {
            telemetry.tell(event);
        }
    }

    /// Tells that one more turn has begun.
    pub(crate) fn turn_began(&mut self) {
        self.turn += 1;
        self.progress = Progress::new();
        self.calls.clear();
        self.tell(&Event::TurnBegan { turn: self.turn });
    }

    /// Tells of an item of a turn, if it is an event.
    pub(crate) fn see(&mut self, item: &TurnItem) {
        // Nothing of a long stream is followed in vain.
        if self.is_unheard() {
            return;
        }
        let turn = self.turn;
        match item {
            TurnItem::Line(line) => {
                if let Some(event) = line.event() {
                    self.see_event(event);
                }
            }
            TurnItem::Question(asked) => self.tell(&Event::QuestionAsked {
                turn,
                question: asked.subject.number,
                tool: &asked.subject.tool,
                about: fit(&about(&asked.subject), LONGEST),
            }),
            TurnItem::Answer(decided) => self.tell(&Event::QuestionAnswered {
                turn,
                question: decided.subject.number,
                tool: &decided.subject.tool,
                about: fit(&about(&decided.subject), LONGEST),
                allowed: decided.allowed,
                by: decided.by,
                reason: decided.reason.as_deref(),
            }),
            TurnItem::Denial(denial) => self.tell(&Event::SandboxDenied {
                turn,
                what: denial.to_string(),
                allow: denial.allow.as_deref(),
            }),
            TurnItem::Cap(near) => self.tell(&Event::CapNear {
                turn,
                cap: near.cap,
                used: near.used,
                limit: near.limit,
            }),
            _ => {}
        }
    }

    fn see_event(&mut self, event: &StreamEvent) {
        let closed = self.progress.observe(event);
        self.ended(closed);
        let StreamEvent::Assistant(assistant) = event else {
            return;
        };
        for call in assistant.message.tool_uses() {
            self.calls.insert(call.id.clone(), Instant::now());
            let system = self.progress.system();
            let directory = system.and_then(|system| system.cwd.as_deref());
            let subject = ToolCall::of(call, directory).subject;
            self.tell(&Event::ToolBegan {
                turn: self.turn,
                id: call.id.as_str(),
                tool: call.name.as_str(),
                about: fit(&subject, LONGEST),
                parent: assistant.parent_tool_use_id.as_ref().map(ToolUseId::as_str),
            });
        }
    }

    fn ended(&mut self, closed: Vec<ClosedCall<'_>>) {
        for closed in closed {
            let Some(call) = &closed.call else { continue };
            let began = self.calls.remove(&call.request.id);
            let (end, exit_code) = match closed.outcome() {
                None => ("unknown", None),
                Some(ToolOutcome::ExitCode(code)) => ("failed", Some(code)),
                Some(ToolOutcome::Failed(_)) => ("failed", None),
                Some(ToolOutcome::Refused(_)) => ("refused", None),
                Some(ToolOutcome::Cancelled(_)) => ("cancelled", None),
                Some(_) => ("succeeded", None),
            };
            self.tell(&Event::ToolEnded {
                turn: self.turn,
                id: call.request.id.as_str(),
                tool: call.request.name.as_str(),
                end,
                exit_code,
                duration_ms: began.map_or(0, |began| milliseconds(began.elapsed())),
            });
        }
    }

    /// Tells that an answer goes back to the agent, or is the last.
    pub(crate) fn answer_unfit(&mut self, misfit: &Misfit) {
        self.tell(&Event::AnswerUnfit {
            turn: self.turn,
            complaints: &misfit.complaints,
        });
    }

    /// Tells that the work is being checked.
    pub(crate) fn check_began(&mut self, command: &str) {
        let turn = self.turn;
        self.tell(&Event::CheckBegan { turn, command });
    }

    /// Tells what a check has said.
    pub(crate) fn check_ended(&mut self, report: &CheckReport) {
        self.tell(&Event::CheckEnded {
            turn: self.turn,
            command: &report.command,
            passed: report.passed,
            end: &report.end,
        });
    }

    /// Tells that the run waits before its next attempt.
    pub(crate) fn retry_waits(&mut self, pause: &Pause) {
        self.tell(&Event::RetryWaits {
            turn: self.turn,
            why: &pause.why,
            attempt: pause.attempt,
            most: pause.most,
            wait_ms: milliseconds(pause.wait),
        });
    }

    /// Tells how a turn has ended; its calls that are open have, too.
    pub(crate) fn turn_ended(&mut self, outcome: &Outcome) {
        let closed = self.progress.finish();
        self.ended(closed);
        let failure = outcome.failure.as_ref();
        self.tell(&Event::TurnEnded {
            turn: self.turn,
            outcome: outcome.status.as_str(),
            reason: failure.map(|failure| failure.reason.as_str()),
            message: failure.map(|failure| failure.message.as_str()),
            thread: outcome.thread.as_ref().map(ToString::to_string),
            usage: outcome.usage,
            tool_calls: outcome.tool_calls,
            refused_tools: outcome.refused_tools,
            duration_ms: milliseconds(outcome.wall_time),
        });
    }

    /// Tells how the run has ended; returns what is to be said of what could not be told.
    pub(crate) fn run_ended(self, ended: &Result<ExitCode, Failure>) -> Vec<String> {
        let (code, error) = match ended {
            Ok(code) => (*code, None),
            Err(failure) => (failure.code(), Some(failure.in_one_line())),
        };
        let of_lines = self.lines.and_then(|lines| {
            lines.finish(&Event::RunEnded {
                exit_code: code.number(),
                kind: code.name(),
                error,
            })
        });
        let of_telemetry = self.telemetry.and_then(|telemetry| telemetry.finish(code));
        of_lines.into_iter().chain(of_telemetry).collect()
    }
}
