//! What is told on standard error while the answer goes to a pipe: for people, and for watchdogs
//! that kill jobs which say nothing.

use std::io;
use std::time::{Duration, Instant};

use amp_session::Outcome;
use amp_session::approval::Decided;
use amp_session::protocol::Event;
use amp_session::protocol::progress::ClosedCall;
use amp_session::protocol::tool::ToolOutcome;

use super::answer::in_a_line;
use super::detail::Detail;
use super::status::Status;
use super::summary::facts;
use super::tool_call::reason;
use crate::screen::Screen;
use crate::text::{elapsed, safe};

/// How often something is written however little happens.
const HEARTBEAT: Duration = Duration::from_secs(60);

/// Follows a turn, and tells of it: by a status line where a person watches, by lines that stay when
/// that is asked for.
pub(crate) struct Narration {
    screen: Screen,
    status: Status,
    /// Write one line for each tool call that has ended, one each minute, and one at the end.
    verbose: bool,
    /// What was decided about calls.
    answers: Vec<Decided>,
    next_heartbeat: Instant,
}

impl Narration {
    pub(crate) fn new(screen: Screen, verbose: bool) -> Self {
        Self {
            screen,
            status: Status::new(),
            verbose,
            answers: Vec::new(),
            next_heartbeat: Instant::now() + HEARTBEAT,
        }
    }

    /// Returns what the turn has come to.
    pub(crate) fn status(&self) -> &Status {
        &self.status
    }

    /// Returns what was decided about calls.
    pub(crate) fn answers(&self) -> &[Decided] {
        &self.answers
    }

    /// Takes note of what was decided about a call.
    ///
    /// # Errors
    /// Fails when standard error cannot be written.
    pub(crate) fn answer(&mut self, answer: &Decided) -> io::Result<()> {
        self.status.forget_announcement();
        self.answers.push(answer.clone());
        match self.verbose {
            true => self.screen.print(&format!("? {}\n", in_a_line(answer))),
            false => Ok(()),
        }
    }

    /// Leaves the terminal to something else for a while.
    pub(crate) fn pause(&self) {
        self.screen.pause();
    }

    /// Has the terminal again.
    pub(crate) fn resume(&self) {
        self.screen.resume();
    }

    /// Takes note of an event.
    ///
    /// # Errors
    /// Fails when standard error cannot be written.
    pub(crate) fn event(&mut self, event: &Event) -> io::Result<()> {
        let closed = self.status.observe(event);
        if !self.verbose {
            return Ok(());
        }
        let lines: String = closed
            .iter()
            .filter_map(|call| self.line_of(call))
            .collect();
        match lines.is_empty() {
            true => Ok(()),
            false => self.screen.print(&lines),
        }
    }

    fn line_of(&self, closed: &ClosedCall<'_>) -> Option<String> {
        let request = &closed.call.as_ref()?.request;
        let outcome = closed.outcome();
        let mark = match &outcome {
            None => "·",
            Some(ToolOutcome::Succeeded) => "✓",
            Some(ToolOutcome::Refused(_)) => "⊘",
            Some(_) => "✗",
        };
        let time = elapsed(self.status.started(&request.id).elapsed());
        let facts = Detail::of(closed).facts;
        let reason = outcome.as_ref().map(reason).unwrap_or_default();
        let mut line = format!("{mark} {}", self.status.call(request));
        for part in [facts, reason, time] {
            if !part.is_empty() {
                line.push_str("  ");
                line.push_str(&part);
            }
        }
        line.push('\n');
        Some(line)
    }

    /// Writes a remark.
    ///
    /// # Errors
    /// Fails when standard error cannot be written.
    pub(crate) fn remark(&mut self, text: &str) -> io::Result<()> {
        self.screen.print(&format!("note: {}\n", safe(text)))
    }

    /// Lets time pass.
    pub(crate) fn tick(&mut self) {
        self.tick_at(Instant::now());
    }

    fn tick_at(&mut self, now: Instant) {
        let line = self.status.line_at(now);
        if self.verbose && now >= self.next_heartbeat {
            self.next_heartbeat = now + HEARTBEAT;
            // Where it cannot be written, the next line of the turn fails for the same reason.
            let _ = self
                .screen
                .print(&format!("· {}\n", line.lay_out(usize::MAX)));
        }
        self.screen.set_message(line);
        self.screen.tick();
    }

    /// Says what is going on, until the agent is heard of again.
    pub(crate) fn announce(&mut self, text: &str) {
        self.status.announce(text);
        self.tick();
    }

    /// Removes the status line, and says what became of the turn.
    ///
    /// # Errors
    /// Fails when standard error cannot be written.
    pub(crate) fn finish(&mut self, outcome: &Outcome) -> io::Result<()> {
        self.screen.clear();
        match self.verbose {
            true => {
                let facts = facts(outcome, &self.status);
                self.screen.print(&format!("· {}\n", facts.join(" · ")))
            }
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use amp_session::protocol::decode_line;

    use super::*;
    use crate::context::Output;

    #[test]
    fn something_is_written_each_minute_when_that_is_asked_for() {
        for verbose in [true, false] {
            let (output, written) = Output::captured();
            let begin = Instant::now();
            let mut narration = Narration::new(Screen::with_status(output, false), verbose);
            let call = br#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"1","name":"Bash","input":{"cmd":"make"}}]}}"#;
            let event = decode_line(call).into_event().expect("an event");
            narration.event(&event).expect("a writable vector");
            for seconds in [1, 59, 62, 63, 119, 125] {
                narration.tick_at(begin + Duration::from_secs(seconds));
            }
            let text = written.text();
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(lines.len(), if verbose { 2 } else { 0 }, "{text}");
            assert!(
                lines.iter().all(|line| line.contains("running make ")),
                "{text}"
            );
        }
    }
}
