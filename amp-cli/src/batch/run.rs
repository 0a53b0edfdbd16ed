//! `ampctl batch run`: a shard of a batch, in this process.

mod conclude;
mod dry_run;
mod prepare;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::LocalBoxFuture;
use futures::stream::FuturesUnordered;

use super::attempt::{Attempt, How, Left, Prepared};
use super::common::{Batch, Limits};
use super::events::Event;
use super::journal::Note;
use super::plan::{Step, step};
use super::state::{EventKind, Phase, Progress, State, TaskStatus};
use super::stop::Level;
use super::tally::Tally;
use crate::context::Listener;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

pub(crate) use self::prepare::run;

/// Signals that come so soon after the first one mean the same: HyperQueue sends up to three.
const SAME_SIGNAL: Duration = Duration::from_secs(1);

/// How many tasks are made ready beside those that are worked on: no agent's place stays empty while
/// Git makes a work tree.
const AHEAD: usize = 2;

/// A task that is to be worked on.
struct Due {
    place: usize,
    number: u32,
    how: How,
}

/// What became of a task that was to be made ready.
type MadeReady<'a> = Result<Prepared<'a>, Ended>;

/// What an attempt came to, when everything about it is written.
struct Ended {
    place: usize,
    number: u32,
    left: Left,
}

impl Batch {
    /// Works on the tasks until there is none left to begin and the last has ended.
    async fn work(&self, state: &State, signals: &mut Listener) -> Result<Tally, Failure> {
        self.journal.note(Note::of_process(EventKind::Began));
        let (mut due, mut tally) = self.due(state)?;
        due.reverse();
        self.events.tell(&Event::BatchBegan {
            shard: self.shard.to_string(),
            results: self.folder.root.display().to_string(),
            amp_version: &self.amp.version().to_string(),
            jobs: self.limits.jobs,
            due: due.len(),
            done: tally.ok + tally.failed,
        });
        self.view.begins(due.len(), &tally);
        let mut preparing: FuturesUnordered<LocalBoxFuture<'_, MadeReady<'_>>> =
            FuturesUnordered::new();
        let mut ready: VecDeque<Prepared<'_>> = VecDeque::new();
        let mut working: FuturesUnordered<LocalBoxFuture<'_, Ended>> = FuturesUnordered::new();
        let mut keeping: FuturesUnordered<LocalBoxFuture<'_, Ended>> = FuturesUnordered::new();
        let mut ticks = tokio::time::interval(Duration::from_millis(250));
        let mut first_signal: Option<Instant> = None;
        loop {
            let is_running = || self.stop.level() == Level::Running;
            while is_running() && working.len() < self.limits.jobs {
                let Some(next) = ready.pop_front() else { break };
                working.push(Box::pin(Self::attempt(next)));
            }
            while is_running() && preparing.len() + ready.len() < AHEAD {
                let Some(next) = due.pop() else { break };
                preparing.push(Box::pin(self.prepare(next)));
            }
            tokio::select! {
                biased;
                signal = signals.next() => {
                    let why = format!("{} has come", signal.name());
                    let first = *first_signal.get_or_insert_with(Instant::now);
                    if first.elapsed() > SAME_SIGNAL {
                        return Err(Failure::interrupted(signal)
                            .because("the agents that did not stop by themselves were killed"));
                    }
                    // What follows takes time, and a second of it may be all there is.
                    let stopped = Note::of_process(EventKind::Stopped).with_reason(&why);
                    self.journal.note(stopped);
                    self.stop.stop(&why);
                    self.events.tell(&Event::BatchPaused { why: &why });
                    self.view.says(&format!("{why}: stopping the agents; start it again to go on"));
                }
                Some(ended) = keeping.next() => {
                    self.count(&ended, &mut tally);
                }
                Some(ended) = working.next() => {
                    self.react(&ended, &mut tally);
                    keeping.push(Box::pin(self.keep(ended)));
                }
                Some(made) = preparing.next() => match made {
                    Ok(prepared) => ready.push_back(prepared),
                    Err(ended) => {
                        self.react(&ended, &mut tally);
                        keeping.push(Box::pin(self.keep(ended)));
                    }
                },
                _ = ticks.tick() => self.view.tick(self.slots.allowed()),
                else => break,
            }
            let is_over = due.is_empty() && ready.is_empty();
            if preparing.is_empty()
                && working.is_empty()
                && keeping.is_empty()
                && (is_over || self.stop.level() > Level::Running)
            {
                break;
            }
        }
        tally.left += (due.len() + ready.len()) as u64;
        for prepared in ready {
            prepared.give_up().await;
        }
        self.tell_again().await;
        let mut stopped = Note::of_process(EventKind::Stopped);
        if let Some(why) = self.stop.why() {
            stopped = stopped.with_reason(why);
        }
        // With it, everything that was noted is on the disk.
        let kept = self.journal.commit(stopped).await;
        kept.map_err(|why| self.broken(&why))?;
        self.view.ends();
        Ok(tally)
    }

