//! `--retry` and `--wait-for-limits`: the run goes on after the service's limits.

use amp_session::protocol::UserInput;
use amp_session::{
    AfterTurn, Amp, Attempt, Feature, Reason, RefusedCall, Retried, Retries, Retry, Session, Turn,
};

use super::remarks::Remarks;
use crate::command::credentials::{self, check::KeyCheck};
use crate::context::{Context, Listener};
use crate::drive::{Driven, begin};
use crate::events::Events;
use crate::failure::Failure;
use crate::view::View;

/// The attempts of a run, and what becomes of them.
pub(super) struct Persistence {
    retries: Retries,
    /// Asks the service about the key, where this build blames that for every failed start.
    key: Option<KeyCheck>,
    /// Why the last attempt was not followed by another.
    pub(super) stopped: Option<String>,
    /// The calls that were refused in any of the attempts.
    pub(super) refused: Vec<RefusedCall>,
}

/// Where it is told what goes on.
pub(super) struct Told<'a> {
    pub(super) remarks: &'a Remarks,
    pub(super) events: &'a mut Events,
    pub(super) view: &'a mut View,
}

impl Persistence {
    /// Begins with the prompt of a run, in a new thread or a resumed one.
    pub(super) fn new(
        retry: Retry,
        amp: &Amp,
        prompt: UserInput,
        is_resumed: bool,
        context: &Context,
    ) -> Self {
        let dialect = *amp.dialect();
        let blames_key = dialect.supports(Feature::MisleadingKeyError);
        let key = context.variable("AMP_API_KEY").filter(|_| blames_key);
        let key = key.and_then(|key| key.to_str()).map(|key| {
            let credentials = credentials::of(None, context);
            KeyCheck::new(key, &credentials, context)
        });
        Self {
            retries: Retries::new(retry, dialect, prompt, is_resumed),
            key,
            stopped: None,
            refused: Vec::new(),
        }
    }

    /// Goes on with another prompt in the same thread.
    pub(super) fn next_prompt(&mut self, prompt: &str) {
        self.retries.next_prompt(prompt);
    }

    /// Returns what became of each attempt.
    pub(super) fn attempts(&self) -> &[Attempt] {
        self.retries.attempts()
    }

    /// Takes note of how a turn was left; returns the one that goes on, if one does.
    ///
    /// # Errors
    /// Fails when that cannot begin, and on a signal during a wait.
    pub(super) async fn after(
        &mut self,
        driven: &Driven,
        session: &Session,
        told: Told<'_>,
        signals: &mut Listener,
    ) -> Result<Option<Turn>, Failure> {
        let Told {
            remarks,
            events,
            view,
        } = told;
        let Driven::Ended {
            outcome,
            signal,
            write_error,
        } = driven
        else {
            return Ok(None);
        };
        self.refused.extend_from_slice(&outcome.refused_calls);
        let mut next = self.retries.after(outcome);
        if signal.is_some() || write_error.is_some() {
            return Ok(None);
        }
        loop {
            let pause = match next {
                AfterTurn::Wait(pause) => pause,
                AfterTurn::Stop(why) => {
                    self.stopped = Some(why);
                    return Ok(None);
                }
                _ => return Ok(None),
            };
            remarks.on_pause(&pause, view)?;
            events.retry_waits(&pause);
            view.announce(&pause.to_string());
            let wait = async {
                tokio::time::sleep(pause.wait).await;
                Ok(())
            };
            begin(wait, view, signals).await?;
            view.announce("asking what the thread holds");
            let retried = async { Ok(session.retry(&mut self.retries).await?) };
            next = match begin(retried, view, signals).await? {
                Retried::Turn(turn) => return Ok(Some(*turn)),
                Retried::Wait(pause) => AfterTurn::Wait(pause),
                Retried::Stop(why) | Retried::Unasked(why) => AfterTurn::Stop(why),
                _ => return Ok(None),
            };
        }
    }

    /// Asks the service whether the key is what is wrong, where the build says so of everything.
    ///
    /// # Errors
    /// Fails when the machine refuses a thread, and on a signal.
    pub(super) async fn believe_key(
        &self,
        driven: &mut Driven,
        view: &mut View,
        signals: &mut Listener,
    ) -> Result<(), Failure> {
        let (Some(key), Driven::Ended { outcome, .. }) = (&self.key, driven) else {
            return Ok(());
        };
        if outcome.reason() != Some(Reason::RejectedKey) {
            return Ok(());
        }
        view.announce("asking the service about the key");
        let asked = async { Ok(key.ask().await?) };
        // Without an answer Amp is believed.
        if let Ok(verdict) = begin(asked, view, signals).await? {
            outcome.believe_key(&verdict);
        }
        Ok(())
    }
}
