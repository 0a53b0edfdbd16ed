//! How a turn is shown: live on a terminal, as text, as JSON, or as it came.

mod answer;
mod changes;
mod detail;
mod document;
mod final_text;
mod live;
mod narration;
mod status;
mod summary;
mod tool_call;

use std::io::{self, Write};

use amp_session::approval::{Asked, Decided};
use amp_session::protocol::Decoded;

use self::answer::subject;
pub(crate) use self::answer::{about, in_a_line};
#[cfg(feature = "acp")]
pub(crate) use self::changes::relative;
pub(crate) use self::detail::{Body, Detail};
use self::document::write_document;
pub(crate) use self::document::{AmpInUse, Finished};
use self::final_text::{write_answer, write_final_text};
pub(crate) use self::live::{LiveOptions, LiveView, Size};
pub(crate) use self::narration::Narration;
pub(crate) use self::tool_call::{Subject, ToolCall, reason};
use crate::context::Output;
use crate::text::safe;

/// Shows one turn in one of the ways `--output` offers.
pub(crate) enum View {
    /// For a person.
    Live(LiveView),
    /// For a pipe.
    Text {
        output: Output,
        /// `None` when nothing is told beside the answer.
        narration: Option<Narration>,
    },
    /// For a program that wants the end.
    Json {
        output: Output,
        narration: Narration,
    },
    /// For a program that wants everything.
    Stream {
        output: Output,
        /// `None` when nothing is told beside the lines.
        narration: Option<Narration>,
    },
}

impl View {
    /// Shows a line of the agent, without its line feed.
    ///
    /// # Errors
    /// Fails when the output was closed.
    pub(crate) fn line(&mut self, raw: &[u8], decoded: &Decoded) -> io::Result<()> {
        if let Self::Stream { output, .. } = self {
            output.write_all(raw)?;
            output.write_all(b"\n")?;
            output.flush()?;
        }
        match (self, decoded) {
            (Self::Live(view), Decoded::Event(event)) => view.event(event),
            (Self::Live(view), _) => view.note(&String::from_utf8_lossy(raw)),
            (view, Decoded::Event(event)) => match view.narration() {
                Some(narration) => narration.event(event),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Returns what tells of the turn beside an answer that goes elsewhere.
    fn narration(&mut self) -> Option<&mut Narration> {
        match self {
            Self::Live(_) => None,
            Self::Json { narration, .. } => Some(narration),
            Self::Text { narration, .. } | Self::Stream { narration, .. } => narration.as_mut(),
        }
    }

    /// Shows that a question is being asked.
    pub(crate) fn question(&mut self, question: &Asked) {
        match self {
            Self::Live(view) => view.question(question),
            Self::Text {
                narration: Some(narration),
                ..
            } => narration.announce(&format!("asking about {}", subject(question))),
            Self::Text { .. } | Self::Json { .. } | Self::Stream { .. } => {}
        }
    }

    /// Shows what was decided about a call.
    ///
    /// # Errors
    /// Fails when the output was closed.
    pub(crate) fn answer(&mut self, answer: &Decided) -> io::Result<()> {
        match self {
            Self::Live(view) => view.answer(answer),
            view => match view.narration() {
                Some(narration) => narration.answer(answer),
                None => Ok(()),
            },
        }
    }

    /// Leaves the terminal to something else for a while.
    pub(crate) fn pause(&mut self) {
        match self {
            Self::Live(view) => view.pause(),
            view => {
                if let Some(narration) = view.narration() {
                    narration.pause();
                }
            }
        }
    }

    /// Has the terminal again.
    pub(crate) fn resume(&mut self) {
        match self {
            Self::Live(view) => view.resume(),
            view => {
                if let Some(narration) = view.narration() {
                    narration.resume();
                }
            }
        }
    }

    /// Lets time pass.
    pub(crate) fn tick(&mut self) {
        match self {
            Self::Live(view) => view.tick(),
            view => {
                if let Some(narration) = view.narration() {
                    narration.tick();
                }
            }
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
    pub(crate) fn finish(&mut self, finished: &Finished<'_>) -> io::Result<()> {
        let outcome = finished.outcome;
        match self {
            Self::Live(view) => view.finish(outcome),
            Self::Text { output, narration } => {
                if let Some(narration) = narration {
                    narration.finish(outcome)?;
                }
                match finished.answer {
                    Some(answer) => write_answer(answer, output),
                    None => write_final_text(outcome, output),
                }
            }
            Self::Json { output, narration } => {
                narration.finish(outcome)?;
                write_document(
                    finished,
                    narration.status(),
                    narration.answers(),
                    &mut *output,
                )?;
                output.flush()
            }
            Self::Stream { output, narration } => {
                if let Some(narration) = narration {
                    narration.finish(outcome)?;
                }
                output.flush()
            }
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
            view => match view.narration() {
                Some(narration) => narration.remark(text),
                None => writeln!(stderr, "note: {}", safe(text)),
            },
        }
    }

    /// Tells a person what is going on apart from the turn itself.
    pub(crate) fn announce(&mut self, text: &str) {
        match self {
            Self::Live(view) => view.announce(text),
            Self::Text {
                narration: Some(narration),
                ..
            } => narration.announce(text),
            Self::Text { .. } | Self::Json { .. } | Self::Stream { .. } => {}
        }
    }
}
