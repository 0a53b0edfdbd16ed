//! How a turn is shown: live on a terminal, as text, as JSON, or as it came.

mod changes;
mod detail;
mod document;
mod final_text;
mod live;
mod status;
mod tool_call;

use std::io::{self, Write};

use amp_session::Outcome;
use amp_session::protocol::Decoded;

pub(crate) use self::document::AmpInUse;
use self::document::write_document;
pub(crate) use self::final_text::FinalText;
pub(crate) use self::live::{LiveOptions, LiveView, Size};
pub(crate) use self::status::Status;
use crate::context::Output;
use crate::failure::Failure;
use crate::text::safe;

/// Shows one turn in one of the ways `--output` offers.
pub(crate) enum View {
    /// For a person.
    Live(LiveView),
    /// For a pipe.
    Text(FinalText),
    /// For a program that wants the end.
    Json { output: Output, status: Status },
    /// For a program that wants everything.
    Stream { output: Output },
}

impl View {
    /// Shows a line of the agent, without its line feed.
    ///
    /// # Errors
    /// Fails when the output was closed.
    pub(crate) fn line(&mut self, raw: &[u8], decoded: &Decoded) -> io::Result<()> {
        match (self, decoded) {
            (Self::Stream { output }, _) => {
                output.write_all(raw)?;
                output.write_all(b"\n")?;
                output.flush()?;
            }
            (Self::Live(view), Decoded::Event(event)) => view.event(event)?,
            (Self::Live(view), _) => view.note(&String::from_utf8_lossy(raw))?,
            (Self::Text(view), Decoded::Event(event)) => view.event(event)?,
            (Self::Json { status, .. }, Decoded::Event(event)) => drop(status.observe(event)),
            (Self::Text(_) | Self::Json { .. }, _) => {}
        }
        Ok(())
    }

    /// Lets time pass.
    pub(crate) fn tick(&mut self) {
        match self {
            Self::Live(view) => view.tick(),
            Self::Text(view) => view.tick(),
            Self::Json { .. } | Self::Stream { .. } => {}
        }
    }

    /// Says which command goes on from this turn without a thread's id.
    pub(crate) fn goes_on_with(&mut self, command: &str) {
        if let Self::Live(view) = self {
            view.goes_on_with(command);
        }
    }

    /// Ends the view with what became of the turn.
    ///
    /// # Errors
    /// Fails when the output was closed.
    pub(crate) fn finish(
        &mut self,
        outcome: &Outcome,
        failure: Option<&Failure>,
        session: Option<&str>,
        amp: AmpInUse<'_>,
    ) -> io::Result<()> {
        match self {
            Self::Live(view) => view.finish(outcome),
            Self::Text(view) => view.finish(outcome),
            Self::Json { output, status } => {
                write_document(outcome, failure, status, session, amp, &mut *output)?;
                output.flush()
            }
            Self::Stream { output } => output.flush(),
        }
    }

    /// Writes a remark that stays, apart from the turn itself: beside the answer, or where there is
    /// nothing else than the answer, to `stderr`.
    ///
    /// # Errors
    /// Fails when the output was closed.
    pub(crate) fn remark(&mut self, text: &str, stderr: &mut Output) -> io::Result<()> {
        match self {
            Self::Live(view) => view.remark(text),
            Self::Text(view) => view.remark(text),
            Self::Json { .. } | Self::Stream { .. } => {
                writeln!(stderr, "note: {}", safe(text))
            }
        }
    }

    /// Tells a person what is going on apart from the turn itself.
    pub(crate) fn announce(&mut self, text: &str) {
        match self {
            Self::Live(view) => view.announce(text),
            Self::Text(view) => view.announce(text),
            Self::Json { .. } | Self::Stream { .. } => {}
        }
    }
}
