//! What is left of an attempt, and the result that tells of it.

use std::time::Instant;

use amp_session::{CheckReport, Outcome};

use super::{Attempt, milliseconds};
use crate::batch::isolation::Space;
use crate::batch::journal::now;
use crate::batch::result::{CheckDone, TaskResult, Usage, WorkDone};
use crate::batch::state::TaskStatus;
use crate::batch::task::Task;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// How the work on a task was left.
pub(in crate::batch) enum Left {
    /// It is done, and this is its result; the work tree can go when that is written.
    Finished(Box<TaskResult>, Option<Space>),
    /// It can be gone on with later.
    Paused {
        why: String,
        /// Whether nothing else should begin either.
        all: bool,
        nothing_sent: bool,
    },
    /// Somebody has to decide how to go on.
    Held(String),
    /// It has not begun, because nothing should begin any more.
    NotBegun,
    /// The journal cannot be written.
    Broken(String),
}

/// What the turns of an attempt have used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Used {
    usage: Usage,
    begin: Instant,
    started_at: u64,
}

impl Default for Used {
    fn default() -> Self {
        Self {
            usage: Usage::default(),
            begin: Instant::now(),
            started_at: now(),
        }
    }
}

impl Used {
    pub(super) fn add(&mut self, outcome: &Outcome) {
        self.usage.add(&Usage::from(outcome));
    }
}

/// The end of an attempt.
pub(super) struct Ending<'a> {
    attempt: &'a Attempt<'a>,
    used: Used,
    pub(super) outcome: Option<Outcome>,
    pub(super) check: Option<CheckReport>,
}

impl<'a> Ending<'a> {
    pub(super) fn new(attempt: &'a Attempt<'a>, used: Used) -> Self {
        Self {
            attempt,
            used,
            outcome: None,
            check: None,
        }
    }

    /// Returns the result of an attempt that failed before anything was sent.
    pub(super) fn with_failure(&self, failure: &Failure) -> Box<TaskResult> {
        let meta = self.attempt.batch.tasks.task(self.attempt.place);
        let meta = meta.map(|task| task.meta).unwrap_or_default();
        self.result(Some(failure), None, meta)
    }

    /// Keeps the work and returns the result.
    pub(super) async fn finish(self, task: &Task, space: Space, failure: Option<Failure>) -> Left {
        let batch = self.attempt.batch;
        let (id, number) = (self.attempt.id(), self.attempt.number);
        let folder = batch.folder.attempt(id, number);
        let branch = match number {
            1 => format!("ampctl/{}/{id}", batch.identity.name),
            number => format!("ampctl/{}/{id}-{number}", batch.identity.name),
        };
        let (work, trouble) = match space.keep(&folder, &branch).await {
            Ok(work) => (work, None),
            Err(failure) => (None, Some(failure)),
        };
        if let Some(check) = &self.check {
            // The result says how it ended.
            let _ = std::fs::write(folder.join("check.log"), &check.output);
        }
        let failure = failure.or_else(|| self.of_work(work.as_ref()));
        if let Some(trouble) = trouble {
            if trouble.code() == ExitCode::Paused {
                return Left::Paused {
                    why: trouble.in_one_line(),
                    all: true,
                    nothing_sent: false,
                };
            }
            let left_at = space.folder().display().to_string();
            let failure = Failure::new(ExitCode::Failed, "its work could not be kept")
                .because(trouble.in_one_line())
                .because(format!("it is still in {left_at}"));
            return Left::Finished(self.result(Some(&failure), None, task.meta.clone()), None);
        }
        let Some(failure) = failure else {
            let result = self.result(None, work, task.meta.clone());
            return Left::Finished(result, Some(space));
        };
        // A person can look at what has failed, where it has.
        let left_at = space.folder().display().to_string();
        let work = work.map(|work| WorkDone {
            left_at: Some(left_at),
            ..work
        });
        Left::Finished(self.result(Some(&failure), work, task.meta.clone()), None)
    }

    /// Returns what is wrong with the work of an agent that was done.
    fn of_work(&self, work: Option<&WorkDone>) -> Option<Failure> {
        let outcome = self.outcome.as_ref()?;
        if self.attempt.batch.strict && outcome.refused_tools > 0 {
            let what = format!("{} tool calls were refused", outcome.refused_tools);
            return Some(Failure::new(ExitCode::CallsRefused, what));
        }
        match &self.check {
            Some(check) if !check.passed => {
                let what = "the check of the work failed";
                let why = format!("`{}` ended with {}", check.command, check.end);
                Some(Failure::new(ExitCode::CheckFailed, what).because(why))
            }
            Some(_) => None,
            None => {
                let has_done = work.is_some_and(|work| !work.files.is_empty());
                let is_silent = !outcome.has_answer() && !has_done;
                let what = "the agent was done without a word";
                is_silent.then(|| Failure::new(ExitCode::NoAnswer, what))
            }
        }
    }

    fn result(
        &self,
        failure: Option<&Failure>,
        work: Option<WorkDone>,
        meta: serde_json::Value,
    ) -> Box<TaskResult> {
        let batch = self.attempt.batch;
        let outcome = self.outcome.as_ref();
        let thread = outcome.and_then(|outcome| outcome.thread.as_ref());
        Box::new(TaskResult {
            id: self.attempt.id().to_owned(),
            status: failure.map_or(TaskStatus::Ok, |failure| status(failure.code())),
            kind: failure.map(|failure| failure.code().name().to_owned()),
            message: failure.map(Failure::in_one_line),
            attempt: self.attempt.number,
            shard: batch.shard.to_string(),
            thread: thread.map(ToString::to_string),
            amp_version: batch.amp.version().to_string(),
            text: outcome.and_then(|outcome| outcome.text.clone()),
            usage: self.used.usage,
            started_at: self.used.started_at,
            ended_at: now(),
            wall_time: milliseconds(self.used.begin),
            work,
            check: self.check.as_ref().map(|check| CheckDone {
                command: check.command.clone(),
                passed: check.passed,
                end: check.end.clone(),
            }),
            meta,
        })
    }
}

/// Returns the status of a task whose run would have ended with this exit code.
fn status(code: ExitCode) -> TaskStatus {
    match code {
        ExitCode::Done => TaskStatus::Ok,
        ExitCode::CallsRefused => TaskStatus::Rejected,
        ExitCode::TimedOut => TaskStatus::TimedOut,
        ExitCode::Capped => TaskStatus::Capped,
        ExitCode::CheckFailed => TaskStatus::CheckFailed,
        _ => TaskStatus::Failed,
    }
}
