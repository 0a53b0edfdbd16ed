//! The turn that follows a failed one: the thread is asked, then gone on with.

use super::Session;
use crate::dialect::Feature;
use crate::error::Error;
use crate::policy::retry::note::How;
use crate::policy::retry::resume::Evidence;
use crate::policy::retry::thread_state::ThreadState;
use crate::policy::retry::{AfterTurn, Pause, Retries};
use crate::turn::Turn;

/// What became of an attempt to go on.
#[derive(Debug)]
#[non_exhaustive]
pub enum Retried {
    /// A turn goes on.
    Turn(Box<Turn>),
    /// The thread could not be asked: another wait, and another [`Session::retry`].
    Wait(Pause),
    /// Nothing was sent, for this reason.
    Stop(String),
    /// Nothing was sent, because the thread could not be asked often enough; later it may be.
    Unasked(String),
}

impl Session {
    /// Goes on after a turn that failed and the wait that [`Retries::after`] has asked for.
    ///
    /// Amp is asked what the thread holds, where this build can say it (since 2026-01-25). Then it is
    /// gone on with the text `continue`; or, where it is sure that the prompt never came there and no
    /// tool ran, with the prompt; or with nothing at all, where neither is safe.
    ///
    /// # Errors
    ///
    /// Nothing was sent when this fails, as for [`prompt`](Self::prompt).
    pub async fn retry(&self, retries: &mut Retries) -> Result<Retried, Error> {
        let evidence = match self.ask_thread().await {
            Ok(evidence) => evidence,
            Err(reason) => {
                return Ok(match retries.not_asked(&reason) {
                    AfterTurn::Wait(pause) => Retried::Wait(pause),
                    AfterTurn::Stop(why) => Retried::Unasked(format!(
                        "the thread could not be asked ({reason}), and {why}"
                    )),
                    AfterTurn::Done => Retried::Stop(reason),
                });
            }
        };
        let (caps, total) = (self.config.caps, self.config.deadlines.total);
        let again = match retries.resume(&evidence, caps, total) {
            Ok(again) => again,
            Err(why) => return Ok(Retried::Stop(why)),
        };
        if again.note.how == How::NewThread {
            self.shared.forget();
        }
        let message = retries.message(again.note.how);
        let turn = self.begin((&message).into(), Some(&again)).await?;
        Ok(Retried::Turn(Box::new(turn)))
    }

    /// Asks Amp what the thread holds.
    ///
    /// # Errors
    /// Says why that could not be asked now.
    async fn ask_thread(&self) -> Result<Evidence, String> {
        let Some(thread) = self.thread() else {
            return Ok(Evidence::NoThread);
        };
        if !self.amp.dialect().supports(Feature::ThreadsExport) {
            return Ok(Evidence::Unasked);
        }
        let service = self.circumstances().service;
        match self.amp.export_thread(&service, &thread).await {
            Ok(export) => match ThreadState::of(&export) {
                Some(state) => Ok(Evidence::Holds(state)),
                None => Err("its export could not be read".to_owned()),
            },
            Err(Error::ThreadsFailed { reason, .. }) if is_missing(&reason) => {
                Ok(Evidence::Missing)
            }
            Err(Error::ThreadsFailed { reason, .. }) => Err(reason),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Tells whether Amp says that there is no such thread, by its id or its address.
fn is_missing(reason: &str) -> bool {
    let reason = reason.trim();
    reason.starts_with("Thread ") && reason.ends_with(" does not exist.")
}
