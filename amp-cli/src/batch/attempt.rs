//! An attempt at a task: its agent, from the first prompt to what is left of its work.

mod ending;
mod session;

use std::time::{Duration, Instant};

use amp_session::{
    AfterCheck, AfterTurn, Attempts, Check, Error, ErrorKind, Outcome, Reason, Retried, Retries,
    Session, Turn, TurnItem,
};

pub(super) use self::ending::Left;
use self::ending::{Ending, Used};
pub(super) use self::session::has_ended;
use self::session::{Begun, begun};
use super::common::Batch;
use super::isolation::Space;
use super::journal::Note;
use super::slots::Slot;
use super::state::EventKind;
use super::stop::Level;
use super::task::Task;
use super::view::Doing;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// How long is waited for a limit at least, where the service does not say how long.
const LIMIT: Duration = Duration::from_secs(30);

/// An attempt at a task.
pub(super) struct Attempt<'a> {
    pub(super) batch: &'a Batch,
    /// The task's place in its file.
    pub(super) place: usize,
    /// From 1.
    pub(super) number: u32,
    pub(super) how: How,
}

/// How an attempt begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// With the prompt, which was not sent.
    Afresh,
    /// With what is recorded of it; `host_died` when the process before did not say how it ended.
    GoOn { host_died: bool },
}

/// An attempt whose agent can be started.
pub(super) struct Prepared<'a> {
    pub(super) attempt: Attempt<'a>,
    task: Task,
    space: Space,
    begun: Begun,
}

impl Prepared<'_> {
    /// Works on the task until it is done, or cannot be gone on with now.
    pub(super) async fn work(self) -> Left {
        let Self {
            attempt,
            task,
            space,
            begun,
        } = self;
        let left = attempt.in_space(&task, space, begun).await;
        attempt.batch.view.leaves(attempt.place);
        left
    }

    /// Gives up what was made ready, before anything was sent.
    pub(super) async fn give_up(self) {
        self.attempt.batch.view.leaves(self.attempt.place);
        // What was gone on with is still wanted.
        if self.attempt.how == How::Afresh {
            drop(self.begun);
            self.space.remove().await;
        }
    }
}

/// What follows a turn.
enum Next<'a> {
    /// Another one.
    Turn(Box<Turn>, Slot<'a>),
    /// Nothing: the work on the task ends so.
    End(Left),
}

