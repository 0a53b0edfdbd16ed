//! The line that tells how a turn is going.

use std::time::{Duration, Instant};

use amp_session::protocol::Event;

use super::tally::Tally;
use crate::text::{clock, one_line};

/// Remembers what the status line shows.
#[derive(Debug)]
pub(crate) struct Status {
    started: Instant,
    mode: Option<String>,
    tally: Tally,
}

impl Status {
    /// Starts the clock.
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            mode: None,
            tally: Tally::default(),
        }
    }

    /// Takes note of an event.
    pub(crate) fn observe(&mut self, event: &Event) {
        match event {
            Event::System(event) => {
                self.mode = event
                    .agent_mode
                    .as_ref()
                    .map(|mode| one_line(mode.as_str()));
            }
            Event::Assistant(event) => {
                if let Some(usage) = &event.message.usage {
                    self.tally.add(usage);
                }
            }
            _ => {}
        }
    }

    /// Returns how long the user has been waiting.
    ///
    /// This is the one clock of a turn: what the status line counts is what the end says. It starts
    /// with the command, so it includes the start of Amp, which Amp's own `duration_ms` does not.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns the mode that the agent named.
    pub(crate) fn mode(&self) -> Option<&str> {
        self.mode.as_deref()
    }

    /// Returns what was counted.
    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }

    /// Returns the line: mode, time, tokens, and what is going on.
    pub(crate) fn line(&self, activity: Option<&str>) -> String {
        let mut parts = Vec::new();
        parts.extend(self.mode.clone());
        parts.push(clock(self.elapsed()));
        parts.extend(self.tally.in_words());
        parts.extend(activity.map(str::to_owned));
        parts.join(" · ")
    }
}