    /// Returns what is to be worked on, in the order of the file, and what is done already.
    fn due(&self, state: &State) -> Result<(Vec<Due>, Tally), Failure> {
        let (mut due, mut tally) = (Vec::new(), Tally::default());
        for (place, entry) in self.tasks.entries.iter().enumerate() {
            if !self.shard.has(place, &entry.id) {
                continue;
            }
            let progress = state.tasks.get(&entry.id);
            let mut unreadable = None;
            let result = |attempt| match self.folder.result(&entry.id) {
                Ok(result) => {
                    let result = result.filter(|result| result.attempt == attempt);
                    result.map(|result| result.status)
                }
                Err(failure) => {
                    unreadable = Some(failure);
                    None
                }
            };
            // A folder in which nothing has happened has no results, and nobody has to look.
            let asks = !state.tasks.is_empty() || self.folder.task(&entry.id).exists();
            let next = match asks {
                true => step(
                    progress,
                    result,
                    self.limits.on_interrupted,
                    self.limits.rerun_failed,
                ),
                false => Step::Run { attempt: 1 },
            };
            if let Some(failure) = unreadable {
                return Err(failure);
            }
            let (number, how) = match next {
                Step::Done(status) => {
                    tally.ended(status);
                    continue;
                }
                Step::Found { attempt, status } => {
                    let finished = Note::of_task(EventKind::Finished, &entry.id, attempt);
                    self.journal.note(finished.with_status(status));
                    if let Some(hearer) = &self.on_result {
                        hearer.owe(&entry.id);
                    }
                    tally.ended(status);
                    continue;
                }
                Step::Hold if self.has_ended(&entry.id, progress) => {
                    let attempt = progress.map_or(1, |progress| progress.attempt);
                    (attempt, How::GoOn { host_died: true })
                }
                Step::Hold => {
                    tally.held += 1;
                    self.view.held(
                        &entry.id,
                        "its process died, and its prompt may have been sent",
                    );
                    continue;
                }
                Step::Run { attempt } => (attempt, How::Afresh),
                Step::GoOn { attempt, host_died } => (attempt, How::GoOn { host_died }),
            };
            due.push(Due { place, number, how });
        }
        Ok((due, tally))
    }

    /// Tells whether the last turn of a task that was interrupted had come to its end: then only its
    /// result is missing, and nothing is sent for it.
    fn has_ended(&self, id: &str, progress: Option<&Progress>) -> bool {
        let Some(Progress {
            attempt,
            phase: Phase::Sent,
        }) = progress
        else {
            return false;
        };
        super::attempt::has_ended(&self.folder.attempt(id, *attempt))
    }

