//! The answer alone, for a pipe or a file.

use std::io::{self, Write};

use amp_session::Outcome;
use amp_session::protocol::Event;

use super::status::Status;
use crate::context::Output;
use crate::screen::Screen;
use crate::text::safe;

/// Writes the final text when the turn is over; until then a status line shows that it goes on.
pub(crate) struct FinalText {
    output: Output,
    /// On standard error, where a person may be watching.
    screen: Screen,
    status: Status,
    /// Name each tool call there, as it begins.
    verbose: bool,
}

impl FinalText {
    pub(crate) fn new(output: Output, screen: Screen, verbose: bool) -> Self {
        Self {
            output,
            screen,
            status: Status::new(),
            verbose,
        }
    }

    /// Takes note of an event.
    ///
    /// # Errors
    /// Fails when standard error cannot be written.
    pub(crate) fn event(&mut self, event: &Event) -> io::Result<()> {
        self.status.observe(event);
        if let (Event::Assistant(event), true) = (event, self.verbose) {
            for block in event.message.tool_uses() {
                let call = self.status.call(block);
                self.screen.print(&format!("· {call}\n"))?;
            }
        }
        Ok(())
    }

    /// Writes a remark to standard error.
    ///
    /// # Errors
    /// Fails when it cannot be written.
    pub(crate) fn remark(&mut self, text: &str) -> io::Result<()> {
        self.screen.print(&format!("note: {}\n", safe(text)))
    }

    pub(crate) fn tick(&mut self) {
        self.screen.set_message(self.status.line());
        self.screen.tick();
    }

    pub(crate) fn announce(&mut self, text: &str) {
        self.status.announce(text);
        self.tick();
    }

    pub(crate) fn finish(&mut self, outcome: &Outcome) -> io::Result<()> {
        self.screen.clear();
        if let Some(text) = outcome.text.as_deref().filter(|text| !text.is_empty()) {
            self.output.write_all(text.as_bytes())?;
            if !text.ends_with('\n') {
                self.output.write_all(b"\n")?;
            }
        }
        self.output.flush()
    }
}
