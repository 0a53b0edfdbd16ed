//! Going on after the service's limits: when, and with what, so that nothing is paid twice.

mod backoff;
mod bounds;
mod limit;
pub(crate) mod note;
mod pause;
pub(crate) mod report;
pub(crate) mod resume;
pub(crate) mod thread_state;
mod used;

use std::time::Duration;

use amp_protocol::UserInput;

use backoff::Backoff;
pub use bounds::Retry;
use note::{How, RetryNote};
pub use pause::Pause;
use pause::in_words;
use report::Attempt;
use resume::{CONTINUE, Evidence, Known};
use thread_state::one_line;
use used::Used;

use super::caps::Caps;
use crate::dialect::{Dialect, Feature, Generation};
use crate::milliseconds::in_milliseconds;
use crate::outcome::{Outcome, Seen};

/// What follows a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AfterTurn {
    /// Nothing: it completed.
    Done,
    /// Nothing, for this reason.
    Stop(String),
    /// A wait, then [`Session::retry`](crate::Session::retry).
    Wait(Pause),
}

/// What is different about a turn that follows a failed one.
#[derive(Debug, Clone)]
pub(crate) struct Again {
    pub(crate) note: RetryNote,
    /// What is left of the caps.
    pub(crate) caps: Caps,
    /// What is left of the total deadline.
    pub(crate) total: Option<Duration>,
}

/// The attempts to have one prompt answered, and what may follow them.
#[derive(Debug)]
pub struct Retries {
    retry: Retry,
    dialect: Dialect,
    prompt: UserInput,
    /// The prompt in one line.
    text: String,
    is_resumed: bool,
    attempts: Vec<Attempt>,
    /// How many attempts failed that something may follow.
    failures: u32,
    waited: Duration,
    /// What the attempts and the waits took together.
    spent: Duration,
    used: Used,
    seen: Seen,
    tool_calls: u64,
    nothing_was_sent: bool,
    continued: bool,
    is_lost: bool,
    /// Whether what the agent has written last may not have been read.
    lines_were_lost: bool,
    /// What the wait is for that was decided last.
    pause: Option<Pause>,
    /// How the attempt that runs follows the one before.
    note: Option<RetryNote>,
}

impl Retries {
    /// Begins with a prompt that is about to be sent, in a new thread or a resumed one.
    #[must_use]
    pub fn new(
        retry: Retry,
        dialect: Dialect,
        prompt: impl Into<UserInput>,
        is_resumed: bool,
    ) -> Self {
        let prompt = prompt.into();
        Self {
            retry,
            dialect,
            text: one_line(&prompt.all_text()),
            prompt,
            is_resumed,
            attempts: Vec::new(),
            failures: 0,
            waited: Duration::ZERO,
            spent: Duration::ZERO,
            used: Used::default(),
            seen: Seen::default(),
            tool_calls: 0,
            nothing_was_sent: true,
            continued: false,
            is_lost: false,
            lines_were_lost: false,
            pause: None,
            note: None,
        }
    }

    /// Goes on with another prompt in the same thread; what was tried and waited for counts on.
    pub fn next_prompt(&mut self, prompt: impl Into<UserInput>) {
        let attempts = std::mem::take(&mut self.attempts);
        let (failures, waited) = (self.failures, self.waited);
        *self = Self {
            attempts,
            failures,
            waited,
            ..Self::new(self.retry, self.dialect, prompt, true)
        };
    }

    /// Returns what became of each attempt so far.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// Takes note of how an attempt ended, and says what follows.
    pub fn after(&mut self, outcome: &Outcome) -> AfterTurn {
        self.after_with(outcome, fastrand::f64())
    }

    fn after_with(&mut self, outcome: &Outcome, share: f64) -> AfterTurn {
        self.take_note(outcome);
        if outcome.is_success() {
            return AfterTurn::Done;
        }
        let next = match limit::of(outcome, &self.dialect) {
            Ok(limit) => {
                self.is_lost |= limit.is_lost;
                self.wait(limit.name, limit.is_rate, limit.asked, share)
            }
            Err(why) => AfterTurn::Stop(why.to_owned()),
        };
        self.then(next)
    }

    /// Says what follows when the thread could not be asked.
    pub(crate) fn not_asked(&mut self, reason: &str) -> AfterTurn {
        let why = format!("the thread could not be asked ({reason})");
        let next = self.wait(&why, false, None, fastrand::f64());
        self.then(next)
    }

    fn take_note(&mut self, outcome: &Outcome) {
        self.attempts.push(Attempt::of(outcome, self.note.take()));
        self.spent += outcome.wall_time;
        self.seen.add(&outcome.seen);
        self.tool_calls += outcome.tool_calls;
        self.nothing_was_sent &= outcome.nothing_was_sent();
        self.used.add(outcome);
    }