    async fn prepare(&self, due: Due) -> MadeReady<'_> {
        let Due { place, number, how } = due;
        let attempt = Attempt {
            batch: self,
            place,
            number,
            how,
        };
        attempt.prepare().await.map_err(|left| Ended {
            place,
            number,
            left,
        })
    }

    async fn attempt(prepared: Prepared<'_>) -> Ended {
        let Attempt { place, number, .. } = prepared.attempt;
        Ended {
            place,
            number,
            left: prepared.work().await,
        }
    }

    /// Writes down what an attempt came to, beside the next one.
    async fn keep(&self, mut ended: Ended) -> Ended {
        let id = &*self.tasks.entries[ended.place].id;
        let note = |event| Note::of_task(event, id, ended.number);
        match &mut ended.left {
            Left::Finished(result, space) => {
                let (folder, written) = (self.folder.clone(), result.clone());
                let written = crate::runtime::on_a_thread(move || {
                    // The task may have failed before its folder was made.
                    std::fs::create_dir_all(folder.task(&written.id))?;
                    folder.write_result(&written)
                });
                let written = written.await.and_then(|written| written);
                if let Err(error) = written {
                    ended.left = Left::Broken(format!("result of {id}: {error}"));
                    return ended;
                }
                self.tell_of_result(id).await;
                self.journal
                    .note(note(EventKind::Finished).with_status(result.status));
                if let Some(space) = space.take() {
                    space.remove().await;
                }
            }
            Left::Paused {
                why, nothing_sent, ..
            } => {
                let event = match nothing_sent {
                    true => EventKind::Unsent,
                    false => EventKind::Paused,
                };
                self.journal.note(note(event).with_reason(why.clone()));
            }
            Left::Held(why) => self
                .journal
                .note(note(EventKind::Held).with_reason(why.clone())),
            Left::NotBegun | Left::Broken(_) => {}
        }
        ended
    }

    /// Tells the program that wants to hear of a result; what it does not take it is told again at the
    /// end.
    async fn tell_of_result(&self, id: &str) {
        let Some(hearer) = &self.on_result else {
            return;
        };
        if let Err(why) = hearer.tell(&self.folder, id).await {
            self.view.says(&format!(
                "the result of {id} was not taken, and is told again at the end: {why}"
            ));
            hearer.owe(id);
        }
    }

    /// Tells again of the results that were not taken.
    async fn tell_again(&self) {
        let Some(hearer) = &self.on_result else {
            return;
        };
        for id in hearer.owed() {
            let told = tokio::select! {
                told = hearer.tell(&self.folder, &id) => told,
                () = self.stop.reached(Level::Stopping) => Err("it was stopped".to_owned()),
            };
            if let Err(why) = told {
                let folder = self.folder.task(&id);
                let folder = folder.display();
                self.view.says(&format!(
                    "the result of {id} was not taken: {why}; it is in {folder}"
                ));
            }
        }
    }

    /// Sees whether another attempt may begin after this one.
    fn react(&self, ended: &Ended, tally: &mut Tally) {
        match &ended.left {
            Left::Finished(result, _) => {
                tally.tokens_now += result.usage.tokens();
                tally.failed_now += u64::from(result.status != TaskStatus::Ok);
            }
            Left::Paused { why, all: true, .. } => self.pause(why),
            Left::Paused { .. } | Left::Held(_) | Left::NotBegun | Left::Broken(_) => {}
        }
        let Limits {
            failures, tokens, ..
        } = self.limits;
        if failures.is_some_and(|most| tally.failed_now >= most) {
            self.pause(&format!("{} tasks have failed", tally.failed_now));
        }
        if tokens.is_some_and(|most| tally.tokens_now >= most) {
            self.pause(&format!("{} tokens are used", tally.tokens_now));
        }
    }

    /// Lets nothing else begin, and says so once.
    pub(super) fn pause(&self, why: &str) {
        if self.stop.level() == Level::Running {
            self.view.pauses(why);
        }
        self.stop.drain(why);
    }

    /// Counts an attempt that is written down, and tells of it.
    fn count(&self, ended: &Ended, tally: &mut Tally) {
        let id = &*self.tasks.entries[ended.place].id;
        match &ended.left {
            Left::Finished(result, _) => {
                tally.ended(result.status);
                self.view.finished(result);
            }
            Left::Paused { why, .. } => {
                tally.left += 1;
                self.view.paused(id, why);
            }
            Left::NotBegun => tally.left += 1,
            Left::Held(why) => {
                tally.held += 1;
                self.view.held(id, why);
            }
            Left::Broken(why) => {
                tally.left += 1;
                let what = "what has happened cannot be written down";
                let why = format!("{what}: {why}");
                self.events.tell(&Event::BatchPaused { why: &why });
                self.stop.stop(&why);
            }
        }
    }

    fn broken(&self, why: &str) -> Failure {
        let what = "what has happened cannot be written down";
        Failure::new(ExitCode::Paused, what)
            .because(format!("{}: {why}", self.folder.root.display()))
            .hint("nothing more was sent; start it again when there is room")
    }
}
