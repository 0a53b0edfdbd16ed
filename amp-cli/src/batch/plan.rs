//! What a process does with a task, by how far it is: a pure decision.

use clap::ValueEnum;

use super::state::{Phase, Progress, TaskStatus};

/// What becomes of a task whose process died after its prompt may have been sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnInterrupted {
    /// It is left for a person to decide
    #[default]
    Hold,
    /// It begins anew, in a new thread: what was paid for is paid for again
    Rerun,
    /// Its thread is gone on with where that is safe, by what it holds; held where it is not
    Continue,
}

/// What is done with a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing more.
    Done(TaskStatus),
    /// It has this result, which the journal does not tell.
    Found { attempt: u32, status: TaskStatus },
    /// It is begun, in this attempt.
    Run { attempt: u32 },
    /// Its thread is gone on with.
    GoOn {
        attempt: u32,
        /// Whether its process died, and what it wrote last may be lost.
        host_died: bool,
    },
    /// Nothing, until somebody decides.
    Hold,
}

/// Decides what to do with a task; its `result` in an attempt is asked for only where the journal
/// does not have it as finished.
pub(super) fn step(
    progress: Option<&Progress>,
    result: impl FnOnce(u32) -> Option<TaskStatus>,
    on_interrupted: OnInterrupted,
    rerun_failed: bool,
) -> Step {
    let Some(&Progress { attempt, phase }) = progress else {
        return match result(1) {
            Some(status) => Step::Found { attempt: 1, status },
            None => Step::Run { attempt: 1 },
        };
    };
    let is_over = matches!(phase, Phase::Finished(_));
    if !is_over && let Some(status) = result(attempt) {
        return Step::Found { attempt, status };
    }
    match (phase, on_interrupted) {
        (Phase::Finished(status), _) if rerun_failed && status != TaskStatus::Ok => Step::Run {
            attempt: attempt + 1,
        },
        (Phase::Finished(status), _) => Step::Done(status),
        (Phase::Waiting, _) => Step::Run { attempt },
        (Phase::Paused, _) => Step::GoOn {
            attempt,
            host_died: false,
        },
        (Phase::Sent | Phase::Held, OnInterrupted::Hold) => Step::Hold,
        (Phase::Sent | Phase::Held, OnInterrupted::Rerun) => Step::Run {
            attempt: attempt + 1,
        },
        (Phase::Sent | Phase::Held, OnInterrupted::Continue) => Step::GoOn {
            attempt,
            host_died: true,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{OnInterrupted, Step, step};
    use crate::batch::state::{Phase, Progress, TaskStatus};

    const HOW: [OnInterrupted; 3] = [
        OnInterrupted::Hold,
        OnInterrupted::Rerun,
        OnInterrupted::Continue,
    ];

    fn at(phase: Phase) -> Option<Progress> {
        Some(Progress { attempt: 2, phase })
    }

    #[test]
    fn what_was_not_sent_is_begun_in_the_same_attempt() {
        for how in HOW {
            let first = Step::Run { attempt: 1 };
            assert_eq!(step(None, |_| None, how, false), first);
            let again = Step::Run { attempt: 2 };
            assert_eq!(
                step(at(Phase::Waiting).as_ref(), |_| None, how, false),
                again
            );
        }
    }

    #[test]
    fn what_may_have_been_sent_is_sent_again_only_where_somebody_says_so() {
        let steps = [
            Step::Hold,
            Step::Run { attempt: 3 },
            Step::GoOn {
                attempt: 2,
                host_died: true,
            },
        ];
        for phase in [Phase::Sent, Phase::Held] {
            for (how, expected) in HOW.into_iter().zip(steps) {
                assert_eq!(step(at(phase).as_ref(), |_| None, how, false), expected);
            }
        }
    }

    #[test]
    fn what_was_paused_goes_on_in_its_thread() {
        for how in HOW {
            let on = Step::GoOn {
                attempt: 2,
                host_died: false,
            };
            assert_eq!(step(at(Phase::Paused).as_ref(), |_| None, how, false), on);
        }
    }

    #[test]
    fn a_result_is_done_whatever_the_journal_says() {
        let ok = Some(TaskStatus::Ok);
        for phase in [Phase::Waiting, Phase::Sent, Phase::Paused, Phase::Held] {
            let found = Step::Found {
                attempt: 2,
                status: TaskStatus::Ok,
            };
            assert_eq!(step(at(phase).as_ref(), |_| ok, HOW[1], true), found);
        }
        let found = Step::Found {
            attempt: 1,
            status: TaskStatus::Ok,
        };
        assert_eq!(step(None, |_| ok, HOW[1], false), found);
        let finished = at(Phase::Finished(TaskStatus::Failed));
        let done = Step::Done(TaskStatus::Failed);
        assert_eq!(step(finished.as_ref(), |_| None, HOW[1], false), done);
        let again = Step::Run { attempt: 3 };
        assert_eq!(step(finished.as_ref(), |_| ok, HOW[0], true), again);
        let well = at(Phase::Finished(TaskStatus::Ok));
        assert_eq!(
            step(well.as_ref(), |_| ok, HOW[1], true),
            Step::Done(TaskStatus::Ok)
        );
    }
}
