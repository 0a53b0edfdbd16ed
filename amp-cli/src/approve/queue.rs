//! The questions of a run, put to the person at its terminal one after another.

use std::io::{self, Write};

use amp_session::Dialect;

use super::dialogue::{Dialogue, Event, Place};
use super::person::Questions;
use crate::notice::Notices;

/// The questions for a person; one is on the terminal at a time, the others wait.
#[derive(Debug)]
pub(crate) struct QuestionQueue {
    questions: Questions,
    place: Place,
    open: Option<Dialogue>,
    /// Who hears that there is a question.
    notices: Option<Notices>,
}

impl QuestionQueue {
    pub(super) fn new(questions: Questions, place: Place) -> Self {
        Self {
            questions,
            place,
            open: None,
            notices: None,
        }
    }

    /// Says which Amp is in use.
    pub(crate) fn with_dialect(mut self, dialect: Dialect) -> Self {
        self.place.dialect = Some(dialect);
        self
    }

    /// Says who is to hear that there is a question.
    pub(crate) fn with_notices(mut self, notices: Notices) -> Self {
        self.notices = Some(notices);
        self
    }

    /// Tells whether a question is on the terminal.
    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Waits for the next thing that happens. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Event {
        match &mut self.open {
            Some(dialogue) => dialogue.next(&self.place).await,
            None => Event::Arrived(Box::new(self.questions.next().await)),
        }
    }

    /// Puts a question on the terminal, or lets an event have its effect on the one that is there.
    ///
    /// # Errors
    /// Fails when the terminal is gone; the question is refused then.
    pub(crate) fn handle(&mut self, event: Event) -> io::Result<()> {
        match event {
            Event::Arrived(open) => {
                if let Some(notices) = &self.notices {
                    notices.of_question(&open.question);
                }
                self.open = Some(Dialogue::begin(*open, &mut self.place)?);
            }
            Event::Typed(typed) => {
                if let Some(dialogue) = self.open.take() {
                    self.open = dialogue.hear(typed, &mut self.place)?;
                }
            }
            Event::Withdrawn => {
                self.open = None;
                writeln!(self.place.output, "\n  it is no longer asked")?;
            }
        }
        Ok(())
    }

    /// Shows again what is asked for, after something else was on the terminal.
    pub(crate) fn repeat(&mut self) {
        if let Some(dialogue) = &mut self.open {
            // A terminal that is gone is noticed by the next line.
            let _ = dialogue.ask(&mut self.place);
        }
    }

    /// Says something while a question is on the terminal.
    pub(crate) fn say(&mut self, text: &str) {
        let _ = writeln!(self.place.output, "\n  {text}");
    }
}
