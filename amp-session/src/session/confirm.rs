//! Asking the thread whether the model has finished its last message.

use super::Session;
use crate::dialect::{Feature, Generation};
use crate::error::Error;
use crate::outcome::{Outcome, Reason};

impl Session {
    /// Tells whether an outcome may hide that the model was cut off or refused: since July 2026 that
    /// looks like a success, and before it could not be told which of the two it was.
    ///
    /// The build of 2026-01-08 does not tell of its threads, so nothing more can be found out there.
    #[must_use]
    pub fn may_be_unfinished(&self, outcome: &Outcome) -> bool {
        if !self.amp.dialect().supports(Feature::ThreadsExport) {
            return false;
        }
        let says_end_turn = self.amp.dialect().generation() == Generation::ServerThreads;
        match outcome.reason() {
            None => outcome.is_success() && says_end_turn,
            reason => reason == Some(Reason::CutShort),
        }
    }

    /// Asks Amp for the thread, which costs a start of Amp and no request to the model, and has the
    /// outcome say whether the model's last message was cut off, or refused.
    ///
    /// # Errors
    ///
    /// Fails when the thread cannot be had; the outcome stays as it was.
    pub async fn confirm(&self, outcome: &mut Outcome) -> Result<(), Error> {
        if let Some(thread) = &outcome.thread {
            let service = self.circumstances().service;
            let export = self.amp.export_thread(&service, thread).await?;
            outcome.believe_thread(&export);
        }
        Ok(())
    }
}
