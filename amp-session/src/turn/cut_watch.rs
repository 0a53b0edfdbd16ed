//! A model's message that was cut, after which a build waits for ever.

use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// How long the CLI may say nothing after such a message before it is stopped.
///
/// The builds of January to May 2026 say no more at all: every recording of an output limit, of a
/// refusal and of a pause ends with the message, 20 s of silence and a kill.
const SILENCE: Duration = Duration::from_secs(5);

/// Watches for a cut message that nothing follows.
#[derive(Debug, Default)]
pub(super) struct CutWatch {
    /// Runs out when the message is the last; there is none unless it was cut.
    silence: Option<Pin<Box<Sleep>>>,
    was_last: bool,
}

impl CutWatch {
    /// Takes note of a line: whether it leaves the turn with a message that was cut.
    pub(super) fn observe(&mut self, is_cut: bool) {
        self.silence = is_cut.then(|| Box::pin(sleep_until(Instant::now() + SILENCE)));
    }

    /// Tells, once, that a cut message was the last; until then the task is woken by it.
    pub(super) fn is_new(&mut self, context: &mut Context<'_>) -> bool {
        let Some(silence) = &mut self.silence else {
            return false;
        };
        let is_over = silence.as_mut().poll(context).is_ready();
        if is_over {
            self.silence = None;
            self.was_last = true;
        }
        is_over
    }

    /// Tells whether the process was stopped for it.
    pub(super) fn was_last(&self) -> bool {
        self.was_last
    }
}
