//! The end of a turn: its process is waited for, and the outcome drawn and recorded.

use std::fmt;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::BoxFuture;

use super::questions::Questions;
use super::source::Source;
use super::standard_error;
use crate::blocking::blocking;
use crate::claim::Claim;
use crate::ledger::{Ended, Totals, TurnWriter, no_answer, now_ms};
use crate::milliseconds::in_milliseconds;
use crate::outcome::{Ending, Observer, Outcome};
use crate::policy::caps::CapUse;
use crate::run_folder::RunFiles;
use crate::sandbox::Watch;
use crate::secrets::Secrets;
use crate::service_log::ServiceLog;
use crate::workspace::keep::Snapshots;

/// What is left of a turn when its last line has been read.
pub(super) struct Conclusion {
    pub(super) source: Source,
    pub(super) observer: Observer,
    pub(super) secrets: Secrets,
    pub(super) record: Option<TurnWriter>,
    pub(super) trouble: Option<String>,
    pub(super) sandbox: Option<Watch>,
    /// The files as they were before the turn.
    pub(super) snapshots: Option<Snapshots>,
    pub(super) questions: Questions,
    /// What the agent wanted more of than it may have.
    pub(super) cap: Option<CapUse>,
    /// Whether it was stopped because nothing followed a message that was cut.
    pub(super) is_cut: bool,
    /// What Amp logged of the thread.
    pub(super) service_log: Option<ServiceLog>,
    /// Given back when the outcome is there.
    pub(super) claim: Option<Claim>,
    pub(super) files: Option<RunFiles>,
}

impl Conclusion {
    /// Waits for the process to be gone, and says how the turn ended; what nobody has seen of the
    /// questions is handed back.
    pub(super) async fn outcome(self) -> Concluded {
        let Self {
            source,
            observer,
            secrets,
            record,
            trouble,
            sandbox,
            snapshots,
            mut questions,
            cap,
            is_cut,
            service_log,
            claim,
            files,
        } = self;
        let mut process = match source {
            Source::Process(process) => process,
            Source::Replay(replay) => {
                let mut outcome = observer.conclude(&replay.ending, &secrets);
                if let Some(end) = replay.end {
                    (outcome.status, outcome.failure) = (end.status, end.failure);
                    outcome.sandbox = end.sandbox;
                }
                outcome.ledger_failure = trouble;
                questions.conclude(None, &mut outcome, &secrets).await;
                return (outcome, questions);
            }
            Source::Concluded => {
                return (observer.conclude(&Ending::default(), &secrets), questions);
            }
        };
        let exit = process.finish().await;
        let ending = Ending {
            cause: Some(exit.cause()),
            status: Some(exit.status()),
            stderr: standard_error::text(exit.stderr(), &secrets),
            wall_time: exit.elapsed(),
            trouble,
        };
        let mut outcome = observer.conclude(&ending, &secrets);
        outcome.exit = Some(exit);
        if let Some(cap) = cap {
            outcome.cap(cap);
        } else if is_cut {
            outcome.cut_short();
        }
        questions
            .conclude(record.as_ref(), &mut outcome, &secrets)
            .await;
        outcome.sandbox = sandbox.map(|watch| watch.conclude(|text| secrets.redact_text(text)));
        if outcome.thread.is_none() {
            outcome.thread = claim.as_ref().and_then(Claim::thread);
        }
        if let (Some(log), Some(thread), Some(_)) =
            (service_log, outcome.thread.clone(), &outcome.failure)
        {
            let told = blocking(move || log.read(&thread)).await;
            outcome.add_service_log(&told, now_ms(), &secrets);
        }
        if let Some(record) = record {
            let snapshots = match snapshots {
                Some(snapshots) => Some(snapshots.after().await),
                None => None,
            };
            let ended = Ended {
                status: outcome.status,
                failure: outcome.failure.clone(),
                wall_time: outcome.wall_time,
                exit: outcome.exit.as_ref().map(|exit| exit.status().to_string()),
                stderr: outcome.stderr.clone(),
                sandbox: outcome.sandbox.clone(),
                totals: totals_of(&outcome),
            };
            let limit = record.disk_limit();
            let closing = blocking(move || {
                if let Some(snapshots) = &snapshots {
                    record.note_snapshot(snapshots);
                }
                record.close(ended)
            });
            outcome.ledger_failure = match tokio::time::timeout(limit, closing).await {
                Ok(failure) => failure,
                Err(_) => Some(format!("the end of the turn: {}", no_answer(limit))),
            };
        }
        // They go before anybody hears that the turn has ended.
        questions.close();
        drop((process, files, claim));
        (outcome, questions)
    }
}

/// How the turn ended, and what nobody has seen of its questions.
type Concluded = (Outcome, Questions);

/// Returns what the record keeps of a turn in numbers.
fn totals_of(outcome: &Outcome) -> Totals {
    Totals {
        turns: 1,
        usage: outcome.usage,
        tool_calls: outcome.tool_calls,
        refused_calls: outcome.refused_tools,
        wall_time: in_milliseconds(outcome.wall_time),
    }
}

/// A conclusion that is being drawn.
pub(super) struct Concluding {
    /// Nobody locks it; it makes the turn `Sync`.
    future: Mutex<BoxFuture<'static, Concluded>>,
}

impl Concluding {
    pub(super) fn new(future: impl Future<Output = Concluded> + Send + 'static) -> Self {
        Self {
            future: Mutex::new(future.boxed()),
        }
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Concluded> {
        let future = self.future.get_mut();
        let future = future.unwrap_or_else(PoisonError::into_inner);
        future.as_mut().poll(context)
    }
}

impl fmt::Debug for Concluding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Concluding").finish_non_exhaustive()
    }
}
