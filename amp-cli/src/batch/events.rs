//! What happens in a batch, for programs that supervise it: lines of JSON on standard output, as
//! things happen. `docs/batch.md` explains each of them to users.

use std::cell::{Cell, RefCell};

use amp_session::Pause;
use serde::Serialize;

use super::result::{TaskResult, Usage};
use super::state::TaskStatus;
use super::tally::Tally;
use crate::context::Context;
use crate::events::lines::{Lines, milliseconds};
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Something that happened in a batch.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event<'a> {
    BatchBegan {
        shard: String,
        /// The folder of results.
        results: String,
        amp_version: &'a str,
        /// How many agents work at once at most.
        jobs: usize,
        /// How many tasks are worked on, and how many of the shard are done already.
        due: usize,
        done: u64,
    },
    /// The agent of a task is about to be started.
    TaskBegan {
        task: &'a str,
        attempt: u32,
        /// Whether its thread is gone on with.
        goes_on: bool,
    },
    /// The agent of a task makes a call.
    TaskProgress { task: &'a str, about: &'a str },
    TaskEnded {
        task: &'a str,
        attempt: u32,
        status: TaskStatus,
        kind: Option<&'a str>,
        message: Option<&'a str>,
        thread: Option<&'a str>,
        usage: Usage,
        /// How many files are not as they were.
        files: Option<usize>,
        /// Where the work tree of a failed task is.
        left_at: Option<&'a str>,
        duration_ms: u64,
    },
    /// It goes on with the next start.
    TaskPaused { task: &'a str, why: &'a str },
    /// Somebody has to decide how it goes on.
    TaskHeld { task: &'a str, why: &'a str },
    /// The service has a limit, which is waited for.
    LimitMet {
        why: &'a str,
        wait_ms: u64,
        /// How many agents work at once from now on.
        jobs: usize,
    },
    /// No more tasks begin.
    BatchPaused { why: &'a str },
    /// The last line.
    BatchEnded {
        exit_code: u8,
        /// The name of the exit code.
        kind: &'static str,
        /// What went wrong, without what may be tried.
        error: Option<String>,
        /// How many tasks ended how; absent when the batch was broken off.
        ok: Option<u64>,
        failed: Option<u64>,
        held: Option<u64>,
        left: Option<u64>,
        /// Why it was paused.
        paused: Option<&'a str>,
    },
}

/// Tells what happens in a batch, where a program wants to hear.
#[derive(Debug, Default)]
pub(super) struct Events {
    lines: RefCell<Option<Lines>>,
    have_begun: Cell<bool>,
}

impl Events {
    /// Begins to tell, with `--json`.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(super) fn new(wanted: bool, context: &Context) -> std::io::Result<Self> {
        let lines = wanted.then(|| Lines::to(context.stdout.clone()));
        Ok(Self {
            lines: RefCell::new(lines.transpose()?),
            have_begun: Cell::new(false),
        })
    }

    /// Tells whether anybody has been told of anything.
    pub(super) fn have_begun(&self) -> bool {
        self.have_begun.get()
    }

    /// Tells of an event.
    pub(super) fn tell(&self, event: &Event<'_>) {
        if let Some(lines) = &mut *self.lines.borrow_mut() {
            self.have_begun.set(true);
            lines.tell(event);
        }
    }

    /// Tells of a task that is done.
    pub(super) fn task_ended(&self, result: &TaskResult) {
        let work = result.work.as_ref();
        self.tell(&Event::TaskEnded {
            task: &result.id,
            attempt: result.attempt,
            status: result.status,
            kind: result.kind.as_deref(),
            message: result.message.as_deref(),
            thread: result.thread.as_deref(),
            usage: result.usage,
            files: work.map(|work| work.files.len()),
            left_at: work.and_then(|work| work.left_at.as_deref()),
            duration_ms: result.wall_time,
        });
    }

    /// Tells of a limit of the service, and how many agents work from now on.
    pub(super) fn limit_met(&self, pause: &Pause, jobs: usize) {
        self.tell(&Event::LimitMet {
            why: &pause.why,
            wait_ms: milliseconds(pause.wait),
            jobs,
        });
    }

    /// Tells how the batch has ended; returns what is to be said of lines that were not written.
    pub(super) fn batch_ended(
        &self,
        ended: &Result<ExitCode, Failure>,
        came_to: Option<(&Tally, Option<&str>)>,
    ) -> Option<String> {
        let lines = self.lines.take()?;
        let (code, error) = match ended {
            Ok(code) => (*code, None),
            Err(failure) => (failure.code(), Some(failure.in_one_line())),
        };
        let count = |of: fn(&Tally) -> u64| came_to.map(|(tally, _)| of(tally));
        lines.finish(&Event::BatchEnded {
            exit_code: code.number(),
            kind: code.name(),
            error,
            ok: count(|tally| tally.ok),
            failed: count(|tally| tally.failed),
            held: count(|tally| tally.held),
            left: count(|tally| tally.left),
            paused: came_to.and_then(|(_, paused)| paused),
        })
    }
}
