//! How far tasks are: what stands in the journals of a batch.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// How the work on a task has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TaskStatus {
    /// The agent was done, and its work has passed its check.
    Ok,
    /// The agent has failed, or could not be started for this task.
    Failed,
    /// Tool calls were refused, and that was to count as a failure.
    Rejected,
    /// A deadline passed.
    TimedOut,
    /// The agent wanted more than it may have.
    Capped,
    /// The work has not passed its check.
    CheckFailed,
}

impl TaskStatus {
    /// Every status.
    pub(super) const ALL: [Self; 6] = [
        Self::Ok,
        Self::Failed,
        Self::Rejected,
        Self::TimedOut,
        Self::Capped,
        Self::CheckFailed,
    ];

    /// Returns its name in documents.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::TimedOut => "timed_out",
            Self::Capped => "capped",
            Self::CheckFailed => "check_failed",
        }
    }
}

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum EventKind {
    /// A process has begun to work on the shard.
    Began,
    /// Work on a task begins; nothing is sent yet.
    Started,
    /// The prompt of a task is about to be sent. From here on it counts as sent.
    Sent,
    /// It is sure that it was not sent.
    Unsent,
    /// The work on a task stopped before its end; its thread can be gone on with.
    Paused,
    /// It cannot be told how to go on with a task.
    Held,
    /// A task has its result.
    Finished,
    /// The process has stopped.
    Stopped,
}

/// A line of a journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Line<'a> {
    /// From 1, without gaps: the order of things, whatever clocks say.
    pub(super) seq: u64,
    /// When, in milliseconds since 1970, for people.
    pub(super) at: u64,
    pub(super) event: EventKind,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) task: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) attempt: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<TaskStatus>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<Cow<'a, str>>,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing was sent.
    Waiting,
    /// The prompt may have been sent, and nothing says how it ended.
    Sent,
    /// It was stopped, and said so.
    Paused,
    /// Somebody has to decide.
    Held,
    Finished(TaskStatus),
}

/// How far a task is, in which attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// From 1.
    pub(super) attempt: u32,
    pub(super) phase: Phase,
}

/// How far the tasks are of which anything is known.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) tasks: HashMap<Box<str>, Progress>,
    /// Why the last process stopped.
    pub(super) stopped: Option<String>,
}

impl State {
    /// Takes up what a journal says; those of a shard in the order of their numbers.
    ///
    /// A last line without its end was being written when its process died: what it tells of had not
    /// been done yet.
    ///
    /// # Errors
    /// Says which line cannot be read.
    pub(super) fn add(&mut self, journal: &[u8]) -> Result<(), String> {
        let whole = journal.len()
            - journal
                .rsplit(|byte| *byte == b'\n')
                .next()
                .map_or(0, <[u8]>::len);
        let mut last = 0;
        for (index, text) in journal[..whole]
            .split_inclusive(|byte| *byte == b'\n')
            .enumerate()
        {
            let number = index + 1;
            let line: Line<'_> =
                serde_json::from_slice(text).map_err(|error| format!("line {number}: {error}"))?;
            if line.seq != last + 1 {
                return Err(format!("line {number}: {} follows {last}", line.seq));
            }
            last = line.seq;
            self.take(&line);
        }
        Ok(())
    }

    fn take(&mut self, line: &Line<'_>) {
        match line.event {
            EventKind::Began => self.stopped = None,
            EventKind::Stopped => self.stopped = line.reason.as_deref().map(str::to_owned),
            _ => {}
        }
        let Some(task) = &line.task else { return };
        let phase = match (line.event, line.status) {
            (EventKind::Began | EventKind::Stopped, _) => return,
            (EventKind::Started | EventKind::Unsent, _) => Phase::Waiting,
            (EventKind::Sent, _) => Phase::Sent,
            (EventKind::Paused, _) => Phase::Paused,
            (EventKind::Held, _) => Phase::Held,
            (EventKind::Finished, status) => Phase::Finished(status.unwrap_or(TaskStatus::Failed)),
        };
        let attempt = line.attempt.unwrap_or(1);
        let progress = Progress { attempt, phase };
        match self.tasks.get_mut(task.as_ref()) {
            Some(known) => *known = progress,
            None => {
                self.tasks.insert(task.as_ref().into(), progress);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Phase, Progress, State, TaskStatus};

    const JOURNAL: &str = r#"{"seq":1,"at":5,"event":"began"}
{"seq":2,"at":5,"event":"started","task":"a","attempt":1}
{"seq":3,"at":4,"event":"sent","task":"a","attempt":1}
{"seq":4,"at":9,"event":"started","task":"b","attempt":1}
{"seq":5,"at":9,"event":"finished","task":"a","attempt":1,"status":"check_failed"}
{"seq":6,"at":1,"event":"sent","task":"b","attempt":1}
"#;

    fn phase(state: &State, task: &str) -> Option<Phase> {
        state.tasks.get(task).map(|Progress { phase, .. }| *phase)
    }

    #[test]
    fn the_order_of_lines_counts_and_no_clock() {
        let mut state = State::default();
        state.add(JOURNAL.as_bytes()).expect("a journal");
        let finished = Phase::Finished(TaskStatus::CheckFailed);
        assert_eq!(phase(&state, "a"), Some(finished));
        assert_eq!(phase(&state, "b"), Some(Phase::Sent));
        assert_eq!(phase(&state, "c"), None);
    }

    #[test]
    fn a_journal_that_was_cut_anywhere_tells_what_was_done_until_then() {
        for end in 0..=JOURNAL.len() {
            let mut state = State::default();
            state.add(&JOURNAL.as_bytes()[..end]).expect("a journal");
            let whole = JOURNAL[..end].matches('\n').count();
            assert_eq!(phase(&state, "a").is_some(), whole >= 2, "{end}");
            assert_eq!(phase(&state, "b") == Some(Phase::Sent), whole >= 6, "{end}");
        }
    }

    #[test]
    fn what_is_wrong_in_the_middle_is_refused() {
        let mut state = State::default();
        let broken = JOURNAL.replace("\"seq\":3", "\"seq\":4");
        assert_eq!(
            state.add(broken.as_bytes()),
            Err("line 3: 4 follows 2".to_owned())
        );
        let torn = JOURNAL.replacen("\"event\":\"sent\"", "\0\0", 1);
        assert!(
            state
                .add(torn.as_bytes())
                .expect_err("torn")
                .starts_with("line 3")
        );
    }
}
