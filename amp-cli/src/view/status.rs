//! The line that tells how a turn is going.

use std::time::{Duration, Instant};

use amp_session::protocol::Event;

use super::tally::Tally;
use crate::text::{clock, one_line};

/// A silence from here on is mentioned, when no tool explains it: a service that went away looks
/// just like a model that thinks.
const LONG_SILENCE: Duration = Duration::from_secs(30);

/// Remembers what the status line shows.
#[derive(Debug)]
pub(crate) struct Status {
    started: Instant,
    mode: Option<String>,
    tally: Tally,
    /// When the agent was last heard of.
    heard: Instant,
}

impl Status {
    /// Starts the clock.
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            heard: Instant::now(),
            mode: None,
            tally: Tally::default(),
        }
    }

    /// Takes note of an event.
    pub(crate) fn observe(&mut self, event: &Event) {
        self.heard = Instant::now();
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
        self.line_at(Instant::now(), activity)
    }

    fn line_at(&self, now: Instant, activity: Option<&str>) -> String {
        let mut parts = Vec::new();
        parts.extend(self.mode.clone());
        parts.push(clock(now.saturating_duration_since(self.started)));
        parts.extend(self.tally.in_words());
        let silence = now.saturating_duration_since(self.heard);
        let silent = (silence >= LONG_SILENCE).then(|| format!("no news for {}", clock(silence)));
        parts.extend(activity.map(str::to_owned).or(silent));
        parts.join(" · ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_silence_is_mentioned_unless_a_tool_explains_it() {
        let status = Status::new();
        let line = |seconds, activity| {
            status.line_at(status.heard + Duration::from_secs(seconds), activity)
        };
        assert_eq!(line(29, None), "29s");
        assert_eq!(line(75, None), "1m 15s · no news for 1m 15s");
        assert_eq!(
            line(75, Some("shell_command make")),
            "1m 15s · shell_command make"
        );
    }
}
