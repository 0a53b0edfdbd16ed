//! A recorded turn again, as it was seen when it ran.

use std::time::Duration;

use super::Turn;
use super::questions::Questions;
use crate::error::Error;
use crate::ledger::{TurnEnd, TurnLines, TurnRecord};
use crate::outcome::Ending;
use crate::turn_line::TurnLine;

/// The lines of a turn that is over, and how it ended.
#[derive(Debug)]
pub(super) struct Replay {
    pub(super) lines: TurnLines,
    pub(super) ending: Ending,
    /// How it ended by the record; unknown when the host died first.
    pub(super) end: Option<TurnEnd>,
}

impl Replay {
    /// Returns the next line; what keeps it from being read is the trouble.
    pub(super) fn next_line(&mut self, trouble: &mut Option<String>) -> Option<TurnLine> {
        self.lines.next()?.map_or_else(
            |error| {
                let cause = std::error::Error::source(&error);
                let cause = cause.map_or(String::new(), |cause| format!(": {cause}"));
                *trouble = Some(format!("{error}{cause}"));
                None
            },
            Some,
        )
    }
}

impl TurnRecord {
    /// Returns the turn again, as it was seen when it ran.
    ///
    /// # Errors
    ///
    /// Fails when a file of its record cannot be read, or was lost.
    pub fn replay(&self) -> Result<Turn, Error> {
        let end = self.end()?;
        let ending = Ending {
            stderr: self.stderr()?,
            wall_time: end
                .as_ref()
                .map_or(Duration::ZERO, |end| Duration::from_millis(end.wall_time)),
            ..Ending::default()
        };
        let questions = Questions::replayed(self.notes()?);
        let lines = self.lines()?;
        Ok(Turn::replay(Replay { lines, ending, end }, questions))
    }
}
