//! What the questions of a turn and the turn itself tell each other.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::asked::Asked;
use super::decided::Decided;
use super::decisions::Decisions;
use super::note::ApprovalNote;
use super::question::Question;
use futures::task::AtomicWaker;

/// What the questions and the turn tell each other.
#[derive(Debug, Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) waker: AtomicWaker,
}

#[derive(Debug, Default)]
pub(super) struct State {
    numbers: u64,
    /// How many questions are open.
    pub(super) open: usize,
    /// How many changes keep the CLI from going on.
    pub(super) held: usize,
    /// The turn is to be cancelled.
    pub(super) stop: bool,
    /// How the run bypassed its questions.
    pub(super) bypass: Option<String>,
    pub(super) decisions: Decisions,
    /// What is to be recorded.
    pub(super) notes: Vec<ApprovalNote>,
}

/// Something that counts until it is dropped.
pub(super) struct Counted<'a> {
    shared: &'a Shared,
    count: fn(&mut State) -> &mut usize,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        *(self.count)(&mut self.shared.state()) -= 1;
        self.shared.waker.wake();
    }
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counted(&self, count: fn(&mut State) -> &mut usize) -> Counted<'_> {
        *count(&mut self.state()) += 1;
        self.waker.wake();
        Counted {
            shared: self,
            count,
        }
    }

    fn note(&self, note: ApprovalNote) {
        self.state().notes.push(note);
        self.waker.wake();
    }

    /// Returns the number of a new question.
    pub(super) fn number(&self) -> u64 {
        let mut state = self.state();
        state.numbers += 1;
        state.numbers
    }

    /// Takes note that a question is open, until what this returns is dropped.
    pub(super) fn open(&self, question: &Question) -> Counted<'_> {
        self.note(ApprovalNote::Asked(Box::new(Asked::from(question))));
        self.counted(|state| &mut state.open)
    }

    /// Lets the CLI stand still, until what this returns is dropped.
    pub(super) fn hold(&self) -> Counted<'_> {
        self.counted(|state| &mut state.held)
    }

    /// Takes note of a decision, before the CLI hears of it.
    pub(super) fn decided(&self, decided: Decided) {
        self.note(ApprovalNote::Decided(Box::new(decided.clone())));
        self.state().decisions.push(decided);
    }

    /// Takes note of somebody who was not heard.
    pub(super) fn turn_away(&self, reason: &str) {
        self.note(ApprovalNote::TurnedAway(reason.to_owned()));
    }

    /// Returns how the run bypassed its questions, if it did.
    pub(super) fn bypass(&self) -> Option<String> {
        self.state().bypass.clone()
    }

    /// Tells whether an answer has cancelled the turn.
    pub(super) fn is_stopped(&self) -> bool {
        self.state().stop
    }

    /// Cancels the turn.
    pub(super) fn stop(&self) {
        self.state().stop = true;
        self.waker.wake();
    }

    /// Ends the turn, because it bypassed its questions.
    pub(super) fn bypassed(&self, reason: String) {
        self.note(ApprovalNote::Bypassed(reason.clone()));
        self.state().bypass.get_or_insert(reason);
        self.waker.wake();
    }
}
