//! The answer alone, for a pipe or a file.

use std::io::{self, Write};

use amp_session::Outcome;
use amp_session::protocol::Event;

use super::status::Status;
use crate::context::Output;
use crate::screen::Screen;

/// Writes the final text when the turn is over; until then a status line shows that it goes on.
pub(crate) struct FinalText {
    output: Output,
    /// On standard error, where a person may be watching.
    screen: Screen,
    status: Status,
    activity: Option<String>,
}

impl FinalText {
    pub(crate) fn new(output: Output, screen: Screen) -> Self {
        Self {
            output,
            screen,
            status: Status::new(),
            activity: None,
        }
    }

    pub(crate) fn event(&mut self, event: &Event) {
        self.status.observe(event);
        if let Event::Assistant(event) = event {
            let last = event.message.tool_uses().last();
            self.activity = last.map(|block| {
                super::ToolCall::new(block.name.as_str(), block.input.as_str(), None).to_string()
            });
        }
        self.tick();
    }

    pub(crate) fn tick(&mut self) {
        self.screen
            .set_message(&self.status.line(self.activity.as_deref()));
        self.screen.tick();
    }

    pub(crate) fn announce(&mut self, text: &str) {
        self.activity = Some(text.to_owned());
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