    /// Takes note of a turn of an earlier process, which is to be gone on with although its host has
    /// stopped it or has died; [`Session::retry`](crate::Session::retry) is next.
    ///
    /// All turns of the session have to be told, in their order: what is left to do follows from the
    /// last, what was sent and seen from all. After a death, `host_died`, lines may have been lost
    /// that nobody read, so that nothing is concluded from their absence.
    ///
    /// `retry` and `prompt` are those of its [`TurnStart`](crate::TurnStart).
    pub fn recall(
        &mut self,
        retry: Option<&RetryNote>,
        prompt: Option<&str>,
        outcome: &Outcome,
        host_died: bool,
    ) {
        match (retry, prompt) {
            (Some(note), _) => self.followed(note.how),
            (None, Some(prompt)) if !self.attempts.is_empty() => self.next_prompt(prompt),
            (None, _) => {}
        }
        self.take_note(outcome);
        self.lines_were_lost |= host_died;
        // The service goes on with a turn whose client is gone, since July 2026.
        self.is_lost |= host_died && self.dialect.generation() == Generation::ServerThreads;
        self.pause = Some(Pause {
            wait: Duration::ZERO,
            why: "the turn was interrupted".to_owned(),
            attempt: u32::try_from(self.attempts.len())
                .unwrap_or(u32::MAX)
                .saturating_add(1),
            most: None,
        });
    }

    /// Decides how to go on.
    ///
    /// # Errors
    /// Says why not.
    pub(crate) fn resume(
        &mut self,
        evidence: &Evidence,
        caps: Caps,
        total: Option<Duration>,
    ) -> Result<Again, String> {
        let again = self.again(evidence, caps, total);
        match &again {
            Ok(again) => self.went_on(again),
            Err(why) => {
                self.then(AfterTurn::Stop(why.clone()));
            }
        }
        again
    }

    /// Returns what to send.
    pub(crate) fn message(&self, how: How) -> UserInput {
        match how {
            How::Continue => CONTINUE.into(),
            How::SamePrompt | How::NewThread => self.prompt.clone(),
        }
    }

    fn again(
        &self,
        evidence: &Evidence,
        caps: Caps,
        total: Option<Duration>,
    ) -> Result<Again, String> {
        let Some(pause) = &self.pause else {
            return Err("nothing has failed".to_owned());
        };
        let known = Known {
            prompt: &self.text,
            is_resumed: self.is_resumed,
            nothing_was_sent: self.nothing_was_sent,
            continued: self.continued,
            is_lost: self.is_lost,
            seen: &self.seen,
            tool_calls: self.tool_calls,
            shows_calls_first: self.dialect.supports(Feature::CallsShownFirst)
                && !self.lines_were_lost,
            cancels_open_calls: self.dialect.supports(Feature::OpenCallsCancelled),
        };
        let how = resume::how(&known, evidence)?;
        let left = total.map(|total| total.saturating_sub(self.spent));
        if left.is_some_and(|left| left.is_zero()) {
            return Err("its time is up".to_owned());
        }
        let note = RetryNote {
            attempt: pause.attempt,
            how,
            why: pause.why.clone(),
            waited: in_milliseconds(pause.wait),
        };
        let caps = self.used.left_of(caps)?;
        Ok(Again {
            note,
            caps,
            total: left,
        })
    }

    fn went_on(&mut self, again: &Again) {
        self.note = Some(again.note.clone());
        self.followed(again.note.how);
    }

    /// Takes note of how an attempt follows the one before.
    fn followed(&mut self, how: How) {
        match how {
            How::Continue => self.continued = true,
            How::SamePrompt => {}
            How::NewThread => {
                self.seen = Seen::default();
                (self.continued, self.is_lost) = (false, false);
            }
        }
    }

    /// Decides on a wait, within what may be waited and tried.
    fn wait(&mut self, why: &str, is_rate: bool, asked: Option<Duration>, share: f64) -> AfterTurn {
        let most = self.retry.tries.map(|tries| tries.saturating_add(1));
        self.failures += 1;
        if most.is_some_and(|most| self.failures >= most) {
            return AfterTurn::Stop(match self.failures {
                1 => "no second attempt is allowed".to_owned(),
                failures => format!("{failures} attempts were made"),
            });
        }
        let left = self.retry.waiting.saturating_sub(self.waited);
        let wait = match asked {
            Some(asked) if asked > left => {
                let (asked, left) = (in_words(asked), in_words(left));
                let why =
                    format!("the service asks to wait {asked}, and {left} of waiting are left");
                return AfterTurn::Stop(why);
            }
            Some(asked) => Backoff::asked(asked, share),
            None => {
                let backoff = Backoff {
                    first: self.retry.first_wait,
                    longest: self.retry.longest_wait,
                };
                backoff.wait(self.failures, is_rate, share)
            }
        };
        if left.is_zero() {
            let waited = in_words(self.waited);
            return AfterTurn::Stop(format!("it was waited for {waited} already"));
        }
        let wait = wait.min(left);
        self.waited += wait;
        self.spent += wait;
        AfterTurn::Wait(Pause {
            wait,
            why: why.to_owned(),
            attempt: self.failures + 1,
            most,
        })
    }

    /// Keeps what follows the last attempt.
    fn then(&mut self, next: AfterTurn) -> AfterTurn {
        if let Some(last) = self.attempts.last_mut() {
            last.then = Some(match &next {
                AfterTurn::Done => String::new(),
                AfterTurn::Stop(why) => format!("not tried again: {why}"),
                AfterTurn::Wait(pause) => pause.to_string(),
            });
        }
        self.pause = match &next {
            AfterTurn::Wait(pause) => Some(pause.clone()),
            AfterTurn::Done | AfterTurn::Stop(_) => None,
        };
        next
    }
}

#[cfg(test)]
mod tests;