impl<'a> Attempt<'a> {
    pub(super) fn id(&self) -> &'a str {
        &self.batch.tasks.entries[self.place].id
    }

    /// Makes ready what the agent needs; sends nothing.
    pub(super) async fn prepare(self) -> Result<Prepared<'a>, Left> {
        if self.how == How::Afresh {
            let started = Note::of_task(EventKind::Started, self.id(), self.number);
            self.batch.journal.note(started);
        }
        self.batch.view.does(self.place, self.id(), Doing::Prepares);
        match self.prepared().await {
            Ok((task, space, begun)) => {
                self.batch.view.does(self.place, self.id(), Doing::Waits);
                Ok(Prepared {
                    attempt: self,
                    task,
                    space,
                    begun,
                })
            }
            Err(failure) => {
                self.batch.view.leaves(self.place);
                Err(self.not_begun(&failure))
            }
        }
    }

    async fn prepared(&self) -> Result<(Task, Space, Begun), Failure> {
        let task = self.batch.tasks.task(self.place)?;
        let again = self.how != How::Afresh;
        let site = self.batch.site();
        let space = site.space(&task, self.id(), again).await?;
        let begun = begun(self, &task, &space).await?;
        Ok((task, space, begun))
    }

    /// Says what follows a failure before anything was sent.
    fn not_begun(&self, failure: &Failure) -> Left {
        if failure.code() == ExitCode::Paused {
            // What is wrong with this machine is wrong for every task, and for this one later not.
            self.batch.pause(&failure.in_one_line());
            return Left::NotBegun;
        }
        match self.how {
            How::Afresh => {
                let ending = Ending::new(self, Used::default());
                Left::Finished(ending.with_failure(failure), None)
            }
            // What it has done is not lost, and nobody knows how far it is.
            How::GoOn { .. } => Left::Held(failure.in_one_line()),
        }
    }

    async fn in_space(&self, task: &Task, space: Space, begun: Begun) -> Left {
        let Begun {
            session,
            mut retries,
            last,
            mut used,
            prompt,
        } = begun;
        let check = match self.check(task, &session) {
            Ok(check) => check,
            Err(failure) => return self.not_begun(&failure),
        };
        let mut attempts = check.map(|check| Attempts::new(check, self.batch.attempts.get()));
        // A turn that has ended, of which only the end is not written down.
        let mut ended = last;
        let mut turn = None;
        if ended.is_none() {
            match self.first(&session, &mut retries, prompt).await {
                Next::Turn(first, slot) => turn = Some((first, slot)),
                Next::End(left) => return left,
            }
        }
        loop {
            let mut slot = None;
            let mut outcome = match (ended.take(), turn.take()) {
                (Some(outcome), _) => outcome,
                (None, Some((turn, taken))) => {
                    slot = Some(taken);
                    let outcome = self.drive(*turn).await;
                    used.add(&outcome);
                    outcome
                }
                (None, None) => return Left::Held("it has no turn".to_owned()),
            };
            self.confirm(&session, &mut outcome).await;
            let next = self
                .after(&session, &mut retries, &mut attempts, &outcome, slot)
                .await;
            match next {
                After::Turn(next, slot) => turn = Some((next, slot)),
                After::Leave(left) => return left,
                After::Done { check, failure } => {
                    let mut ending = Ending::new(self, used);
                    ending.outcome = Some(outcome);
                    ending.check = check;
                    return ending.finish(task, space, failure).await;
                }
            }
        }
    }

    /// Begins the first turn of this process.
    async fn first(&self, session: &Session, retries: &mut Retries, prompt: String) -> Next<'a> {
        let Some(slot) = self.batch.slots.enter(&self.batch.stop).await else {
            return Next::End(Left::NotBegun);
        };
        let sent = Note::of_task(EventKind::Sent, self.id(), self.number);
        if let Err(why) = self.batch.journal.commit(sent).await {
            return Next::End(Left::Broken(why));
        }
        let goes_on = self.how != How::Afresh;
        let view = &self.batch.view;
        view.starts(self.place, self.id(), self.number, goes_on);
        if self.how == How::Afresh {
            return match session.prompt(prompt).await {
                Ok(turn) => Next::Turn(Box::new(turn), slot),
                Err(error) => Next::End(self.not_sent(error)),
            };
        }
        match self.retry(session, retries, slot).await {
            Ok(next) => next,
            Err(error) => Next::End(Left::Held(Failure::from(error).in_one_line())),
        }
    }

    /// Says what follows a prompt that could not be sent.
    fn not_sent(&self, error: Error) -> Left {
        let unsent = Note::of_task(EventKind::Unsent, self.id(), self.number);
        self.batch.journal.note(unsent);
        // What is wrong with this machine is wrong for every task.
        let is_own = matches!(
            error.kind(),
            ErrorKind::Usage | ErrorKind::WorkTree | ErrorKind::Refused
        );
        let failure = Failure::from(error);
        match is_own {
            true => self.not_begun(&failure),
            false => Left::Paused {
                why: failure.in_one_line(),
                all: true,
                nothing_sent: true,
            },
        }
    }

    /// Asks the thread how to go on, and does so.
    async fn retry(
        &self,
        session: &Session,
        retries: &mut Retries,
        mut slot: Slot<'a>,
    ) -> Result<Next<'a>, Error> {
        loop {
            match session.retry(retries).await? {
                Retried::Turn(turn) => return Ok(Next::Turn(turn, slot)),
                Retried::Wait(pause) => {
                    drop(slot);
                    match self.wait(pause.wait).await {
                        Some(next) => slot = next,
                        None => return Ok(Next::End(self.paused("it waits for the service"))),
                    }
                }
                Retried::Stop(why) => return Ok(Next::End(Left::Held(why))),
                Retried::Unasked(why) => {
                    return Ok(Next::End(Left::Paused {
                        why,
                        all: true,
                        nothing_sent: false,
                    }));
                }
                _ => {
                    return Ok(Next::End(Left::Held(
                        "it cannot be gone on with".to_owned(),
                    )));
                }
            }
        }
    }

    /// Waits this long, and then for room.
    async fn wait(&self, wait: Duration) -> Option<Slot<'a>> {
        self.batch
            .view
            .does(self.place, self.id(), Doing::WaitsForLimit);
        tokio::select! {
            () = tokio::time::sleep(wait) => self.batch.slots.enter(&self.batch.stop).await,
            () = self.batch.stop.reached(Level::Draining) => None,
        }
    }

    /// Reads a turn to its end; stops its agent when the work is to stop.
    async fn drive(&self, mut turn: Turn) -> Outcome {
        let mut is_stopped = false;
        loop {
            tokio::select! {
                biased;
                () = self.batch.stop.reached(Level::Stopping), if !is_stopped => {
                    is_stopped = true;
                    turn.cancel();
                }
                item = turn.next_item() => match item {
                    Some(TurnItem::End(outcome)) => return *outcome,
                    Some(TurnItem::Line(line)) => {
                        if let Some(doing) = Doing::of(&line) {
                            self.batch.view.does(self.place, self.id(), doing);
                        }
                    }
                    _ => {}
                },
            }
        }
    }

    /// Asks the thread how the model's last message ended, where that is wanted or it is known to be
    /// cut.
    async fn confirm(&self, session: &Session, outcome: &mut Outcome) {
        let was_cut = !outcome.is_success();
        if session.may_be_unfinished(outcome) && (self.batch.confirms || was_cut) {
            // A thread that cannot be asked leaves what the stream has said.
            let _ = session.confirm(outcome).await;
        }
    }

    /// Decides what follows a turn.
    async fn after(
        &self,
        session: &Session,
        retries: &mut Retries,
        attempts: &mut Option<Attempts>,
        outcome: &Outcome,
        slot: Option<Slot<'a>>,
    ) -> After<'a> {
        if !outcome.is_success() {
            return self.after_failure(session, retries, outcome, slot).await;
        }
        if slot.is_some() {
            retries.after(outcome);
        }
        let is_refused = self.batch.strict && outcome.refused_tools > 0;
        let Some(attempts) = attempts.as_mut().filter(|_| !is_refused) else {
            return After::done();
        };
        self.batch.view.does(self.place, self.id(), Doing::Checks);
        let checked = tokio::select! {
            checked = attempts.check_turn() => checked,
            () = self.batch.stop.reached(Level::Stopping) => {
                return After::Leave(self.paused("it was stopped before its check"));
            }
        };
        // The result says it as well.
        let _ = session.note_check(checked.report());
        let prompt = match &checked {
            AfterCheck::Again(report) => report.prompt(),
            _ => {
                let check = Some(checked.report().clone());
                return After::Done {
                    check,
                    failure: None,
                };
            }
        };
        let slot = match slot {
            Some(slot) => Some(slot),
            None => self.batch.slots.enter(&self.batch.stop).await,
        };
        let Some(slot) = slot.filter(|_| self.batch.stop.level() == Level::Running) else {
            return After::Leave(self.paused("it was stopped between two turns"));
        };
        retries.next_prompt(&prompt);
        match session.prompt(prompt).await {
            Ok(turn) => After::Turn(Box::new(turn), slot),
            Err(error) => After::Leave(self.paused(&Failure::from(error).in_one_line())),
        }
    }

    /// Decides what follows a turn that did not complete: another attempt after a wait, a pause of
    /// the task or of all, or its end.
    async fn after_failure(
        &self,
        session: &Session,
        retries: &mut Retries,
        outcome: &Outcome,
        slot: Option<Slot<'a>>,
    ) -> After<'a> {
        if self.batch.stop.level() == Level::Stopping {
            return After::Leave(self.paused_after(outcome, "it was stopped", false));
        }
        let why = match retries.after(outcome) {
            AfterTurn::Wait(pause) => {
                drop(slot);
                let is_limit = is_of_everybody(outcome.reason());
                let wait = match outcome.failure.as_ref().and_then(|one| one.retry_after) {
                    None if is_limit => pause.wait.max(self.batch.longest_wait(LIMIT)),
                    _ => pause.wait,
                };
                if is_limit {
                    self.batch.slots.limited(wait);
                    self.batch.view.limited(&pause, self.batch.slots.allowed());
                }
                let Some(slot) = self.wait(wait).await else {
                    return After::Leave(self.paused_after(outcome, &pause.why, false));
                };
                return match self.retry(session, retries, slot).await {
                    Ok(Next::Turn(turn, slot)) => After::Turn(turn, slot),
                    Ok(Next::End(Left::Held(why))) => After::stopped(outcome, &why, self.batch),
                    Ok(Next::End(left)) => After::Leave(left),
                    Err(error) => {
                        let why = Failure::from(error).in_one_line();
                        After::Leave(self.paused_after(outcome, &why, true))
                    }
                };
            }
            AfterTurn::Stop(why) => why,
            _ => String::new(),
        };
        if is_of_everybody(outcome.reason()) {
            let what = Failure::of_outcome(outcome, &self.batch.service_url);
            let what = what.map_or(why, |failure| failure.in_one_line());
            return After::Leave(self.paused_after(outcome, &what, true));
        }
        After::stopped(outcome, &why, self.batch)
    }

    fn paused(&self, why: &str) -> Left {
        Left::Paused {
            why: why.to_owned(),
            all: false,
            nothing_sent: false,
        }
    }

    /// Pauses the task after this turn, and with `all` the whole batch.
    fn paused_after(&self, outcome: &Outcome, why: &str, all: bool) -> Left {
        Left::Paused {
            why: why.to_owned(),
            all,
            nothing_sent: outcome.nothing_was_sent() && self.how == How::Afresh,
        }
    }

    /// Returns the check that the work has to pass, without the key and in the agent's sandbox.
    fn check(&self, task: &Task, session: &Session) -> Result<Option<Check>, Failure> {
        let own = task.check_command();
        let Some(command) = own.as_ref().or(self.batch.check.as_ref()) else {
            return Ok(None);
        };
        let folder = session.config().working_directory.clone();
        let folder = folder.unwrap_or_else(|| self.batch.tasks.folder().to_owned());
        let check = Check::new(command, folder, self.batch.environment.clone());
        Ok(Some(match session.sandbox()? {
            Some(sandbox) => check.with_sandbox(sandbox),
            None => check,
        }))
    }
}

/// What follows a turn.
enum After<'a> {
    Turn(Box<Turn>, Slot<'a>),
    Leave(Left),
    Done {
        check: Option<amp_session::CheckReport>,
        failure: Option<Failure>,
    },
}

impl After<'_> {
    fn done() -> Self {
        Self::Done {
            check: None,
            failure: None,
        }
    }

    /// The turn's failure is that of the task.
    fn stopped(outcome: &Outcome, why: &str, batch: &Batch) -> Self {
        let failure = Failure::of_outcome(outcome, &batch.service_url);
        Self::Done {
            check: None,
            failure: failure.map(|failure| match why {
                "" => failure,
                why => failure.because(format!("not tried again: {why}")),
            }),
        }
    }
}

/// Tells whether what ended a turn would end those of all tasks.
fn is_of_everybody(reason: Option<Reason>) -> bool {
    matches!(
        reason,
        Some(
            Reason::RateLimited
                | Reason::Overloaded
                | Reason::OutOfCredits
                | Reason::RejectedKey
                | Reason::NotConfigured
                | Reason::Unreachable
                | Reason::SilentStart
                | Reason::VersionNotSupported
        )
    )
}

/// Returns the milliseconds since a moment.
fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
